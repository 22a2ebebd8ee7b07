"""The figures. Page, mails and CSV all ask here, so that no number can differ between them.

What each figure means
----------------------
Day: the local day of the booking's LOT, 23, 24 or 25 hours long; a period is a run of such days, first and last
    included. An instant at midnight belongs to the day that begins. Blocks (spots out of use) are no bookings and
    count only against what is available. All is told as it stands written at `as_of`; of a day that has not ended,
    what has happened so far (then `partial` is true).
Counted on the day the booking STARTS (`start_time`; for a reservation the start of its window, or the earlier
check-in), whatever became of it:
    bookings, instant, reserved    all of them, and by type
    visits                         those whose car came (`checked_in_at` is set)
    drivers                        different people among the visits; does not add up over days or lots
Counted on the day the booking ENDED (`end_time`):
    completed, cancelled, no_shows by outcome
    revenue                        what they cost (`total_cost_minor`), final and in minor units
    stays, stay_s                  those whose car came, and the seconds from check-in to end together
    average stay, median stay      of these; the median in whole minutes, each stay cut to the minute (of an even
                                   number of stays the lower of the middle two)
Measured over time, cut to the day (a stay over midnight counts on both days, each with its part):
    occupied spot-seconds          [checked_in_at, end_time), or until now while the car is there
    reserved spot-seconds          a spot kept free for a reservation: [reserved_start, check-in or end), or until now
    available spot-seconds         spots in service x the day's length: a spot counts from its creation, not while a
                                   block stands on it (out of service, or taken away by a smaller capacity), and not
                                   after its lot was deleted; of today, up to now
    occupancy                      occupied / available spot-seconds, in percent
    busiest hour                   the local hour of a day with the highest occupancy of all hours in the period
    peak cars                      the most cars in one lot at one moment
Rates:
    turnover                       visits per spot and day: visits / (available spot-seconds / 86,400)
    revenue per spot-hour          revenue / (available spot-seconds / 3,600)
    no-show rate                   no-shows / (completed + no-shows); cancellation rate: cancelled / all that ended
New users: accounts made in the period, by the operator's calendar (an account belongs to no lot).
A user's month: the bookings that ENDED in it (each in its lot's zone) and whose car came or that cost something.

The days come from the roll-ups (rollups.py), the present one too, less what of it is still to come; days they lack,
or that a mark says have changed since, are counted from the bookings there and then. So the figures are never behind,
whether or not a worker runs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, cast, func, or_, select, union_all
from sqlalchemy.orm import Session

from parking import clock, settings
from parking.db import snapshot
from parking.errors import NotFound
from parking.reports import rollups
from parking.reports import stats_queries as queries
from parking.reports.rollup_models import ALL_LOTS, LotDay, LotDayDetail, LotMonth, LotRolled, StatsChange
from parking.reports.rollup_rules import (
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
from parking.reports.stats_queries import LotInfo, among

_ONE_DAY = timedelta(days=1)


class Figures(NamedTuple):
    """The sums of a period, a day or a lot; money in minor units, time in seconds."""

    bookings: int = 0
    instant: int = 0
    reserved: int = 0
    visits: int = 0
    completed: int = 0
    cancelled: int = 0
    no_shows: int = 0
    revenue_minor: int = 0
    stays: int = 0
    stay_s: int = 0
    occupied_s: int = 0
    reserved_s: int = 0
    available_s: int = 0

    @property
    def occupancy_percent(self) -> float:
        """Two decimals; 0 where there was no spot."""
        return _ratio(100 * self.occupied_s, self.available_s) or 0.0

    @property
    def average_stay_s(self) -> int | None:
        return round(self.stay_s / self.stays) if self.stays else None

    @property
    def turnover(self) -> float | None:
        return _ratio(self.visits * 86_400, self.available_s)

    @property
    def revenue_minor_per_spot_hour(self) -> float | None:
        return _ratio(self.revenue_minor * 3_600, self.available_s)

    @property
    def no_show_percent(self) -> float | None:
        return _ratio(100 * self.no_shows, self.completed + self.no_shows)

    @property
    def cancelled_percent(self) -> float | None:
        return _ratio(100 * self.cancelled, self.completed + self.no_shows + self.cancelled)


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 2) if whole else None


class LotFigures(NamedTuple):
    """One lot over the period."""

    lot_id: int
    name: str
    figures: Figures
    peak_cars: int


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day over the chosen lots. `partial`: it has not ended in the zone of one of them."""

    day: date
    figures: Figures
    partial: bool


