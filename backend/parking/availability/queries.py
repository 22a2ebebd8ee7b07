"""Reads lots and spots with their state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Row, and_, bindparam, cast, func, literal, select, tuple_
from sqlalchemy.orm import Session, lazyload

from parking.accounts import User
from parking.bookings import (
    AVAILABLE,
    OUT_OF_SERVICE,
    Booking,
    SpotCounts,
    cost_at,
    counts_by_lot,
    is_live,
    spot_states,
    state_of,
    status_at,
)
from parking.database import ColumnGroups
from parking.lots import Lot, Spot
from parking.money import to_number
from parking.pricing import Tariff, tariff_view
from parking.text import names
from parking.timestamps import to_rfc3339
from parking.web import Identity, pagination

FEATURES = ("ev", "accessible", "covered")
_LOT: Any = Lot.__table__
_SPOT: Any = Spot.__table__
_TARIFF: Any = Tariff.__table__
_PRICED = ColumnGroups(_LOT.c, _TARIFF.c)
_IDS: Any = bindparam("lot_ids", expanding=True)
_LOTS = (
    select(*_PRICED.columns)
    .join_from(_LOT, _TARIFF, and_(_TARIFF.c.lot_id == _LOT.c.id, _TARIFF.c.id == _LOT.c.tariff_id))
    .where(_LOT.c.deleted_at.is_(None))
    .order_by(_LOT.c.sort_key, _LOT.c.id)
)
_FEATURES = (
    select(_SPOT.c.lot_id, *(func.sum(cast(_SPOT.c[name], Integer)).label(name) for name in FEATURES))
    .where(_SPOT.c.retired_at.is_(None))
    .group_by(_SPOT.c.lot_id)
)
_SOME_LOTS, _SOME_FEATURES = _LOTS.where(_LOT.c.id.in_(_IDS)), _FEATURES.where(_SPOT.c.lot_id.in_(_IDS))


def page(
    session: Session, now: datetime, words: str | None, limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None, int]:
    """Returns one page of open lots by name, the cursor of the next page, and the number of all.

    Raises Invalid for a cursor that this list did not give out.
    """
    order = (Lot.sort_key, Lot.id)
    query = select(Lot.id, Lot.sort_key.label("name")).where(Lot.deleted_at.is_(None))
    if words:
        query = query.where(Lot.search_text.contains(names.search_key(words), autoescape=True))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if cursor:
        lot_id, name = pagination.decode(cursor, int, str)
        query = query.where(tuple_(*order) > tuple_(literal(name), literal(lot_id)))
    rows = session.execute(query.order_by(*order).limit(limit + 1)).all()
    following = pagination.encode(rows[limit - 1].id, rows[limit - 1].name) if len(rows) > limit else None
    ids = [row.id for row in rows[:limit]]
    return (lot_views(session, now, ids) if ids else []), following, total


def lot_views(session: Session, now: datetime, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Returns open lots by name (all when `ids` is None) as JSON, with their counts at `now` and the number of spots
    with a charger, for disabled drivers, and covered. Three queries, however many lots."""
    some = {} if ids is None else {"lot_ids": list(ids)}
    rows = session.execute(_SOME_LOTS if some else _LOTS, some).all()
    extras = {row.lot_id: row for row in session.execute(_SOME_FEATURES if some else _FEATURES, some)}
    counts = counts_by_lot(session, now, ids)
    parts = map(_PRICED.split, rows)
    return [lot_view(lot, tariff, counts.get(lot.id, SpotCounts()), extras.get(lot.id)) for lot, tariff in parts]


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


def lot_view(lot: Any, tariff: Any, counts: SpotCounts, extras: Row[*tuple[Any, ...]] | None) -> dict[str, Any]:
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
        "checkin_grace_minutes": lot.checkin_grace_s // 60,
        "instant_hold_minutes": lot.instant_hold_s // 60,
        "tariff": tariff_view(tariff),
        "features": {name: int(getattr(extras, name, 0) or 0) for name in FEATURES},
        "version": lot.version,
        "created_at": to_rfc3339(lot.created_at),
        "updated_at": to_rfc3339(lot.updated_at),
    }


def spot_views(
    session: Session, lot: Lot, now: datetime, who: Identity, spot_id: int | None = None
) -> list[dict[str, Any]]:
    """Returns the lot's spots as this user may see them. Two queries and the states."""
    query = select(Spot).where(Spot.lot_id == lot.id, Spot.retired_at.is_(None)).order_by(Spot.spot_number)
    bookings = _live_bookings(session, lot.id)
    status = spot_states(session, now, lot.id)
    if spot_id is not None:
        query = query.where(Spot.id == spot_id)
    return [
        _spot_view(spot, status.get(spot.id, AVAILABLE), bookings.get(spot.id, []), now, who)
        for spot in session.scalars(query)
    ]


def _live_bookings(session: Session, lot_id: int) -> dict[int, list[Row[*tuple[Any, ...]]]]:
    query = (
        select(Booking, User, Tariff)
        .join(User, User.id == Booking.user_id)
        .outerjoin(Tariff, (Tariff.lot_id == Booking.lot_id) & (Tariff.id == Booking.tariff_id))
        .where(is_live, Booking.lot_id == lot_id)
        .order_by(Booking.start_time)
        .options(lazyload(User.roles))
    )
    by_spot: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for row in session.execute(query):
        by_spot.setdefault(row.Booking.spot_id, []).append(row)
    return by_spot


def _spot_view(spot: Spot, status: str, bookings: Sequence[Any], now: datetime, who: Identity) -> dict[str, Any]:
    coming, running, block = [], None, None
    for row in bookings:
        if row.Booking.booking_type == "block":
            block = row.Booking
            continue
        at = status_at(state_of(row.Booking), now)
        if at == "Reserved":
            coming.append(row)
        elif at == "Active":
            running = row
    view: dict[str, Any] = {
        "id": spot.id,
        "lot_id": spot.lot_id,
        "spot_number": spot.spot_number,
        "status": status,
        "level": spot.level,
        "ev": spot.ev,
        "accessible": spot.accessible,
        "covered": spot.covered,
        "out_of_service_reason": block.reason if block is not None and block.reference == OUT_OF_SERVICE else None,
        "mine": running is not None and running.Booking.user_id == who.id,
        "reservations": [_coming_view(row, who) for row in coming],
    }
    if who.is_admin:
        view["booking"] = None if running is None else _stay_view(running, now)
    return view


def _coming_view(row: Row[Any], who: Identity) -> dict[str, Any]:
    view = {"start": to_rfc3339(row.Booking.reserved_start), "end": to_rfc3339(row.Booking.reserved_end)}
    if row.Booking.user_id == who.id:
        return view | {"user_email": "You"}
    return view | {"user_email": row.User.email} if who.is_admin else view


def _stay_view(row: Row[Any], now: datetime) -> dict[str, Any]:
    booking = row.Booking
    return {
        "id": booking.id,
        "reference": booking.reference,
        "user_id": row.User.id,
        "user_email": row.User.email,
        "username": row.User.username,
        "start_time": to_rfc3339(booking.start_time),
        "held_until": to_rfc3339(booking.held_until),
        "running_cost": to_number(cost_at(booking, row.Tariff, now)),
        "booking_type": booking.booking_type,
    }
