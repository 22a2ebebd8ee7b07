"""The stored sums per lot and day: read, written, and added up over all lots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, text
from sqlalchemy.orm import Session

from parking.database import is_sqlite
from parking.database.functions import among
from parking.statistics.daily.driver_sets import pack, unpack
from parking.statistics.daily.models import (
    ALL_LOTS,
    LotDay,
    LotDayDetail,
)
from parking.statistics.daily.sums import SUMS, Day, Sums

LotDays = dict[tuple[int, date], Day]


def lock(session: Session) -> None:
    """Locks the stored sums against other writers until the transaction ends (SQLite has one writer anyway). Bookings
    do not wait for it."""
    if not is_sqlite():
        session.execute(text("SELECT pg_advisory_xact_lock(20264)"))


_DAYS = (
    select(*LotDay.__table__.columns, LotDayDetail.occupied, LotDayDetail.available, LotDayDetail.stay_minutes)
    .join(LotDayDetail, (LotDayDetail.lot_id == LotDay.lot_id) & (LotDayDetail.day == LotDay.day))
    .where(among(LotDay.lot_id, "lot_ids"), LotDay.day.between(bindparam("first"), bindparam("last")))
)
_WITH_DRIVERS = _DAYS.add_columns(LotDayDetail.drivers.label("packed_drivers"))


def load(session: Session, lot_ids: Sequence[int], first: date, last: date, *, drivers: bool = True) -> LotDays:
    """The stored days of these lots; `drivers=False` leaves the sets of drivers empty."""
    query = _WITH_DRIVERS if drivers else _DAYS
    rows = session.execute(query, {"lot_ids": list(lot_ids), "first": first, "last": last})
    return {(row.lot_id, row.day): _day(row, drivers=drivers) for row in rows}


def _day(row: Row[Any], *, drivers: bool) -> Day:
    day = Day(sums=Sums(**{name: getattr(row, name) for name in SUMS}), peak_cars=row.peak_cars)
    day.occupied, day.available = row.occupied, row.available
    day.stay_minutes.update({int(minutes): count for minutes, count in row.stay_minutes.items()})
    if drivers:
        day.drivers = unpack(row.packed_drivers)
    return day


def replace_days(session: Session, old: LotDays, new: LotDays, changes: dict[date, DayChange]) -> int:
    """Writes the days that differ, adds the differences to `changes`, and returns how many days differed."""
    keys = old.keys() | new.keys()
    differing = [key for key in keys if key not in old or key not in new or old[key] != new[key]]
    for key in differing:
        changes[key[1]].add(old.get(key), new.get(key))
    delete_days(session, [key for key in differing if key in old])
    insert_days(session, {key: new[key] for key in differing if key in new})
    return len(differing)


def delete_days(session: Session, keys: list[tuple[int, date]]) -> None:
    by_day: dict[date, list[int]] = defaultdict(list)
    for lot_id, day in keys:
        by_day[day].append(lot_id)
    for table in (LotDay, LotDayDetail):
        for day, lot_ids in by_day.items():
            session.execute(delete(table).where(table.day == day, table.lot_id.in_(lot_ids)))


def insert_days(session: Session, lot_days: LotDays) -> None:
    if lot_days:
        rows = [day_rows(*key, day) for key, day in lot_days.items()]
        session.execute(insert(LotDay), [row for row, _ in rows])
        session.execute(insert(LotDayDetail), [detail for _, detail in rows])


def day_rows(lot_id: int, day: date, totals: Day) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows of lot_day and lot_day_detail that store a day."""
    key = {"lot_id": lot_id, "day": day}
    sums = {name: getattr(totals.sums, name) for name in SUMS}
    drivers = None if lot_id == ALL_LOTS else len(totals.drivers)
    minutes = {str(minutes): count for minutes, count in sorted(totals.stay_minutes.items())}
    hours = {"occupied": totals.occupied, "available": totals.available}
    detail = {**key, **hours, "stay_minutes": minutes, "drivers": pack(totals.drivers)}
    return {**key, **sums, "drivers": drivers, "peak_cars": totals.peak_cars}, detail


@dataclass(slots=True)
class DayChange:
    """The change of one day over all lots that follows from changes of single lots."""

    difference: Day = field(default_factory=Day)
    new_drivers: set[int] = field(default_factory=set)
    needs_recount: bool = False
    """A driver or a lot's peak was removed, so drivers and peak must be read from every lot's row."""

    def add(self, old: Day | None, new: Day | None) -> None:
        old, new = old or Day(), new or Day()
        self.difference.add(old, -1)
        self.difference.add(new)
        self.difference.peak_cars = max(self.difference.peak_cars, new.peak_cars)
        self.new_drivers |= new.drivers
        self.needs_recount |= not old.drivers <= new.drivers or new.peak_cars < old.peak_cars


def add_to_all_lots(session: Session, changes: dict[date, DayChange]) -> None:
    """Applies the changes to the rows that sum up every lot."""
    for day, change in changes.items():
        old = load(session, [ALL_LOTS], day, day).get((ALL_LOTS, day))
        total = old or Day()
        total.add(change.difference)
        total.drivers |= change.new_drivers
        total.peak_cars = max(total.peak_cars, change.difference.peak_cars)
        if change.needs_recount:
            total.drivers, total.peak_cars = _drivers_and_peak(session, day)
        if old is not None:
            delete_days(session, [(ALL_LOTS, day)])
        if not total.is_empty():
            insert_days(session, {(ALL_LOTS, day): total})


def _drivers_and_peak(session: Session, day: date) -> tuple[set[int], int]:
    """The drivers of all lots, and the highest peak of a single lot."""
    of_day = LotDay.day == day, LotDay.lot_id != ALL_LOTS
    peak = session.scalar(select(func.max(LotDay.peak_cars)).where(*of_day)) or 0
    drivers = select(LotDayDetail.drivers).where(LotDayDetail.day == day, LotDayDetail.lot_id != ALL_LOTS)
    return set[int]().union(*map(unpack, session.scalars(drivers))), peak
