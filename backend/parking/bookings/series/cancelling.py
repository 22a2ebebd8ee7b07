"""Cancels several bookings of a driver at once: those of a series from a date on, and those that begin in a range."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from parking import clock, idempotency
from parking.bookings import transitions
from parking.bookings.holds import hooks
from parking.bookings.models import Booking
from parking.bookings.reading import queries
from parking.bookings.reading.queries import BookingRow
from parking.bookings.reading.views import row_view, state_of
from parking.bookings.rules.lifecycle import status_at
from parking.bookings.rules.times import read_time
from parking.bookings.series import skipping
from parking.bookings.series.skipping import LaterDate
from parking.bookings.service import lock_user
from parking.bookings.status_sql import is_hold, is_reserved
from parking.database import db, transaction
from parking.errors import Invalid
from parking.lots import Spot
from parking.text.counting import counted

_IN_ORDER = (Booking.spot_id, Booking.start_time, Booking.id)
"""The order in which whoever joins a waitlist locks bookings, too: neither waits for the other in a circle."""


def cancel(session: Session, user_id: int, now: datetime, *which: ColumnElement[bool]) -> list[BookingRow]:
    """Cancels those of these bookings of the driver that are still to come, and returns them by their start. The
    caller's transaction, which then ends their waits, too: all of it or nothing. Nothing is offered to them and they
    claim nothing until its end."""
    return _cancel(session, user_id, now, which, lambda _row: True)


def _cancel(
    session: Session,
    user_id: int,
    now: datetime,
    which: tuple[ColumnElement[bool], ...],
    fits: Callable[[BookingRow], bool],
) -> list[BookingRow]:
    lock_user(session, user_id)
    own = is_reserved, Booking.user_id == user_id
    # Their spots first, in the order of their ids, as a closure of several spots does: neither waits for the other.
    # With that of an offer to them, which may be given up in the same transaction.
    spots = select(Booking.spot_id).where(*own, or_(is_hold, and_(True, *which)))
    session.execute(select(Spot.id).where(Spot.id.in_(spots)).order_by(Spot.id).with_for_update(key_share=True)).all()
    query = queries.select_bookings().where(*own, *which).order_by(*_IN_ORDER).with_for_update(of=Booking)
    rows = [row for row in queries.read(session, query) if _is_to_come(row, now) and fits(row)]
    rows.sort(key=_start)
    return transitions.cancel_together(session, rows, now)


def _is_to_come(row: BookingRow, now: datetime) -> bool:
    return status_at(state_of(row.booking), now) == "Reserved"


def _start(row: BookingRow) -> tuple[datetime, int]:
    return row.booking.start_time, row.booking.id


def cancel_range(user_id: int, from_: str, until: str, *, dry_run: bool) -> dict[str, Any]:
    """Cancels the user's reservations that begin in [from_, until), leaves out the dates of their series that are not
    booked yet, and leaves the waitlist for such times: all of them or none. A dry run only says which.

    Raises Invalid for an impossible range.
    """
    begins = _Range(from_, until)
    if dry_run:
        now = clock.now()
        begins.check("UTC")
        rows = queries.read(db.session(), queries.select_bookings().where(is_reserved, Booking.user_id == user_id))
        rows = sorted((row for row in rows if _is_to_come(row, now) and begins.includes(row)), key=_start)
        later = skipping.later_dates(db.session(), user_id, now, begins.contains)
        waits = hooks.waitlist.leave_within(db.session(), user_id, begins.contains, dry_run=True)
        return _answer(rows, later, waits, now, dry_run=True)
    with transaction() as session:
        record = idempotency.begin(session)
        now = clock.now()
        begins.check("UTC")
        later = skipping.skip(session, user_id, now, begins.contains)
        rows = _cancel(session, user_id, now, (), begins.includes)
        waits = hooks.waitlist.leave_within(session, user_id, begins.contains, dry_run=False)
        answer = _answer(rows, later, waits, now, dry_run=False)
        if record:
            record.store(200, answer)
        return answer


def _answer(
    rows: list[BookingRow], later: list[LaterDate], waits: list[dict[str, Any]], now: datetime, *, dry_run: bool
) -> dict[str, Any]:
    be, will = ("would be ", "would") if dry_run else ("", "will")
    skipped = f" {counted(len(later), 'later date')} of your series {will} not be booked." if later else ""
    left = f" {counted(len(waits), 'place')} on the waitlist {be}given up." if waits else ""
    number = sum(row.booking.visitor_name is not None for row in rows)
    guests = f", {number} of them for {'a guest' if number == 1 else 'guests'}" if number else ""
    return {
        "message": f"{counted(len(rows), 'booking')} {be}cancelled{guests}.{skipped}{left}",
        "count": len(rows),
        "bookings": [row_view(row, now) for row in rows],
        "series_dates": [one.view() for one in later],
        "waits": waits,
        "dry_run": dry_run,
    }


class _Range:
    """A range of time whose ends, where they have no offset, are times of each booking's lot."""

    def __init__(self, from_: str, until: str) -> None:
        self._texts, self._by_zone = (from_, until), dict[str, tuple[datetime, datetime]]()

    def check(self, zone: str) -> None:
        """Raises Invalid for a time that cannot be read, or an end that is not after the start."""
        self._in(zone)

    def includes(self, row: BookingRow) -> bool:
        """Whether the booking begins in it. Raises what `contains` raises."""
        return self.contains(row.booking.reserved_start, row.lot.timezone)

    def contains(self, moment: datetime, zone: str) -> bool:
        """Whether this moment in a lot of the zone is in it. Raises Invalid for a time that the zone's clocks leave
        out."""
        start, end = self._in(zone)
        return start <= moment < end

    def _in(self, zone: str) -> tuple[datetime, datetime]:
        if zone not in self._by_zone:
            start, end = (
                read_time(text, zone, name) for text, name in zip(self._texts, ("from", "until"), strict=True)
            )
            if end <= start:
                raise Invalid.field("until", "The end must be after the start.")
            self._by_zone[zone] = start, end
        return self._by_zone[zone]
