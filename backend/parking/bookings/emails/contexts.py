"""The data of the mails about a booking, and how it is made from the rows. It is JSON, see `mail.Template`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import pricing
from parking.bookings.models import Booking
from parking.bookings.reading.views import state_of, window_of
from parking.lot_calendar import zone_of_stay
from parking.lots import Lot
from parking.mail import Instant
from parking.pricing import TARIFF_SAMPLE, Tariff, TariffContext, tariff_context, terms_of
from parking.timestamps import to_rfc3339


class PriceLine(TypedDict):
    """One line of a receipt: the time charged from `starts` on, and its price."""

    starts: Instant
    seconds: int
    amount_minor: int
    capped: NotRequired[bool]  # limited by the daily maximum
    free: NotRequired[bool]  # no longer than the free minutes


class VisitorContext(TypedDict):
    """The visitor for whom a booking was made. Without an address nobody gets mails in their place."""

    name: str
    email: str | None
    locale: str
    has_host: NotRequired[bool]  # a driver, who pays: it is their guest; absent in mails of older versions


class BookingContext(TypedDict):
    """A booking as it was when the mail was queued. Times of the lot are shown in `lot_timezone`."""

    id: int
    reference: str
    lot_name: str
    lot_timezone: str
    spot_number: int | str
    booking_type: Literal["instant", "reserved"]
    start_time: Instant
    currency: str
    tariff: TariffContext
    status: NotRequired[str]  # as it is when the mail is queued; absent in mails of older versions
    sequence: NotRequired[int]  # rises with every change of a calendar entry: its SEQUENCE
    lot_address: NotRequired[str | None]
    spot_level: NotRequired[str | None]
    reserved_start: NotRequired[Instant | None]
    reserved_end: NotRequired[Instant | None]
    held_until: NotRequired[Instant | None]  # instant: the spot is guaranteed until then
    end_time: NotRequired[Instant | None]
    checkin_deadline: NotRequired[Instant | None]  # only where the lot requires check-in
    vehicle_plate: NotRequired[str | None]
    estimate_minor: NotRequired[int | None]  # reserved: the price of the window
    total_cost_minor: NotRequired[int | None]
    duration_seconds: NotRequired[int | None]
    lines: NotRequired[list[PriceLine]]
    visitor: NotRequired[VisitorContext]
    to_visitor: NotRequired[bool]  # the copy of the mail that goes to the visitor


class OneBooking(TypedDict):
    """release_receipt, reservation_reminder, booking_no_show."""

    booking: BookingContext


SAMPLE: dict[str, Any] = {
    "id": 4711,
    "reference": "PW-7K3M-Q2",
    "sequence": 0,
    "lot_name": "Harbour Street Garage",
    "lot_address": "12 Harbour Street, Dover CT16 1AA",
    "lot_timezone": "Europe/London",
    "spot_number": 17,
    "spot_level": "2",
    "booking_type": "reserved",
    "start_time": "2026-11-24T09:00:00Z",
    "reserved_start": "2026-11-24T09:00:00Z",
    "reserved_end": "2026-11-24T17:30:00Z",
    "vehicle_plate": "KX21 ABC",
    "currency": "EUR",
    "tariff": TARIFF_SAMPLE,
    "estimate_minor": 1800,
}


def sample(**changes: Any) -> dict[str, Any]:
    """A context with the sample booking, changed."""
    return {"booking": {**SAMPLE, **changes}}


def booking_context(
    booking: Booking, lot: Lot, spot_number: int, tariff: Tariff, spot_level: str | None = None
) -> dict[str, Any]:
    """The BookingContext of a booking as it is now."""
    context: dict[str, Any] = {
        "id": booking.id,
        "reference": booking.reference,
        "status": booking.status,
        "sequence": booking.sequence,
        "lot_name": lot.name,
        "lot_address": lot.address,
        "lot_timezone": zone_of_stay(lot.calendar, booking.end_time),
        "spot_number": spot_number,
        "spot_level": spot_level,
        "booking_type": booking.booking_type,
        "start_time": to_rfc3339(booking.start_time),
        "reserved_start": to_rfc3339(booking.reserved_start),
        "reserved_end": to_rfc3339(booking.reserved_end),
        "held_until": to_rfc3339(booking.held_until) if booking.booking_type == "instant" else None,
        "end_time": to_rfc3339(booking.end_time),
        "checkin_deadline": to_rfc3339(state_of(booking).deadline),
        "vehicle_plate": booking.vehicle_plate,
        "currency": tariff.currency,
        "tariff": tariff_context(tariff),
        "total_cost_minor": booking.total_cost_minor,
    }
    if booking.visitor_name:
        context["visitor"] = {
            "name": booking.visitor_name,
            "email": booking.visitor_email,
            "locale": booking.visitor_locale or "en",
        }
    window = window_of(booking)
    if window and booking.end_time is None:
        context["estimate_minor"] = pricing.cost_minor(terms_of(tariff), *window)
    if booking.end_time is not None and booking.status == "Completed":
        start, end = charged_time(booking)
        context["duration_seconds"] = (end - start) // timedelta(seconds=1)
        context["lines"] = [_line(line) for line in pricing.cost_lines(terms_of(tariff), start, end)]
    return context


def _line(line: pricing.Line) -> dict[str, Any]:
    return {
        "starts": to_rfc3339(line.starts),
        "seconds": line.seconds,
        "amount_minor": line.amount_minor,
        "capped": line.capped,
        "free": line.free,
    }


def charged_time(booking: Booking) -> tuple[Any, Any]:
    """The time a finished booking is charged for: the stay, together with its window if it has one."""
    start, end = booking.start_time, booking.end_time or booking.held_until
    window = window_of(booking)
    return (min(start, window[0]), max(end, window[1])) if window else (start, end)
