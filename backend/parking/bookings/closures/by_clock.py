"""Begins and ends blocks with a window, as the clock says.

A block begins at its start, or when the car that is still there leaves. One whose spot was never free within its window
is cancelled. The administrator reads each step in the audit log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from parking import audit
from parking.bookings import allocation, transitions
from parking.bookings.closures.blocks import in_use
from parking.bookings.events import publish_spot_event
from parking.bookings.models import Booking
from parking.bookings.reading import queries
from parking.bookings.reading.queries import BookingRow
from parking.bookings.status_sql import is_active, is_reserved
from parking.clock import FOREVER
from parking.timestamps import to_rfc3339


def ending(now: datetime) -> Select[Any]:
    """Selects the running blocks whose window has ended."""
    return queries.select_blocks().where(is_active, Booking.held_until <= now, Booking.reserved_end.is_not(None))


def beginning(now: datetime) -> Select[Any]:
    """Selects the blocks that are due and have no car on their spot; and those whose window has passed."""
    waits = and_(Booking.reserved_end > now, in_use())
    return queries.select_blocks().where(is_reserved, Booking.start_time <= now, ~waits)


def end(session: Session, rows: Sequence[BookingRow], _now: datetime) -> list[BookingRow]:
    """Ends running blocks with their window."""
    return [_write(session, row, "closure_ended", status="Completed", end_time=row.booking.held_until) for row in rows]


def begin(session: Session, rows: Sequence[BookingRow], now: datetime) -> list[BookingRow]:
    """Begins blocks when their spot was free; writes what became of those whose window has passed."""
    cars = select(Booking.spot_id, Booking.start_time).where(is_active)
    on_spots = cars.where(Booking.spot_id.in_([row.booking.spot_id for row in rows]))
    parked: dict[int, datetime] = dict(session.execute(on_spots).all())
    return [_begin(session, row, now, parked.get(row.booking.spot_id)) for row in rows]


def _begin(session: Session, row: BookingRow, now: datetime, car: datetime | None) -> BookingRow:
    block = row.booking
    since = allocation.left_at(session, block)
    if now < block.held_until:
        return _write(session, row, "closure_started", status="Active", checked_in_at=since)
    if since >= block.held_until or (car is not None and car < block.held_until):
        return _write(session, row, "closure_missed", status="Cancelled", end_time=block.held_until)
    changes = {"status": "Completed", "checked_in_at": since, "end_time": block.held_until}
    return _write(session, row, "closure_ended", **changes)


def _write(session: Session, row: BookingRow, action: str, **changes: Any) -> BookingRow:
    by = {"ended_by": "system"} if "end_time" in changes else {}
    block = row.booking
    after = transitions.update_booking(session, row, **changes, **by)
    began = changes.get("checked_in_at", block.checked_in_at)
    until = None if block.held_until == FOREVER else block.held_until
    known = {"from": block.start_time, "until": until, "began": began}
    details = {name: to_rfc3339(value) for name, value in known.items() if value is not None}
    audit.record(session, f"spot.{action}", "spot", block.spot_id, after=details, by_system=True)
    publish_spot_event(block.lot_id, block.spot_id)
    return after
