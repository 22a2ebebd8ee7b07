"""Bookings of local days: which of them started, ended or stood on a run of days, each in the zone of its own lot. A
`zone` here is the lot's whole calendar (parking/lot_calendar.py).

The statistics count by such days (parking/statistics/definitions.py); this selects the bookings behind a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Integer, and_, case, false, func, literal, null, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from parking import clock, lot_calendar
from parking.bookings.models import Booking
from parking.database import UTCDateTime, plus_seconds
from parking.lots import Lot

Counted = Literal["started", "ended", "parked", "kept_free"]
_QUARTER_S = 900
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LocalDays:
    """`counted` says what must have happened on the days first..last: `started` (start_time), `ended` (end_time),
    `parked` (the car stood there for a part of them) or `kept_free` (so did the spot, for a reservation whose car
    had not come). `came`: only those whose car came."""

    counted: Counted
    first: date
    last: date
    zones: Sequence[str]
    came: bool = False
    hour: int | None = None
    """Only this local hour of the day `first`, from hour:00 on. One that the clocks repeat is one longer hour, in one
    that they skip nothing happens."""
    at: datetime | None = None
    """Only this second."""
    stay: tuple[int, int | None] | None = None
    """Only stays from so many minutes up to (not including) so many, each cut to the whole minute."""


class Span(NamedTuple):
    """[low, high), as the days of the lots of this zone."""

    zone: str
    low: datetime
    high: datetime


def zones(session: Session) -> list[str]:
    """Returns the calendars of all lots, deleted ones too."""
    return list(session.scalars(select(Lot.calendar).distinct().order_by(Lot.calendar)))


def _midnight(day: date, zone: str) -> datetime:
    return datetime.fromtimestamp(lot_calendar.midnight(day, zone), UTC)


def _hours(low: datetime, high: datetime, hour: int, zone: str) -> list[tuple[datetime, datetime]]:
    """The local hour of the day [low, high), ranges by its quarters as the zones' hours begin on these: one run of
    them; none where the clocks skip it; two on a day on which the lot moved to another zone."""
    begin, end = int(low.timestamp()), int(high.timestamp())
    quarters = range(begin // _QUARTER_S * _QUARTER_S + _QUARTER_S, end, _QUARTER_S)
    edges = sorted({begin, *quarters, *lot_calendar.changes_between(begin, end, zone), end})
    ranges: list[tuple[int, int]] = []
    for start, until in pairwise(edges):
        if lot_calendar.local_hour(start, zone) == hour:
            joined = bool(ranges) and ranges[-1][1] == start
            ranges[-1:] = [(ranges[-1][0], until)] if joined else [*ranges[-1:], (start, until)]
    return [(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(until, UTC)) for start, until in ranges]


def _spans(days: LocalDays, zone: str) -> Iterator[Span]:
    low, high = _midnight(days.first, zone), _midnight(days.last + timedelta(days=1), zone)
    parts = [(low, high)] if days.hour is None else _hours(low, high, days.hour, zone)
    for low, high in parts:
        if days.at is not None:
            low, high = (days.at, days.at + _SECOND) if low <= days.at < high else (low, low)
        if low < high:
            yield Span(zone, low, high)


def spans(days: LocalDays) -> list[Span]:
    """Returns the days (or the part of them) as instants in each zone; zones without such a part are left out."""
    return [span for zone in days.zones for span in _spans(days, zone)]


def reach(days: LocalDays) -> tuple[datetime, datetime]:
    """Returns the instants between which the days lie in all zones; the same instant twice without any."""
    ranges = spans(days) or [Span("UTC", _midnight(days.first, "UTC"), _midnight(days.first, "UTC"))]
    return min(span.low for span in ranges), max(span.high for span in ranges)


def clause(days: LocalDays) -> ColumnElement[bool]:
    """Returns the condition, for a query that has joined Lot."""
    now = clock.now()
    parts = [and_(Lot.calendar == span.zone, *_within(days.counted, span, now)) for span in spans(days)]
    more = [Booking.checked_in_at.is_not(None)] if days.came or days.stay else []
    return and_(or_(false(), *parts), *more, *_stayed(days.stay))


def _within(counted: Counted, span: Span, now: datetime) -> list[Any]:
    if counted == "parked":
        return [Booking.checked_in_at < span.high, or_(Booking.end_time > span.low, Booking.end_time.is_(None))]
    if counted == "kept_free":
        until = _kept_until(now)
        start = Booking.reserved_start
        return [start < span.high, start < until, until > span.low]
    column = Booking.start_time if counted == "started" else Booking.end_time
    return [column >= span.low, column < span.high, column <= now]


def _kept_until(now: datetime) -> ColumnElement[datetime]:
    """Until when a spot is kept free for its reservation: the car came, or the booking ended."""
    return func.coalesce(Booking.checked_in_at, Booking.end_time, literal(now, UTCDateTime()))


def _stayed(stay: tuple[int, int | None] | None) -> list[Any]:
    if stay is None:
        return []
    least, most = stay
    long = [plus_seconds(Booking.checked_in_at, 60 * least) <= Booking.end_time]
    return long if most is None else [*long, plus_seconds(Booking.checked_in_at, 60 * most) > Booking.end_time]


# how long ---------------------------------------------------------------------------------------


class shared_seconds(FunctionElement[int]):
    """`shared_seconds(a, b, c, d)`: how long [a, b) and [c, d) have in common."""

    type = Integer()
    inherit_cache = True
    name = "shared_seconds"


@compiles(shared_seconds, "sqlite")
def _shared_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    a, b, c, d = (compiler.process(part, **kw) for part in element.clauses)
    return f"max(0, min({b}, {d}) - max({a}, {c}))"


@compiles(shared_seconds, "postgresql")
def _shared_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    a, b, c, d = (compiler.process(part, **kw) for part in element.clauses)
    return f"CAST(greatest(0, extract(epoch FROM least({b}, {d}) - greatest({a}, {c}))) AS bigint)"


def seconds(days: LocalDays) -> ColumnElement[Any]:
    """Returns the seconds of a booking, for a query that has joined Lot: `ended` its whole stay, `parked` and
    `kept_free` its part of the days up to now; NULL where no seconds are counted."""
    now = clock.now()
    if days.counted == "ended":
        return shared_seconds(Booking.checked_in_at, Booking.end_time, Booking.checked_in_at, Booking.end_time)
    if days.counted == "started" or not spans(days):
        return null()
    interval: tuple[Any, Any]
    if days.counted == "parked":
        interval = Booking.checked_in_at, func.coalesce(Booking.end_time, literal(now, UTCDateTime()))
    else:
        interval = Booking.reserved_start, _kept_until(now)
    parts = [_shared(interval, part) for part in _by_turn(spans(days))]
    return parts[0] if len(parts) == 1 else sum((func.coalesce(part, 0) for part in parts), literal(0))


def _by_turn(ranges: list[Span]) -> list[list[Span]]:
    """The spans with each zone once in a list: one list, but for an hour that a lot had twice."""
    turns: list[list[Span]] = []
    for span in ranges:
        turn = next((turn for turn in turns if all(other.zone != span.zone for other in turn)), None)
        if turn is None:
            turns.append([span])
        else:
            turn.append(span)
    return turns


def _shared(interval: tuple[Any, Any], turn: list[Span]) -> shared_seconds:
    low, high = (
        case(*((Lot.calendar == span.zone, literal(getattr(span, side), UTCDateTime())) for span in turn))
        for side in ("low", "high")
    )
    return shared_seconds(*interval, low, high)
