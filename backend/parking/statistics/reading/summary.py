"""The statistics of a period and of a driver's month, for page, mails and CSV files alike. definitions.py defines each
metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta

from sqlalchemy.orm import Session

from parking import clock, settings
from parking.database import snapshot
from parking.errors import NotFound
from parking.lot_calendar import local_day, midnight
from parking.staff import Scope
from parking.statistics.daily import months
from parking.statistics.daily.sums import Charts, Day
from parking.statistics.definitions import (
    BusiestHour,
    PeriodStatistics,
    UserLot,
    UserStatistics,
    median,
    metrics,
    ratio,
)
from parking.statistics.reading import queries
from parking.statistics.reading.days import Days
from parking.statistics.reading.lots import Lots
from parking.statistics.scope import single_lot

_ONE_DAY = timedelta(days=1)


def period_statistics(
    session: Session,
    from_: date,
    to: date,
    scope: Scope = None,
    *,
    most: int | None = None,
    only: Sequence[int] | None = None,
) -> PeriodStatistics:
    """The statistics of the local days `from_` to `to` (both included), of these lots. `lots` has every one, the `most`
    first ones, or those in `only`. A set of lots is what staff may see, so it has no number of new accounts.

    Reads one snapshot, unless the caller's session is inside a transaction. Raises NotFound for an unknown lot.
    """
    snapshot()
    now = clock.now()
    days = Days(session, from_, to, int(now.timestamp()), scope)
    if scope is not None and not days.zones:
        raise NotFound("There is no such lot.")
    charts = days.charts()
    best = charts.busiest
    lots, lots_total = Lots(days).ranked(most, only)
    operator = settings.current().timezone
    return PeriodStatistics(
        from_=from_,
        to=to,
        lot_id=single_lot(scope),
        as_of=now,
        currency=settings.current().currency,
        partial=any(to >= today for today in days.today.values()),
        totals=metrics(days.totals()),
        drivers=days.drivers(),
        new_users=None
        if isinstance(scope, frozenset)
        else queries.new_users(session, midnight(from_, operator), midnight(to + _ONE_DAY, operator)),
        median_stay_minutes=median(charts.stay_minutes),
        busiest_hour=best and BusiestHour(best[2], best[3], 100 * best[0] / best[1]),
        lots=lots,
        lots_total=lots_total,
        days=days.day_metrics(),
        hours=_hours(charts),
        stay_minutes=dict(sorted(charts.stay_minutes.items())),
    )


def by_day(session: Session, from_: date, to: date, scope: Scope = None) -> dict[date, Day]:
    """day -> its sums hour by hour, of these lots, for the heat map. Empty days are left out. Raises NotFound
    for an unknown lot."""
    snapshot()
    days = Days(session, from_, to, int(clock.now().timestamp()), scope, by_month=False)
    if scope is not None and not days.zones:
        raise NotFound("There is no such lot.")
    return days.by_day


def _hours(charts: Charts) -> tuple[tuple[float | None, ...], ...]:
    return tuple(
        tuple(ratio(100 * part, whole) for part, whole in zip(*rows, strict=True))
        for rows in zip(charts.occupied, charts.available, strict=True)
    )


def previous_period(from_: date, to: date) -> tuple[date, date]:
    """The period to compare with: for whole months the months before, for the first days of a month the same days of
    the month before, otherwise as many days directly before."""
    if from_.day == 1 and to == months.month_end(to.replace(day=1)):
        length = (to.year - from_.year) * 12 + to.month - from_.month + 1
        index = from_.year * 12 + from_.month - 1 - length
        return date(index // 12, index % 12 + 1, 1), from_ - _ONE_DAY
    if from_.day == 1 and (from_.year, from_.month) == (to.year, to.month):
        first = (from_ - _ONE_DAY).replace(day=1)
        return first, min(first.replace(day=1) + (to - from_), from_ - _ONE_DAY)
    return from_ - (to - from_) - _ONE_DAY, from_ - _ONE_DAY


def user_statistics(session: Session, user_id: int, month: str) -> UserStatistics:
    """One user's month ("YYYY-MM"). Raises ValueError for a text that is not a month."""
    first = date.fromisoformat(f"{month}-01")
    last = months.month_end(first)
    now = clock.now()
    lots: dict[int, UserLot] = {}
    for row in queries.ended_bookings(session, user_id, first, last):
        if first <= local_day(row.end, row.zone) <= last and (row.checked_in is not None or row.cost_minor):
            _add_visit(lots, row)
    listed = sorted(lots.values(), key=lambda lot: (-lot.visits, -lot.parked_s, lot.name))
    last_open = now.astimezone(UTC).date() - _ONE_DAY  # some zone is still on the day before
    return UserStatistics(
        month=f"{first:%Y-%m}",
        as_of=now,
        currency=settings.current().currency,
        partial=last >= last_open,
        visits=sum(lot.visits for lot in listed),
        parked_s=sum(lot.parked_s for lot in listed),
        spent_minor=sum(lot.spent_minor for lot in listed),
        lots=tuple(listed),
    )


def _add_visit(lots: dict[int, UserLot], row: queries.EndedBooking) -> None:
    lot = lots.get(row.lot_id) or UserLot(row.lot_id, row.name, 0, 0, 0)
    visited = row.checked_in is not None
    lots[row.lot_id] = replace(
        lot,
        visits=lot.visits + visited,
        parked_s=lot.parked_s + (row.end - row.checked_in if row.checked_in is not None else 0),
        spent_minor=lot.spent_minor + (row.cost_minor or 0),
    )
