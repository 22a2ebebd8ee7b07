"""What the figures read. Instants leave the database as unix seconds, which the arithmetic of aggregate wants."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    Integer,
    Text,
    TypeDecorator,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from parking.accounts.models import User
from parking.bookings.models import LIVE_SQL, LONG, Booking, longer_than
from parking.database import UTCDateTime
from parking.lot_calendar import midnight
from parking.lots.models import Lot, Spot
from parking.statistics.daily.aggregate import Claim, Standing
from parking.statistics.daily.models import LotRolled


class unix_seconds(FunctionElement[int]):
    """An instant as seconds since 1970."""

    type = Integer()
    inherit_cache = True
    name = "unix_seconds"


@compiles(unix_seconds, "sqlite")
def _seconds_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(unix_seconds, "postgresql")
def _seconds_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST(extract(epoch FROM {compiler.process(element.clauses, **kw)}) AS bigint)"


_COLUMNS = (
    Booking.lot_id,
    Booking.user_id,
    Booking.booking_type,
    Booking.status,
    unix_seconds(Booking.start_time),
    unix_seconds(Booking.reserved_start),
    unix_seconds(Booking.checked_in_at),
    unix_seconds(Booking.end_time),
    Booking.total_cost_minor,
)
_LOW, _HIGH = (bindparam(name, type_=UTCDateTime()) for name in ("low", "high"))
_BEGUN = Booking.start_time < _HIGH  # the services let no stay and no window begin before its booking's start_time


class _Ids(TypeDecorator[list[int]]):
    """Ids of any number as one value: an array on PostgreSQL, JSON on SQLite (a parameter for each would be slow to
    read, and there may only be so many)."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(BigInteger()))

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> Any:
        return json.dumps(value) if dialect.name == "sqlite" else value


class among(FunctionElement[bool]):
    """`among(column, ids)`: that the column is one of these ids (a list, or the name of the parameter it comes in)."""

    type = Boolean()
    inherit_cache = True
    name = "among"

    def __init__(self, column: Any, ids: Sequence[int] | str) -> None:
        given = bindparam(ids, type_=_Ids()) if isinstance(ids, str) else literal(list(ids), _Ids())
        super().__init__(column, given)


@compiles(among, "sqlite")
def _among_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, ids = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608 - a column and a parameter, compiled


@compiles(among, "postgresql")
def _among_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column, ids = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} = ANY ({ids})"


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _after(seconds: int) -> Any:
    """The instant so long after the stretch."""
    return bindparam(f"late_{seconds}", type_=UTCDateTime())


def _long_ago(sqlite: bool) -> Iterator[Any]:
    """Claims that ended long after the stretch but reach into it, a tier of length at a time."""
    lengths = list(LONG.values())
    for seconds, following in zip(lengths, [*lengths[1:], None], strict=True):
        longer: ColumnElement[bool] = literal_column(longer_than(seconds, sqlite=sqlite))
        until = [] if following is None else [Booking.end_time <= _after(following)]
        yield and_(longer, Booking.end_time > _after(seconds), *until, _BEGUN)


def _parts(sqlite: bool) -> tuple[ColumnElement[bool], ...]:
    """Conditions that share out the rows that touch [low, high): ended in it or soon after; ended long after (rare,
    with indexes of their own); live; or to start in it and given up before it began."""
    soon = _after(next(iter(LONG.values())))
    return (
        and_(Booking.end_time >= _LOW, Booking.end_time <= soon, or_(Booking.end_time < _HIGH, _BEGUN)),
        *_long_ago(sqlite),
        and_(literal_column(LIVE_SQL), _BEGUN),
        and_(Booking.start_time >= _LOW, Booking.start_time < _HIGH, Booking.end_time < _LOW),
    )


def _claims(sqlite: bool) -> Any:
    """Every such row of some lots."""
    of_lots = among(Booking.lot_id, "lot_ids")
    return union_all(*(select(*_COLUMNS).where(of_lots, part) for part in _parts(sqlite)))


def _bounds(low: int, high: int) -> dict[str, Any]:
    late = {f"late_{seconds}": instant(high + seconds) for seconds in LONG.values()}
    return {"low": instant(low), "high": instant(high)} | late


_CLAIMS = {True: _claims(True), False: _claims(False)}


