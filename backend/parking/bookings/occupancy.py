"""What stands on a spot at a moment, derived from the live claims and the time; nothing of it is stored.

A stored status would need a second row locked with every booking (which deadlocked under load) and could not turn by
the clock. So `states()` is a query, shared by lists, maps and counts; it tells the truth also while the sweeps are
behind: a reservation whose start has passed counts as occupying its spot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from parking.bookings.models import RETIRED, Booking
from parking.bookings.status_sql import begun, is_live, missed, over
from parking.database import UTCDateTime, plus_seconds
from parking.lots.models import Lot

AVAILABLE, RESERVED, OCCUPIED, BLOCKED = "Available", "Reserved", "Occupied", "Out of service"
_BOOKING: Any = Booking.__table__
_LOT: Any = Lot.__table__
_NOW = bindparam("now", type_=UTCDateTime())
_BY_RANK = {0: AVAILABLE, 1: RESERVED, 2: OCCUPIED, 3: BLOCKED}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many spots of a lot stand how; together with the available ones they make up its capacity."""

    occupied: int = 0
    reserved: int = 0
    out_of_service: int = 0

    @property
    def taken(self) -> int:
        return self.occupied + self.reserved + self.out_of_service


def rank(claims: Any, now: Any) -> ColumnElement[int]:
    """3 out of service, 2 occupied, 1 reserved (its time has come, or comes within the lot's hold), 0 nothing."""
    return case(
        (claims.booking_type == "block", 3),
        (or_(over(claims, now), missed(claims, now)), 0),
        (or_(claims.status == "Active", begun(claims, now)), 2),
        else_=1,
    )


def states(claims: Any = None) -> Select[int, int, int]:
    """(lot_id, spot_id, rank) of every spot on which something stands at the parameter `now`; looking among all
    claims, or among `claims`, which are live."""
    live = [is_live] if claims is None else []
    claims = _BOOKING if claims is None else claims
    soon = plus_seconds(_NOW, _LOT.c.instant_hold_s)
    retired = and_(claims.c.booking_type == "block", claims.c.reference == RETIRED)
    return (
        select(claims.c.lot_id, claims.c.spot_id, func.max(rank(claims.c, _NOW)).label("rank"))
        .join_from(claims, _LOT, _LOT.c.id == claims.c.lot_id)
        .where(*live, claims.c.start_time < soon, ~retired)
        .group_by(claims.c.lot_id, claims.c.spot_id)
    )


# The few live claims first, then their lots: else PostgreSQL asks for the claims of one lot after the other.
_live = (
    select(
        *(_BOOKING.c.lot_id, _BOOKING.c.spot_id, _BOOKING.c.booking_type, _BOOKING.c.status, _BOOKING.c.reference),
        *(_BOOKING.c.start_time, _BOOKING.c.reserved_start, _BOOKING.c.reserved_end, _BOOKING.c.checkin_grace_s),
    )
    .where(is_live)
    .cte("live")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_of_all = states(_live).subquery()
_COUNTS_OF_ALL = select(_of_all.c.lot_id, _of_all.c.rank, func.count()).group_by(_of_all.c.lot_id, _of_all.c.rank)
_of_some = states().where(_BOOKING.c.lot_id.in_(bindparam("lot_ids", expanding=True))).subquery()
_COUNTS_OF_SOME = select(_of_some.c.lot_id, _of_some.c.rank, func.count()).group_by(_of_some.c.lot_id, _of_some.c.rank)
_of_open = states(_live).where(_LOT.c.deleted_at.is_(None)).subquery()
_COUNT_OF_ALL = select(_of_open.c.rank, func.count()).group_by(_of_open.c.rank)
_of_one = states().where(_LOT.c.deleted_at.is_(None), _LOT.c.id == bindparam("lot_id")).subquery()
_COUNT_OF_LOT = select(_of_one.c.rank, func.count()).group_by(_of_one.c.rank)
_OF_LOT = states().where(_BOOKING.c.lot_id == bindparam("lot_id"))


def counts(session: Session, now: datetime, lot_ids: Iterable[int] | None = None) -> dict[int, Counts]:
    """The counts of these lots (all when None); a lot without any claim is missing from the answer."""
    if lot_ids is None:
        rows = session.execute(_COUNTS_OF_ALL, {"now": now})
    else:
        rows = session.execute(_COUNTS_OF_SOME, {"now": now, "lot_ids": list(lot_ids)})
    by_lot: dict[int, dict[int, int]] = {}
    for lot_id, rank, number in rows:
        by_lot.setdefault(lot_id, {})[rank] = number
    return {
        lot_id: Counts(occupied=n.get(2, 0), reserved=n.get(1, 0), out_of_service=n.get(3, 0))
        for lot_id, n in by_lot.items()
    }


def count(session: Session, now: datetime, lot_id: int | None = None) -> Counts:
    """The counts of one lot, or of all lots that are not deleted together."""
    rows = session.execute(_COUNT_OF_ALL if lot_id is None else _COUNT_OF_LOT, {"now": now, "lot_id": lot_id})
    by_rank = {row[0]: row[1] for row in rows}
    return Counts(occupied=by_rank.get(2, 0), reserved=by_rank.get(1, 0), out_of_service=by_rank.get(3, 0))


def of_spots(session: Session, now: datetime, lot_id: int) -> dict[int, str]:
    """The status word of every spot of the lot that is not simply available."""
    rows = session.execute(_OF_LOT, {"now": now, "lot_id": lot_id})
    return {row[1]: _BY_RANK[row[2]] for row in rows if row[2]}
