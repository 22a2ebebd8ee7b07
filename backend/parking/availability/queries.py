"""Reads lots with their state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, and_, cast, func, literal, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from parking.bookings import Matching, SpotCounts, counts_by_lot, counts_in_sql, matching_now
from parking.database import ColumnGroups, Read
from parking.database.functions import among, contains
from parking.lots import Lot, Spot
from parking.money import to_number
from parking.pricing import Tariff, tariff_view
from parking.spot_features import FEATURES, Needs
from parking.timestamps import to_rfc3339
from parking.web import pagination

_COUNTED = ("occupied", "reserved", "out_of_service")
_LOT: Any = Lot.__table__
_SPOT: Any = Spot.__table__
_TARIFF: Any = Tariff.__table__
_LOT_COLUMNS = (
    *("id", "name", "capacity", "timezone", "address", "latitude", "longitude", "description", "require_checkin"),
    *("shorten_running", "checkin_grace_s", "instant_hold_s", "version", "created_at", "updated_at"),
)


class _Lots:
    """The statement of open lots by name (with `some` those of the parameter `lot_ids`) at the parameter `now`: each
    with its price, its spots that have a feature, and its counts.

    One statement, as the list is read again after every booking: three through the ORM's session took 0.17 ms of CPU
    more on SQLite (0.48 against 0.31) and 2 ms more on PostgreSQL (3.0 against 0.85).
    """

    def __init__(self, *, some: bool) -> None:
        features = _features(some=some)
        counts: Any = counts_in_sql(some=some)
        self._groups = ColumnGroups(
            [_LOT.c[name] for name in _LOT_COLUMNS],
            _TARIFF.c,
            [features.c[name] for name in FEATURES],
            [counts.c[name] for name in _COUNTED],
        )
        self._statement = (
            select(*self._groups.columns)
            .join_from(_LOT, _TARIFF, and_(_TARIFF.c.lot_id == _LOT.c.id, _TARIFF.c.id == _LOT.c.tariff_id))
            .outerjoin(features, features.c.lot_id == _LOT.c.id)
            .outerjoin(counts, counts.c.lot_id == _LOT.c.id)
            .where(_LOT.c.deleted_at.is_(None), *([among(_LOT.c.id, "lot_ids")] if some else []))
            .order_by(_LOT.c.sort_key, _LOT.c.id)
        )
        self._read = Read(self._statement)

    def views(self, connection: Session | Connection, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """The lots as JSON."""
        rows = connection.execute(self._statement, parameters)
        return [_row_view(*self._groups.split(row)) for row in rows]

    def read(self, **parameters: Any) -> list[dict[str, Any]]:
        """The same, by the driver alone (parking/database/reads.py)."""
        return [_row_view(*self._groups.split(row)) for row in self._read.rows(**parameters)]


def _features(*, some: bool) -> Any:
    numbers = (func.sum(cast(_SPOT.c[name], Integer)).label(name) for name in FEATURES)
    query: Select[Any] = select(_SPOT.c.lot_id, *numbers).where(_SPOT.c.retired_at.is_(None)).group_by(_SPOT.c.lot_id)
    return (query.where(among(_SPOT.c.lot_id, "lot_ids")) if some else query).subquery()


_ALL_LOTS, _SOME_LOTS = _Lots(some=False), _Lots(some=True)


def page(
    session: Session | Connection,
    now: datetime,
    words: str | None,
    limit: int,
    cursor: str | None,
    needs: Needs = (),
    only: frozenset[int] | None = None,
) -> tuple[list[dict[str, Any]], str | None, int]:
    """Returns one page of open lots by name (of `only` these, unless it is None), the cursor of the next page, and the
    number of all.

    Raises Invalid for a cursor that this list did not give out.
    """
    order = (Lot.sort_key, Lot.id)
    query = select(Lot.id, Lot.sort_key.label("name")).where(Lot.deleted_at.is_(None))
    if only is not None:
        query = query.where(Lot.id.in_(sorted(only)))
    if words:
        query = query.where(contains(Lot.search_text, words))
    after = []
    if cursor:
        lot_id, name = pagination.decode(cursor, int, str)
        after = [tuple_(*order) > tuple_(literal(name), literal(lot_id))]
    rows = session.execute(query.where(*after).order_by(*order).limit(limit + 1)).all()
    whole = not cursor and len(rows) <= limit
    total = len(rows) if whole else session.scalar(select(func.count()).select_from(query.subquery())) or 0
    following = pagination.encode(rows[limit - 1].id, rows[limit - 1].name) if len(rows) > limit else None
    ids = [row.id for row in rows[:limit]]
    return (lot_views(session, now, ids, needs) if ids else []), following, total


def lot_views(
    session: Session | Connection, now: datetime, ids: Sequence[int] | None = None, needs: Needs = ()
) -> list[dict[str, Any]]:
    """Returns open lots by name (all when `ids` is None) as JSON, with their counts at `now` and the number of spots
    with EV charging, for disabled drivers, and covered. One statement, however many lots; with `needs` a second one,
    for the spots that have them."""
    if ids is None:
        return _ALL_LOTS.views(session, {"now": now})
    views = _SOME_LOTS.views(session, {"now": now, "lot_ids": list(ids)})
    connection = session.connection() if isinstance(session, Session) else session
    return _with_matching(views, connection.connection, now, needs) if needs else views


def _with_matching(
    views: list[dict[str, Any]], connection: PoolProxiedConnection | None, now: datetime, needs: Needs
) -> list[dict[str, Any]]:
    numbers = matching_now(connection, [view["id"] for view in views], now, needs)
    return [view | {"matching": numbers.get(view["id"], Matching()).view(needs)} for view in views]


def _row_view(lot: Any, tariff: Any, features: Any, counts: Any) -> dict[str, Any]:
    """A row of the statement; NULL counts and features are none."""
    known = SpotCounts(counts.occupied or 0, counts.reserved or 0, counts.out_of_service or 0)
    return lot_view(lot, tariff, known, features)


def one_lot_view(now: datetime, lot_id: int, needs: Needs = ()) -> dict[str, Any] | None:
    """Returns an open lot as `lot_views` does; None when there is no such lot."""
    lots = _SOME_LOTS.read(now=now, lot_ids=[lot_id])
    if needs:
        lots = _with_matching(lots, None, now, needs)
    return lots[0] if lots else None


def counts_view(session: Session, now: datetime, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Only the changing part of lots, for the event stream."""
    counts = counts_by_lot(session, now, ids)
    rows = session.execute(select(Lot.id, Lot.capacity).where(Lot.id.in_(list(ids)), Lot.deleted_at.is_(None)))
    return [{"id": i, "capacity": capacity, **_counted(capacity, counts.get(i, SpotCounts()))} for i, capacity in rows]


