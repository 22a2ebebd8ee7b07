"""The closures of spots that run or are to come, as JSON and as a list."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, literal, select, tuple_
from sqlalchemy.orm import Session

from parking.bookings.closures.blocks import in_use
from parking.bookings.models import OUT_OF_SERVICE, Booking
from parking.bookings.reading.pages import key_of
from parking.bookings.status_sql import is_block, is_live, is_reserved
from parking.clock import FOREVER
from parking.database import UTCDateTime
from parking.lots import Lot, Spot
from parking.timestamps import to_rfc3339
from parking.web import pagination


class ClosureFilters(NamedTuple):
    """The filters of the list; `waiting`: only those that are due while a car is still there; `lots`: those that the
    caller may see, None: all."""

    lot_id: int | None = None
    waiting: bool = False
    lots: frozenset[int] | None = None


def closure_view(block: Any, now: datetime, *, has_car: bool) -> dict[str, Any]:
    """Returns a closure as JSON. `end` is null where it has none; `state` is `waiting` while a car is still there."""
    is_due = block.status == "Active" or block.start_time <= now
    waits = has_car and block.status != "Active"
    return {
        "id": block.id,
        "start": to_rfc3339(block.start_time),
        "end": None if block.held_until == FOREVER else to_rfc3339(block.held_until),
        "reason": block.reason,
        "state": ("waiting" if waits else "active") if is_due else "planned",
    }


def page(
    session: Session, filters: ClosureFilters, now: datetime, limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Returns one page of closures of open lots, the first to begin first, and the cursor of the next (None at the
    end).

    Raises Invalid for a cursor that this list did not give out.
    """
    car = in_use(cars_only=True)
    columns = [Booking.id, Booking.status, Booking.start_time, Booking.held_until, Booking.reason]
    place = [Booking.lot_id, Lot.name.label("lot_name"), Lot.timezone.label("lot_timezone")]
    query = (
        select(*columns, *place, Booking.spot_id, Spot.spot_number, car.label("has_car"))
        .join_from(Booking, Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .where(is_live, is_block, Booking.reference == OUT_OF_SERVICE, Booking.held_until > now)
        .where(Lot.deleted_at.is_(None))
    )
    if filters.lot_id is not None:
        query = query.where(Booking.lot_id == filters.lot_id)
    if filters.lots is not None:
        query = query.where(Booking.lot_id.in_(sorted(filters.lots)))
    if filters.waiting:
        query = query.where(is_reserved, Booking.start_time <= now, car)
    order = (Booking.start_time, Booking.id)
    if cursor is not None:
        at, booking_id = key_of(cursor)
        query = query.where(tuple_(*order) > tuple_(literal(at, UTCDateTime()), literal(booking_id)))
    rows = session.execute(query.order_by(*order).limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    following = pagination.encode(int(last.start_time.timestamp()), last.id) if last else None
    return [_listed(row, now) for row in rows[:limit]], following


def _listed(row: Any, now: datetime) -> dict[str, Any]:
    names = ("lot_id", "lot_name", "lot_timezone", "spot_id", "spot_number")
    return closure_view(row, now, has_car=row.has_car) | {name: getattr(row, name) for name in names}
