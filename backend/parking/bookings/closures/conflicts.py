"""What stands in the way of a closure, and where the bookings could go instead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from parking.bookings import allocation, transitions
from parking.bookings.closures.blocks import Window, in_the_way
from parking.bookings.models import OUT_OF_SERVICE, Booking
from parking.bookings.reading import queries
from parking.bookings.reading.queries import BookingRow
from parking.bookings.reading.views import state_of
from parking.bookings.rules.lifecycle import LIVE, status_at
from parking.lots import Spot


def bookings_in_the_way(
    session: Session, lot_id: int, spot_ids: Collection[int], window: Window | None
) -> list[BookingRow]:
    """Returns the drivers' bookings that leave no room for a closure, by spot and time, locked until the commit."""
    rows = queries.select_bookings().where(*in_the_way(lot_id, spot_ids, window))
    return queries.read(session, rows.order_by(Spot.spot_number, Booking.start_time).with_for_update(of=Booking))


def closures_in_the_way(
    session: Session, lot_id: int, spot_ids: Collection[int], window: Window | None
) -> list[BookingRow]:
    """Returns the closures that overlap it. One without a window leaves another one without a window nothing to do: it
    is not among them."""
    rows = queries.select_blocks().where(*in_the_way(lot_id, spot_ids, window), Booking.reference == OUT_OF_SERVICE)
    if window is None:
        rows = rows.where(Booking.reserved_start.is_not(None))
    return queries.read(session, rows.order_by(Spot.spot_number, Booking.start_time))


def spots_instead(
    session: Session, rows: Sequence[BookingRow], closed: Collection[int], now: datetime
) -> dict[int, Row[Any]]:
    """Returns booking -> a spot (id, spot_number) to which it could be moved, no spot twice at the same time. Leaves
    out the bookings that cannot be moved. Reads without a lock."""
    instead: dict[int, Row[Any]] = {}
    booked: list[tuple[Any, int]] = []
    for row in _by_start(rows):
        booking = row.booking
        if not _is_movable(row, now):
            continue
        taken = {spot_id for other, spot_id in booked if _overlap(booking, other)}
        free = allocation.spots_elsewhere(session, booking, closed, now, limit=len(taken) + 1)
        spot = next((one for one in free if one.id not in taken), None)
        if spot is not None:
            instead[booking.id] = spot
            booked.append((booking, spot.id))
    return instead


def move_all(session: Session, rows: Sequence[BookingRow], closed: Collection[int], now: datetime) -> list[BookingRow]:
    """Moves the bookings, which the caller has locked, to other spots and tells their drivers. Returns those that
    cannot be moved; then the caller undoes all of it."""
    left = []
    for row in _by_start(rows):
        spot = allocation.take_elsewhere(session, row.booking, closed, now) if _is_movable(row, now) else None
        if spot is None:
            left.append(row)
        else:
            transitions.move(session, row, spot.id, spot.spot_number, closed=True)
    return left


def _by_start(rows: Sequence[BookingRow]) -> list[BookingRow]:
    return sorted(rows, key=lambda row: (row.booking.start_time, row.booking.id))


def _is_movable(row: BookingRow, now: datetime) -> bool:
    """Whether no car stands on the spot for this booking."""
    return row.booking.status == "Reserved" and status_at(state_of(row.booking), now) in LIVE


def _overlap(one: Any, other: Any) -> bool:
    return bool(one.start_time < other.held_until and other.start_time < one.held_until)
