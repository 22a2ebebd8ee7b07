"""Compares the stored sums with the bookings and repairs them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from parking.database import db, transaction
from parking.statistics.daily import lot_progress
from parking.statistics.daily.compute import compute_days, unix_now
from parking.statistics.daily.lot_progress import LotProgress
from parking.statistics.daily.models import (
    ALL_LOTS,
    LotDay,
    LotDayDetail,
    LotMonth,
    LotRolled,
)
from parking.statistics.daily.months import compute_charts, load_charts, month_drivers, month_sums
from parking.statistics.daily.pending import MAX_DAYS
from parking.statistics.daily.refresh import roll_up
from parking.statistics.daily.store import DayChange, LotDays, insert_days, load, lock
from parking.statistics.daily.sums import SUMS, Day

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored value that differs from the bookings. `lot_id` 0 is the sum over all lots; `day` of a month is its first
    day."""

    kind: str
    lot_id: int
    day: date
    metric: str
    stored: Any
    counted: Any

    def __str__(self) -> str:
        lot = f"lot {self.lot_id}" if self.lot_id else "all lots"
        return f"{self.kind} {self.day} of {lot}: {self.metric} is kept as {self.stored}, counted as {self.counted}"


def find_differences() -> list[Difference]:
    """Rolls up what is due, then compares every stored value with the bookings."""
    roll_up()
    session = db.session()
    session.close()
    differences = [*_check_days(session), *_check_all(session), *_check_months(session)]
    session.close()
    return differences


def _check_days(session: Session) -> Iterator[Difference]:
    """Compares the days that have ended; the present day changes meanwhile."""
    now = unix_now()
    for lot in lot_progress.lots(session):
        start, last = lot.first_day, last_closed(lot)
        if not lot.is_rolled or start is None or last is None:
            continue
        while start <= last:
            end = min(start + MAX_DAYS * _ONE_DAY, last)
            counted = compute_days(session, [lot], start, end, now)
            yield from _differences("day", load(session, [lot.id], start, end), counted)
            start = end + _ONE_DAY


def last_closed(lot: LotProgress) -> date | None:
    """The last stored day of the lot that had ended when it was stored."""
    return lot.last_day - _ONE_DAY if lot.last_day and lot.holds_until is not None else lot.last_day


def _check_all(session: Session) -> Iterator[Difference]:
    """Compares the rows over all lots with the sums of the single lots, for the days that have ended in every zone."""
    first_open = session.scalar(select(func.min(LotRolled.last_day)).where(LotRolled.holds_until.is_not(None)))
    days = select(LotDay.day).distinct().order_by(LotDay.day)
    for (day,) in session.execute(days if first_open is None else days.where(LotDay.day < first_open)).all():
        ids = session.scalars(select(LotDay.lot_id).where(LotDay.day == day)).all()
        rows = load(session, ids, day, day)
        stored = {key: totals for key, totals in rows.items() if key[0] == ALL_LOTS}
        total = Day()
        for key, totals in rows.items():
            if key[0] != ALL_LOTS:
                total.add(totals)
                total.drivers |= totals.drivers
                total.peak_cars = max(total.peak_cars, totals.peak_cars)
        yield from _differences("day", stored, {} if total.is_empty() else {(ALL_LOTS, day): total})


def _differences(kind: str, stored: LotDays, counted: LotDays) -> Iterator[Difference]:
    for key in sorted(stored.keys() | counted.keys()):
        old, new = _values(stored.get(key, Day())), _values(counted.get(key, Day()))
        for name in old:
            if old[name] != new[name]:
                yield Difference(kind, *key, name, old[name], new[name])


def _values(day: Day) -> dict[str, Any]:
    sums: dict[str, Any] = {name: getattr(day.sums, name) for name in SUMS}
    more = {"occupied": day.occupied, "available": day.available, "stay_minutes": dict(day.stay_minutes)}
    return sums | more | {"drivers": sorted(day.drivers), "peak_cars": day.peak_cars}


def _check_months(session: Session) -> Iterator[Difference]:
    for (month,) in session.execute(select(LotMonth.month).where(~LotMonth.stale).distinct()).all():
        rows = {row.lot_id: row for row in session.execute(_months_of(month))}
        sums = month_sums(session, month, list(rows))
        drivers = month_drivers(session, month, list(rows))
        for lot_id, row in rows.items():
            counted = sums.get(lot_id, {}) | {"drivers": drivers.get(lot_id, 0)}
            for name in (*SUMS, "peak_cars", "drivers"):
                if getattr(row, name) != counted.get(name, 0):
                    yield Difference("month", lot_id, month, name, getattr(row, name), counted.get(name, 0))
        if ALL_LOTS in rows and load_charts(session, [month]).get(month) != (charts := compute_charts(session, month)):
            yield Difference("month", ALL_LOTS, month, "charts", load_charts(session, [month]).get(month), charts)


def _months_of(month: date) -> Select[Any]:
    return select(*LotMonth.__table__.columns).where(LotMonth.month == month, ~LotMonth.stale)


def repair(differences: Sequence[Difference]) -> None:
    """Computes again the days and months that `find_differences` returned."""
    with transaction() as session:
        lock(session)
        for day in {one.day for one in differences if one.kind == "day"}:
            _rebuild_day(session, day)
        months = {one.day.replace(day=1) for one in differences}
        session.execute(update(LotMonth).where(LotMonth.month.in_(months)).values(stale=True))
    roll_up()


def _rebuild_day(session: Session, day: date) -> None:
    """Computes the day again for every lot where it has ended, and the sum over all lots."""
    now = unix_now()
    by_zone: dict[str, list[LotProgress]] = defaultdict(list)
    still_open: list[int] = []
    for lot in lot_progress.lots(session):
        if lot.is_rolled and lot.first_day and lot.last_day and lot.first_day <= day <= lot.last_day:
            if day == lot.last_day and lot.holds_until is not None:
                still_open.append(lot.id)
            else:
                by_zone[lot.zone].append(lot)
    lot_days = load(session, still_open, day, day)
    for lots in by_zone.values():
        lot_days |= compute_days(session, lots, day, day, now)
    total = DayChange()
    for totals in lot_days.values():
        total.add(None, totals)
    all_lots = total.difference
    all_lots.drivers = total.new_drivers
    for table in (LotDay, LotDayDetail):
        session.execute(delete(table).where(table.day == day))
    insert_days(session, lot_days)
    if not all_lots.is_empty():
        insert_days(session, {(ALL_LOTS, day): all_lots})
