"""Computes the sums of days from the bookings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.orm import Session

from parking import clock
from parking.lot_calendar import midnight
from parking.statistics.daily import booking_rows
from parking.statistics.daily.aggregate import DayAggregator
from parking.statistics.daily.lot_progress import LotProgress
from parking.statistics.daily.store import LotDays

_ONE_DAY = timedelta(days=1)


def compute_days(session: Session, lots: Sequence[LotProgress], first: date, last: date, now: int) -> LotDays:
    """The days of these lots, which share one zone, from the bookings as of `now`. Empty days are left out."""
    return aggregator(session, lots, first, last, now, until=now + 1).finish()


def aggregator(
    session: Session, lots: Sequence[LotProgress], first: date, last: date, now: int, until: int
) -> DayAggregator:
    """An aggregator with every row that touches the days before `until`."""
    zone = lots[0].zone
    days = DayAggregator(zone, first, last, now)
    closed = {lot.id: lot.closed for lot in lots if lot.closed is not None}
    ids = [lot.id for lot in lots]
    for lot_id, since, number in booking_rows.spots(session, ids):
        days.add_spots(lot_id, since, number, closed.get(lot_id))
    high = min(midnight(last + _ONE_DAY, zone), until)
    for row in booking_rows.booking_rows(session, ids, midnight(first, zone), high):
        days.add(row, closed.get(row.lot_id))
    return days


def unix_now() -> int:
    """The present second."""
    return int(clock.now().timestamp())
