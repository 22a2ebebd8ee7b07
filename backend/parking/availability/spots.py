"""Reads the spots of a lot with what stands on each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select
from sqlalchemy.orm import Session

from parking.accounts import User
from parking.bookings import (
    LIVE,
    OUT_OF_SERVICE,
    Booking,
    closure_view,
    cost_at,
    is_live,
    rank_in_sql,
    spot_states,
    state_of,
    state_of_spot,
    status_at,
)
from parking.database import ColumnGroups
from parking.lots import Lot, Spot
from parking.money import to_number
from parking.pricing import Tariff
from parking.timestamps import to_rfc3339
from parking.web import Identity

_LOT: Any = Lot.__table__
_SPOT: Any = Spot.__table__
_TARIFF: Any = Tariff.__table__
_BOOKING: Any = Booking.__table__
_USER: Any = User.__table__
_BOOKED = (
    *("id", "reference", "user_id", "spot_id", "booking_type", "status", "start_time", "held_until"),
    *("reserved_start", "reserved_end", "checkin_grace_s", "reason", "visitor_name"),
)
_GROUPS = ColumnGroups(
    [_BOOKING.c[name] for name in _BOOKED],
    [_USER.c.id, _USER.c.email, _USER.c.username],
    _TARIFF.c,
    [rank_in_sql().label("rank")],
)
_LIVE = (
    select(*_GROUPS.columns)
    .join_from(_BOOKING, _LOT, _LOT.c.id == _BOOKING.c.lot_id)
    .join(_USER, _USER.c.id == _BOOKING.c.user_id)
    .outerjoin(_TARIFF, and_(_TARIFF.c.lot_id == _BOOKING.c.lot_id, _TARIFF.c.id == _BOOKING.c.tariff_id))
    .where(is_live, _BOOKING.c.lot_id == bindparam("lot_id"))
    .order_by(_BOOKING.c.start_time)
)
_SPOT_COLUMNS = ("id", "lot_id", "spot_number", "level", "ev", "accessible", "covered")
_SPOTS = (
    select(*(_SPOT.c[name] for name in _SPOT_COLUMNS))
    .where(_SPOT.c.lot_id == bindparam("lot_id"), _SPOT.c.retired_at.is_(None))
    .order_by(_SPOT.c.spot_number)
)
_ONE_SPOT = _SPOTS.where(_SPOT.c.id == bindparam("spot_id"))


def spot_views(
    session: Session | Connection,
    lot_id: int,
    now: datetime,
    who: Identity,
    spot_id: int | None = None,
    *,
    with_drivers: bool,
) -> list[dict[str, Any]]:
    """Returns the lot's spots as this user may see them (with `spot_id` only that one). Two statements.

    `with_drivers`: also who stands on each spot, who has reserved it, and why it is closed.
    """
    bookings = _live_bookings(session, lot_id, now)
    if spot_id is None:
        spots = session.execute(_SPOTS, {"lot_id": lot_id})
    else:
        spots = session.execute(_ONE_SPOT, {"lot_id": lot_id, "spot_id": spot_id})
    return [_spot_view(spot, bookings.get(spot.id, []), now, who, with_drivers=with_drivers) for spot in spots]


def public_spot_views(connection: Connection, lot_id: int, now: datetime) -> list[dict[str, Any]]:
    """Returns the lot's spots as a passer-by sees them: nothing of any booking but the status. Two statements."""
    states = spot_states(connection, now, lot_id)
    spots = connection.execute(_SPOTS, {"lot_id": lot_id})
    return [
        {name: getattr(spot, name) for name in _SPOT_COLUMNS if name != "lot_id"}
        | {"status": states.get(spot.id, "Available")}
        for spot in spots
    ]


class _Booked:
    """A live booking of a spot with its user, its price and its rank (see bookings.occupancy)."""

    __slots__ = ("booking", "rank", "tariff", "user")

    def __init__(self, row: Row[Any]) -> None:
        self.booking, self.user, self.tariff, (self.rank,) = _GROUPS.split(row)


def _live_bookings(session: Session | Connection, lot_id: int, now: datetime) -> dict[int, list[_Booked]]:
    by_spot: dict[int, list[_Booked]] = {}
    for row in session.execute(_LIVE, {"lot_id": lot_id, "now": now}):
        by_spot.setdefault(row.spot_id, []).append(_Booked(row))
    return by_spot


def _spot_view(
    spot: Any, bookings: Sequence[_Booked], now: datetime, who: Identity, *, with_drivers: bool
) -> dict[str, Any]:
    coming, running, blocks, closed = [], None, [], None
    for row in bookings:
        kind, at = row.booking.booking_type, status_at(state_of(row.booking), now)
        if kind == "block" and row.booking.reference == OUT_OF_SERVICE and at in LIVE:
            blocks.append(row.booking)
            closed = row.booking if at == "Active" else closed
        elif kind in ("block", "hold"):
            continue
        elif at == "Reserved":
            coming.append(row)
        elif at == "Active":
            running = row
    view: dict[str, Any] = {
        "id": spot.id,
        "lot_id": spot.lot_id,
        "spot_number": spot.spot_number,
        "status": state_of_spot(row.rank for row in bookings),
        "level": spot.level,
        "ev": spot.ev,
        "accessible": spot.accessible,
        "covered": spot.covered,
        "out_of_service_reason": closed.reason if with_drivers and closed is not None and running is None else None,
        "closures": [
            _closure_view(block, now, has_car=running is not None, with_reason=with_drivers) for block in blocks
        ],
        "mine": running is not None and running.booking.user_id == who.id,
        "reservations": [_coming_view(row, who, with_drivers=with_drivers) for row in coming],
    }
    if with_drivers:
        view["booking"] = None if running is None else _stay_view(running, now)
    return view


def _closure_view(block: Any, now: datetime, *, has_car: bool, with_reason: bool) -> dict[str, Any]:
    view = closure_view(block, now, has_car=has_car)
    return view if with_reason else view | {"reason": None}


def _coming_view(row: _Booked, who: Identity, *, with_drivers: bool) -> dict[str, Any]:
    view = {"start": to_rfc3339(row.booking.reserved_start), "end": to_rfc3339(row.booking.reserved_end)}
    if with_drivers:
        view |= {"user_email": row.user.email, "username": row.user.username, "visitor_name": row.booking.visitor_name}
    return view | {"user_email": "You"} if row.booking.user_id == who.id else view


def _stay_view(row: _Booked, now: datetime) -> dict[str, Any]:
    booking = row.booking
    return {
        "id": booking.id,
        "reference": booking.reference,
        "user_id": row.user.id,
        "user_email": row.user.email,
        "username": row.user.username,
        "visitor_name": booking.visitor_name,
        "start_time": to_rfc3339(booking.start_time),
        "held_until": to_rfc3339(booking.held_until),
        "running_cost": to_number(cost_at(booking, row.tariff, now)),
        "booking_type": booking.booking_type,
    }
