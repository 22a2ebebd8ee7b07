"""Pages of bookings, the newest first, however many there are.

A page is read along an index in the order in which it is shown (by start; behind a figure that counts ends, by end),
from where the page before stopped. Two things would make the database walk through the whole past for the few rows
that match; they are taken apart into parts, each with bounds or an index of its own:

- a period: what began in it lies side by side, and so does what began in the day before and may have reached into
  it; what began still earlier lasted long (a small index of those), or is among the claims that are still live;
- a search: the people and lots are looked up first; references and plates are found from their beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from parking.bookings.models import LONG, Booking, longer_than
from parking.bookings.reading import local_days, queries
from parking.bookings.reading.queries import Filters, Part
from parking.bookings.status_sql import is_active, is_block, is_reserved
from parking.database import UTCDateTime, unindexed
from parking.lots.models import Lot
from parking.pricing import Tariff
from parking.web import pagination

_DAY = timedelta(seconds=LONG["booking_long"])
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def page(
    session: Session, chosen: Filters, now: datetime, limit: int, cursor: str | None, *, with_user: bool
) -> tuple[list[Row[Any]], str | None]:
    """One page, as queries.listed() has it, and the cursor of the next (None at the end). Raises Invalid for a made-up
    cursor."""
    order = Booking.end_time if chosen.days and chosen.days.counted == "ended" else Booking.start_time
    common = [*queries.conditions(chosen, now), *_behind(order, cursor)]
    searched = queries.search_parts(session, chosen.q)
    stretches = [
        [
            replace(part, condition=and_(part.condition, word.condition), few=word.few)
            for part in stretch
            for word in searched
        ]
        for stretch in _stretches(session, chosen, now)
    ]
    rows = queries.listed(with_user=with_user)

    # Joined at once only where there is one person's to join: else a database may begin with the wrong table.
    of_one = chosen.user_id is not None and not (chosen.q or chosen.status)
    if of_one and len(stretches) == 1 and len(stretches[0]) == 1:
        found = list(session.execute(_first(rows.where(stretches[0][0].condition, *common), order, limit + 1)))
        more, found = len(found) > limit, found[:limit]
    else:
        query: Select[*tuple[Any, ...]] = select(order, Booking.id).where(~is_block, *common)
        if chosen.days:  # each day is the lot's own
            query = query.join(Lot, Lot.id == Booking.lot_id)
        keys = list(islice(_keys(session, query, stretches, order, limit + 1), limit + 1))
        more, ids = len(keys) > limit, [booking_id for _, booking_id in keys[:limit]]
        by_id = {row.id: row for row in session.execute(rows.where(Booking.id.in_(ids)))} if ids else {}
        found = [by_id[booking_id] for booking_id in ids]
    return found, _cursor(found[-1], order) if more else None


def _behind(order: Any, cursor: str | None) -> list[Any]:
    """The condition for rows after the page that ended with this cursor."""
    if cursor is None:
        return []
    seconds, booking_id = pagination.decode(cursor, int, int)
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # a year that has no date
        raise pagination.invalid() from None
    return [tuple_(order, Booking.id) < tuple_(literal(at, UTCDateTime()), literal(booking_id))]


def _cursor(row: Row[Any], order: Any) -> str:
    at = datetime.fromisoformat(getattr(row, order.key))
    return pagination.encode(int(at.timestamp()), row.id)


def _first(query: Select[Any], order: Any, limit: int) -> Select[Any]:
    return query.order_by(order.desc(), Booking.id.desc()).limit(limit)


def _keys(
    session: Session, query: Select[*tuple[Any, ...]], stretches: list[list[Part]], order: Any, limit: int
) -> Iterator[tuple[datetime, int]]:
    """The keys of what is to be shown, in order, stretch of the past by stretch."""
    for parts in stretches:
        found: set[tuple[datetime, int]] = set()
        for part in parts:
            mine = query.where(part.condition)
            sorting = unindexed(order) if part.elsewhere else order
            found.update((at, i) for at, i in session.execute(mine if part.few else _first(mine, sorting, limit)))
        yield from sorted(found, reverse=True)


def _period(chosen: Filters) -> tuple[datetime | None, datetime | None]:
    return (chosen.from_, chosen.to) if chosen.days is None else local_days.reach(chosen.days)


def _stretches(session: Session, chosen: Filters, now: datetime) -> Iterator[list[Part]]:
    """Conditions that share out what the period asks for: stretch after stretch into the past, each in parts."""
    days = chosen.days
    if days is not None and days.counted in ("started", "ended"):
        column = Booking.start_time if days.counted == "started" else Booking.end_time
        first, after = local_days.reach(days)
        yield [Part(and_(column >= first, column < after))]
        return
    if chosen.by_end or chosen.own_days:  # one person's: few enough to look at each
        yield [Part(Booking.start_time.is_not(None))]
        return
    low, high = _period(chosen)
    begun = [] if high is None else [Booking.start_time < high]
    if low is None:
        yield [Part(and_(*begun) if begun else Booking.start_time.is_not(None))]
        return
    yield [Part(and_(Booking.start_time >= low, *begun))]
    earlier = and_(Booking.start_time < low, *begun)
    sqlite = session.get_bind().dialect.name == "sqlite"
    long: ColumnElement[bool] = literal_column(longer_than(LONG["booking_long"], sqlite=sqlite))
    # A car stands on its spot until it leaves, also when the spot is no longer held for it (a sweep may be late).
    held = Booking.held_until > (low if days is None else _BEGINNING)
    lately = Booking.start_time >= low - _DAY
    begun_at = unindexed(Booking.start_time)
    # The small index of the long ones is read as a whole, which SQLite would not do.
    ended_at: Any = Booking.end_time if sqlite else unindexed(Booking.end_time)
    yield [
        Part(and_(earlier, lately, Booking.end_time > low)),
        Part(and_(begun_at < low - _DAY, ended_at > low, long), elsewhere=True),
        Part(and_(begun_at < low, is_active, held), elsewhere=True),
        Part(and_(Booking.start_time < low, is_reserved, held), elsewhere=True),
    ]


# what a list holds in all --------------------------------------------------------------------


def totals(session: Session, chosen: Filters, now: datetime) -> dict[str, Any]:
    """Of everything the filters find, on all pages: `count`, `people`, `cost` of what has ended, its `currency` (None
    with `currencies` other than one) and `seconds` as local_days.seconds tells them (None where it does not)."""
    seconds = local_days.seconds(chosen.days) if chosen.days else null()
    ended = case((Booking.end_time.is_not(None), Booking.total_cost_minor))
    columns = [Booking.user_id, ended.label("cost"), Tariff.currency, cast(seconds, BigInteger).label("seconds")]
    rows = queries.narrowed(queries.joined(columns), chosen, now)
    # The parts have no booking in common: each is what it adds.
    parts = [rows.where(part.condition) for stretch in _stretches(session, chosen, now) for part in stretch]
    found = union_all(*parts).subquery()
    sums = select(
        func.count().label("count"),
        func.count(found.c.user_id.distinct()).label("people"),
        func.coalesce(func.sum(found.c.cost), 0).label("cost"),
        func.min(found.c.currency).label("currency"),
        func.count(found.c.currency.distinct()).label("currencies"),
        func.sum(found.c.seconds).label("seconds"),
    )
    return dict(session.execute(sums).one()._mapping)
