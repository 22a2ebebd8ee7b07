"""How many spots of a lot have what a driver needs, and how many of them are free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Boolean, ColumnElement, Select, bindparam, func, select
from sqlalchemy.pool import PoolProxiedConnection

from parking.bookings.models import Booking
from parking.bookings.occupancy import spot_ranks
from parking.bookings.status_sql import is_live
from parking.database import Read, UTCDateTime
from parking.database.functions import among
from parking.lots import Spot
from parking.spot_features import FEATURES, Needs, required

_BOOKING: Any = Booking.__table__
_SPOT: Any = Spot.__table__


class Matching(NamedTuple):
    """The number of spots with the needed features that are in use, and how many of them are free."""

    spots: int = 0
    available: int = 0

    def view(self, needs: Needs) -> dict[str, Any]:
        """As the contract has it."""
        return {"needs": list(needs), "spots": self.spots, "available_spots": self.available}


def has_needs() -> tuple[ColumnElement[bool], ...]:
    """Conditions for spots with every feature that the parameters `accessible`, `ev` and `covered` ask for."""
    return tuple(_SPOT.c[name] >= bindparam(name, type_=Boolean()) for name in FEATURES)


def _counts(spots: Any, is_free: ColumnElement[bool]) -> Read:
    """Counts the spots of the parameter `lot_ids` that have the needs, per lot."""
    query: Select[Any] = select(
        _SPOT.c.lot_id, func.count().label("spots"), func.count().filter(is_free).label("available")
    ).select_from(spots)
    in_use = among(_SPOT.c.lot_id, "lot_ids"), _SPOT.c.retired_at.is_(None)
    return Read(query.where(*in_use, *has_needs()).group_by(_SPOT.c.lot_id))


def _now() -> Read:
    ranks = spot_ranks().where(among(_BOOKING.c.lot_id, "lot_ids")).subquery()
    joined = _SPOT.outerjoin(ranks, ranks.c.spot_id == _SPOT.c.id)
    return _counts(joined, func.coalesce(ranks.c.rank, 0) == 0)


def _over() -> Read:
    taken = select(_BOOKING.c.spot_id).where(
        is_live,
        among(_BOOKING.c.lot_id, "lot_ids"),
        _BOOKING.c.start_time < bindparam("until", type_=UTCDateTime()),
        _BOOKING.c.held_until > bindparam("start", type_=UTCDateTime()),
    )
    return _counts(_SPOT, _SPOT.c.id.not_in(taken))


_NOW, _OVER = _now(), _over()


def now(
    connection: PoolProxiedConnection | None, lot_ids: Sequence[int], moment: datetime, needs: Needs
) -> dict[int, Matching]:
    """Returns lot -> its spots with the needs, free at the moment; a lot without any is left out."""
    return _by_lot(_NOW.rows(connection, lot_ids=list(lot_ids), now=moment, **required(needs)))


def over(
    connection: PoolProxiedConnection | None, lot_ids: Sequence[int], start: datetime, until: datetime, needs: Needs
) -> dict[int, Matching]:
    """Returns lot -> its spots with the needs, free for a reservation of [start, until); a lot without any is left
    out."""
    return _by_lot(_OVER.rows(connection, lot_ids=list(lot_ids), start=start, until=until, **required(needs)))


def _by_lot(rows: list[Any]) -> dict[int, Matching]:
    return {row.lot_id: Matching(row.spots, row.available) for row in rows}
