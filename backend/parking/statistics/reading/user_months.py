"""The bookings and the spending of a user per month, for the chart on the driver's page."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from parking import clock
from parking.bookings import Booking, is_stay
from parking.database.functions import from_unix, unix_seconds
from parking.lot_calendar import local_day, midnight
from parking.lots import Lot
from parking.money import to_number

MONTHS = 6
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ONE_DAY = timedelta(days=1)


def total_spent(session: Session, user_id: int) -> int:
    """The cost of all ended bookings of the user, in minor units."""
    query = select(func.coalesce(func.sum(Booking.total_cost_minor), 0))
    query = query.where(Booking.user_id == user_id, is_stay, Booking.end_time.is_not(None))
    return int(session.scalar(query) or 0)


def view(session: Session, user_id: int) -> list[dict[str, Any]]:
    """The last six months (the present one by UTC), oldest first. Bookings count on the local day they began on,
    spending on the local day they ended on."""
    months = _last_months(clock.now().astimezone(UTC).date())
    counts, spent = dict.fromkeys(months, 0), dict.fromkeys(months, 0)
    low = from_unix(midnight(months[0] - _ONE_DAY, "UTC"))  # a day early: no zone is further ahead
    rows = session.execute(
        select(
            *(unix_seconds(Booking.start_time), unix_seconds(Booking.end_time), Booking.total_cost_minor, Lot.timezone)
        )
        .join(Lot, Lot.id == Booking.lot_id)
        .where(Booking.user_id == user_id, is_stay, or_(Booking.start_time >= low, Booking.end_time >= low))
    )
    for start, end, cost, zone in rows:
        if (month := local_day(start, zone).replace(day=1)) in counts:
            counts[month] += 1
        if end is not None and (month := local_day(end, zone).replace(day=1)) in spent:
            spent[month] += cost or 0
    return [
        {
            "month": f"{_NAMES[month.month - 1]} {month.year}",
            "bookings": counts[month],
            "spending": to_number(spent[month]),
        }
        for month in months
    ]


def _last_months(today: date) -> list[date]:
    index = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(index - MONTHS + 1, index + 1)]
