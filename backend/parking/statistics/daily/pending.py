"""The days that have to be computed again, grouped into jobs that fit into one transaction each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from parking.database import changed_rows, is_sqlite, transaction
from parking.database.change_log import QUARTER_S
from parking.lot_calendar import local_day
from parking.statistics.daily import booking_rows, lot_progress
from parking.statistics.daily.compute import unix_now
from parking.statistics.daily.local_hours import runs
from parking.statistics.daily.lot_progress import LotProgress
from parking.statistics.daily.models import (
    StatsChange,
)

_ONE_DAY = timedelta(days=1)
MAX_LOT_DAYS = 1_000
"""Lot-days in one transaction: a writer on SQLite waits for no more than the writing of these."""
MAX_DAYS = 100
"""Days of one lot in one transaction."""
QUARTERS_A_DAY = 96


@dataclass(slots=True)
class Job:
    """Days of lots of one zone to roll up together, and the change-log rows that are then obsolete."""

    zone: str
    days: tuple[date, ...]
    lots: list[LotProgress] = field(default_factory=list)
    change_ids: list[int] = field(default_factory=list)
    postponed: list[tuple[int, date, date]] = field(default_factory=list)
    """(lot, first, last): stored days left for the next round."""
    has_more: bool = False
    """Whether a lot has days left for the next round."""


Groups = dict[tuple[str, tuple[date, ...]], list[Job]]
QuarterRange = tuple[int, int | None]
"""First and last quarter of an hour since 1970; None: until now."""


@dataclass(slots=True)
class LotChanges:
    """The change-log rows of one lot: their ids, and the ranges they cover."""

    ids: list[int] = field(default_factory=list)
    ranges: dict[tuple[int, int | None], QuarterRange] = field(default_factory=dict)

    def add(self, change_id: int, first: int, last: int | None) -> None:
        """Ranges that begin and end on the same UTC days are merged: a bulk load writes a million."""
        self.ids.append(change_id)
        days = first // QUARTERS_A_DAY, None if last is None else last // QUARTERS_A_DAY
        low, high = self.ranges.get(days, (first, last))
        self.ranges[days] = min(low, first), None if last is None or high is None else max(high, last)


def changes_by_lot(session: Session) -> dict[int, LotChanges]:
    """lot -> its rows in the change log."""
    changes: dict[int, LotChanges] = defaultdict(LotChanges)
    columns = StatsChange.lot_id, StatsChange.id, StatsChange.from_quarter, StatsChange.to_quarter
    for lot_id, change_id, first, last in session.execute(select(*columns).execution_options(yield_per=10_000)):
        changes[lot_id].add(change_id, first, last)
    return changes


def changed_days(session: Session, lot: LotProgress, ranges: Iterable[QuarterRange], last: date) -> set[date]:
    """The days up to `last` that these ranges of quarters touch."""
    days: set[date] = set()
    distinct = set(ranges)
    if any(first == 0 for first, _ in distinct):  # "since the beginning"
        distinct.add((booking_rows.first_instant(session, lot.id) // QUARTER_S, None))
    for first, end in distinct:
        if first == 0:
            continue
        to = last if end is None else min(last, local_day(end * QUARTER_S + QUARTER_S - 1, lot.zone))
        day = local_day(first * QUARTER_S, lot.zone)
        days.update(day + n * _ONE_DAY for n in range((to - day).days + 1))
    return days


def due_days(session: Session, lot: LotProgress, ranges: Iterable[QuarterRange], now: int) -> set[date]:
    """The days of a lot, the present one included, whose stored sums are missing or may be wrong."""
    today = local_day(now, lot.zone)
    if not lot.is_rolled:
        return changed_days(session, lot, [(0, None)], today)
    days = changed_days(session, lot, ranges, today)
    assert lot.last_day is not None
    days.update(lot.last_day + n * _ONE_DAY for n in range(1, (today - lot.last_day).days + 1))
    if lot.is_over(now):
        days.add(lot.last_day)
    return days


def plan(session: Session) -> list[Job]:
    """The jobs of all lots that have days to roll up. Deletes change-log rows that need none."""
    now, changed = unix_now(), changes_by_lot(session)
    jobs: Groups = {}
    obsolete: list[int] = []
    todays = {zone: local_day(now, zone) for zone in lot_progress.zones(session)}
    for lot in lot_progress.lots(session, which=lot_progress.behind(todays, changed, now)):
        changes = changed.pop(lot.id, LotChanges())
        days = sorted(due_days(session, lot, changes.ranges.values(), now))
        if days:
            _add_to_jobs(jobs, lot, days, changes.ids)
        else:  # a change of a future day, which will be due anyway
            obsolete += changes.ids
    if obsolete:
        with transaction() as writing:
            delete_changes(writing, obsolete)
    return [job for group in jobs.values() for job in group]


def _add_to_jobs(jobs: Groups, lot: LotProgress, days: list[date], change_ids: list[int]) -> None:
    """Adds the lot to a job for the same days, at most MAX_DAYS of them; the remaining days are postponed."""
    first, later = tuple(days[:MAX_DAYS]), days[MAX_DAYS:]
    group = jobs.setdefault((lot.zone, first), [])
    if not group or (len(group[-1].lots) + 1) * len(first) > MAX_LOT_DAYS:
        group.append(Job(lot.zone, first))
    job = group[-1]
    job.lots.append(lot)
    job.change_ids += change_ids
    job.has_more |= bool(later)
    if lot.is_rolled and lot.last_day is not None:  # days after the last stored one are due without a change
        job.postponed += [(lot.id, *run) for run in runs(day for day in later if day <= lot.last_day)]


def mark_changed(session: Session, lot_id: int, low: datetime, high: datetime) -> None:
    """Has the days of [low, high] of a lot computed again, for a change that the change log does not see."""
    first, last = (int(moment.timestamp()) // QUARTER_S for moment in (low, high))
    session.add(StatsChange(lot_id=lot_id, from_quarter=first, to_quarter=last))


def delete_changes(session: Session, change_ids: list[int]) -> int:
    """Deletes these rows of the change log and returns how many still existed."""
    ids = func.json_each(json.dumps(change_ids)).table_valued("value") if is_sqlite() else None
    among = StatsChange.id.in_(select(ids.c.value)) if ids is not None else StatsChange.id == func.any(change_ids)
    deleted = session.execute(delete(StatsChange).where(among).execution_options(synchronize_session=False))
    return changed_rows(deleted)
