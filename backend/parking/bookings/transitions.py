"""The seven transitions of a booking: start, check in, extend, move, complete, cancel, miss.

Each changes the row, writes the audit entry, queues the mail and publishes the events. The caller holds the booking's
lock and has checked with the rules that the transition is allowed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from parking import audit
from parking.bookings import emails
from parking.bookings.events import publish_events
from parking.bookings.models import Booking
from parking.bookings.reading.views import cost_at, state_of, window_of
from parking.timestamps import to_rfc3339

_TRACKED = ("status", "spot_id", "start_time", "held_until", "end_time", "reserved_end", "total_cost_minor", "reason")


def complete(session: Session, row: Row[Any], end: datetime, *, by: str, reason: str | None = None) -> None:
    """Ends a stay and sets its cost. A reservation without check-in ends with its window, however late this runs."""
    booking: Booking = row.Booking
    before, window = audited(booking), window_of(booking)
    if window and not state_of(booking).needs_check_in:
        end = min(end, window[1])
    booking.checked_in_at = booking.checked_in_at or booking.start_time
    booking.end_time = booking.held_until = max(end, booking.checked_in_at)
    booking.total_cost_minor = cost_at(booking, row.Tariff, booking.end_time)
    booking.status, booking.ended_by, booking.reason = "Completed", by, reason
    booking.sequence += 1
    action = "booking.force_released" if reason else "booking.released"
    record(session, action, booking, before, by_system=by == "system")
    if reason:
        emails.force_released(session, row.User, mail_context(row), reason)
    else:
        emails.receipt(session, row.User, mail_context(row))
    publish_events(booking)


def cancel(
    session: Session, row: Row[Any], now: datetime, *, by: str, reason: str | None, lot_closed: bool = False
) -> None:
    """Cancels a booking that never began, free of charge. The mail has words of its own for `by` "system" (the spot
    was still occupied) and for `lot_closed`, in place of the reason."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.status, booking.end_time, booking.total_cost_minor = "Cancelled", now, 0
    booking.ended_by, booking.reason, booking.sequence = by, reason, booking.sequence + 1
    record(session, "booking.cancelled", booking, before, by_system=by == "system")
    emails.cancelled(session, row.User, mail_context(row), "closed" if lot_closed else by, reason)
    publish_events(booking)


def miss(session: Session, row: Row[Any], now: datetime) -> None:
    """Ends a reservation without check-in within the grace, free of charge."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.status, booking.total_cost_minor, booking.ended_by = "No-show", 0, "system"
    booking.end_time, booking.sequence = state_of(booking).deadline or now, booking.sequence + 1
    record(session, "booking.no_show", booking, before, by_system=True)
    emails.no_show(session, row.User, mail_context(row))
    publish_events(booking)


def start(session: Session, row: Row[Any], since: datetime) -> None:
    """Starts a reservation without check-in; its spot was free `since`."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.status, booking.checked_in_at = "Active", since
    record(session, "booking.started", booking, before, by_system=True)
    publish_events(booking)


def check_in(session: Session, row: Row[Any], now: datetime) -> None:
    """Starts a reservation at the driver's check-in; the stay begins now where they are early."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.start_time = min(booking.start_time, now)
    booking.status, booking.checked_in_at = "Active", now
    record(session, "booking.checked_in", booking, before)
    publish_events(booking)


def extend(session: Session, row: Row[Any], end: datetime) -> None:
    """Holds the spot until `end`, which becomes the end of a reservation's window."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.held_until, booking.sequence = end, booking.sequence + 1
    if booking.reserved_end is not None:
        booking.reserved_end = end
    record(session, "booking.extended", booking, before)
    emails.confirm(session, row.User, mail_context(row))
    publish_events(booking)


def move(session: Session, row: Row[Any], spot_id: int, spot_number: int) -> None:
    """Moves a reservation to another spot, because a car still stands on its own."""
    booking: Booking = row.Booking
    before = audited(booking)
    publish_events(booking)  # for the spot it leaves
    booking.spot_id, booking.sequence = spot_id, booking.sequence + 1
    record(session, "booking.moved", booking, before, by_system=True)
    context = emails.booking_context(booking, row.Lot, spot_number, row.Tariff)
    emails.moved(session, row.User, context, row.spot_number)
    publish_events(booking)


def mail_context(row: Row[Any]) -> dict[str, Any]:
    """What a letter says of the booking."""
    return emails.booking_context(row.Booking, row.Lot, row.spot_number, row.Tariff)


def audited(booking: Booking) -> dict[str, Any]:
    """Returns the fields of the audit log."""
    values = {name: getattr(booking, name) for name in _TRACKED}
    return {name: to_rfc3339(value) if isinstance(value, datetime) else value for name, value in values.items()}


def record(
    session: Session, action: str, booking: Booking, before: dict[str, Any] | None, *, by_system: bool = False
) -> None:
    """Writes the audit entry: all fields of a new booking (`before` None), else those that changed. `by_system`: the
    clock is the actor, not the user of the request."""
    after = audited(booking)
    if before is not None:
        after = {name: value for name, value in after.items() if value != before[name]}
        before = {name: before[name] for name in after}
    audit.record(session, action, "booking", booking.id, before=before, after=after, by_system=by_system)
