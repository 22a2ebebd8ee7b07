"""The days of a period: stored sums, corrected by days that are counted live.

Stored days come from the roll-ups (daily/refresh.py); the remaining time of the present day is subtracted. Days that
are not stored, or that the change log names, are counted from the bookings at once. The statistics are therefore
current whether or not a worker runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from functools import cached_property

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from parking.lot_calendar import local_day, midnight
from parking.staff import Scope
from parking.statistics.daily import compute, local_hours, lot_progress, months, store
from parking.statistics.daily.aggregate import CurrentState
from parking.statistics.daily.driver_sets import PackedDrivers, union
from parking.statistics.daily.local_hours import days, remaining_seconds
from parking.statistics.daily.lot_progress import LotProgress
from parking.statistics.daily.models import ALL_LOTS, LotDay, LotDayDetail, StatsChange
from parking.statistics.daily.sums import EMPTY_SUMS, SUMS, Charts, Day, Sums
from parking.statistics.definitions import DayMetrics, metrics
from parking.statistics.reading import queries
from parking.statistics.scope import lot_ids, of_lots

_ONE_DAY = timedelta(days=1)


class Days:
    """The days of a period, of all lots or of some: stored sums, corrected by days that are counted live."""

    def __init__(
        self, session: Session, first: date, last: date, now: int, scope: Scope, *, by_month: bool = True
    ) -> None:
        self.session, self.now, self.scope = session, now, scope
        self.first, self.last = first, last
        ids = lot_ids(scope)
        self.rows = [ALL_LOTS] if ids is None else ids
        """The `lot_id`s of the stored rows that add up to the lots."""
        self.zones = lot_progress.zones(session, scope)
        self.today = {zone: local_day(now, zone) for zone in self.zones}
        self.stale = self._stale_days()
        self.live_lots = {lot.id for groups in self.stale.values() for lots in groups.values() for lot in lots}
        self.recounted: set[tuple[int, date]] = set()
        self.open_states = self._open_states()
        self.live = self._count_live()
        self.stored = self._stored_of_stale()
        self.months = months.whole_months(session, first, last)
        self.remaining_days = without(days(first, last), self.months)
        self.month_charts = self._month_charts() if by_month else {}
        self.by_day = self._by_day()

    def _stale_days(self) -> dict[str, dict[tuple[date, ...], list[LotProgress]]]:
        """zone -> days to count live -> the lots for which exactly these are stale."""
        changed = self._changed()
        lasts = {zone: min(self.last, today) for zone, today in self.today.items()}
        stale: dict[str, dict[tuple[date, ...], list[LotProgress]]] = {}
        for lot in lot_progress.lots(self.session, self.scope, which=lot_progress.behind(lasts, changed, self.now)):
            stale_days = self._stale_days_of(lot, changed.get(lot.id, ()))
            if stale_days:
                stale.setdefault(lot.zone, {}).setdefault(tuple(sorted(stale_days)), []).append(lot)
        return stale

    def _changed(self) -> dict[int, set[tuple[int, int | None]]]:
        """lot -> the ranges of quarters in which days of the period may have changed."""
        low = min((midnight(self.first, zone) for zone in self.zones), default=0) // local_hours.QUARTER_S
        high = max((midnight(self.last + _ONE_DAY, zone) for zone in self.zones), default=0) // local_hours.QUARTER_S
        query = select(StatsChange.lot_id, StatsChange.from_quarter, StatsChange.to_quarter).distinct()
        query = query.where(
            StatsChange.from_quarter < high,
            or_(StatsChange.to_quarter.is_(None), StatsChange.to_quarter >= low),
            *of_lots(StatsChange.lot_id, self.scope),
        )
        ranges: dict[int, set[tuple[int, int | None]]] = defaultdict(set)
        for lot, first, last in self.session.execute(query):
            ranges[lot].add((first, last))
        return ranges

    def _stale_days_of(self, lot: LotProgress, ranges: Iterable[tuple[int, int | None]]) -> set[date]:
        last = min(self.last, self.today[lot.zone])
        if not lot.is_rolled or any(first == 0 for first, _ in ranges):
            return set(days(self.first, max(last, min(self.last, lot.last_day or last))))
        assert lot.last_day is not None
        stale_days = set(days(max(self.first, lot.last_day + _ONE_DAY), last))
        if lot.is_over(self.now) and self.first <= lot.last_day <= self.last:
            stale_days.add(lot.last_day)
        for first, end in ranges:
            from_day = max(self.first, local_day(first * local_hours.QUARTER_S, lot.zone))
            to = last if end is None else min(last, local_day((end + 1) * local_hours.QUARTER_S - 1, lot.zone))
            stale_days |= set(days(from_day, to))
        return stale_days

    def _open_states(self) -> dict[tuple[str, date], CurrentState]:
        """(zone, day) -> the state of the lots whose stored present day is projected to its end, without those that are
        counted live (`recounted`)."""
        states = queries.current_state(self.session, self.now, self.first, self.last, self.scope)
        for groups in self.stale.values():
            for stale_days, lots in groups.items():
                for lot in lots:
                    if lot.is_open(self.now) and lot.last_day in stale_days and lot.rolled_zone is not None:
                        states[lot.rolled_zone, lot.last_day].add(lot.current_state, -1)
                        self.recounted.add((lot.id, lot.last_day))
        return states

    def _count_live(self) -> store.LotDays:
        lot_days: store.LotDays = {}
        for groups in self.stale.values():
            for stale_days, lots in groups.items():
                for first, last in local_hours.runs(stale_days):
                    lot_days |= compute.compute_days(self.session, lots, first, last, self.now)
        return lot_days

    def _stored_of_stale(self) -> store.LotDays:
        """The stored sums of the days that are counted live instead."""
        stored: store.LotDays = {}
        for groups in self.stale.values():
            for stale_days, lots in groups.items():
                for first, last in local_hours.runs(stale_days):
                    stored |= store.load(self.session, [lot.id for lot in lots], first, last)
        return stored

    def _month_charts(self) -> dict[date, tuple[Charts, PackedDrivers]]:
        """The stored charts of whole months of which no day is counted live; only over all lots."""
        live_months = {day.replace(day=1) for _, day in [*self.stored, *self.live]}
        if self.scope is not None:
            return {}
        return months.load_charts(self.session, [month for month in self.months if month not in live_months])

    def _by_day(self) -> dict[date, Day]:
        """The days that are not in `month_charts`."""
        by_day: dict[date, Day] = {}
        for first, last in local_hours.runs(without(days(self.first, self.last), self.month_charts)):
            rows = store.load(self.session, self.rows, first, last, drivers=False)
            for (_, day), totals in rows.items():
                if day in by_day:
                    by_day[day].add(totals)
                else:
                    by_day[day] = totals
        for (_, day), old in self.stored.items():
            by_day.setdefault(day, Day()).add(old, -1)
        for (_, day), new in self.live.items():
            by_day.setdefault(day, Day()).add(new)
        for (zone, day), state in self.open_states.items():
            totals = by_day.setdefault(day, Day())
            state.subtract_remaining(totals.sums, remaining_seconds(zone, day, self.now), totals)
        return by_day

    @cached_property
    def sums(self) -> dict[date, Sums]:
        """day -> its sums; empty days are left out."""
        by_day: dict[date, Sums] = {}
        if self.month_charts:  # their days are not in by_day
            query = select(LotDay.day, *(getattr(LotDay, name) for name in SUMS)).where(LotDay.lot_id == ALL_LOTS)
            for day, *values in self.session.execute(query.where(LotDay.day.between(self.first, self.last))):
                by_day[day] = Sums(*values)
        return by_day | {day: totals.sums for day, totals in self.by_day.items()}

    def totals(self) -> Sums:
        total = Sums()
        for sums in self.sums.values():
            total.add(sums)
        return total

    def charts(self) -> Charts:
        total = Charts()
        for charts, _ in self.month_charts.values():
            total.add(charts)
        for day in sorted(self.by_day):
            total.add_day(day, self.by_day[day])
        return total

    def day_metrics(self) -> tuple[DayMetrics, ...]:
        open_from = min(self.today.values(), default=self.last + _ONE_DAY)
        until = max(self.today.values(), default=self.last)
        return tuple(
            DayMetrics(day, metrics(self.sums.get(day, EMPTY_SUMS)), day >= open_from)
            for day in days(self.first, min(self.last, until))
        )

    def drivers(self) -> int:
        """The number of different drivers over the period, from stored days and days counted live."""
        live = [day.drivers for day in self.live.values()]
        if self.scope is not None:
            return union([*self._stored_drivers(of_lots(LotDayDetail.lot_id, self.scope)), *live]).bit_count()
        days_to_recount = {
            day
            for (lot_id, day), old in self.stored.items()
            if not old.drivers <= self.live.get((lot_id, day), Day()).drivers
        }
        stored: list[PackedDrivers | None] = [drivers for _, drivers in self.month_charts.values()]
        query = select(LotDayDetail.day, LotDayDetail.drivers).where(LotDayDetail.lot_id == ALL_LOTS)
        for run in local_hours.runs(without(days(self.first, self.last), self.month_charts)):
            rows = self.session.execute(query.where(LotDayDetail.day.between(*run)))
            stored += [drivers for day, drivers in rows if day not in days_to_recount]
        others = [LotDayDetail.day.in_(days_to_recount), LotDayDetail.lot_id != ALL_LOTS]
        stored += self._stored_drivers(others) if days_to_recount else []
        return union([*stored, *live]).bit_count()

    def _stored_drivers(self, rows: Sequence[ColumnElement[bool]]) -> list[PackedDrivers | None]:
        """The drivers of these stored days of single lots that are not counted live."""
        query = select(LotDayDetail.lot_id, LotDayDetail.day, LotDayDetail.drivers)
        query = query.where(*rows, LotDayDetail.day.between(self.first, self.last))
        return [drivers for lot_id, day, drivers in self.session.execute(query) if (lot_id, day) not in self.stored]


def without(days: Iterable[date], months: Collection[date]) -> list[date]:
    """The days that are in none of these months."""
    return [day for day in days if day.replace(day=1) not in months]