def claims(session: Session, lot_ids: Sequence[int], low: int, high: int) -> Iterator[Claim]:
    """Every booking row of the lots that touches [low, high), and possibly a few more."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    bound = _bounds(low, high) | {"lot_ids": list(lot_ids)}
    result = session.execute(_CLAIMS[sqlite], bound, execution_options={"yield_per": 20_000})
    return map(Claim._make, result)


class LotInfo(NamedTuple):
    """A lot, and how far its figures have been rolled up (all None: not at all); see LotRolled."""

    id: int
    name: str
    zone: str
    closed: int | None
    rolled_zone: str | None
    first_day: date | None
    last_day: date | None
    version: int | None
    holds_until: int | None
    cars: int | None
    held: int | None
    spots: int | None

    @property
    def is_rolled(self) -> bool:
        """A lot that moved to another zone has other days: what was kept is of no use."""
        return self.rolled_zone == self.zone

    def is_over(self, now: int) -> bool:
        """Whether the last day kept was told as it would end, and came otherwise. (If it held to the day's end, it is
        how the day ended.)"""
        if self.holds_until is None or self.holds_until > now or self.last_day is None or self.rolled_zone is None:
            return False
        return self.holds_until < midnight(self.last_day + timedelta(days=1), self.rolled_zone)

    def is_open(self, now: int) -> bool:
        """Whether the last day kept is told as it will end if nothing changes."""
        return self.holds_until is not None and self.holds_until > now

    @property
    def standing(self) -> Standing:
        return Standing(self.cars or 0, self.held or 0, self.spots or 0)


_ROLLED = (
    *(LotRolled.timezone, LotRolled.first_day, LotRolled.last_day, LotRolled.version),
    *(unix_seconds(LotRolled.holds_until), LotRolled.cars, LotRolled.held, LotRolled.spots),
)


def lots(session: Session, lot_id: int | None = None, *, which: ColumnElement[bool] | None = None) -> list[LotInfo]:
    """Every lot, deleted ones too (their bookings stay in the sums); one of them; or those of a condition."""
    query = (
        select(Lot.id, Lot.name, Lot.calendar, unix_seconds(Lot.deleted_at), *_ROLLED)
        .outerjoin(LotRolled, LotRolled.lot_id == Lot.id)
        .order_by(Lot.id)
    )
    if lot_id is not None:
        query = query.where(Lot.id == lot_id)
    if which is not None:
        query = query.where(which)
    return [LotInfo._make(row) for row in session.execute(query)]


def moved() -> ColumnElement[bool]:
    """The lots whose figures were rolled up in another zone than theirs."""
    return LotRolled.timezone != Lot.calendar


def behind(lasts: dict[str, date], marked: Collection[int], now: int) -> ColumnElement[bool]:
    """The lots of which a day may have to be counted: not rolled up to their zone's day in `lasts`, or no longer
    true; moved to another zone; or marked."""
    parts = [and_(Lot.calendar == zone, LotRolled.last_day < last) for zone, last in lasts.items()]
    over = LotRolled.holds_until <= instant(now)
    return or_(LotRolled.timezone.is_(None), moved(), over, *parts, among(Lot.id, sorted(marked)))


def standing_now(
    session: Session, now: int, first: date, last: date, lot_id: int | None
) -> dict[tuple[str, date], Standing]:
    """(zone, day) -> what stands in the lots whose present day, one of these, is kept and holds."""
    sums = [cast(func.sum(column), BigInteger) for column in (LotRolled.cars, LotRolled.held, LotRolled.spots)]
    query = select(LotRolled.timezone, LotRolled.last_day, *sums).where(
        LotRolled.holds_until > instant(now), LotRolled.last_day.between(first, last)
    )
    if lot_id is not None:
        query = query.where(LotRolled.lot_id == lot_id)
    found = session.execute(query.group_by(LotRolled.timezone, LotRolled.last_day))
    return {(zone, day): Standing(*counts) for zone, day, *counts in found}


def zones(session: Session, lot_id: int | None = None) -> list[str]:
    """Those in which lots lie or lay."""
    query = select(Lot.calendar).distinct().order_by(Lot.calendar)
    return list(session.scalars(query if lot_id is None else query.where(Lot.id == lot_id)))


def names(session: Session, lot_ids: Sequence[int] | None = None) -> dict[int, str]:
    """lot -> its name; of these lots, or of all."""
    query = select(Lot.__table__.c.id, Lot.__table__.c.name)  # plain columns: of all, they are many
    rows = session.execute(query if lot_ids is None else query.where(among(Lot.id, lot_ids))).all()
    return dict(rows)


def spots(session: Session, lot_ids: Sequence[int]) -> list[tuple[int, int, int]]:
    """(lot, since when, how many) of the spots of the lots."""
    counted = (
        select(Spot.lot_id, Spot.created_at, func.count().label("number"))
        .where(among(Spot.lot_id, lot_ids))
        .group_by(Spot.lot_id, Spot.created_at)
        .subquery()
    )
    since = func.coalesce(counted.c.created_at, Lot.created_at)
    query = select(counted.c.lot_id, unix_seconds(since), counted.c.number).join(Lot, Lot.id == counted.c.lot_id)
    return [(lot_id, moment, number) for lot_id, moment, number in session.execute(query)]


def first_instant(session: Session, lot_id: int) -> int:
    """The earliest moment of which this lot knows anything."""
    of_lot = Booking.lot_id == lot_id
    moments = [
        session.scalar(select(unix_seconds(func.min(Booking.start_time))).where(of_lot)),
        session.scalar(select(unix_seconds(func.min(Booking.end_time))).where(of_lot)),
        session.scalar(select(unix_seconds(func.min(Spot.created_at))).where(Spot.lot_id == lot_id)),
        session.scalar(select(unix_seconds(Lot.created_at)).where(Lot.id == lot_id)),
    ]
    return min(moment for moment in moments if moment is not None)


def new_users(session: Session, low: int, high: int) -> int:
    """Accounts made in [low, high)."""
    made = select(func.count()).where(User.created_at >= instant(low), User.created_at < instant(high))
    return session.scalar(made) or 0


class EndedBooking(NamedTuple):
    """A finished booking of one user."""

    id: int
    lot_id: int
    name: str
    zone: str
    checked_in: int | None
    end: int
    cost_minor: int | None


def ended_bookings(session: Session, user_id: int, first: date, last: date) -> list[EndedBooking]:
    """A user's finished bookings of these days in whatever zone, and some of a day before and after."""
    query = (
        select(
            Booking.id,
            Booking.lot_id,
            Lot.name,
            Lot.calendar,
            unix_seconds(Booking.checked_in_at),
            unix_seconds(Booking.end_time),
            Booking.total_cost_minor,
        )
        .join(Lot, Lot.id == Booking.lot_id)
        .where(
            Booking.user_id == user_id,
            Booking.booking_type != "block",
            Booking.end_time >= instant(midnight(first - timedelta(days=1), "UTC")),
            Booking.end_time < instant(midnight(last + timedelta(days=2), "UTC")),
        )
        .order_by(Booking.id)
    )
    return [EndedBooking._make(row) for row in session.execute(query)]


