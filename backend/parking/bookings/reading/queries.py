"""Reading bookings: one joined query, and what it can be narrowed to. Pages of it: page.py."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, case, func, literal, or_, select, true
from sqlalchemy.orm import Session, lazyload

from parking.accounts import User
from parking.bookings.models import Booking
from parking.bookings.reading import local_days
from parking.bookings.reading.local_days import LocalDays
from parking.bookings.reading.views import INSTANTS
from parking.bookings.rules.lifecycle import LIVE
from parking.bookings.status_sql import is_block, is_live, is_live_in, status_is
from parking.clock import FOREVER
from parking.database import UTCDateTime, is_sqlite, rfc3339, unindexed
from parking.lots.models import Lot, Spot
from parking.pricing import Tariff
from parking.text import names


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None narrows nothing.

    `from_`/`to` are the instants a booking overlaps. With `by_end` one that is over belongs to the time in which it
    ended, like its cost in the figures, so that periods side by side share no booking; `own_days` are such a time told
    in days of each lot's own calendar. One that runs or is to come belongs to every time it overlaps.
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


def _taken_until() -> Any:
    """Until when an earlier booking has the spot of one that waits for a check-in: FOREVER while its car is there,
    NULL where nobody is before it. Asked of no other booking, so a list of past ones pays nothing for it."""
    other = Booking.__table__.alias("other")
    until = case((other.c.status == "Active", literal(FOREVER, UTCDateTime())), else_=other.c.held_until)
    latest = (
        select(func.max(until, type_=UTCDateTime()))
        .where(other.c.lot_id == Booking.lot_id, other.c.spot_id == Booking.spot_id, other.c.id != Booking.id)
        .where(is_live_in("other"), other.c.start_time < Booking.start_time)
        .correlate(Booking)
        .scalar_subquery()
    )
    waits = and_(Booking.status == "Reserved", Booking.checkin_grace_s.is_not(None))
    return case((waits, latest)).label("taken_until")


_TAKEN_UNTIL = _taken_until()


def spot_taken_until(session: Session, booking_id: int) -> datetime | None:
    """Until when somebody before it has the spot of a reservation that waits for its check-in: clock.FOREVER while a
    car stands there; None where nobody has."""
    return session.scalar(select(_TAKEN_UNTIL).where(Booking.id == booking_id))


def bookings(*, with_user: bool = False) -> Select[Any]:
    """Bookings with their lot, spot number and tariff (and user), blocks left out."""
    columns: list[Any] = [Booking, Lot, Spot.spot_number, Tariff, _TAKEN_UNTIL] + ([User] if with_user else [])
    query = _joined(columns, with_user=with_user).options(lazyload(Lot.tariff))
    return query.options(lazyload(User.roles)) if with_user else query


def _joined(columns: list[Any], *, with_user: bool) -> Select[Any]:
    query = (
        select(*columns)
        .join_from(Booking, Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(~is_block)
    )
    return query.join(User, User.id == Booking.user_id) if with_user else query


@functools.cache
def listed(*, with_user: bool = False) -> Select[Any]:
    """The same for a list: plain columns, instants as text (views.list_view)."""
    columns: list[Any] = [
        *(Booking.id, Booking.reference, Booking.lot_id, Booking.spot_id, Booking.booking_type, Booking.status),
        *(rfc3339(getattr(Booking, name)).label(name) for name in INSTANTS),
        *(Booking.ended_by, Booking.reason, Booking.vehicle_plate, Spot.spot_number),
        *(Lot.name.label("lot_name"), Lot.calendar.label("lot_timezone"), Lot.address.label("lot_address")),
        *([Booking.user_id, User.email.label("user_email"), User.username] if with_user else ()),
        *(Booking.total_cost_minor, Booking.checkin_grace_s, Booking.tariff_id, Tariff.currency, Tariff.hourly_minor),
        *(Tariff.step_s, Tariff.free_s, Tariff.day_cap_minor, Tariff.cap_day, Tariff.timezone.label("tariff_timezone")),
        _TAKEN_UNTIL,
    ]
    return _joined(columns, with_user=with_user)


def one(session: Session, booking_id: int, *, user_id: int | None = None, with_user: bool = False) -> Row[Any] | None:
    """The booking, if it exists and (where `user_id` is given) is theirs."""
    query = bookings(with_user=with_user).where(Booking.id == booking_id)
    if user_id is not None:
        query = query.where(Booking.user_id == user_id)
    return session.execute(query).one_or_none()


def locked(session: Session, booking_id: int, user_id: int | None) -> Row[Any] | None:
    """The booking with its driver, kept from others until the commit, as it is in the database now; of this person,
    or (None) of whomever."""
    wanted = {"booking_id": booking_id, "owner_id": user_id}
    return session.execute(_locked(own=user_id is not None), wanted).one_or_none()


@functools.cache
def _locked(*, own: bool) -> Select[Any]:
    query = bookings(with_user=True).where(Booking.id == bindparam("booking_id")).with_for_update(of=Booking)
    if own:
        query = query.where(Booking.user_id == bindparam("owner_id"))
    return query.execution_options(populate_existing=True)


def narrowed(query: Select[*tuple[Any, ...]], chosen: Filters, now: datetime) -> Select[*tuple[Any, ...]]:
    """The query with the filters on it; the status is the one true at `now`."""
    query = query.where(*conditions(chosen, now))
    return query.where(or_(*_mentions(chosen.q))) if chosen.q else query


def conditions(chosen: Filters, now: datetime) -> list[Any]:
    """Every filter but the search."""
    found = [
        column == value
        for column, value in (
            (Booking.lot_id, chosen.lot_id),
            (Booking.spot_id, chosen.spot_id),
            (Booking.user_id, chosen.user_id),
            (Booking.booking_type, chosen.booking_type),
        )
        if value is not None
    ]
    if chosen.status:
        found.append(status_is(Booking, chosen.status, now))
    if chosen.status in LIVE:  # with the words of the small indexes of what is live
        found.append(is_live)
    if chosen.by_end:
        found += _by_end(chosen.from_, chosen.to)
    else:
        found += _overlaps(chosen.from_, chosen.to)
    if chosen.own_days:
        open_ones = and_(is_live, *_overlaps(*local_days.reach(chosen.own_days)))
        found.append(or_(local_days.clause(chosen.own_days), open_ones))
    if chosen.days:
        found.append(local_days.clause(chosen.days))
    return found


def _overlaps(low: datetime | None, high: datetime | None) -> list[Any]:
    until = func.coalesce(Booking.end_time, Booking.held_until)
    return [*([until > low] if low else []), *([Booking.start_time < high] if high else [])]


def _by_end(low: datetime | None, high: datetime | None) -> list[Any]:
    """Ended in [low, high), as the figures count; or still live and overlapping it."""
    ended = [*([Booking.end_time >= low] if low else []), *([Booking.end_time < high] if high else [])]
    if not ended:
        return []
    return [or_(and_(*ended), and_(is_live, *_overlaps(low, high)))]


def _holds(column: Any, text: str) -> Any:
    return column.contains(names.search_key(text), autoescape=True)


def _mentions(text: str) -> list[Any]:
    """What an administrator has in hand: a part of a name, an address or a lot's name; or how a reference or a plate
    begins (a part from the middle could only be found by reading every booking there ever was)."""
    plate = names.plate_key(text)
    return [
        Booking.user_id.in_(select(User.id).where(_holds(User.search_text, text))),
        Booking.lot_id.in_(select(Lot.id).where(_holds(Lot.sort_key, text))),
        begins(Booking.reference, text.upper()),
        *([begins(Booking.plate_key, plate)] if plate else []),
    ]


MOST_SINGLE = 20
"""People or lots that a search finds and that are asked for one by one; where it means more, what they booked lies
close together in any list."""
MOST_NAMED = 1_000
"""Ids by which what a search finds is named: so the database knows how many there are, and goes the shorter way."""


@dataclass(frozen=True, slots=True)
class Part:
    """A condition that shares in a search or a period. `few`: it names so few bookings that all may be read, in
    whatever order; `elsewhere`: what it names is found by another index than that of the list's order."""

    condition: Any
    few: bool = False
    elsewhere: bool = False


