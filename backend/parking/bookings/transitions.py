"""The eight transitions of a booking: start, check in, extend, shorten, move, complete, cancel, miss.

Each changes the row, writes the audit entry, queues the mail, publishes the events and returns the row as it is now.
The caller holds the booking's lock and has checked with the rules that the transition is allowed.
"""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from parking import audit
from parking.bookings import emails
from parking.bookings.events import publish_events
from parking.bookings.holds import freed
from parking.bookings.models import Booking
from parking.bookings.reading.queries import BookingRow
from parking.bookings.reading.views import cost_at, state_of, window_of
from parking.bookings.rules import reasons
from parking.bookings.rules.lifecycle import LIVE
from parking.database import Prepared
from parking.timestamps import to_rfc3339

_TRACKED = ("status", "spot_id", "start_time", "held_until", "end_time", "reserved_end", "total_cost_minor", "reason")


def complete(
    session: Session,
    row: BookingRow,
    end: datetime,
    *,
    by: str,
    reason: str | None = None,
    checked_in_at: datetime | None = None,
) -> BookingRow:
    """Ends a stay and sets its cost. A reservation without check-in ends with its window, however late this runs.
    `checked_in_at`: when a stay began that was not written as begun."""
    booking, window = row.booking, window_of(row.booking)
    if window and not state_of(booking).needs_check_in:
        end = min(end, window[1])
    began = checked_in_at or booking.checked_in_at or booking.start_time
    end = max(end, began)
    changes = {
        "checked_in_at": began,
        "end_time": end,
        "held_until": end,
        "total_cost_minor": cost_at(booking, row.tariff, end),
        "status": "Completed",
        "ended_by": by,
        "reason": reason,
        "sequence": booking.sequence + 1,
    }
    action = "booking.force_released" if reason else "booking.released"
    row = _apply(session, row, action, changes, by_system=by == "system")
    if reason:
        emails.force_released(session, row.user, mail_context(row), reason)
    else:
        emails.receipt(session, row.user, mail_context(row))
    return row


def cancel(
    session: Session,
    row: BookingRow,
    now: datetime,
    *,
    by: str,
    reason: str | None = None,
    lot_closed: bool = False,
) -> BookingRow:
    """Cancels a booking that never began, free of charge. The mail has words of its own for `by` "system" (the spot
    was still occupied) and for `lot_closed`, in place of the reason; "visitor" is the one for whom it was made."""
    if lot_closed:
        reason = reasons.lot_closed(row.lot.name)
    row = _cancel(session, row, now, by, reason)
    emails.cancelled(session, row.user, mail_context(row), "closed" if lot_closed else by, reason)
    return row


def cancel_together(session: Session, rows: list[BookingRow], now: datetime) -> list[BookingRow]:
    """Cancels reservations of one driver, who gives all of them up at once: one mail tells of several."""
    if len(rows) == 1:
        return [cancel(session, rows[0], now, by="user")]
    rows = [_cancel(session, row, now, "user", None) for row in rows]
    if rows:
        emails.cancelled_together(session, rows[0].user, [mail_context(row) for row in rows])
    return rows


def _cancel(session: Session, row: BookingRow, now: datetime, by: str, reason: str | None) -> BookingRow:
    changes = {
        "status": "Cancelled",
        "end_time": now,
        "total_cost_minor": 0,
        "ended_by": "user" if by == "visitor" else by,
        "reason": reason,
        "sequence": row.booking.sequence + 1,
    }
    return _apply(session, row, "booking.cancelled", changes, by_system=by == "system")


def miss(session: Session, row: BookingRow, now: datetime) -> BookingRow:
    """Ends a reservation without check-in within the grace, free of charge."""
    booking = row.booking
    changes = {
        "status": "No-show",
        "end_time": state_of(booking).deadline or now,
        "total_cost_minor": 0,
        "ended_by": "system",
        "sequence": booking.sequence + 1,
    }
    row = _apply(session, row, "booking.no_show", changes, by_system=True)
    emails.no_show(session, row.user, mail_context(row))
    return row


def start(session: Session, row: BookingRow, since: datetime) -> BookingRow:
    """Starts a reservation without check-in; its spot was free `since`."""
    changes = {"status": "Active", "checked_in_at": since}
    return _apply(session, row, "booking.started", changes, by_system=True)


