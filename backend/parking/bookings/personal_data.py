"""The personal data of bookings: a user's totals, the reason against deleting an account, and the deletion of plates
and persons, of one account or of old bookings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, literal, or_, select, tuple_, update
from sqlalchemy.orm import Session

from parking.accounts import BookingSummary, User
from parking.bookings.models import Booking
from parking.bookings.status_sql import is_block, is_for_visitor, is_live, is_named_visitor, is_stay
from parking.database import UTCDateTime
from parking.lot_calendar import local_day
from parking.lots import Lot

BATCH = 1_000
_NO_NAME: dict[str, Any] = {"visitor_name": "", "visitor_email": None, "visitor_locale": None}
"""A visitor whose name is deleted. Not NULL: the booking is no driver's visit still, in lists and statistics."""
_ZONES = timedelta(hours=14)
"""No time zone is further from UTC."""


def booking_summaries(session: Session, user_ids: list[int]) -> dict[int, BookingSummary]:
    """Returns user -> number of live and of all bookings, cost in minor units, time of the last booking."""
    rows = session.execute(
        select(
            Booking.user_id,
            func.sum(case((is_live, 1), else_=0)),
            func.count(),
            func.coalesce(func.sum(Booking.total_cost_minor), 0),
            func.max(Booking.created_at),
        )
        .where(Booking.user_id.in_(user_ids), is_stay)
        .group_by(Booking.user_id)
    )
    return {user_id: BookingSummary(int(live), total, int(spent), last) for user_id, live, total, spent, last in rows}


def deletion_blocker(session: Session, user_id: int) -> str | None:
    """Returns the reason why this account cannot be deleted now, or None."""
    live = select(Booking.id).where(Booking.user_id == user_id, is_live, is_stay)
    if session.scalar(live.limit(1)) is None:
        return None
    return "You still have an active or reserved booking. End or cancel it first."


def anonymise(session: Session, user_id: int) -> None:
    """Deletes the user's number plates and needs (which may tell of a disability), and the names of their guests. The
    bookings stay in the statistics."""
    own, personal = Booking.user_id == user_id, or_(Booking.vehicle_plate.is_not(None), Booking.needs != ())
    session.execute(update(Booking).where(own, personal).values(vehicle_plate=None, needs=()))
    session.execute(update(Booking).where(own, is_named_visitor).values(_NO_NAME))


def with_plates(
    session: Session, since: datetime | None, before: datetime, after: tuple[datetime, int] | None
) -> Sequence[Any]:
    """Up to BATCH bookings (end_time, id) with a plate that ended in [since, before), in this order, after a key."""
    query = select(Booking.end_time, Booking.id).where(Booking.end_time < before, Booking.vehicle_plate.is_not(None))
    if since is not None:
        query = query.where(Booking.end_time >= since)
    if after is not None:
        query = query.where(_ends_after(*after))
    return session.execute(query.order_by(Booking.end_time, Booking.id).limit(BATCH)).all()


def _ends_after(end: datetime, booking_id: int) -> ColumnElement[bool]:
    """With the type of the column: SQLite has numbers for times, and takes every text to be more."""
    key = tuple_(literal(end, UTCDateTime()), literal(booking_id))
    return tuple_(Booking.end_time, Booking.id) > key


def erase_plates(session: Session, booking_ids: Sequence[int]) -> None:
    """Deletes the plates of these bookings."""
    session.execute(update(Booking).where(Booking.id.in_(booking_ids)).values(vehicle_plate=None))


def with_visitors(session: Session, before: datetime, after: tuple[datetime, int] | None) -> Sequence[Any]:
    """Up to BATCH bookings (end_time, id) for visitors whose name is not deleted, that ended before this, in this
    order, after a key."""
    query = select(Booking.end_time, Booking.id).where(is_named_visitor, Booking.end_time < before)
    if after is not None:
        query = query.where(_ends_after(*after))
    return session.execute(query.order_by(Booking.end_time, Booking.id).limit(BATCH)).all()


def erase_visitors(session: Session, booking_ids: Sequence[int]) -> None:
    """Deletes the names, addresses and plates of the visitors of these bookings."""
    session.execute(update(Booking).where(Booking.id.in_(booking_ids)).values(**_NO_NAME, vehicle_plate=None))


_OF_PERSON = (Booking.end_time.is_not(None), ~is_block, User.deleted_at.is_(None))
"""Conditions of bookings that have ended and still name a person."""


class OldBooking(NamedTuple):
    """A finished booking whose person is to be taken off."""

    id: int
    lot_id: int
    start: datetime
    end: datetime


def first_year(session: Session) -> int | None:
    """The year of the first booking that `of_year` may name; None: there is none."""
    query = select(Booking.start_time).join(User, User.id == Booking.user_id).where(*_OF_PERSON)
    first: datetime | None = session.scalar(query.order_by(Booking.start_time).limit(1))
    return (first - _ZONES).year if first else None


def of_year(session: Session, year: int) -> dict[int, list[OldBooking]]:
    """Returns user -> finished bookings, and holds, that began in this year on their lot's calendar. Leaves out the
    accounts that are deleted."""
    low, high = datetime(year, 1, 1, tzinfo=UTC) - _ZONES, datetime(year + 1, 1, 1, tzinfo=UTC) + _ZONES
    rows = session.execute(
        select(Booking.user_id, Booking.id, Booking.lot_id, Booking.start_time, Booking.end_time, Lot.calendar)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(User, User.id == Booking.user_id)
        .where(Booking.start_time >= low, Booking.start_time < high, *_OF_PERSON)
        .order_by(Booking.id)
    )
    users: dict[int, list[OldBooking]] = defaultdict(list)
    for user_id, booking_id, lot_id, start, end, calendar in rows:
        if end and local_day(int(start.timestamp()), calendar).year == year:
            users[user_id].append(OldBooking(booking_id, lot_id, start, end))
    return users


def hand_over(session: Session, bookings: Sequence[OldBooking], user_id: int) -> None:
    """Gives finished bookings to another account, which must be a deleted one (the database refuses any other)."""
    for first in range(0, len(bookings), BATCH):
        ids = [booking.id for booking in bookings[first : first + BATCH]]
        some = update(Booking).where(Booking.id.in_(ids))
        session.execute(some.values(user_id=user_id, vehicle_plate=None, needs=(), series_id=None))
        session.execute(some.where(is_for_visitor).values(_NO_NAME))
