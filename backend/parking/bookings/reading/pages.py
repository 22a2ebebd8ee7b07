"""Reads pages of bookings, the newest first (or the oldest), in a time that does not grow with their number.

A page is read along an index in the order of the list (by start; by end for statistics that count ends), from where
the previous page stopped. Two filters would make the database scan the whole past for the few rows that match; they
are split into parts, each with bounds or an index of its own:

- a period: bookings that began in it are adjacent in the index, and so are those of the day before, which may reach
  into it; what began still earlier lasted long (a small index of those) or is live;
- a search: the users and lots are looked up first; references and plates are found by their beginning.
"""

from __future__ import annotations

import functools
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
from parking.bookings.reading.filters import Filters, Part, conditions, filtered, search_parts
from parking.bookings.status_sql import is_active, is_for_visitor, is_reserved, is_stay
from parking.database import UTCDateTime, unindexed
from parking.lots import Lot
from parking.pricing import Tariff
from parking.web import pagination

_DAY = timedelta(seconds=LONG["booking_long"])
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def read_page(
    session: Session,
    filters: Filters,
    now: datetime,
    limit: int,
    cursor: str | None,
    *,
    with_user: bool,
    oldest_first: bool = False,
) -> tuple[list[Row[Any]], str | None]:
    """Returns one page with the columns of queries.listed(), and the cursor of the next (None at the end).

    Raises Invalid for a cursor that no page gave out.
    """
    order = Booking.end_time if filters.days and filters.days.counted == "ended" else Booking.start_time
    common = [*conditions(filters, now), *_after_cursor(order, cursor, oldest_first=oldest_first)]
    search = search_parts(session, filters.q)
    ranges = [
        [
            replace(part, condition=and_(part.condition, word.condition), few=word.few)
            for part in parts
            for word in search
        ]
        for parts in _ranges(session, filters, now)
    ]
    if oldest_first:
        ranges.reverse()
    rows = queries.listed(with_user=with_user)

    # Joined at once only for one user's bookings: else a database may begin with the wrong table.
    of_one = filters.user_id is not None and not (filters.q or filters.status)
    if of_one and len(ranges) == 1 and len(ranges[0]) == 1:
        matching = rows.where(ranges[0][0].condition, *common)
        page = list(session.execute(_first(matching, order, limit + 1, oldest_first=oldest_first)))
        more, page = len(page) > limit, page[:limit]
    else:
        query: Select[*tuple[Any, ...]] = select(order, Booking.id).where(is_stay, *common)
        if filters.days:  # each day is the lot's own
            query = query.join(Lot, Lot.id == Booking.lot_id)
        matching_keys = _keys(session, query, ranges, order, limit + 1, oldest_first=oldest_first)
        keys = list(islice(matching_keys, limit + 1))
        more, ids = len(keys) > limit, [booking_id for _, booking_id in keys[:limit]]
        by_id = {row.id: row for row in session.execute(rows.where(Booking.id.in_(ids)))} if ids else {}
        page = [by_id[booking_id] for booking_id in ids]
    return page, cursor_after(page[-1], order) if more else None


def _after_cursor(order: Any, cursor: str | None, *, oldest_first: bool) -> list[Any]:
    """The condition for rows after the page that ended with this cursor."""
    if cursor is None:
        return []
    at, booking_id = key_of(cursor)
    key, last = tuple_(order, Booking.id), tuple_(literal(at, UTCDateTime()), literal(booking_id))
    return [key > last if oldest_first else key < last]


def key_of(cursor: str) -> tuple[datetime, int]:
    """Returns the time and the id of the last row of the page that ended with this cursor.

    Raises Invalid for a cursor that no page gave out.
    """
    seconds, booking_id = pagination.decode(cursor, int, int)
    try:
        return datetime.fromtimestamp(seconds, UTC), booking_id
    except (ValueError, OverflowError, OSError):  # a year that has no date
        raise pagination.invalid() from None


