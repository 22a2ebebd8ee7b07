"""Takes spots out of use. A block holds its spot like a booking, so the constraint that keeps two cars apart also
refuses a block on a booked spot, and a booking on a blocked one.

A block with a window is Reserved until it begins and ends by itself (by_clock.py); one without is Active until it is
lifted. An administrator's block is called a closure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, literal, select, update
from sqlalchemy.orm import Session

from parking.bookings.models import OUT_OF_SERVICE, Booking
from parking.bookings.status_sql import is_active, is_block, is_live, is_reserved
from parking.clock import FOREVER
from parking.database import UTCDateTime, changed_rows
from parking.lots import Spot


class Window(NamedTuple):
    """A time span [start, end); an `end` of clock.FOREVER is none."""

    start: datetime
    end: datetime


_OTHER: Any = Booking.__table__.alias("other")


def in_use(*, cars_only: bool = False) -> ColumnElement[bool]:
    """Whether something runs on the booking's spot: another block or, with `cars_only` nothing but, a car."""
    of_spot = _OTHER.c.lot_id == Booking.lot_id, _OTHER.c.spot_id == Booking.spot_id
    cars = (_OTHER.c.booking_type != "block",) if cars_only else ()
    return select(_OTHER.c.id).where(*of_spot, _OTHER.c.status == "Active", *cars).correlate(Booking).exists()


def lock_spots(session: Session, lot_id: int, spot_ids: Collection[int]) -> list[int]:
    """Locks the spots in the order of their ids: until the commit nobody else books or blocks them."""
    spots = select(Spot.id).where(Spot.lot_id == lot_id, Spot.id.in_(list(spot_ids)))
    return list(session.scalars(spots.order_by(Spot.id).with_for_update(key_share=True)))


def in_the_way(lot_id: int, spot_ids: Collection[int], window: Window | None) -> tuple[ColumnElement[bool], ...]:
    """Conditions for the live bookings and blocks of the spots that leave no room for a block: without a window all of
    them, else those that overlap it."""
    overlaps = () if window is None else (Booking.start_time < window.end, Booking.held_until > window.start)
    return is_live, Booking.lot_id == lot_id, Booking.spot_id.in_(list(spot_ids)), *overlaps


def occupants(session: Session, lot_id: int, spot_ids: Sequence[int]) -> set[int]:
    """Returns those of the spots that have a driver's booking, running or to come."""
    return set(session.scalars(select(Booking.spot_id).where(*in_the_way(lot_id, spot_ids, None), ~is_block)))


def block(
    session: Session,
    lot_id: int,
    spot_ids: Collection[int],
    *,
    kind: str,
    user_id: int,
    now: datetime,
    reason: str | None = None,
    window: Window | None = None,
) -> list[int]:
    """Blocks the spots on which nothing is in the way, and returns their ids.

    `kind` is models.RETIRED or models.OUT_OF_SERVICE. A window begins `now` or later. Locks the spots.
    """
    locked = lock_spots(session, lot_id, spot_ids)
    taken = set(session.scalars(select(Booking.spot_id).where(*in_the_way(lot_id, locked, window))))
    free = [spot_id for spot_id in locked if spot_id not in taken]
    on_cars = select(Booking.spot_id).where(is_active, Booking.lot_id == lot_id, Booking.spot_id.in_(free))
    waits = set(session.scalars(on_cars)) if window else set()
    start, end = window or (now, FOREVER)
    row: dict[str, Any] = {
        "reference": kind,
        "lot_id": lot_id,
        "user_id": user_id,
        "booking_type": "block",
        "start_time": start,
        "held_until": end,
        "created_at": now,
        "reason": reason,
    }
    if window is not None:
        row |= {"reserved_start": start, "reserved_end": end}
    for spot_id in free:
        begins = start <= now and spot_id not in waits
        status = {"status": "Active", "checked_in_at": start} if begins else {"status": "Reserved"}
        session.add(Booking(spot_id=spot_id, **row, **status))
    session.flush()
    return free


def unblock(session: Session, lot_id: int, spot_ids: Sequence[int], *, kind: str, now: datetime) -> int:
    """Lifts the blocks of this kind that have begun on the spots and returns their number. Those to come stay."""
    on_spots = is_block, Booking.reference == kind, Booking.lot_id == lot_id, Booking.spot_id.in_(list(spot_ids))
    return _lift(session, now, *on_spots, Booking.start_time <= now)


def withdraw(session: Session, spot: Spot, closure_id: int, now: datetime) -> Booking | None:
    """Lifts one closure of the spot, running or to come, and returns it as it was. None: there is none with this id."""
    which = Booking.id == closure_id, Booking.lot_id == spot.lot_id, Booking.spot_id == spot.id, is_block
    query = select(Booking).where(is_live, *which, Booking.reference == OUT_OF_SERVICE, Booking.held_until > now)
    closure = session.scalar(query.with_for_update())
    if closure is not None:
        session.expunge(closure)
        _lift(session, now, *which)
    return closure


def unblocked(session: Session, lot_id: int, spot_ids: Collection[int], window: Window | None) -> set[int]:
    """Returns those of the spots on which no block stands, over the whole window or without an end."""
    start, end = window or (None, FOREVER)
    covers = is_live, is_block, Booking.held_until == end, *([Booking.start_time == start] if start else [])
    blocked = select(Booking.spot_id).where(*in_the_way(lot_id, spot_ids, window), *covers)
    return set(spot_ids) - set(session.scalars(blocked))


def _lift(session: Session, now: datetime, *which: ColumnElement[bool]) -> int:
    """Completes those that run (at the end of their window, where that has passed) and cancels those that do not."""
    moment = literal(now, UTCDateTime())
    end = case((Booking.held_until < moment, Booking.held_until), else_=moment)
    lifted = {"end_time": end, "held_until": end, "ended_by": "admin"}
    given_up = {"end_time": moment, "ended_by": "admin"}
    ways = (is_active, {"status": "Completed", **lifted}), (is_reserved, {"status": "Cancelled", **given_up})
    changes = (update(Booking).where(status, *which).values(**values) for status, values in ways)
    options = {"synchronize_session": False}
    return sum(changed_rows(session.execute(change.execution_options(**options))) for change in changes)