@dataclass(frozen=True, slots=True)
class BusiestHour:
    """The local hour `hour`:00 to `hour + 1`:00 of a day."""

    day: date
    hour: int
    occupancy_percent: float


@dataclass(frozen=True, slots=True)
class AdminFigures:
    """A period over one lot or all of them."""

    from_: date
    to: date
    lot_id: int | None
    as_of: datetime
    currency: str
    partial: bool
    """The period has not ended everywhere; it is told up to `as_of`."""
    totals: Figures
    drivers: int
    new_users: int
    median_stay_minutes: int | None
    busiest_hour: BusiestHour | None
    lots: tuple[LotFigures, ...]
    """Those with any booking, stay or spot in the period, the highest revenue first (then the most visits)."""
    lots_total: int
    """How many these are, also where not all were asked for."""
    days: tuple[DayFigures, ...]
    hours: tuple[tuple[float | None, ...], ...]
    """hours[weekday][hour] = occupancy in percent, Monday first; None where there was nothing to occupy."""
    stay_minutes: dict[int, int] = field(hash=False)
    """Whole minutes stayed -> number of stays that ended."""


@dataclass(frozen=True, slots=True)
class UserLot:
    """A user's month in one lot."""

    lot_id: int
    name: str
    visits: int
    parked_s: int
    spent_minor: int


@dataclass(frozen=True, slots=True)
class UserFigures:
    """A user's month; `lots` comes most visited first (then longest parked), its first is the favourite."""

    month: str
    as_of: datetime
    currency: str
    partial: bool
    visits: int
    parked_s: int
    spent_minor: int
    lots: tuple[UserLot, ...]


# the administrator's ---------------------------------------------------------------------------


def admin_figures(
    session: Session,
    from_: date,
    to: date,
    lot_id: int | None = None,
    *,
    most: int | None = None,
    only: Sequence[int] | None = None,
) -> AdminFigures:
    """The figures of the local days from_ to `to` (both included) of one lot, or of all; `lots` has every lot, the
    first `most`, or `only` these.

    Raises NotFound for a lot that never was. Only reads, all as it is at one moment (unless the caller's session is
    inside a transaction: then it sees what that sees).
    """
    snapshot()
    now = clock.now()
    made = _Period(session, from_, to, int(now.timestamp()), lot_id)
    if lot_id is not None and not made.zones:
        raise NotFound("There is no such car park.")
    charts = made.charts()
    best = charts.busiest
    lots, lots_total = made.lot_figures(most, only)
    operator = settings.current().timezone
    return AdminFigures(
        from_=from_,
        to=to,
        lot_id=lot_id,
        as_of=now,
        currency=settings.current().currency,
        partial=any(to >= today for today in made.today.values()),
        totals=_figures(made.totals()),
        drivers=made.drivers(),
        new_users=queries.new_users(session, midnight(from_, operator), midnight(to + _ONE_DAY, operator)),
        median_stay_minutes=median(charts.stay_minutes),
        busiest_hour=best and BusiestHour(best[2], best[3], round(100 * best[0] / best[1], 2)),
        lots=lots,
        lots_total=lots_total,
        days=made.day_figures(),
        hours=_hours(charts),
        stay_minutes=dict(sorted(charts.stay_minutes.items())),
    )


_values = attrgetter(*SUMS)


def _figures(sums: Sums) -> Figures:
    return Figures(*_values(sums))


