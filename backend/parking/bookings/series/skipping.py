"""Leaves out dates of a driver's series that are not booked yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from parking import audit
from parking.accounts import keep_accounts
from parking.bookings.rules import recurrence
from parking.bookings.series.making import go_on_from, rule_of
from parking.bookings.series.models import Series
from parking.bookings.series.requests import MAX_DATES
from parking.lots import Lot

Within = Callable[[datetime, str], bool]
"""Whether a date that starts then, in a lot of this zone, is to be left out."""


class LaterDate(NamedTuple):
    """A date of a series that is not booked yet."""

    series: Series
    lot_name: str
    day: date
    start: datetime

    def view(self) -> dict[str, Any]:
        """As the contract has it."""
        return {"series_id": self.series.id, "lot_name": self.lot_name, "date": self.day.isoformat()}


def later_dates(session: Session, user_id: int, now: datetime, within: Within) -> list[LaterDate]:
    """Returns the user's dates that are not booked yet and that start within this time, by their start."""
    return _within(session, _select_remaining(user_id), now, within)


def skip(session: Session, user_id: int, now: datetime, within: Within) -> list[LaterDate]:
    """Leaves these dates out of their series, and returns them. The caller's transaction, before it locks a spot or a
    booking: whoever books a date has locked the series first."""
    keep_accounts(session, [user_id])
    query = _select_remaining(user_id).order_by(Series.id).with_for_update(of=Series, key_share=True)
    later = _within(session, query, now, within)
    for series in {one.series.id: one.series for one in later}.values():
        days = [one.day for one in later if one.series is series]
        series.omitted = tuple(sorted({*series.omitted, *(day.isoformat() for day in days)}))
        if series.next_day in days:
            go_on_from(series, series.next_day)
        session.flush()
        dates = " ".join(day.isoformat() for day in days)
        audit.record(session, "series.skipped", "series", series.id, after={"lot_id": series.lot_id, "dates": dates})
    return later


def _select_remaining(user_id: int) -> Select[Series, str, str]:
    remaining = Series.user_id == user_id, Series.next_day.is_not(None)
    return select(Series, Lot.name, Lot.timezone).join(Lot, Lot.id == Series.lot_id).where(*remaining)


def _within(session: Session, query: Select[Series, str, str], now: datetime, within: Within) -> list[LaterDate]:
    rows = session.execute(query).all()
    later = [one for row in rows for one in _coming(*row) if one.start > now and within(one.start, row.timezone)]
    return sorted(later, key=lambda one: (one.start, one.series.id))


def _coming(series: Series, lot_name: str, zone: str) -> Iterator[LaterDate]:
    rule, next_day = rule_of(series), series.next_day
    assert next_day is not None
    for day in recurrence.dates(rule, MAX_DATES):
        if day >= next_day and day.isoformat() not in series.omitted:
            yield LaterDate(series, lot_name, day, recurrence.occurrence(rule, day, zone).start)