def cursor_after(row: Row[Any], order: Any) -> str:
    """Returns the cursor of a page that ends with this row, in the order of this column."""
    at = datetime.fromisoformat(getattr(row, order.key))
    return pagination.encode(int(at.timestamp()), row.id)


def _first(query: Select[Any], order: Any, limit: int, *, oldest_first: bool) -> Select[Any]:
    by = (order, Booking.id) if oldest_first else (order.desc(), Booking.id.desc())
    return query.order_by(*by).limit(limit)


def _keys(
    session: Session,
    query: Select[*tuple[Any, ...]],
    ranges: list[list[Part]],
    order: Any,
    limit: int,
    *,
    oldest_first: bool,
) -> Iterator[tuple[datetime, int]]:
    """Yields the keys (time, id) of matching bookings in order, range by range."""
    for parts in ranges:
        keys: set[tuple[datetime, int]] = set()
        for part in parts:
            matching = query.where(part.condition)
            sorting = unindexed(order) if part.elsewhere else order
            if not part.few:
                matching = _first(matching, sorting, limit, oldest_first=oldest_first)
            keys.update((at, i) for at, i in session.execute(matching))
        yield from sorted(keys, reverse=not oldest_first)


def _period(filters: Filters) -> tuple[datetime | None, datetime | None]:
    return (filters.from_, filters.to) if filters.days is None else local_days.reach(filters.days)


def _ranges(session: Session, filters: Filters, now: datetime) -> Iterator[list[Part]]:
    """Yields the ranges of the period, the latest first, each as conditions that match no booking twice."""
    days = filters.days
    if days is not None and days.counted in ("started", "ended"):
        column = Booking.start_time if days.counted == "started" else Booking.end_time
        first, after = local_days.reach(days)
        yield [Part(and_(column >= first, column < after))]
        return
    if filters.by_end or filters.own_days:  # of one user: few enough to read each
        yield [Part(Booking.start_time.is_not(None))]
        return
    low, high = _period(filters)
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


def read_totals(session: Session, filters: Filters, now: datetime) -> dict[str, Any]:
    """Returns the sums of everything that matches, on all pages.

    They are `count`, `people`, `cost` of ended bookings, its `currency` and the number of `currencies`, and `seconds`
    (see local_days.seconds).
    """
    seconds = local_days.seconds(filters.days) if filters.days else null()
    ended = case((Booking.end_time.is_not(None), Booking.total_cost_minor))
    driver = case((~is_for_visitor, Booking.user_id)).label("user_id")
    columns = [driver, ended.label("cost"), Tariff.currency, cast(seconds, BigInteger).label("seconds")]
    rows = filtered(queries.joined(columns), filters, now)
    # The parts have no booking in common: each is what it adds.
    parts = [rows.where(part.condition) for parts in _ranges(session, filters, now) for part in parts]
    matching = union_all(*parts).subquery()
    sums = select(
        func.count().label("count"),
        func.count(matching.c.user_id.distinct()).label("people"),
        func.coalesce(func.sum(matching.c.cost), 0).label("cost"),
        func.min(matching.c.currency).label("currency"),
        func.count(matching.c.currency.distinct()).label("currencies"),
        func.sum(matching.c.seconds).label("seconds"),
    )
    return dict(session.execute(sums).one()._mapping)


def read_user_totals(session: Session, filters: Filters, now: datetime) -> dict[str, Any]:
    """Returns `count`, `cost` of the ended bookings, `currency` and the number of `currencies`, for a user's list."""
    return dict(session.execute(filtered(user_sums(), filters, now)).one()._mapping)


@functools.cache
def user_sums() -> Select[Any]:
    """Selects the sums of bookings, for one user's list."""
    final = Booking.end_time.is_not(None)
    return queries.joined(
        [
            func.count().label("count"),
            func.coalesce(func.sum(Booking.total_cost_minor).filter(final), 0).label("cost"),
            func.min(Tariff.currency).label("currency"),
            func.count(Tariff.currency.distinct()).label("currencies"),
        ]
    )