class _Period:
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
        self.months = rollups.whole_months(session, first, last)
        self.rest = _without(days(first, last), self.months)
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
        low = min((midnight(self.first, zone) for zone in self.zones), default=0) // rollups.QUARTER_S
        high = max((midnight(self.last + _ONE_DAY, zone) for zone in self.zones), default=0) // rollups.QUARTER_S
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
            from_day = max(self.first, local_day(first * rollups.QUARTER_S, lot.zone))
            to = last if end is None else min(last, local_day((end + 1) * rollups.QUARTER_S - 1, lot.zone))
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

    def _count_live(self) -> rollups.Made:
        made: rollups.Made = {}
        for groups in self.stale.values():
            for wanted, lots in groups.items():
                for first, last in rollups.runs(wanted):
                    made |= rollups.compute(self.session, lots, first, last, self.now)
        return made

    def _kept_of_stale(self) -> rollups.Made:
        """What the roll-ups hold of the days that are counted live instead."""
        kept: rollups.Made = {}
        for groups in self.stale.values():
            for wanted, lots in groups.items():
                for first, last in rollups.runs(wanted):
                    kept |= rollups.load(self.session, [lot.id for lot in lots], first, last)
        return kept

    def _month_charts(self) -> dict[date, tuple[Charts, Packed]]:
        """Whole months of which no day is counted live, over all lots."""
        touched = {day.replace(day=1) for _, day in [*self.kept, *self.live]}
        if self.lot_id is not None:
            return {}
        return rollups.month_charts(self.session, [month for month in self.months if month not in touched])

    def _by_day(self) -> dict[date, Day]:
        """The days that are not in these months."""
        found: dict[date, Day] = {}
        for first, last in rollups.runs(_without(days(self.first, self.last), self.month_charts)):
            rows = rollups.load(self.session, [self.scope], first, last, drivers=False)
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
            DayFigures(day, _figures(self.sums.get(day, NOTHING)), day >= open_from)
            for day in days(self.first, min(self.last, until))
        )

    def lot_figures(
        self, most: int | None = None, only: Sequence[int] | None = None
    ) -> tuple[tuple[LotFigures, ...], int]:
        """The lots with the highest revenue, `most` of them, or `only` these; and how many there are in all."""
        if self.lot_id is not None:
            only = [self.lot_id]
        if only is not None or most is None:
            found = self._listed(only)
            return tuple(found), len(found)
        highest, others = self._highest(most)
        found = self._listed([*highest, *sorted(self.counted)])
        return tuple(found[:most]), others + sum(lot.lot_id in self.counted for lot in found)

    def _highest(self, most: int) -> tuple[list[int], int]:
        """The lots with the highest kept revenue among those of which nothing is counted live; how many these are."""
        parts = [_ranked(LotDay, LotDay.day.between(*run)) for run in rollups.runs(self.rest)]
        if self.months:
            parts.append(_ranked(LotMonth, LotMonth.month.in_(self.months)))
        kept = union_all(*parts).subquery()
        query = select(kept.c.lot_id, func.count().over()).where(~among(kept.c.lot_id, sorted(self.counted)))
        order = func.sum(kept.c.revenue_minor).desc(), func.sum(kept.c.visits).desc(), kept.c.lot_id
        found = self.session.execute(query.group_by(kept.c.lot_id).order_by(*order).limit(most)).all()
        return [lot_id for lot_id, _ in found], found[0][1] if found else 0

    def _listed(self, ids: Sequence[int] | None) -> list[LotFigures]:
        """These lots (None: all) if there is anything to tell of them, the highest revenue first."""
        sums, peaks = self._kept_by_lot(ids)
        chosen = None if ids is None else set(ids)
        for sign, found in ((-1, self.kept), (1, self.live)):
            for (lot_id, _), day in found.items():
                if chosen is None or lot_id in chosen:
                    sums.setdefault(lot_id, Sums()).add(day.sums, sign)
        self._take_rest(sums, ids)
        peaks |= self._peaks(peaks)
        names = queries.names(self.session, ids)
        listed = [
            LotFigures(lot_id, names[lot_id], _figures(one), peaks.get(lot_id, 0))
            for lot_id, one in sums.items()
            if one != NOTHING
        ]
        return sorted(listed, key=lambda lot: (-lot.figures.revenue_minor, -lot.figures.visits, lot.lot_id))

    def _take_rest(self, sums: dict[int, Sums], ids: Sequence[int] | None) -> None:
        """What is still to come of the present day is no part of the lots' sums."""
        if not self.open:
            return
        columns = LotRolled.lot_id, LotRolled.timezone, LotRolled.last_day
        query = select(*columns, LotRolled.cars, LotRolled.held, LotRolled.spots)
        query = query.where(
            LotRolled.holds_until > queries.instant(self.now), LotRolled.last_day.between(self.first, self.last)
        )
        for lot_id, zone, day, *counts in self.session.execute(
            query if ids is None else query.where(among(LotRolled.lot_id, ids))
        ):
            if lot_id in sums and (lot_id, day) not in self.recounted:
                Standing(*counts).take_rest(sums[lot_id], rest_of_day(zone, day, self.now))

    def _kept_by_lot(self, ids: Sequence[int] | None) -> tuple[dict[int, Sums], dict[int, int]]:
        """lot -> its kept sums, and its peak: of the whole months in the period from the months, the rest by day."""
        sums: dict[int, Sums] = {}
        peaks: dict[int, int] = {}
        if self.months:
            self._gather(sums, peaks, LotMonth, LotMonth.month.in_(self.months), ids)
        for first, last in rollups.runs(self.rest):
            self._gather(sums, peaks, LotDay, LotDay.day.between(first, last), ids)
        return sums, peaks

    def _gather(
        self,
        sums: dict[int, Sums],
        peaks: dict[int, int],
        table: type[LotDay | LotMonth],
        when: Any,
        ids: Sequence[int] | None,
    ) -> None:
        of_lots = table.lot_id != ALL_LOTS if ids is None else among(table.lot_id, ids)
        columns = [cast(func.sum(getattr(table, name)), BigInteger) for name in SUMS]
        query = select(table.lot_id, func.max(table.peak_cars), *columns).where(when, of_lots).group_by(table.lot_id)
        for lot_id, peak, *values in self.session.execute(query):
            if lot_id in sums:
                sums[lot_id].add(Sums(*values))
                peaks[lot_id] = max(peak, peaks[lot_id])
            else:
                sums[lot_id], peaks[lot_id] = Sums(*values), peak

    def _peaks(self, kept: dict[int, int]) -> dict[int, int]:
        """lot -> its peak, where some days are counted live. Only where one of these held the kept peak, and is now
        lower, the other days are asked."""
        old: dict[int, int] = defaultdict(int)
        new: dict[int, int] = defaultdict(int)
        for found, of_days in ((old, self.kept), (new, self.live)):
            for (lot_id, _), day in of_days.items():
                found[lot_id] = max(found[lot_id], day.peak_cars)
        return {
            lot_id: max(self._peak(lot_id), new[lot_id])
            if old[lot_id] == kept.get(lot_id, 0) > new[lot_id]
            else max(kept.get(lot_id, 0), new[lot_id])
            for lot_id in old.keys() | new.keys()
        }

    def _peak(self, lot_id: int) -> int:
        """The peak of a lot on the days that are not counted live."""
        stale = {day for lot, day in self.kept if lot == lot_id}
        query = select(LotDay.day, LotDay.peak_cars).where(
            LotDay.lot_id == lot_id, LotDay.day.between(self.first, self.last)
        )
        return max((peak for day, peak in self.session.execute(query) if day not in stale), default=0)

    def drivers(self) -> int:
        """Different people over the whole period: those kept day by day, and those of the days counted live."""
        lost = {
            day
            for (lot_id, day), old in self.kept.items()
            if lot_id == self.lot_id or not old.drivers <= self.live.get((lot_id, day), Day()).drivers
        }
        kept: list[Packed | None] = [drivers for _, drivers in self.month_charts.values()]
        who = select(LotDayDetail.day, LotDayDetail.drivers).where(LotDayDetail.lot_id == self.scope)
        for run in rollups.runs(_without(days(self.first, self.last), self.month_charts)):
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


