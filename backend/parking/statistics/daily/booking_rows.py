"""Reads the bookings and spots that touch a range of time. Instants leave the database as unix seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from parking.bookings import LIVE_SQL, LONG, Booking, is_for_visitor, longer_than
from parking.database import UTCDateTime
from parking.database.functions import among, from_unix, unix_seconds
from parking.lots import Lot, Spot
from parking.statistics.daily.aggregate import BookingRow

_COLUMNS = (
    Booking.lot_id,
    case((~is_for_visitor, Booking.user_id)),
    Booking.booking_type,
    Booking.status,
    unix_seconds(Booking.start_time),
    unix_seconds(Booking.reserved_start),
    unix_seconds(Booking.checked_in_at),
    unix_seconds(Booking.end_time),
    Booking.total_cost_minor,
)
_LOW, _HIGH = (bindparam(name, type_=UTCDateTime()) for name in ("low", "high"))
_BEGUN = Booking.start_time < _HIGH  # no stay and no reserved window begins before start_time


def _after(seconds: int) -> BindParameter[datetime]:
    """The instant so many seconds after the end of the range."""
    return bindparam(f"late_{seconds}", type_=UTCDateTime())


def _long_bookings(sqlite: bool) -> Iterator[ColumnElement[bool]]:
    """Bookings that ended long after the range but began before its end, one condition per class of length (each has
    an index)."""
    lengths = list(LONG.values())
    for seconds, following in zip(lengths, [*lengths[1:], None], strict=True):
        longer: ColumnElement[bool] = literal_column(longer_than(seconds, sqlite=sqlite))
        until = [] if following is None else [Booking.end_time <= _after(following)]
        yield and_(longer, Booking.end_time > _after(seconds), *until, _BEGUN)


def range_parts(sqlite: bool) -> tuple[ColumnElement[bool], ...]:
    """Disjoint conditions for the rows that touch [low, high): ended in it or soon after; ended long after; live; and
    those with a start in it that were given up before it began."""
    soon = _after(next(iter(LONG.values())))
    return (
        and_(Booking.end_time >= _LOW, Booking.end_time <= soon, or_(Booking.end_time < _HIGH, _BEGUN)),
        *_long_bookings(sqlite),
        and_(literal_column(LIVE_SQL), _BEGUN),
        and_(Booking.start_time >= _LOW, Booking.start_time < _HIGH, Booking.end_time < _LOW),
    )


def _booking_query(sqlite: bool) -> CompoundSelect[Any]:
    """Selects the BookingRows of the lots `lot_ids` that touch the range."""
    of_lots = among(Booking.lot_id, "lot_ids")
    return union_all(*(select(*_COLUMNS).where(of_lots, part) for part in range_parts(sqlite)))


def range_params(low: int, high: int) -> dict[str, Any]:
    """The parameters of `range_parts`."""
    late = {f"late_{seconds}": from_unix(high + seconds) for seconds in LONG.values()}
    return {"low": from_unix(low), "high": from_unix(high)} | late


_BOOKING_QUERIES = {True: _booking_query(True), False: _booking_query(False)}


def booking_rows(session: Session, lot_ids: Sequence[int], low: int, high: int) -> Iterator[BookingRow]:
    """The bookings of the lots that touch [low, high), and possibly a few more."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    params = range_params(low, high) | {"lot_ids": list(lot_ids)}
    result = session.execute(_BOOKING_QUERIES[sqlite], params, execution_options={"yield_per": 20_000})
    return map(BookingRow._make, result)


class SpotCount(NamedTuple):
    """`number` spots of a lot that exist since the same instant."""

    lot_id: int
    since: int
    number: int


def spots(session: Session, lot_ids: Sequence[int]) -> list[SpotCount]:
    """The spots of the lots, counted by the instant at which they were added."""
    counted = (
        select(Spot.lot_id, Spot.created_at, func.count().label("number"))
        .where(among(Spot.lot_id, lot_ids))
        .group_by(Spot.lot_id, Spot.created_at)
        .subquery()
    )
    since = func.coalesce(counted.c.created_at, Lot.created_at)
    query = select(counted.c.lot_id, unix_seconds(since), counted.c.number).join(Lot, Lot.id == counted.c.lot_id)
    return [SpotCount._make(row) for row in session.execute(query)]


def first_instant(session: Session, lot_id: int) -> int:
    """The earliest instant of the lot, its spots and its bookings."""
    of_lot = Booking.lot_id == lot_id
    moments = [
        session.scalar(select(unix_seconds(func.min(Booking.start_time))).where(of_lot)),
        session.scalar(select(unix_seconds(func.min(Booking.end_time))).where(of_lot)),
        session.scalar(select(unix_seconds(func.min(Spot.created_at))).where(Spot.lot_id == lot_id)),
        session.scalar(select(unix_seconds(Lot.created_at)).where(Lot.id == lot_id)),
    ]
    return min(moment for moment in moments if moment is not None)
