"""The file of one's own data as the contract has it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from parking.accounts import UserSchema
from parking.bookings import Status
from parking.spot_features import Feature
from parking.web import Out


class PersonalAccount(UserSchema):
    email_confirmed_at: datetime | None


class PersonalTariff(Out):
    price_per_hour: float
    currency: str
    billing_step_seconds: int
    free_minutes: int
    daily_cap: float | None
    cap_day: Literal["rolling", "calendar"]
    timezone: str


class PersonalBooking(Out):
    """`total_cost` and `duration_hours` of a booking that has not ended are those at the time of the export."""

    id: int
    reference: str
    lot_id: int
    lot_name: str
    lot_timezone: str
    spot_id: int
    spot_number: int
    booking_type: Literal["instant", "reserved"]
    status: Status
    start_time: datetime
    end_time: datetime | None
    reserved_start: datetime | None
    reserved_end: datetime | None
    checked_in_at: datetime | None
    checkin_grace_seconds: int | None
    duration_hours: float | None
    vehicle_plate: str | None
    visitor_name: str | None
    visitor_email: str | None
    needs: list[Feature]
    series_id: int | None
    ended_by: Literal["user", "admin", "system"] | None
    reason: str | None
    created_at: datetime
    tariff: PersonalTariff
    total_cost: float | None
    receipt_number: str | None


class PersonalSeries(Out):
    """A series of bookings. `next_date`: the first of its dates that is not booked yet; plate and needs are stored
    until the last one is."""

    id: int
    lot_id: int
    lot_name: str
    start_time: str
    end_time: str
    days: list[str]
    every_weeks: int
    from_: Annotated[date, Field(alias="from")]
    until: date
    next_date: date | None
    omitted_dates: list[date]
    needs: list[Feature]
    vehicle_plate: str | None
    wait_if_full: bool
    created_at: datetime
    ended_at: datetime | None


class PersonalMail(Out):
    id: int
    kind: str
    subject: str
    recipient: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    booking_id: int | None


class PersonalWaitlistEntry(Out):
    """One lot of an entry of the waitlist."""

    id: int
    status: str
    booking_type: str
    lot_id: int
    lot_name: str
    reserved_start: datetime | None
    reserved_end: datetime | None
    waits_until: datetime
    vehicle_plate: str | None
    booking_id: int | None
    offered_at: datetime | None
    told_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    series_id: int | None
    reason: str | None
    needs: list[str]


class PersonalNotice(Out):
    """`text` is what the page shows, a line each."""

    id: int
    kind: str
    booking_id: int | None
    created_at: datetime
    dismissed_at: datetime | None
    text: list[str]


class PersonalSignIn(Out):
    id: int
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    user_agent: str | None
    network_address: str | None


class PersonalLink(Out):
    """A link that was sent by email, for a new password or address."""

    purpose: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class PersonalApiToken(Out):
    """An API token, without its secret."""

    id: int
    name: str
    lot_ids: list[int] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    scopes: list[str]


class PersonalLotRole(Out):
    """A lot to whose staff the user belongs."""

    lot_id: int
    lot_name: str
    role: str
    since: datetime


class PersonalExport(Out):
    id: int
    kind: str
    filters: dict[str, Any]
    state: str
    rows: int
    size_bytes: int | None
    created_at: datetime
    finished_at: datetime | None


class PersonalLogEntry(Out):
    """A change of the account or its bookings by others or by the system."""

    id: int
    at: datetime
    action: str
    entity: str
    entity_id: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class OwnLogEntry(PersonalLogEntry):
    """A change made by the user."""

    network_address: str | None


class PersonalData(Out):
    """All stored data about one user, without secrets and without other users' data."""

    made_at: datetime
    site: str
    account: PersonalAccount
    bookings: list[PersonalBooking]
    waitlist: list[PersonalWaitlistEntry]
    series: list[PersonalSeries]
    mails: list[PersonalMail]
    notices: list[PersonalNotice]
    sign_ins: list[PersonalSignIn]
    links: list[PersonalLink]
    api_tokens: list[PersonalApiToken]
    lot_roles: list[PersonalLotRole]
    exports: list[PersonalExport]
    log_by_you: list[OwnLogEntry]
    log_about_you: list[PersonalLogEntry]