def check_in(session: Session, row: BookingRow, now: datetime) -> BookingRow:
    """Starts a reservation at the driver's check-in; the stay begins now where they are early."""
    changes = {"status": "Active", "checked_in_at": now, "start_time": min(row.booking.start_time, now)}
    return _apply(session, row, "booking.checked_in", changes)


def extend(session: Session, row: BookingRow, end: datetime) -> BookingRow:
    """Holds the spot until `end`, which becomes the end of a reservation's window."""
    booking = row.booking
    window_end = end if booking.reserved_end is not None else None
    changes = {"held_until": end, "reserved_end": window_end, "sequence": booking.sequence + 1}
    row = _apply(session, row, "booking.extended", changes)
    emails.confirm(session, row.user, mail_context(row))
    return row


def shorten(session: Session, row: BookingRow, end: datetime) -> BookingRow:
    """Ends a reservation's window earlier: from then on the spot is free for others, and the price falls."""
    changes = {"held_until": end, "reserved_end": end, "sequence": row.booking.sequence + 1}
    row = _apply(session, row, "booking.shortened", changes)
    emails.confirm(session, row.user, mail_context(row))
    return row


def move(session: Session, row: BookingRow, spot_id: int, spot_number: int, *, closed: bool = False) -> BookingRow:
    """Moves a reservation to another spot: because a car still stands on its own, or (`closed`) an administrator takes
    that out of service. Price and reference stay."""
    publish_events(row.booking)  # for the spot it leaves
    before = row.spot_number
    changes = {"spot_id": spot_id, "sequence": row.booking.sequence + 1}
    row = _apply(session, row, "booking.moved", changes, by_system=not closed)._replace(spot_number=spot_number)
    emails.moved(session, row.user, mail_context(row), before, closed=closed)
    return row


def _apply(
    session: Session, row: BookingRow, action: str, changes: dict[str, Any], *, by_system: bool = False
) -> BookingRow:
    """Writes the changes with their audit entry and publishes the events. Returns the row as it is now."""
    after = update_booking(session, row, **changes)
    record(session, action, after.booking, row.booking, by_system=by_system)
    publish_events(after.booking)
    return after


def update_booking(session: Session, row: BookingRow, **changes: Any) -> BookingRow:
    """Writes columns of a booking that the caller has locked. Returns the row with their new values.

    Where that frees time of its spot while somebody waits for it, the spot is offered at the end of the transaction.
    """
    before, frees = row.booking, _frees(row.booking, changes)
    values = {f"new_{name}": value for name, value in changes.items()}
    rows = _update(tuple(changes), asks=frees).run(session, booking_id=before.id, **values)
    if frees and rows[0].is_awaited:
        freed.note(session, before.lot_id, before.spot_id, user_id=before.user_id)
    return row._replace(booking=before._replace(**changes))


def _frees(booking: Any, changes: dict[str, Any]) -> bool:
    """Whether the spot has more room after the change than before."""
    ends = changes.get("status", booking.status) not in LIVE
    leaves = changes.get("spot_id", booking.spot_id) != booking.spot_id
    return ends or leaves or changes.get("held_until", booking.held_until) < booking.held_until


@functools.cache
def _update(names: tuple[str, ...], *, asks: bool) -> Prepared:
    """`asks`: the statement also returns whether somebody waits. It begins with the booking locked, as a person who
    joins the waitlist locks it, too: neither overlooks the other."""
    table: Any = Booking.__table__
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    statement = update(table).where(table.c.id == bindparam("booking_id")).values(values)
    return Prepared(statement.returning(freed.is_awaited.label("is_awaited")) if asks else statement)


def mail_context(row: BookingRow) -> dict[str, Any]:
    """Returns the data of a mail about the booking."""
    return emails.booking_context(row.booking, row.lot, row.spot_number, row.tariff)


def record(session: Session, action: str, booking: Any, before: Any | None, *, by_system: bool = False) -> None:
    """Writes the audit entry: all fields of a new booking (`before` None), else those that changed. `by_system`: the
    clock is the actor, not the user of the request."""
    names = [n for n in _TRACKED if before is None or getattr(booking, n) != getattr(before, n)]
    old = _audited(before, names) if before is not None else None
    audit.record(
        session, action, "booking", booking.id, before=old, after=_audited(booking, names), by_system=by_system
    )


def _audited(booking: Any, names: list[str]) -> dict[str, Any]:
    values = {name: getattr(booking, name) for name in names}
    return {name: to_rfc3339(value) if isinstance(value, datetime) else value for name, value in values.items()}