def _counted(capacity: int, counts: SpotCounts) -> dict[str, int]:
    return {
        "available_spots": max(0, capacity - counts.taken),
        "occupied_spots": counts.occupied,
        "reserved_spots": counts.reserved,
        "out_of_service_spots": counts.out_of_service,
    }


def lot_view(lot: Any, tariff: Any, counts: SpotCounts, features: Any) -> dict[str, Any]:
    """A lot as the contract has it."""
    return {
        "id": lot.id,
        "name": lot.name,
        "capacity": lot.capacity,
        "price_per_hour": to_number(tariff.hourly_minor),
        "currency": tariff.currency,
        "timezone": lot.timezone,
        **_counted(lot.capacity, counts),
        "address": lot.address,
        "latitude": lot.latitude,
        "longitude": lot.longitude,
        "description": lot.description,
        "require_checkin": lot.require_checkin,
        "shorten_running": lot.shorten_running,
        "checkin_grace_minutes": lot.checkin_grace_s // 60,
        "instant_hold_minutes": lot.instant_hold_s // 60,
        "tariff": tariff_view(tariff),
        "features": {name: int(getattr(features, name, 0) or 0) for name in FEATURES},
        "matching": None,
        "version": lot.version,
        "created_at": to_rfc3339(lot.created_at),
        "updated_at": to_rfc3339(lot.updated_at),
    }
