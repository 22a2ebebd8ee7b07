"""The database queries of the statistics. Instants leave the database as unix seconds."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from parking.accounts import User
from parking.bookings import Booking, is_stay
from parking.database.functions import among, from_unix, unix_seconds
from parking.lot_calendar import midnight
from parking.lots import Lot, Spot
from parking.staff import Scope
from parking.statistics.daily.aggregate import CurrentState
from parking.statistics.daily.booking_rows import range_params, range_parts
from parking.statistics.daily.models import LotRolled
from parking.statistics.scope import of_lots


def current_state(
    session: Session, now: int, first: date, last: date, scope: Scope
) -> dict[tuple[str, date], CurrentState]:
    """(zone, day) -> the state of the lots whose present day is one of these days and whose projection is still
    true."""
    sums = [cast(func.sum(column), BigInteger) for column in (LotRolled.cars, LotRolled.held, LotRolled.spots)]
    query = select(LotRolled.timezone, LotRolled.last_day, *sums).where(
        LotRolled.holds_until > from_unix(now),
        LotRolled.last_day.between(first, last),
        *of_lots(LotRolled.lot_id, scope),
    )
    rows = session.execute(query.group_by(LotRolled.timezone, LotRolled.last_day))
    return {(zone, day): CurrentState(*counts) for zone, day, *counts in rows}


def names(session: Session, lot_ids: Sequence[int] | None = None) -> dict[int, str]:
    """lot -> its name, for these lots or (None) for all."""
    query = select(Lot.__table__.c.id, Lot.__table__.c.name)  # plain columns are faster for many lots
    rows = session.execute(query if lot_ids is None else query.where(among(Lot.id, lot_ids))).all()
    return dict(rows)


def new_users(session: Session, low: int, high: int) -> int:
    """The number of accounts created in [low, high)."""
    created = (User.created_at >= from_unix(low), User.created_at < from_unix(high))
    query = select(func.count()).where(*created, ~User.placeholder)
    return session.scalar(query) or 0


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
    """A user's finished bookings that ended on these days in any zone, and some of the day before and after."""
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
            is_stay,
            Booking.end_time >= from_unix(midnight(first - timedelta(days=1), "UTC")),
            Booking.end_time < from_unix(midnight(last + timedelta(days=2), "UTC")),
        )
        .order_by(Booking.id)
    )
    return [EndedBooking._make(row) for row in session.execute(query)]


Changes = dict[str, tuple[list[int], list[int]]]
"""zone -> the change in the number of cars, and of spots in service, at each of some instants."""


def occupancy_at(session: Session, instants: range, scope: Scope = None) -> dict[str, list[tuple[int, int]]]:
    """zone -> (parked cars, spots in service) at each of the instants, of these lots. A car that arrives at the
    instant counts; a car that leaves at it does not."""
    changes: Changes = defaultdict(lambda: ([0] * (len(instants) + 1), [0] * (len(instants) + 1)))
    for row in _spots_by_time(session, scope):
        closed = row.closed and bisect_left(instants, row.closed)
        _count(changes[row.zone][1], bisect_left(instants, row.since), closed, row.number)
    for stay in _stays_and_blocks(session, instants, scope):
        number = -stay.number if stay.is_block else stay.number
        _count(changes[stay.zone][stay.is_block], stay.first, stay.end, number)
    return {
        zone: list(zip(accumulate(cars[:-1]), accumulate(spots[:-1]), strict=True))
        for zone, (cars, spots) in changes.items()
    }


def _count(changes: list[int], first: int, end: int | None, number: int) -> None:
    if end is None or end > first:
        changes[first] += number
    if end is not None and end > first:
        changes[end] -= number


class _SpotCount(NamedTuple):
    """`number` spots that exist from `since` until `closed` (None: still), in unix seconds."""

    zone: str
    since: int
    closed: int | None
    number: int


def _spots_by_time(session: Session, scope: Scope) -> list[_SpotCount]:
    """All spots, counted by the instants at which they were added and removed (from an index)."""
    counted = select(Spot.lot_id, Spot.created_at, func.count().label("number"))
    by_lot = counted.where(*of_lots(Spot.lot_id, scope)).group_by(Spot.lot_id, Spot.created_at).subquery()
    since = unix_seconds(func.coalesce(by_lot.c.created_at, Lot.created_at))
    columns = Lot.calendar, since, unix_seconds(Lot.deleted_at)
    number = cast(func.sum(by_lot.c.number), BigInteger)
    query = select(*columns, number).join(by_lot, by_lot.c.lot_id == Lot.id).group_by(*columns)
    return [_SpotCount._make(row) for row in session.execute(query)]


class _StayCount(NamedTuple):
    """`number` stays (or blocks) present from the instant with index `first` until before the one with index `end`."""

    zone: str
    is_block: int
    """0 or 1."""
    first: int
    end: int | None
    number: int


def _stays_and_blocks(session: Session, instants: range, scope: Scope) -> list[_StayCount]:
    """Stays and blocks, counted by the database, which returns a few rows instead of every booking."""
    block = case((Booking.booking_type == "block", 1), else_=0).label("block")
    begin = Booking.checked_in_at.label("begin")
    within = of_lots(Booking.lot_id, scope)
    sqlite = session.get_bind().dialect.name == "sqlite"
    rows = union_all(
        *(select(Booking.lot_id, block, begin, Booking.end_time).where(part, *within) for part in range_parts(sqlite))
    ).subquery()
    closed = and_(rows.c.block == 1, or_(rows.c.end_time.is_(None), rows.c.end_time > Lot.deleted_at))
    end = case((and_(closed, Lot.deleted_at.is_not(None)), Lot.deleted_at), else_=rows.c.end_time)
    columns = Lot.calendar, rows.c.block, _slot(rows.c.begin, instants), _slot(end, instants)
    query = select(*columns, func.count()).join(rows, rows.c.lot_id == Lot.id).where(rows.c.begin.is_not(None))
    counts = session.execute(query.group_by(*columns), range_params(instants.start, instants[-1] + 1))
    return [_StayCount._make(row) for row in counts]


def _slot(moment: ColumnElement[Any], instants: range) -> ColumnElement[int]:
    """The index of the first instant that is not before the moment (the number of instants if all are); NULL for
    NULL."""
    seconds: Any = unix_seconds(moment)
    late = seconds - (instants.start - instants.step + 1)
    return case((seconds <= instants.start, 0), (seconds > instants[-1], len(instants)), else_=late // instants.step)
