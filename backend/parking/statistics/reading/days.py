"""The days of a period, read from what is kept and put right by what is counted live.

The days come from the roll-ups (refresh.py), the present one too, less what of it is still to come; days they lack,
or that a mark says have changed since, are counted from the bookings there and then. So the figures are never behind,
whether or not a worker runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from functools import cached_property

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from parking.statistics.daily import refresh
from parking.statistics.daily.aggregate import (
    NOTHING,
    SUMS,
    Charts,
    Day,
    Packed,
    Standing,
    Sums,
    days,
    local_day,
    midnight,
    rest_of_day,
    together,
)
from parking.statistics.daily.models import ALL_LOTS, LotDay, LotDayDetail, StatsChange
from parking.statistics.definitions import DayFigures, figures
from parking.statistics.reading import queries
from parking.statistics.reading.queries import LotInfo

_ONE_DAY = timedelta(days=1)


class Days:
    """The days of a period: kept sums, put right by what is counted live."""

    def __init__(
        self, session: Session, first: date, last: date, now: int, lot_id: int | None, *, by_month: bool = True
    ) -> None:
        self.session, self.now, self.lot_id = session, now, lot_id
        self.first, self.last = first, last
        self.scope = ALL_LOTS if lot_id is None else lot_id
        self.zones = queries.zones(session, lot_id)
        self.today = {zone: local_day(now, zone) for zone in self.zones}
        self.stale = self._stale_days()
        self.counted = {lot.id for groups in self.stale.values() for lots in groups.values() for lot in lots}
        self.recounted: set[tuple[int, date]] = set()
        self.open = self._open()
        self.live = self._count_live()
        self.kept = self._kept_of_stale()
        self.months = refresh.whole_months(session, first, last)
        self.rest = without(days(first, last), self.months)
        self.month_charts = self._month_charts() if by_month else {}
        self.by_day = self._by_day()

    def _stale_days(self) -> dict[str, dict[tuple[date, ...], list[LotInfo]]]:
        """zone -> days to count live -> the lots that want just these."""
        marked = self._marked()
        lasts = {zone: min(self.last, today) for zone, today in self.today.items()}
        found: dict[str, dict[tuple[date, ...], list[LotInfo]]] = {}
        for lot in queries.lots(self.session, self.lot_id, which=queries.behind(lasts, marked, self.now)):
            wanted = self._stale_days_of(lot, marked.get(lot.id, ()))
            if wanted:
                found.setdefault(lot.zone, {}).setdefault(tuple(sorted(wanted)), []).append(lot)
        return found

    def _marked(self) -> dict[int, set[tuple[int, int | None]]]:
        """lot -> spans of quarters in which days of the period may have changed."""
        low = min((midnight(self.first, zone) for zone in self.zones), default=0) // refresh.QUARTER_S
        high = max((midnight(self.last + _ONE_DAY, zone) for zone in self.zones), default=0) // refresh.QUARTER_S
        query = select(StatsChange.lot_id, StatsChange.from_quarter, StatsChange.to_quarter).distinct()
        query = query.where(
            StatsChange.from_quarter < high, or_(StatsChange.to_quarter.is_(None), StatsChange.to_quarter >= low)
        )
        if self.lot_id is not None:
            query = query.where(StatsChange.lot_id == self.lot_id)
        found: dict[int, set[tuple[int, int | None]]] = defaultdict(set)
        for lot, first, last in self.session.execute(query):
            found[lot].add((first, last))
        return found

    def _stale_days_of(self, lot: LotInfo, marks: Iterable[tuple[int, int | None]]) -> set[date]:
        last = min(self.last, self.today[lot.zone])
        if not lot.is_rolled or any(first == 0 for first, _ in marks):
            return set(days(self.first, max(last, min(self.last, lot.last_day or last))))
        assert lot.last_day is not None
        wanted = set(days(max(self.first, lot.last_day + _ONE_DAY), last))
        if lot.is_over(self.now) and self.first <= lot.last_day <= self.last:
            wanted.add(lot.last_day)
        for first, end in marks:
            from_day = max(self.first, local_day(first * refresh.QUARTER_S, lot.zone))
            to = last if end is None else min(last, local_day((end + 1) * refresh.QUARTER_S - 1, lot.zone))
            wanted |= set(days(from_day, to))
        return wanted

    def _open(self) -> dict[tuple[str, date], Standing]:
        """(zone, day) -> what stands in the lots whose present day is kept as it will end; not where it is counted
        anew (`recounted`)."""
        found = queries.standing_now(self.session, self.now, self.first, self.last, self.lot_id)
        for groups in self.stale.values():
            for wanted, lots in groups.items():
                for lot in lots:
                    if lot.is_open(self.now) and lot.last_day in wanted and lot.rolled_zone is not None:
                        found[lot.rolled_zone, lot.last_day].add(lot.standing, -1)
                        self.recounted.add((lot.id, lot.last_day))
        return found

    def _count_live(self) -> refresh.Made:
        made: refresh.Made = {}
        for groups in self.stale.values():
            for wanted, lots in groups.items():
                for first, last in refresh.runs(wanted):
                    made |= refresh.compute(self.session, lots, first, last, self.now)
        return made

    def _kept_of_stale(self) -> refresh.Made:
        """What the roll-ups hold of the days that are counted live instead."""
        kept: refresh.Made = {}
        for groups in self.stale.values():
            for wanted, lots in groups.items():
                for first, last in refresh.runs(wanted):
                    kept |= refresh.load(self.session, [lot.id for lot in lots], first, last)
        return kept

    def _month_charts(self) -> dict[date, tuple[Charts, Packed]]:
        """Whole months of which no day is counted live, over all lots."""
        touched = {day.replace(day=1) for _, day in [*self.kept, *self.live]}
        if self.lot_id is not None:
            return {}
        return refresh.month_charts(self.session, [month for month in self.months if month not in touched])

    def _by_day(self) -> dict[date, Day]:
        """The days that are not in these months."""
        found: dict[date, Day] = {}
        for first, last in refresh.runs(without(days(self.first, self.last), self.month_charts)):
            rows = refresh.load(self.session, [self.scope], first, last, drivers=False)
            found |= {day: figures for (_, day), figures in rows.items()}
        for (_, day), old in self.kept.items():
            found.setdefault(day, Day()).add(old, -1)
        for (_, day), new in self.live.items():
            found.setdefault(day, Day()).add(new)
        for (zone, day), standing in self.open.items():
            figures = found.setdefault(day, Day())
            standing.take_rest(figures.sums, rest_of_day(zone, day, self.now), figures)
        return found

    @cached_property
    def sums(self) -> dict[date, Sums]:
        """Of every day on which there is anything to tell."""
        found: dict[date, Sums] = {}
        if self.month_charts:  # their days stand in nobody's details
            query = select(LotDay.day, *(getattr(LotDay, name) for name in SUMS)).where(LotDay.lot_id == self.scope)
            for day, *values in self.session.execute(query.where(LotDay.day.between(self.first, self.last))):
                found[day] = Sums(*values)
        return found | {day: figures.sums for day, figures in self.by_day.items()}

    def totals(self) -> Sums:
        found = Sums()
        for sums in self.sums.values():
            found.add(sums)
        return found

    def charts(self) -> Charts:
        found = Charts()
        for charts, _ in self.month_charts.values():
            found.add(charts)
        for day in sorted(self.by_day):
            found.add_day(day, self.by_day[day])
        return found

    def day_figures(self) -> tuple[DayFigures, ...]:
        open_from = min(self.today.values(), default=self.last + _ONE_DAY)
        until = max(self.today.values(), default=self.last)
        return tuple(
            DayFigures(day, figures(self.sums.get(day, NOTHING)), day >= open_from)
            for day in days(self.first, min(self.last, until))
        )

    def drivers(self) -> int:
        """Different people over the whole period: those kept day by day, and those of the days counted live."""
        lost = {
            day
            for (lot_id, day), old in self.kept.items()
            if lot_id == self.lot_id or not old.drivers <= self.live.get((lot_id, day), Day()).drivers
        }
        kept: list[Packed | None] = [drivers for _, drivers in self.month_charts.values()]
        who = select(LotDayDetail.day, LotDayDetail.drivers).where(LotDayDetail.lot_id == self.scope)
        for run in refresh.runs(without(days(self.first, self.last), self.month_charts)):
            rows = self.session.execute(who.where(LotDayDetail.day.between(*run)))
            kept += [drivers for day, drivers in rows if day not in lost]
        live = [day.drivers for day in self.live.values()]
        return together([*kept, *live, *self._others(lost)]).bit_count()

    def _others(self, lost: set[date]) -> list[Packed | None]:
        """Who drove on these days in the lots that are not counted live: a driver of a lot that is has gone."""
        if not lost or self.lot_id is not None:
            return []
        who = select(LotDayDetail.lot_id, LotDayDetail.day, LotDayDetail.drivers)
        who = who.where(LotDayDetail.day.in_(lost), LotDayDetail.lot_id != ALL_LOTS)
        return [drivers for lot_id, day, drivers in self.session.execute(who) if (lot_id, day) not in self.kept]


def without(days: Iterable[date], months: Collection[date]) -> list[date]:
    """The days that are in none of these months."""
    return [day for day in days if day.replace(day=1) not in months]