def median(minutes: Counter[int]) -> int | None:
    """The (lower) middle one."""
    left = (sum(minutes.values()) + 1) // 2
    for value in sorted(minutes):
        left -= minutes[value]
        if left <= 0:
            return value
    return None


def _hours(charts: Charts) -> tuple[tuple[float | None, ...], ...]:
    return tuple(
        tuple(_ratio(100 * part, whole) for part, whole in zip(*rows, strict=True))
        for rows in zip(charts.occupied, charts.available, strict=True)
    )


def _without(days: Iterable[date], months: Collection[date]) -> list[date]:
    """The days that are in none of these months."""
    return [day for day in days if day.replace(day=1) not in months]


def _ranked(table: type[LotDay | LotMonth], when: ColumnElement[bool]) -> Any:
    """What lots are put in order by; an index has it."""
    return select(table.lot_id, table.revenue_minor, table.visits).where(when, table.lot_id != ALL_LOTS)


def previous_period(from_: date, to: date) -> tuple[date, date]:
    """The period to compare with: the months before for whole months; for the first days of a month the same days
    of the month before; else as many days right before."""
    if from_.day == 1 and to == rollups.month_end(to.replace(day=1)):
        months = (to.year - from_.year) * 12 + to.month - from_.month + 1
        index = from_.year * 12 + from_.month - 1 - months
        return date(index // 12, index % 12 + 1, 1), from_ - _ONE_DAY
    if from_.day == 1 and (from_.year, from_.month) == (to.year, to.month):
        first = (from_ - _ONE_DAY).replace(day=1)
        return first, min(first.replace(day=1) + (to - from_), from_ - _ONE_DAY)
    return from_ - (to - from_) - _ONE_DAY, from_ - _ONE_DAY


# the driver's -----------------------------------------------------------------------------------


def user_figures(session: Session, user_id: int, month: str) -> UserFigures:
    """One user's month ("YYYY-MM"). Raises ValueError for a text that names none."""
    first = date.fromisoformat(f"{month}-01")
    last = rollups.month_end(first)
    now = clock.now()
    lots: dict[int, UserLot] = {}
    for row in queries.ended_bookings(session, user_id, first, last):
        if first <= local_day(row.end, row.zone) <= last and (row.checked_in is not None or row.cost_minor):
            _add_visit(lots, row)
    listed = sorted(lots.values(), key=lambda lot: (-lot.visits, -lot.parked_s, lot.name))
    today = now.astimezone(UTC).date() - _ONE_DAY  # the last zone to leave a day is a day behind
    return UserFigures(
        month=f"{first:%Y-%m}",
        as_of=now,
        currency=settings.current().currency,
        partial=last >= today,
        visits=sum(lot.visits for lot in listed),
        parked_s=sum(lot.parked_s for lot in listed),
        spent_minor=sum(lot.spent_minor for lot in listed),
        lots=tuple(listed),
    )


def _add_visit(lots: dict[int, UserLot], row: queries.EndedBooking) -> None:
    lot = lots.get(row.lot_id) or UserLot(row.lot_id, row.name, 0, 0, 0)
    came = row.checked_in is not None
    lots[row.lot_id] = replace(
        lot,
        visits=lot.visits + came,
        parked_s=lot.parked_s + (row.end - row.checked_in if row.checked_in is not None else 0),
        spent_minor=lot.spent_minor + (row.cost_minor or 0),
    )


def by_day(session: Session, from_: date, to: date, lot_id: int | None = None) -> dict[date, Day]:
    """What each of these days was, hour by hour, in one lot or in all: what the heat map is made of. Days on which
    nothing was are missing. Raises NotFound as admin_figures does."""
    snapshot()
    made = _Period(session, from_, to, int(clock.now().timestamp()), lot_id, by_month=False)
    if lot_id is not None and not made.zones:
        raise NotFound("There is no such car park.")
    return made.by_day
