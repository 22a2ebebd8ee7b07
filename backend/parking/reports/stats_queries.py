"""What the figures read. Instants leave the database as unix seconds, which the arithmetic of rollup_rules wants."""

from __future__ import annotations

import json
from bisect import bisect_left
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
from parking.bookings.models import LIVE, LONG, Booking, longer_than
from parking.db import UTCDateTime
from parking.lots.models import Lot, Spot
from parking.reports.rollup_models import LotRolled
from parking.reports.rollup_rules import Claim, midnight


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


def _claims(sqlite: bool) -> Any:
    """Every row that touches [low, high): ended in it or soon after; ended long after (rare, with indexes of their
    own); live; or to start in it and given up before it began."""
    soon = _after(next(iter(LONG.values())))
    parts = (
        and_(Booking.end_time >= _LOW, Booking.end_time <= soon, or_(Booking.end_time < _HIGH, _BEGUN)),
        *_long_ago(sqlite),
        and_(literal_column(LIVE), _BEGUN),
        and_(Booking.start_time >= _LOW, Booking.start_time < _HIGH, Booking.end_time < _LOW),
    )
    of_lots = among(Booking.lot_id, "lot_ids")
    return union_all(*(select(*_COLUMNS).where(of_lots, part) for part in parts))


_CLAIMS = {True: _claims(True), False: _claims(False)}


def claims(session: Session, lot_ids: Sequence[int], low: int, high: int) -> Iterator[Claim]:
    """Every booking row of the lots that touches [low, high), and possibly a few more."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    bound: dict[str, Any] = {"low": instant(low), "high": instant(high), "lot_ids": list(lot_ids)}
    bound |= {f"late_{seconds}": instant(high + seconds) for seconds in LONG.values()}
    result = session.execute(_CLAIMS[sqlite], bound, execution_options={"yield_per": 20_000})
    return map(Claim._make, result)


class LotInfo(NamedTuple):
    """A lot, and how far its figures have been rolled up (all None: not at all)."""

    id: int
    name: str
    zone: str
    closed: int | None
    rolled_zone: str | None
    first_day: date | None
    last_day: date | None

    @property
    def is_rolled(self) -> bool:
        """A lot that moved to another zone has other days: what was kept is of no use."""
        return self.rolled_zone == self.zone


def lots(session: Session, lot_id: int | None = None, *, which: ColumnElement[bool] | None = None) -> list[LotInfo]:
    """Every lot, deleted ones too (their bookings stay in the sums); one of them; or those of a condition."""
    query = (
        select(
            Lot.id,
            Lot.name,
            Lot.timezone,
            unix_seconds(Lot.deleted_at),
            LotRolled.timezone,
            LotRolled.first_day,
            LotRolled.last_day,
        )
        .outerjoin(LotRolled, LotRolled.lot_id == Lot.id)
        .order_by(Lot.id)
    )
    if lot_id is not None:
        query = query.where(Lot.id == lot_id)
    if which is not None:
        query = query.where(which)
    return [LotInfo._make(row) for row in session.execute(query)]


def behind(lasts: dict[str, date], marked: Collection[int]) -> ColumnElement[bool]:
    """The lots of which a day may have to be counted live: not rolled up to their zone's day in `lasts`, moved to
    another zone, or marked."""
    parts = [and_(Lot.timezone == zone, LotRolled.last_day < last) for zone, last in lasts.items()]
    moved = or_(LotRolled.timezone.is_(None), LotRolled.timezone != Lot.timezone)
    return or_(moved, *parts, among(Lot.id, sorted(marked)))


def zones(session: Session, lot_id: int | None = None) -> list[str]:
    """Those in which lots lie or lay."""
    query = select(Lot.timezone).distinct().order_by(Lot.timezone)
    return list(session.scalars(query if lot_id is None else query.where(Lot.id == lot_id)))


def names(session: Session, lot_id: int | None = None) -> dict[int, str]:
    """lot -> its name."""
    query = select(Lot.id, Lot.name)
    return {row.id: row.name for row in session.execute(query if lot_id is None else query.where(Lot.id == lot_id))}


def spots(session: Session, lot_ids: Sequence[int]) -> list[tuple[int, int, int]]:
    """(lot, since when, how many) of the spots of the lots."""
    query = select(Spot.lot_id, Spot.created_at, func.count()).where(among(Spot.lot_id, lot_ids))
    found = session.execute(query.group_by(Spot.lot_id, Spot.created_at)).all()
    ever = {lot_id for lot_id, since, _ in found if since is None}
    made = (
        dict(session.execute(select(Lot.id, Lot.created_at).where(among(Lot.id, sorted(ever)))).all()) if ever else {}
    )
    return [(lot_id, int((since or made[lot_id]).timestamp()), number) for lot_id, since, number in found]


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
            Lot.timezone,
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


def standing(session: Session, lots: Sequence[LotInfo], instants: Sequence[int]) -> list[tuple[int, int]]:
    """For each of the instants (rising, evenly spaced): (cars in the lots, spots in service) at it. A car that comes
    at the instant is there, one that leaves at it is gone."""
    cars, usable = [0] * (len(instants) + 1), [0] * (len(instants) + 1)
    ids, closed = [lot.id for lot in lots], {lot.id: lot.closed for lot in lots}

    def count(steps: list[int], start: int, end: int | None, number: int) -> None:
        if end is None or end > start:
            steps[bisect_left(instants, start)] += number
        if end is not None and end > start:
            steps[bisect_left(instants, end)] -= number

    if not len(instants):
        return []
    for lot_id, since, number in spots(session, ids):
        count(usable, since, closed[lot_id], number)
    for claim in claims(session, ids, instants[0], instants[-1] + 1):
        if claim.booking_type == "block":
            count(usable, claim.start, min(filter(None, (claim.end, closed[claim.lot_id])), default=None), -1)
        elif claim.checked_in is not None:
            count(cars, claim.checked_in, claim.end, 1)
    return list(zip(accumulate(cars[:-1]), accumulate(usable[:-1]), strict=True))
