"""The stored sums and charts per month, made from the stored days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from parking.database import transaction
from parking.lot_calendar import local_day
from parking.statistics.daily import lot_progress
from parking.statistics.daily.compute import unix_now
from parking.statistics.daily.driver_sets import PackedDrivers, pack_bits, union
from parking.statistics.daily.models import (
    ALL_LOTS,
    LotDay,
    LotDayDetail,
    LotMonth,
    MonthDetail,
)
from parking.statistics.daily.pending import MAX_LOT_DAYS
from parking.statistics.daily.store import load, lock
from parking.statistics.daily.sums import SUMS, Charts

_ONE_DAY = timedelta(days=1)


def mark_months_stale(session: Session, days: Iterable[date], lot_ids: Sequence[int]) -> None:
    """Marks the months of these days as stale, for these lots and for all lots together."""
    ids = [ALL_LOTS, *lot_ids]
    for month in {day.replace(day=1) for day in days}:
        of_month = LotMonth.month == month, LotMonth.lot_id.in_(ids)
        marking = update(LotMonth).where(*of_month, ~LotMonth.stale).values(stale=True)
        session.execute(marking.execution_options(synchronize_session=False))
        present = set(session.scalars(select(LotMonth.lot_id).where(*of_month)))
        zero = {**dict.fromkeys(SUMS, 0), "peak_cars": 0, "month": month, "stale": True}
        if new := [{"lot_id": lot_id, **zero} for lot_id in ids if lot_id not in present]:
            session.execute(insert(LotMonth), new)


def sum_stale_months(session: Session) -> None:
    """Sums the closed months that are marked as stale."""
    months = sorted(set(session.scalars(select(LotMonth.month).where(LotMonth.stale))))
    today = min((local_day(unix_now(), zone) for zone in lot_progress.zones(session)), default=None)
    session.close()
    for month in months:
        if today is not None and month_end(month) < today:
            _sum_month(month)


def month_end(month: date) -> date:
    """The last day of the month."""
    return (month + timedelta(days=31)).replace(day=1) - _ONE_DAY


def whole_months(session: Session, first: date, last: date) -> list[date]:
    """The months that lie within these days and are stored, none stale, for every lot."""
    stale = session.scalars(select(LotMonth.month).where(LotMonth.stale).distinct())
    stored = set(session.scalars(_stored_months(first, last))) - set(stale)
    return sorted(month for month in stored if first <= month and month_end(month) <= last)


def _stored_months(first: date, last: date) -> Select[date]:
    return select(LotMonth.month).where(LotMonth.lot_id == ALL_LOTS, LotMonth.month.between(first, last))


def _sum_month(month: date) -> None:
    with transaction() as session:
        lock(session)
        stale = session.scalars(select(LotMonth.lot_id).where(LotMonth.stale, LotMonth.month == month)).all()
        for start in range(0, len(stale), MAX_LOT_DAYS):
            lot_ids = stale[start : start + MAX_LOT_DAYS]
            session.execute(delete(LotMonth).where(LotMonth.month == month, LotMonth.lot_id.in_(lot_ids)))
            if sums := month_sums(session, month, lot_ids):
                drivers = month_drivers(session, month, list(sums))
                more = {"month": month, "stale": False}
                rows = [{**row, **more, "lot_id": n, "drivers": drivers.get(n, 0)} for n, row in sums.items()]
                session.execute(insert(LotMonth), rows)
        _store_charts(session, month)


def _store_charts(session: Session, month: date) -> None:
    charts, drivers = compute_charts(session, month)
    best = charts.busiest
    session.execute(delete(MonthDetail).where(MonthDetail.month == month))
    session.execute(
        insert(MonthDetail).values(
            month=month,
            occupied=charts.occupied,
            available=charts.available,
            stay_minutes={str(minutes): count for minutes, count in sorted(charts.stay_minutes.items())},
            busiest=best and [best[0], best[1], best[2].day, best[3]],
            drivers=drivers,
        )
    )


def compute_charts(session: Session, month: date) -> tuple[Charts, PackedDrivers]:
    """The charts and the drivers of a month, from the stored days over all lots."""
    last = month_end(month)
    charts = Charts()
    for (_, day), totals in sorted(load(session, [ALL_LOTS], month, last, drivers=False).items()):
        charts.add_day(day, totals)
    drivers = select(LotDayDetail.drivers).where(LotDayDetail.lot_id == ALL_LOTS, LotDayDetail.day.between(month, last))
    return charts, pack_bits(union(session.scalars(drivers)))


def load_charts(session: Session, months: Sequence[date]) -> dict[date, tuple[Charts, PackedDrivers]]:
    """month -> its stored charts and drivers; months without a row are left out."""
    columns = [getattr(MonthDetail, name) for name in ("month", "occupied", "available", "stay_minutes", "busiest")]
    query = select(*columns, MonthDetail.drivers).where(MonthDetail.month.in_(list(months)))
    stored = {}
    for row in session.execute(query):
        charts = Charts(row.occupied, row.available, Counter({int(n): count for n, count in row.stay_minutes.items()}))
        if row.busiest is not None:
            occupied, available, day, hour = row.busiest
            charts.busiest = occupied, available, row.month.replace(day=day), hour
        stored[row.month] = charts, row.drivers
    return stored


def month_drivers(session: Session, month: date, lot_ids: Sequence[int]) -> dict[int, int]:
    """lot -> the number of different drivers over the days of the month."""
    query = select(LotDayDetail.lot_id, LotDayDetail.drivers).where(
        LotDayDetail.lot_id.in_(list(lot_ids)), LotDayDetail.day.between(month, month_end(month))
    )
    parts: dict[int, list[PackedDrivers | None]] = defaultdict(list)
    for lot_id, drivers in session.execute(query):
        parts[lot_id].append(drivers)
    return {lot_id: union(of_lot).bit_count() for lot_id, of_lot in parts.items()}


def month_sums(session: Session, month: date, lot_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """lot -> the sums of its days in the month."""
    columns = [func.sum(getattr(LotDay, name)).label(name) for name in SUMS]
    query = (
        select(LotDay.lot_id, func.max(LotDay.peak_cars).label("peak_cars"), *columns)
        .where(LotDay.day.between(month, month_end(month)), LotDay.lot_id.in_(list(lot_ids)))
        .group_by(LotDay.lot_id)
    )
    sums: dict[int, dict[str, int]] = {}
    for row in session.execute(query):
        values = {name: int(value) for name, value in row._mapping.items()}
        sums[values.pop("lot_id")] = values
    return sums
