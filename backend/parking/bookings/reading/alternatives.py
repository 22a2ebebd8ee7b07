"""Alternatives for a driver when a lot is full: another lot nearby, or another time in this one."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.bookings import allocation, occupancy
from parking.bookings.allocation import NewBooking
from parking.bookings.models import Booking
from parking.bookings.status_sql import is_live
from parking.lots import Lot, Spot
from parking.money import to_number
from parking.timestamps import to_rfc3339

MAX_LOTS = 3
MAX_CHECKED = 20
LOOK_AHEAD = timedelta(days=2)


def instead_of(session: Session, lot: Lot, new: NewBooking) -> list[dict[str, Any]]:
    """Returns up to three lots that are free at the time, nearest (then cheapest) first, and the next time here."""
    return _other_lots(session, lot, new) + _other_time(session, lot, new)


def _other_lots(session: Session, lot: Lot, new: NewBooking) -> list[dict[str, Any]]:
    others = session.scalars(select(Lot).where(Lot.deleted_at.is_(None), Lot.id != lot.id)).all()
    counts = occupancy.counts_by_lot(session, new.created_at or new.start_time)
    near = sorted(others, key=lambda other: (distance_km(lot, other) or 1e9, other.tariff.hourly_minor, other.name))
    views: list[dict[str, Any]] = []
    for other in near[:MAX_CHECKED]:
        free = other.capacity - counts.get(other.id, occupancy.SpotCounts()).taken
        if new.booking_type == "reserved":
            free = len(allocation.free_spot_ids(session, other.id, new.start_time, new.held_until))
        if free > 0:
            views.append(_lot_view(lot, other, free))
        if len(views) == MAX_LOTS:
            break
    return views


def _lot_view(lot: Lot, other: Lot, free: int) -> dict[str, Any]:
    distance = distance_km(lot, other)
    return {
        "kind": "lot",
        "lot_id": other.id,
        "lot_name": other.name,
        "available_spots": free,
        "price_per_hour": to_number(other.tariff.hourly_minor),
        "currency": other.tariff.currency,
        "distance_km": None if distance is None else round(distance, 1),
    }


def _other_time(session: Session, lot: Lot, new: NewBooking) -> list[dict[str, Any]]:
    window = next_free(session, lot.id, new.start_time, new.held_until)
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


def next_free(session: Session, lot_id: int, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
    """Returns the earliest window as long as [start, end), within two days of `start`, for which a spot is free.

    A spot becomes free where one of its live bookings ends, so only those instants are tried.
    """
    length, horizon = end - start, start + LOOK_AHEAD
    holds = _holds_by_spot(session, lot_id, start, horizon + length)
    best: datetime | None = None
    for spot_holds in holds.values():
        gap = _first_gap(spot_holds, start, length)
        if gap <= horizon and (best is None or gap < best):
            best = gap
    return None if best is None else (best, best + length)


def _holds_by_spot(
    session: Session, lot_id: int, start: datetime, until: datetime
) -> dict[int, list[tuple[datetime, datetime]]]:
    spots = session.scalars(select(Spot.id).where(Spot.lot_id == lot_id, Spot.retired_at.is_(None)))
    holds: dict[int, list[tuple[datetime, datetime]]] = {spot_id: [] for spot_id in spots}
    rows = session.execute(
        select(Booking.spot_id, Booking.start_time, Booking.held_until)
        .where(is_live, Booking.lot_id == lot_id, Booking.start_time < until, Booking.held_until > start)
        .order_by(Booking.start_time)
    )
    for spot_id, begins, ends in rows:
        if spot_id in holds:
            holds[spot_id].append((begins, ends))
    return holds


def _first_gap(holds: list[tuple[datetime, datetime]], start: datetime, length: timedelta) -> datetime:
    if not holds or start + length <= holds[0][0]:
        return start
    for (_, ends), (begins, _) in pairwise(holds):
        if max(ends, start) + length <= begins:
            return max(ends, start)
    return max(holds[-1][1], start)


def distance_km(one: Lot, other: Lot) -> float | None:
    """Returns the great-circle distance in km; None where a lot has no coordinates."""
    if None in (one.latitude, one.longitude, other.latitude, other.longitude):
        return None
    lat1, lon1 = radians(one.latitude or 0), radians(one.longitude or 0)
    lat2, lon2 = radians(other.latitude or 0), radians(other.longitude or 0)
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371 * asin(sqrt(half))
