"""Alternatives for a driver when a lot is full: another lot nearby, or another time in this one."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, func, select
from sqlalchemy.pool import PoolProxiedConnection

from parking.bookings import matching, occupancy
from parking.bookings.matching import Matching, has_needs
from parking.bookings.models import Booking
from parking.bookings.new_booking import NewBooking
from parking.bookings.status_sql import is_live, is_live_in
from parking.database import ColumnGroups, Read, UTCDateTime, plus_seconds
from parking.lots import Lot, Spot
from parking.money import to_number
from parking.pricing import Tariff, tariff_view
from parking.spot_features import Needs, required
from parking.timestamps import to_rfc3339
from parking.web import visible_lots

MAX_LOTS = 3
MAX_CHECKED = 20
LOOK_AHEAD = timedelta(days=2)
_LOT: Any = Lot.__table__
_TARIFF: Any = Tariff.__table__
_SPOT: Any = Spot.__table__
_BOOKING: Any = Booking.__table__


_GROUPS = ColumnGroups([_LOT.c[name] for name in ("id", "name", "capacity", "latitude", "longitude")], _TARIFF.c)


def _nearest() -> Read:
    """Selects the nearest open lots, then (where a lot has no coordinates) the cheapest.

    The square of the distance on a flat map is enough for the order; degrees of longitude shrink with the latitude.
    """
    north = _LOT.c.latitude - bindparam("latitude")
    degrees = func.abs(_LOT.c.longitude - bindparam("longitude"))
    east = case((degrees > 180, 360 - degrees), else_=degrees) * bindparam("shrink")
    square = north * north + east * east
    return Read(
        select(*_GROUPS.columns)
        .join_from(_LOT, _TARIFF, and_(_TARIFF.c.lot_id == _LOT.c.id, _TARIFF.c.id == _LOT.c.tariff_id))
        .where(_LOT.c.deleted_at.is_(None), _LOT.c.id != bindparam("lot_id"))
        .order_by(square.is_(None), square, _TARIFF.c.hourly_minor, _LOT.c.name)
        .limit(MAX_CHECKED)
    )


_NEAREST = _nearest()
_counts = occupancy.counts_in_sql(some=True).c
_TAKEN = Read(select(_counts.lot_id, (_counts.occupied + _counts.reserved + _counts.out_of_service).label("taken")))


def instead_of(connection: PoolProxiedConnection, lot: Any, new: NewBooking) -> list[dict[str, Any]]:
    """Returns up to three lots that are free at the time, nearest (then cheapest) first, and the next time here."""
    return _other_lots(connection, lot, new) + _other_time(connection, lot, new)


def _other_lots(connection: PoolProxiedConnection, lot: Any, new: NewBooking) -> list[dict[str, Any]]:
    here = {"latitude": lot.latitude, "longitude": lot.longitude, "shrink": cos(radians(lot.latitude or 0))}
    near = [_GROUPS.split(row) for row in _NEAREST.rows(connection, lot_id=lot.id, **here)]
    if (visible := visible_lots()) is not None:
        near = [one for one in near if one[0].id in visible]
    free = _free_spots(connection, [other for other, _ in near], new)
    near.sort(key=lambda one: (distance_km(lot, one[0]) or 1e9, one[1].hourly_minor, one[0].name))
    return [_lot_view(lot, other, tariff, free[other.id]) for other, tariff in near if free[other.id] > 0][:MAX_LOTS]


def _free_spots(connection: PoolProxiedConnection, lots: Any, new: NewBooking) -> dict[int, int]:
    """lot -> spots with the needs of the booking that are free: now, or over the window of a reservation."""
    ids = [lot.id for lot in lots]
    if new.needs or new.booking_type == "reserved":
        number = matching_of(connection, ids, new)
        return {i: number[i].available if i in number else 0 for i in ids}
    taken = {row.lot_id: row.taken for row in _TAKEN.rows(connection, lot_ids=ids, now=new.created_at)}
    return {lot.id: lot.capacity - taken.get(lot.id, 0) for lot in lots}


def matching_of(connection: PoolProxiedConnection, lot_ids: list[int], new: NewBooking) -> dict[int, Matching]:
    """Returns lot -> its spots with the needs of the booking: free now, or over its window."""
    if new.booking_type == "reserved":
        return matching.over(connection, lot_ids, new.start_time, new.held_until, new.needs)
    return matching.now(connection, lot_ids, new.start_time, new.needs)


def _lot_view(lot: Any, other: Any, tariff: Any, free: int) -> dict[str, Any]:
    distance = distance_km(lot, other)
    return {
        "kind": "lot",
        "lot_id": other.id,
        "lot_name": other.name,
        "available_spots": free,
        "price_per_hour": to_number(tariff.hourly_minor),
        "tariff": tariff_view(tariff),
        "currency": tariff.currency,
        "distance_km": None if distance is None else round(distance, 1),
    }


def _other_time(connection: PoolProxiedConnection, lot: Any, new: NewBooking) -> list[dict[str, Any]]:
    window = next_free(connection, lot.id, new.start_time, new.held_until, new.needs)
    if window is None:
        return []
    start, end = window
    return [
        {
            "kind": "time",
            "lot_id": lot.id,
            "lot_name": lot.name,
            "reserved_start": to_rfc3339(start),
            "reserved_end": to_rfc3339(end),
        }
    ]


def _first_gap() -> Read:
    """Selects the first end of a hold after which its spot, which has the needs, stays free for so many seconds."""
    other = _BOOKING.alias("other")
    ends = _BOOKING.c.held_until
    next_hold = (
        select(other.c.id)
        .where(is_live_in("other"), other.c.lot_id == _BOOKING.c.lot_id, other.c.spot_id == _BOOKING.c.spot_id)
        .where(other.c.id != _BOOKING.c.id, other.c.held_until > ends)
        .where(other.c.start_time < plus_seconds(ends, bindparam("seconds", type_=Integer())))
        .correlate(_BOOKING)
    )
    return Read(
        select(func.min(ends, type_=UTCDateTime()).label("begins"))
        .join_from(_BOOKING, _SPOT, and_(_SPOT.c.lot_id == _BOOKING.c.lot_id, _SPOT.c.id == _BOOKING.c.spot_id))
        .where(is_live, _BOOKING.c.lot_id == bindparam("lot_id"), _SPOT.c.retired_at.is_(None), *has_needs())
        .where(ends > bindparam("start", type_=UTCDateTime()), ends <= bindparam("horizon", type_=UTCDateTime()))
        .where(~next_hold.exists())
    )


_FIRST_GAP = _first_gap()


def next_free(
    connection: PoolProxiedConnection | None, lot_id: int, start: datetime, end: datetime, needs: Needs = ()
) -> tuple[datetime, datetime] | None:
    """Returns the earliest window as long as [start, end), within two days of `start`, for which a spot with
    the needs is free.

    For a window over which none is. A spot becomes free where one of its live bookings ends, so only those instants
    are tried.
    """
    length = end - start
    window = {"start": start, "horizon": start + LOOK_AHEAD, "seconds": int(length.total_seconds())}
    begins = _FIRST_GAP.rows(connection, lot_id=lot_id, **window, **required(needs))[0].begins
    return None if begins is None else (begins, begins + length)


def distance_km(one: Any, other: Any) -> float | None:
    """Returns the great-circle distance in km; None where a lot has no coordinates."""
    if None in (one.latitude, one.longitude, other.latitude, other.longitude):
        return None
    lat1, lon1 = radians(one.latitude or 0), radians(one.longitude or 0)
    lat2, lon2 = radians(other.latitude or 0), radians(other.longitude or 0)
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371 * asin(sqrt(half))
