"""What each kind of letter must be told. Facts are JSON: money in minor units beside its currency,
instants as ISO 8601 with "Z", zones by their IANA names, durations in seconds."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class TariffFacts(TypedDict):
    hourly_minor: int
    step_seconds: NotRequired[int]  # started steps are charged whole; 1 = to the second
    free_minutes: NotRequired[int]
    daily_cap_minor: NotRequired[int | None]
    cap_day: NotRequired[Literal["rolling", "calendar"]]


class PriceLine(TypedDict):
    """One line of a receipt: the time charged from `starts` on, and why it costs what it costs."""

    starts: str
    seconds: int
    amount_minor: int
    capped: NotRequired[bool]  # the daily maximum decided
    free: NotRequired[bool]  # no longer than the free minutes


class BookingFacts(TypedDict):
    """A booking as it was when the letter was queued. Times of the lot are shown in `lot_timezone`."""

    id: int
    reference: str
    lot_name: str
    lot_timezone: str
    spot_number: int | str
    booking_type: Literal["instant", "reserved"]
    start_time: str
    currency: str
    tariff: TariffFacts
    status: NotRequired[str]  # as it is when the message is queued; absent in messages of older versions
    sequence: NotRequired[int]  # rises with every change of what a diary shows: the calendar's SEQUENCE
    lot_address: NotRequired[str | None]
    spot_level: NotRequired[str | None]
    reserved_start: NotRequired[str | None]
    reserved_end: NotRequired[str | None]
    held_until: NotRequired[str | None]  # instant: the spot is sure until then
    end_time: NotRequired[str | None]
    checkin_deadline: NotRequired[str | None]  # only where the lot requires check-in
    vehicle_plate: NotRequired[str | None]
    estimate_minor: NotRequired[int | None]  # reserved: the price of the window
    total_cost_minor: NotRequired[int | None]
    duration_seconds: NotRequired[int | None]
    lines: NotRequired[list[PriceLine]]


class OfBooking(TypedDict):
    """release_receipt, reservation_reminder, booking_no_show."""

    booking: BookingFacts


class Confirmed(OfBooking):
    """booking_confirmation. `first`: of a booking that was changed before its reader was told of it."""

    first: NotRequired[bool]
    old_timezone: NotRequired[str]  # the lot's zone was corrected: the moments stay, their reading changes


class Cancelled(OfBooking):
    by: NotRequired[Literal["user", "admin"]]
    reason: NotRequired[str | None]


class ForceReleased(OfBooking):
    reason: NotRequired[str | None]


class Moved(OfBooking):
    old_spot_number: int | str


class FreeLot(TypedDict):
    name: str
    available_spots: int
    price_per_hour_minor: int
    currency: str


class Inactive(TypedDict):
    days_since_last: int | None  # None: never booked
    lots: list[FreeLot]
    last: NotRequired[bool]  # the last reminder of this episode


class LotFigures(TypedDict):
    """Percentages are not rounded here: that is done once, where they are written."""

    name: str
    bookings: int
    revenue_minor: int
    occupancy_percent: float


class AdminFigures(TypedDict):
    bookings: int
    revenue_minor: int
    occupancy_percent: float
    new_users: int
    peak_occupancy_percent: NotRequired[float]
    active_users: NotRequired[int]
    cancelled: NotRequired[int]
    no_shows: NotRequired[int]
    parked_seconds: NotRequired[int]


class AdminReport(TypedDict):
    """`day` (daily, ISO date) or `month` (monthly, "YYYY-MM"); `previous` is the period before."""

    day: NotRequired[str]
    month: NotRequired[str]
    since: NotRequired[str | None]  # a digest: first day (ISO date) also covered
    timezone: str
    currency: str
    figures: AdminFigures
    previous: AdminFigures | None
    lots: list[LotFigures]
    bookings_attached: NotRequired[bool]  # monthly; False when that file is too large for a mail


class LotVisits(TypedDict):
    name: str
    visits: int
    parked_seconds: int
    spent_minor: int


class UserFigures(TypedDict):
    visits: int
    parked_seconds: int
    spent_minor: int


class UserReport(TypedDict):
    """`lots` comes most visited first; its first row is the favourite."""

    month: str
    since: NotRequired[str | None]
    timezone: str
    currency: str
    figures: UserFigures
    previous: UserFigures | None
    lots: list[LotVisits]


class ExportFile(TypedDict):
    name: str
    rows: int
    size_bytes: int


class ExportReady(TypedDict):
    """`link` (absolute, or a path on our site) when the files are not attached; it works until `expires_at`."""

    files: list[ExportFile]
    link: NotRequired[str | None]
    expires_at: str
    deleted_at: NotRequired[str | None]  # when the files leave the server, if later than that


class SecretLink(TypedDict):
    """password_reset, email_confirm (`email` is the address to confirm).

    With a `seed` the link lacks its secret, which is computed from the seed when the mail is sent.
    """

    link: str
    seed: NotRequired[str]
    expires_at: str
    email: NotRequired[str]


class AccountEvent(TypedDict):
    """password_changed, email_changed_notice (`email` is the new address), refresh_reuse_warning."""

    at: str
    email: NotRequired[str]
    ip: NotRequired[str | None]
    device: NotRequired[str | None]


class NoFacts(TypedDict):
    """test_message."""
