"""The filters of a list of bookings, as conditions in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from parking.accounts import User
from parking.bookings.models import Booking
from parking.bookings.reading import local_days
from parking.bookings.reading.local_days import LocalDays
from parking.bookings.rules.lifecycle import LIVE
from parking.bookings.status_sql import is_live, is_named_visitor_in, overstayed, status_is
from parking.database import is_sqlite, unindexed
from parking.database.functions import contains
from parking.lots import Lot
from parking.text import names


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of a list; None filters nothing.

    `from_`/`to` are the instants a booking overlaps. With `by_end` one that is over belongs to the time in which it
    ended, like its cost in the statistics, so that adjacent periods share no booking; `own_days` are such a time in
    days of each lot's own calendar. One that runs or is to come belongs to every time it overlaps. `lot_ids` are the
    lots that the caller may see.
    """

    status: str | None = None
    lot_id: int | None = None
    spot_id: int | None = None
    user_id: int | None = None
    booking_type: str | None = None
    from_: datetime | None = None
    to: datetime | None = None
    q: str | None = None
    days: LocalDays | None = None
    by_end: bool = False
    own_days: LocalDays | None = None
    overstayed: bool = False
    lot_ids: frozenset[int] | None = None


def filtered(query: Select[*tuple[Any, ...]], filters: Filters, now: datetime) -> Select[*tuple[Any, ...]]:
    """Returns the query with the filters added. The status is that at `now`."""
    query = query.where(*conditions(filters, now))
    return query.where(or_(*_search_conditions(filters.q))) if filters.q else query


def conditions(filters: Filters, now: datetime) -> list[Any]:
    """Returns a condition for each filter but the search."""
    clauses = [
        column == value
        for column, value in (
            (Booking.lot_id, filters.lot_id),
            (Booking.spot_id, filters.spot_id),
            (Booking.user_id, filters.user_id),
            (Booking.booking_type, filters.booking_type),
        )
        if value is not None
    ]
    if filters.lot_ids is not None:
        clauses.append(Booking.lot_id.in_(sorted(filters.lot_ids)))
    if filters.status:
        clauses.append(status_is(Booking, filters.status, now))
    if filters.status in LIVE:  # with the words of the small indexes of what is live
        clauses.append(is_live)
    if filters.overstayed:
        clauses += [is_live, overstayed(Booking, now)]
    if filters.by_end:
        clauses += _by_end(filters.from_, filters.to)
    else:
        clauses += _overlaps(filters.from_, filters.to)
    if filters.own_days:
        open_ones = and_(is_live, *_overlaps(*local_days.reach(filters.own_days)))
        clauses.append(or_(local_days.clause(filters.own_days), open_ones))
    if filters.days:
        clauses.append(local_days.clause(filters.days))
    return clauses


def _overlaps(low: datetime | None, high: datetime | None) -> list[Any]:
    until = func.coalesce(Booking.end_time, Booking.held_until)
    return [*([until > low] if low else []), *([Booking.start_time < high] if high else [])]


def _by_end(low: datetime | None, high: datetime | None) -> list[Any]:
    """Ended in [low, high), as the statistics count; or live and overlapping it."""
    ended = [*([Booking.end_time >= low] if low else []), *([Booking.end_time < high] if high else [])]
    if not ended:
        return []
    return [or_(and_(*ended), and_(is_live, *_overlaps(low, high)))]


def _search_conditions(text: str) -> list[Any]:
    """Conditions of which one must hold: a part of a username, an email address or a lot's name or address, or of a
    visitor's name or address; or the beginning of a reference or a plate (another part could only be found by reading
    every booking)."""
    plate = names.plate_key(text)
    return [
        Booking.user_id.in_(select(User.id).where(contains(User.search_text, text))),
        Booking.lot_id.in_(select(Lot.id).where(contains(Lot.search_text, text))),
        Booking.id.in_(visitors_named(text)),
        begins(Booking.reference, text.upper()),
        *([begins(Booking.plate_key, plate)] if plate else []),
    ]


_VISITOR: Any = Booking.__table__.alias("visitor")


def visitors_named(text: str) -> Select[tuple[int]]:
    """Selects the bookings for visitors whose name or address contains the text, along the small index of those whose
    name is not deleted yet. By their ids, so that a search for one of several things still uses an index for each."""
    return select(_VISITOR.c.id).where(is_named_visitor_in("visitor"), contains(_VISITOR.c.visitor_search, text))


MOST_SINGLE = 20
"""Up to so many users or lots are read one by one; with more of them, matching bookings are dense in any list."""
MOST_NAMED = 1_000
"""Up to so many ids are passed to the database as a list, so that its planner knows their number."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the conditions into which a search or a period is split.

    `few`: so few bookings match that all may be read, in any order; `elsewhere`: they are found by another index than
    that of the list's order.
    """

    condition: Any
    few: bool = False
    elsewhere: bool = False


def search_parts(session: Session, text: str | None) -> list[Part]:
    """Returns the search as conditions that each have an index; a booking matches when one of them holds."""
    if not text:
        return [Part(true())]
    parts = _of_ids(session, User.id, contains(User.search_text, text), Booking.user_id)
    # A lot has so many bookings that those of several lots are dense in any list. PostgreSQL knows that by itself.
    of_several = unindexed(Booking.lot_id) if is_sqlite() else Booking.lot_id
    parts += _of_ids(session, Lot.id, contains(Lot.search_text, text), Booking.lot_id, of_several)
    for condition in _search_conditions(text)[2:]:
        ids = session.scalars(select(Booking.id).where(condition).limit(MOST_NAMED + 1)).all()
        if ids:
            parts.append(Part(Booking.id.in_(ids), few=True) if len(ids) <= MOST_NAMED else Part(condition))
    return parts


def _of_ids(session: Session, key: Any, words: Any, held: Any, one_of: Any = None) -> list[Part]:
    """Returns conditions for the bookings of the users or lots whose name contains the words.

    `held` is the column with their id; `one_of` the column to compare with several of them, if it is another.
    """
    ids = session.scalars(select(key).where(words).limit(MOST_NAMED + 1)).all()
    if len(ids) <= MOST_SINGLE:
        return [Part(held == one) for one in ids]
    if len(ids) <= MOST_NAMED:
        return [Part((held if one_of is None else one_of).in_(ids))]
    # So many that a page fills soon: each booking is checked, from the newest on. The offset keeps PostgreSQL from
    # starting with all those users instead, whose number it estimates far too low.
    return [Part(select(key).where(words, key == held).correlate(Booking).offset(0).exists())]


def begins(column: Any, beginning: str) -> ColumnElement[bool]:
    """Whether a text begins with this, as bounds in the order of its index (on PostgreSQL with text_pattern_ops)."""
    from_, below = (">=", "<") if is_sqlite() else ("~>=~", "~<~")
    bounds = ((from_, beginning), (below, beginning + "\U0010ffff"))
    return and_(*(column.op(order, is_comparison=True)(bound) for order, bound in bounds))
