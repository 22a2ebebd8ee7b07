"""The receipt of a finished booking, and the calendar file of any."""

from __future__ import annotations

from typing import Any

from parking import clock, pricing, settings
from parking.bookings import emails, transitions
from parking.bookings.reading import queries
from parking.bookings.reading.queries import BookingRow
from parking.bookings.reading.views import end_and_cost, row_view, state_of
from parking.bookings.rules import lifecycle
from parking.bookings.rules.lifecycle import LIVE
from parking.errors import Conflict, NotFound
from parking.money import to_number
from parking.pricing import price_lines, terms_of
from parking.timestamps import to_rfc3339
from parking.web import Identity


def receipt(booking_id: int, who: Identity) -> dict[str, Any]:
    """Returns the receipt of the user's finished booking. Raises NotFound, Conflict while it runs."""
    row = _own(booking_id, who)
    booking, now = row.booking, clock.now()
    if booking.end_time is None or booking.status != "Completed":
        raise Conflict("You get a receipt when the stay has ended.", code="not_completed")
    start, end = emails.charged_time(booking)
    lines = pricing.cost_lines(terms_of(row.tariff), start, end)
    return {
        "number": f"{booking.reference}-{booking.id}",
        "issued_at": to_rfc3339(booking.end_time),
        "site_name": settings.current().site_name,
        "booking": row_view(row, now),
        "customer": {"username": who.username, "email": who.email},
        "charged_from": to_rfc3339(start),
        "charged_to": to_rfc3339(end),
        "lines": price_lines(lines, row.tariff),
        "total_cost": to_number(booking.total_cost_minor or 0),
        "currency": row.tariff.currency,
    }


def calendar(booking_id: int, who: Identity) -> str:
    """Returns the calendar file of the user's booking as it is now, as text. Raises NotFound."""
    row = _own(booking_id, who)
    booking, context = row.booking, transitions.mail_context(row)
    status = lifecycle.status_at(state_of(booking), clock.now())
    if booking.status in LIVE and status not in LIVE:  # over by the clock, but not written yet
        end, _ = end_and_cost(booking, row.tariff, status)
        context |= {"status": status, "end_time": to_rfc3339(end), "sequence": booking.sequence + 1}
    return emails.calendar_file(context, row.user)


def _own(booking_id: int, who: Identity) -> BookingRow:
    row = queries.one(booking_id, who.id)
    if row is None:
        raise NotFound("There is no such booking.")
    return row
