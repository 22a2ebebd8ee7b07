"""The state of spots at an instant, computed from the live bookings and the time; it is not stored.

A stored status would need a second row locked with every booking (which deadlocked under load) and could not change by
the clock. `spot_ranks()` is the query behind lists, maps and counts. It is right also while due transitions are not
written yet: a reservation whose start has passed counts as occupying its spot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from parking.bookings.models import RETIRED, Booking
from parking.bookings.status_sql import begun, is_live, lapsed, missed, over
from parking.database import UTCDateTime, plus_seconds
from parking.database.functions import among
from parking.lots import Lot

AVAILABLE, RESERVED, OCCUPIED, BLOCKED = "Available", "Reserved", "Occupied", "Out of service"
_BOOKING: Any = Booking.__table__
_LOT: Any = Lot.__table__
_NOW = bindparam("now", type_=UTCDateTime())
_BY_RANK = {0: AVAILABLE, 1: RESERVED, 2: BLOCKED, 3: OCCUPIED}
_RANKS = {"reserved": 1, "out_of_service": 2, "occupied": 3}
"""The rank of each count. A car that is still there when the window of a block begins comes first."""


@dataclass(frozen=True, slots=True)
class SpotCounts:
    """The number of spots of a lot in each state; with the available ones they add up to its capacity."""

    occupied: int = 0
    reserved: int = 0
    out_of_service: int = 0

    @property
    def taken(self) -> int:
        return self.occupied + self.reserved + self.out_of_service


def rank(bookings: Any, now: Any) -> ColumnElement[int]:
    """3 occupied, 2 out of service, 1 reserved or soon out of service (now, or within the lot's hold), 0 available."""
    return case(
        (or_(over(bookings, now), missed(bookings, now), lapsed(bookings, now)), 0),
        (and_(bookings.status != "Active", ~begun(bookings, now)), 1),
        (bookings.booking_type == "block", 2),
        else_=3,
    )


def spot_ranks(bookings: Any = None) -> Select[int, int, int]:
    """Selects (lot_id, spot_id, rank) of every spot with a live booking at the parameter `now`.

    It reads all bookings, or `bookings`, which are live.
    """
    live = [is_live] if bookings is None else []
    bookings = _BOOKING if bookings is None else bookings
    hold_end = plus_seconds(_NOW, _LOT.c.instant_hold_s)
    retired = and_(bookings.c.booking_type == "block", bookings.c.reference == RETIRED)
    return (
        select(bookings.c.lot_id, bookings.c.spot_id, func.max(rank(bookings.c, _NOW)).label("rank"))
        .join_from(bookings, _LOT, _LOT.c.id == bookings.c.lot_id)
        .where(*live, bookings.c.start_time < hold_end, ~retired)
        .group_by(bookings.c.lot_id, bookings.c.spot_id)
    )


# The few live bookings first, then their lots: else PostgreSQL reads the bookings of one lot after the other.
_live = (
    select(
        *(_BOOKING.c.lot_id, _BOOKING.c.spot_id, _BOOKING.c.booking_type, _BOOKING.c.status, _BOOKING.c.reference),
        *(_BOOKING.c.start_time, _BOOKING.c.reserved_start, _BOOKING.c.reserved_end, _BOOKING.c.checkin_grace_s),
        _BOOKING.c.claim_by,
    )
    .where(is_live)
    .cte("live")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_of_all = spot_ranks(_live).subquery()
_COUNTS_OF_ALL = select(_of_all.c.lot_id, _of_all.c.rank, func.count()).group_by(_of_all.c.lot_id, _of_all.c.rank)
_of_some = spot_ranks().where(_BOOKING.c.lot_id.in_(bindparam("lot_ids", expanding=True))).subquery()
_COUNTS_OF_SOME = select(_of_some.c.lot_id, _of_some.c.rank, func.count()).group_by(_of_some.c.lot_id, _of_some.c.rank)
_of_open = spot_ranks(_live).where(_LOT.c.deleted_at.is_(None)).subquery()
_COUNT_OF_ALL = select(_of_open.c.rank, func.count()).group_by(_of_open.c.rank)
_named = and_(_LOT.c.deleted_at.is_(None), _LOT.c.id.in_(bindparam("lot_ids", expanding=True)))
_of_named = spot_ranks().where(_named).subquery()
_COUNT_OF_NAMED = select(_of_named.c.rank, func.count()).group_by(_of_named.c.rank)
_OF_LOT = spot_ranks().where(_BOOKING.c.lot_id == bindparam("lot_id"))


def counts_in_sql(*, some: bool) -> Subquery:
    """lot_id, occupied, reserved, out_of_service of each lot with live bookings, to be joined; at the parameter `now`,
    with `some` only for the lots of the parameter `lot_ids`."""
    ranks = spot_ranks().where(among(_BOOKING.c.lot_id, "lot_ids")) if some else spot_ranks(_live)
    of_spots = ranks.subquery()
    columns = (func.count().filter(of_spots.c.rank == number).label(name) for name, number in _RANKS.items())
    return select(of_spots.c.lot_id, *columns).group_by(of_spots.c.lot_id).subquery()


def rank_in_sql() -> ColumnElement[int]:
    """The rank that a live booking gives its spot at the parameter `now`, for a statement that has joined its lot; 0
    before the lot's hold of it begins, and on a retired spot."""
    retired = and_(_BOOKING.c.booking_type == "block", _BOOKING.c.reference == RETIRED)
    soon = _BOOKING.c.start_time < plus_seconds(_NOW, _LOT.c.instant_hold_s)
    return case((and_(soon, ~retired), rank(_BOOKING.c, _NOW)), else_=0)


def state_of_spot(ranks: Iterable[int]) -> str:
    """The state of a spot whose live bookings have these ranks."""
    return _BY_RANK[max(ranks, default=0)]


def counts_by_lot(session: Session, now: datetime, lot_ids: Iterable[int] | None = None) -> dict[int, SpotCounts]:
    """Returns lot -> counts of these lots (all when None); a lot without live bookings is left out."""
    if lot_ids is None:
        rows = session.execute(_COUNTS_OF_ALL, {"now": now})
    else:
        rows = session.execute(_COUNTS_OF_SOME, {"now": now, "lot_ids": list(lot_ids)})
    by_lot: dict[int, dict[int, int]] = {}
    for lot_id, rank, number in rows:
        by_lot.setdefault(lot_id, {})[rank] = number
    return {lot_id: _counted(by_rank) for lot_id, by_rank in by_lot.items()}


def total_counts(session: Session, now: datetime, lot_ids: Sequence[int] | None = None) -> SpotCounts:
    """Returns the sums of these lots, or of all lots that are not deleted."""
    rows = session.execute(_COUNT_OF_ALL if lot_ids is None else _COUNT_OF_NAMED, {"now": now, "lot_ids": lot_ids})
    by_rank = {row[0]: row[1] for row in rows}
    return _counted(by_rank)


def _counted(by_rank: dict[int, int]) -> SpotCounts:
    return SpotCounts(**{name: by_rank.get(number, 0) for name, number in _RANKS.items()})


def spot_states(session: Session | Connection, now: datetime, lot_id: int) -> dict[int, str]:
    """Returns spot -> state for every spot of the lot that is not available."""
    rows = session.execute(_OF_LOT, {"now": now, "lot_id": lot_id})
    return {row[1]: _BY_RANK[row[2]] for row in rows if row[2]}
