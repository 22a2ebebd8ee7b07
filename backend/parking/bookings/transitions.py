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
from parking.bookings.events import announce
from parking.bookings.models import Booking
from parking.bookings.reading.views import claim_of, cost_at, window_of
from parking.timestamps import to_rfc3339

_TRACKED = ("status", "spot_id", "start_time", "held_until", "end_time", "reserved_end", "total_cost_minor", "reason")


def complete(session: Session, row: Row[Any], end: datetime, *, by: str, reason: str | None = None) -> None:
    """The stay is over and has its price. One that ends by itself ends with its window, however late we are."""
    booking: Booking = row.Booking
    before, window = audited(booking), window_of(booking)
    if window and not claim_of(booking).needs_check_in:
        end = min(end, window[1])
    booking.checked_in_at = booking.checked_in_at or booking.start_time
    booking.end_time = booking.held_until = max(end, booking.checked_in_at)
    booking.total_cost_minor = cost_at(booking, row.Tariff, booking.end_time)
    booking.status, booking.ended_by, booking.reason = "Completed", by, reason
    booking.sequence += 1
    action = "booking.force_released" if reason else "booking.released"
    record(session, action, booking, before, by_system=by == "system")
    if reason:
        emails.force_released(session, row.User, facts(row), reason)
    else:
        emails.receipt(session, row.User, facts(row))
    announce(booking)


def cancel(session: Session, row: Row[Any], now: datetime, *, by: str, reason: str | None) -> None:
    """A booking that never began is given up, free of charge."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.status, booking.end_time, booking.total_cost_minor = "Cancelled", now, 0
    booking.ended_by, booking.reason, booking.sequence = by, reason, booking.sequence + 1
    record(session, "booking.cancelled", booking, before, by_system=by == "system")
    emails.cancelled(session, row.User, facts(row), by, reason)
    announce(booking)


def miss(session: Session, row: Row[Any], now: datetime) -> None:
    """Nobody checked in within the grace: the spot is free again, and nothing is charged."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.status, booking.total_cost_minor, booking.ended_by = "No-show", 0, "system"
    booking.end_time, booking.sequence = claim_of(booking).deadline or now, booking.sequence + 1
    record(session, "booking.no_show", booking, before, by_system=True)
    emails.no_show(session, row.User, facts(row))
    announce(booking)


def start(session: Session, row: Row[Any], since: datetime) -> None:
    """A reservation begins by itself; its spot was free `since`."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.status, booking.checked_in_at = "Active", since
    record(session, "booking.started", booking, before, by_system=True)
    announce(booking)


def check_in(session: Session, row: Row[Any], now: datetime) -> None:
    """The driver arrives for a reservation that asks for it; the stay counts from now where they are early."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.start_time = min(booking.start_time, now)
    booking.status, booking.checked_in_at = "Active", now
    record(session, "booking.checked_in", booking, before)
    announce(booking)


def extend(session: Session, row: Row[Any], end: datetime) -> None:
    """The spot is held until `end`; so is the window of a reservation."""
    booking: Booking = row.Booking
    before = audited(booking)
    booking.held_until, booking.sequence = end, booking.sequence + 1
    if booking.reserved_end is not None:
        booking.reserved_end = end
    record(session, "booking.extended", booking, before)
    emails.confirm(session, row.User, facts(row))
    announce(booking)


def move(session: Session, row: Row[Any], spot_id: int, spot_number: int) -> None:
    """A reservation keeps its time on another spot, because a car still stands on its own."""
    booking: Booking = row.Booking
    before = audited(booking)
    announce(booking)  # the spot it leaves
    booking.spot_id, booking.sequence = spot_id, booking.sequence + 1
    record(session, "booking.moved", booking, before, by_system=True)
    told = emails.booking_context(booking, row.Lot, spot_number, row.Tariff)
    emails.moved(session, row.User, told, row.spot_number)
    announce(booking)


def facts(row: Row[Any]) -> dict[str, Any]:
    """What a letter says of the booking."""
    return emails.booking_context(row.Booking, row.Lot, row.spot_number, row.Tariff)


def audited(booking: Booking) -> dict[str, Any]:
    """The fields whose history is kept."""
    shown = {name: getattr(booking, name) for name in _TRACKED}
    return {name: to_rfc3339(value) if isinstance(value, datetime) else value for name, value in shown.items()}


def record(
    session: Session, action: str, booking: Booking, before: dict[str, Any] | None, *, by_system: bool = False
) -> None:
    """Writes the audit entry: of a new booking (before None) everything, else what has changed. `by_system`: the clock
    did it, whoever asked at that moment."""
    after = audited(booking)
    if before is not None:
        after = {name: value for name, value in after.items() if value != before[name]}
        before = {name: before[name] for name in after}
    audit.record(session, action, "booking", booking.id, before=before, after=after, by_system=by_system)
