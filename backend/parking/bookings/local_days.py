"""Bookings of local days: which of them started, ended or stood on a run of days, each in the zone of its own lot.

The figures count by such days (parking/reports/stats.py); this finds the bookings behind a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import and_, false, or_, select
from sqlalchemy.orm import Session

from parking import clock
from parking.bookings.models import Booking
from parking.lots.models import Lot

Counted = Literal["started", "ended", "parked"]


@dataclass(frozen=True, slots=True)
class LocalDays:
    """`counted` says what must have happened on the days first..last: `started` (start_time), `ended` (end_time), or
    `parked` (the car stood there for a part of them). `came`: only those whose car came."""

    counted: Counted
    first: date
    last: date
    zones: Sequence[str]
    came: bool = False


def zones(session: Session) -> list[str]:
    """Every zone in which a lot lies or lay."""
    return list(session.scalars(select(Lot.timezone).distinct().order_by(Lot.timezone)))


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def reach(wanted: LocalDays) -> tuple[datetime, datetime]:
    """The instants between which the days lie, in whatever zone."""
    zones = wanted.zones or ["UTC"]
    after = wanted.last + timedelta(days=1)
    return min(_midnight(wanted.first, zone) for zone in zones), max(_midnight(after, zone) for zone in zones)


def clause(wanted: LocalDays) -> Any:
    """The condition, for a query that has joined Lot."""
    now = clock.now()
    parts = []
    for zone in wanted.zones:
        low, high = _midnight(wanted.first, zone), _midnight(wanted.last + timedelta(days=1), zone)
        parts.append(and_(Lot.timezone == zone, *_within(wanted.counted, low, high, now)))
    condition = or_(false(), *parts)
    return and_(condition, Booking.checked_in_at.is_not(None)) if wanted.came else condition


def _within(counted: Counted, low: datetime, high: datetime, now: datetime) -> list[Any]:
    if counted == "parked":
        return [Booking.checked_in_at < high, or_(Booking.end_time > low, Booking.end_time.is_(None))]
    column = Booking.start_time if counted == "started" else Booking.end_time
    return [column >= low, column < high, column <= now]
