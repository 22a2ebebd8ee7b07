"""Books the dates of series that have come near enough: a job, day by day.

Each date is one transaction, which also writes how far the series is: a run that is killed, or two at once, book no
date twice, and once tell of a date that could not be had and let the driver wait for it. No worker for a while: the
dates are booked when one runs again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from parking import audit, clock, settings
from parking.accounts import User, keep_accounts
from parking.bookings import allocation, emails, transitions
from parking.bookings.events import publish_events
from parking.bookings.holds import hooks
from parking.bookings.holds.turns import giving_way
from parking.bookings.models import Booking
from parking.bookings.new_booking import NewBooking
from parking.bookings.requests.booking_request import BookRequest, new_booking, over_window
from parking.bookings.rules import recurrence
from parking.bookings.rules.limits import days_later
from parking.bookings.rules.recurrence import Occurrence, Recurrence
from parking.bookings.series import planning
from parking.bookings.series.models import REMAINING_SQL, Series
from parking.bookings.series.requests import MAX_DATES
from parking.bookings.service import MAX_ATTEMPTS, PATIENT_AFTER, check_limit, lock_user
from parking.database import read_once, transaction
from parking.errors import Conflict
from parking.lots import Lot
from parking.spot_features import ordered

BATCH = 200
_remaining: Any = literal_column(f"booking_series.{REMAINING_SQL}")


def book_due_dates() -> int:
    """Books every date that is due, and returns how many dates were dealt with."""
    after, number = 0, 0
    while ids := _due_ids(after):
        for series_id in ids:
            while _next_date(series_id):
                number += 1
        after = ids[-1]
    return number


def _due_ids(after: int) -> list[int]:
    """The next series that may have a date which is due: a day more than any lot's calendar says."""
    last = clock.now() + timedelta(days=settings.current().reservation_max_days_ahead + 2)
    query = select(Series.id).where(_remaining, Series.next_day <= last.date(), Series.id > after)
    return [row.id for row in read_once(query.order_by(Series.id).limit(BATCH), {})]


class _LostRace(Exception):
    """Another transaction is taking the spot."""


def _next_date(series_id: int) -> bool:
    """Deals with the next date of the series in one transaction. False: none is due, or another worker is at it."""
    for attempt in range(MAX_ATTEMPTS):
        try:
            with giving_way(), transaction() as session:
                keep_accounts(session, session.scalars(select(Series.user_id).where(Series.id == series_id)).all())
                query = select(Series).where(Series.id == series_id, _remaining)
                # Without its key, which a claim of another date refers to: that has locked the driver, as this may do.
                series = session.scalar(query.with_for_update(skip_locked=True, key_share=True))
                return series is not None and _Making(session, series).next_date(patient=attempt >= PATIENT_AFTER)
        except _LostRace:
            continue
    return False


class _Making:
    """One date of a series that the caller's transaction has locked."""

    def __init__(self, session: Session, series: Series) -> None:
        self.session, self.series, self.now = session, series, clock.now()
        self.lot: Lot = session.get_one(Lot, series.lot_id)
        self.user: User = session.get_one(User, series.user_id)
        self.rule = rule_of(series)

    def next_date(self, *, patient: bool) -> bool:
        """Books the next date or tells why not, where it is due, and moves on to the one after it."""
        series, day = self.series, self.series.next_day
        assert day is not None
        if self.user.deleted_at is not None:
            return self._go_on_from(date.max)
        if self.lot.deleted_at is not None:
            series.ended_at = self.now
            self._miss(day, "closed")
            return self._go_on_from(date.max)
        one = recurrence.occurrence(self.rule, day, self.lot.timezone)
        ahead = settings.current().reservation_max_days_ahead
        if one.start > days_later(self.now, ahead, self.lot.timezone):
            return False
        if why := self._obstacle(one):
            self._miss(day, why)
        else:
            self._book(one, patient=patient)
        return self._go_on_from(day)

    def _go_on_from(self, day: date) -> bool:
        go_on_from(self.series, day)
        self.session.flush()
        return True

    def _obstacle(self, one: Occurrence) -> str | None:
        """Why the date cannot be booked, whatever is free; None: it can."""
        if not one.exists:
            return "clock_change"
        if one.start < self.now:
            return "too_late"
        if not self.user.active:
            return "account"
        connection = self.session.connection().connection
        own = planning.own_windows(connection, self.user.id, one.start, one.end)
        if planning.overlaps(own, one):
            return "yours_already"
        try:
            check_limit(self.session, self.user.id)
        except Conflict:
            return "limit"
        return None

    def _book(self, one: Occurrence, *, patient: bool) -> None:
        """Books the date, or tells that no spot is free. Raises _LostRace where another one is taking it."""
        series, session = self.series, self.session
        if patient:
            lock_user(session, series.user_id)
            allocation.lock_lot(session, series.lot_id)
        request = BookRequest(
            lot_id=series.lot_id,
            user_id=series.user_id,
            vehicle_plate=series.vehicle_plate,
            needs=ordered(series.needs),
        )
        new = over_window(new_booking(request, self.lot, self.now), self.lot, one.start, one.end)
        new = replace(new, series_id=series.id)
        connection = session.connection().connection
        spot = planning.pick(planning.candidates(connection, new, series.spot_id), series.spot_id or self._last_spot())
        if spot is None:
            self._miss(one.day, "full", self._wait(new) if series.wait_if_full else None)
            return
        held = allocation.hold(session, new, spot.id)
        if held is None:
            raise _LostRace
        transitions.record(session, "booking.created", held.booking, None, by_system=True)
        context = emails.booking_context(held.booking, self.lot, held.spot_number, self.lot.tariff)
        emails.confirm(session, self.user, context)
        publish_events(held.booking)

    def _last_spot(self) -> int | None:
        last = select(Booking.spot_id).where(Booking.series_id == self.series.id)
        return self.session.scalar(last.order_by(Booking.reserved_start.desc()).limit(1))

    def _wait(self, new: NewBooking) -> dict[str, Any] | None:
        """Takes a place on the waitlist, where the driver can have one. Raises _LostRace where a spot is free now."""
        try:
            return hooks.waitlist.wait_for(self.session, new)
        except Conflict:
            raise _LostRace from None

    def _miss(self, day: date, why: str, place: dict[str, Any] | None = None) -> None:
        """Tells the driver, once, that a date could not be had, and their place on the waitlist."""
        series, context = self.series, emails.series_context(self.series, self.lot)
        missed = {"date": day.isoformat(), "why": why}
        audit.record(self.session, "series.date_missed", "series", series.id, after=missed, by_system=True)
        if self.user.active:
            emails.series_date_missed(self.session, self.user, context, day.isoformat(), why, place)


def rule_of(series: Series) -> Recurrence:
    """Returns the rule by which the dates of a stored series are found."""
    return Recurrence(
        start=time.fromisoformat(series.start_time),
        end=time.fromisoformat(series.end_time),
        days=tuple(series.days),
        every_weeks=series.every_weeks,
        first=series.first_day,
        last=series.last_day,
    )


def go_on_from(series: Series, day: date) -> None:
    """Makes the next date of the series, which the caller has locked, the first one after this day."""
    coming = (one for one in recurrence.dates(rule_of(series), MAX_DATES) if one.isoformat() not in series.omitted)
    series.next_day = recurrence.following(coming, day)
    if series.next_day is None:
        series.needs, series.vehicle_plate = (), None