def search_parts(session: Session, text: str | None) -> list[Part]:
    """The search as conditions that each have an index; a booking is meant that fulfils one of them."""
    if not text:
        return [Part(true())]
    found = _of_ids(session, User.id, _holds(User.search_text, text), Booking.user_id)
    # A lot has so many bookings that those of several lots are soon found in any list. PostgreSQL sees that by itself.
    of_several = unindexed(Booking.lot_id) if is_sqlite() else Booking.lot_id
    found += _of_ids(session, Lot.id, _holds(Lot.sort_key, text), Booking.lot_id, of_several)
    for condition in _mentions(text)[2:]:
        ids = session.scalars(select(Booking.id).where(condition).limit(MOST_NAMED + 1)).all()
        if ids:
            found.append(Part(Booking.id.in_(ids), few=True) if len(ids) <= MOST_NAMED else Part(condition))
    return found


def _of_ids(session: Session, key: Any, words: Any, held: Any, one_of: Any = None) -> list[Part]:
    """The bookings that hold the id of somebody, or of a lot, with these words in the name; `one_of`: the column to
    look for several of them in, if it is another."""
    ids = session.scalars(select(key).where(words).limit(MOST_NAMED + 1)).all()
    if len(ids) <= MOST_SINGLE:
        return [Part(held == one) for one in ids]
    if len(ids) <= MOST_NAMED:
        return [Part((held if one_of is None else one_of).in_(ids))]
    # So many that the next page is never far: each booking is asked, from the newest on. The offset keeps PostgreSQL
    # from beginning with all those people instead, whose number it guesses far too low.
    return [Part(select(key).where(words, key == held).correlate(Booking).offset(0).exists())]


def begins(column: Any, beginning: str) -> Any:
    """Whether a text begins so, as bounds in the order of its index (on PostgreSQL one with text_pattern_ops)."""
    from_, below = (">=", "<") if is_sqlite() else ("~>=~", "~<~")
    bounds = ((from_, beginning), (below, beginning + "\U0010ffff"))
    return and_(*(column.op(order, is_comparison=True)(bound) for order, bound in bounds))


def totals(session: Session, chosen: Filters, now: datetime) -> dict[str, Any]:
    """Number, cost and seconds of the finished bookings a filter finds, summed by the database."""
    return dict(session.execute(narrowed(_sums(), chosen, now)).one()._mapping)


@functools.cache
def _sums() -> Any:
    final = Booking.end_time.is_not(None)
    return joined(
        [
            func.count().label("count"),
            func.coalesce(func.sum(Booking.total_cost_minor).filter(final), 0).label("cost"),
            func.min(Tariff.currency).label("currency"),
            func.count(Tariff.currency.distinct()).label("currencies"),
        ]
    )


def joined(columns: list[Any]) -> Select[Any]:
    """Columns of bookings with their lot and tariff, blocks left out."""
    return (
        select(*columns)
        .select_from(Booking)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(~is_block)
    )