Steps = dict[str, tuple[list[int], list[int]]]
"""zone -> by how much the cars, and the spots in service, rise at each of some instants."""


def standing(session: Session, instants: range, lot_id: int | None = None) -> dict[str, list[tuple[int, int]]]:
    """zone -> for each of the instants (cars in its lots, spots in service) at it; of one lot, or of all. A car that
    comes at the instant is there, one that leaves at it is gone."""
    found: Steps = defaultdict(lambda: ([0] * (len(instants) + 1), [0] * (len(instants) + 1)))
    for zone, since, closed, number in _made(session, lot_id):
        _count(found[zone][1], bisect_left(instants, since), closed and bisect_left(instants, closed), number)
    for zone, block, begun, ended, number in _begun_and_ended(session, instants, lot_id):
        _count(found[zone][block], begun, ended, -number if block else number)
    return {
        zone: list(zip(accumulate(cars[:-1]), accumulate(spots[:-1]), strict=True))
        for zone, (cars, spots) in found.items()
    }


def _count(steps: list[int], begun: int, ended: int | None, number: int) -> None:
    if ended is None or ended > begun:
        steps[begun] += number
    if ended is not None and ended > begun:
        steps[ended] -= number


def _made(session: Session, lot_id: int | None) -> Iterator[Any]:
    """(zone, since when, until when, how many) of all spots; an index has how many were made when."""
    counted = select(Spot.lot_id, Spot.created_at, func.count().label("number"))
    if lot_id is not None:
        counted = counted.where(Spot.lot_id == lot_id)
    made = counted.group_by(Spot.lot_id, Spot.created_at).subquery()
    since = unix_seconds(func.coalesce(made.c.created_at, Lot.created_at))
    columns = Lot.calendar, since, unix_seconds(Lot.deleted_at)
    number = cast(func.sum(made.c.number), BigInteger)
    return iter(session.execute(select(*columns, number).join(made, made.c.lot_id == Lot.id).group_by(*columns)))


def _begun_and_ended(session: Session, instants: range, lot_id: int | None) -> Iterator[Any]:
    """(zone, whether blocks, from which of the instants, to which, how many) of what stood: counted by the database,
    which hands over a few rows instead of every booking."""
    block = case((Booking.booking_type == "block", 1), else_=0).label("block")
    begin = case((Booking.booking_type == "block", Booking.start_time), else_=Booking.checked_in_at).label("begin")
    of_lot = [] if lot_id is None else [Booking.lot_id == lot_id]
    sqlite = session.get_bind().dialect.name == "sqlite"
    rows = union_all(
        *(select(Booking.lot_id, block, begin, Booking.end_time).where(part, *of_lot) for part in _parts(sqlite))
    ).subquery()
    closed = and_(rows.c.block == 1, or_(rows.c.end_time.is_(None), rows.c.end_time > Lot.deleted_at))
    gone = case((and_(closed, Lot.deleted_at.is_not(None)), Lot.deleted_at), else_=rows.c.end_time)
    columns = Lot.calendar, rows.c.block, _slot(rows.c.begin, instants), _slot(gone, instants)
    query = select(*columns, func.count()).join(rows, rows.c.lot_id == Lot.id).where(rows.c.begin.is_not(None))
    return iter(session.execute(query.group_by(*columns), _bounds(instants.start, instants[-1] + 1)))


def _slot(moment: ColumnElement[Any], instants: range) -> ColumnElement[int]:
    """The first of the instants that is not before the moment (their number, if none is); none for none."""
    seconds: Any = unix_seconds(moment)
    late = seconds - (instants.start - instants.step + 1)
    return case((seconds <= instants.start, 0), (seconds > instants[-1], len(instants)), else_=late // instants.step)
