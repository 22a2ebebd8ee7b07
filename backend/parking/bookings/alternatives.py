"""What else a driver could do when a lot is full: another lot nearby, or another time here."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.bookings import allocation, occupancy
from parking.bookings.allocation import NewClaim
from parking.bookings.models import Booking
from parking.bookings.status_sql import is_live
from parking.lots.models import Lot, Spot
from parking.money import to_number
from parking.timestamps import to_rfc3339

MOST_LOTS = 3
MOST_LOOKED_AT = 20
LOOK_AHEAD = timedelta(days=2)


def instead_of(session: Session, lot: Lot, new: NewClaim) -> list[dict[str, Any]]:
    """Up to three other lots with a spot for the same time, nearest (then cheapest) first, and the next time here."""
    return _other_lots(session, lot, new) + _other_time(session, lot, new)


def _other_lots(session: Session, lot: Lot, new: NewClaim) -> list[dict[str, Any]]:
    others = session.scalars(select(Lot).where(Lot.deleted_at.is_(None), Lot.id != lot.id)).all()
    counts = occupancy.counts(session, new.created_at or new.start_time)
    near = sorted(others, key=lambda other: (distance_km(lot, other) or 1e9, other.tariff.hourly_minor, other.name))
    found: list[dict[str, Any]] = []
    for other in near[:MOST_LOOKED_AT]:
        free = other.capacity - counts.get(other.id, occupancy.Counts()).taken
        if new.booking_type == "reserved":
            free = len(allocation.free_spot_ids(session, other.id, new.start_time, new.held_until))
        if free > 0:
            found.append(_lot_view(lot, other, free))
        if len(found) == MOST_LOTS:
            break
    return found


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


def _other_time(session: Session, lot: Lot, new: NewClaim) -> list[dict[str, Any]]:
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
    """The earliest window as long as [start, end), from `start` on and within two days, for which a spot is free.

    A spot becomes free where one of its live claims ends, so only those moments are tried.
    """
    length, horizon = end - start, start + LOOK_AHEAD
    claims = _claims_by_spot(session, lot_id, start, horizon + length)
    best: datetime | None = None
    for spot_claims in claims.values():
        gap = _first_gap(spot_claims, start, length)
        if gap <= horizon and (best is None or gap < best):
            best = gap
    return None if best is None else (best, best + length)


def _claims_by_spot(
    session: Session, lot_id: int, start: datetime, until: datetime
) -> dict[int, list[tuple[datetime, datetime]]]:
    spots = session.scalars(select(Spot.id).where(Spot.lot_id == lot_id, Spot.retired_at.is_(None)))
    claims: dict[int, list[tuple[datetime, datetime]]] = {spot_id: [] for spot_id in spots}
    rows = session.execute(
        select(Booking.spot_id, Booking.start_time, Booking.held_until)
        .where(is_live, Booking.lot_id == lot_id, Booking.start_time < until, Booking.held_until > start)
        .order_by(Booking.start_time)
    )
    for spot_id, begins, ends in rows:
        if spot_id in claims:
            claims[spot_id].append((begins, ends))
    return claims


def _first_gap(claims: list[tuple[datetime, datetime]], start: datetime, length: timedelta) -> datetime:
    if not claims or start + length <= claims[0][0]:
        return start
    for (_, ends), (begins, _) in pairwise(claims):
        if max(ends, start) + length <= begins:
            return max(ends, start)
    return max(claims[-1][1], start)


def distance_km(one: Lot, other: Lot) -> float | None:
    """Great-circle distance; None where a lot has no coordinates."""
    if None in (one.latitude, one.longitude, other.latitude, other.longitude):
        return None
    lat1, lon1 = radians(one.latitude or 0), radians(one.longitude or 0)
    lat2, lon2 = radians(other.latitude or 0), radians(other.longitude or 0)
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371 * asin(sqrt(half))
