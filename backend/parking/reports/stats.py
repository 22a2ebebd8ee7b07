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

Closed days come from the roll-ups (rollups.py); days that they lack, or that a mark says have changed since, and
today are counted from the bookings there and then. So the figures are never behind, whether or not a worker runs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from parking import clock, settings
from parking.errors import NotFound
from parking.reports import rollups
from parking.reports import stats_queries as queries
from parking.reports.rollup_models import ALL_LOTS, LotDay, LotDayDetail, LotMonth, StatsChange
from parking.reports.rollup_rules import NOTHING, SUMS, Day, Packed, Sums, days, local_day, midnight, together
from parking.reports.stats_queries import LotInfo

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figures:
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


@dataclass(frozen=True, slots=True)
class LotFigures:
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
    """Those with any booking, stay or spot in the period, the highest revenue first."""
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


def admin_figures(session: Session, from_: date, to: date, lot_id: int | None = None) -> AdminFigures:
    """The figures of the local days from_ to `to` (both included) of one lot, or of all.

    Raises NotFound for a lot that never was. Only reads; the caller's session sees what it sees.
    """
    now = clock.now()
    made = _Period(session, from_, to, int(now.timestamp()), lot_id)
    if lot_id is not None and not made.zones:
        raise NotFound("There is no such car park.")
    totals, minutes = Sums(), Counter[int]()
    for day in made.by_day.values():
        totals.add(day.sums)
        minutes.update(day.stay_minutes)
    partial = any(to >= today for today in made.today.values())
    operator = settings.current().timezone
    return AdminFigures(
        from_=from_,
        to=to,
        lot_id=lot_id,
        as_of=now,
        currency=settings.current().currency,
        partial=partial,
        totals=_figures(totals),
        drivers=made.drivers(),
        new_users=queries.new_users(session, midnight(from_, operator), midnight(to + _ONE_DAY, operator)),
        median_stay_minutes=median(minutes),
        busiest_hour=_busiest(made.by_day),
        lots=made.lot_figures(),
        days=made.day_figures(),
        hours=_hours(made.by_day),
        stay_minutes=dict(sorted(minutes.items())),
    )


_values = attrgetter(*SUMS)


def _figures(sums: Sums) -> Figures:
    return Figures(*_values(sums))


class _Period:
    """The days of a period: kept sums, put right by what is counted live."""

    def __init__(self, session: Session, first: date, last: date, now: int, lot_id: int | None) -> None:
        self.session, self.now, self.lot_id = session, now, lot_id
        self.first, self.last = first, last
        self.scope = ALL_LOTS if lot_id is None else lot_id
        self.zones = queries.zones(session, lot_id)
        self.today = {zone: local_day(now, zone) for zone in self.zones}
        self.stale = self._stale_days()
        self.live = self._count_live()
        self.kept = self._kept_of_stale()
        self.by_day = self._by_day()

    def _stale_days(self) -> dict[str, dict[tuple[date, ...], list[LotInfo]]]:
        """zone -> days to count live -> the lots that want just these."""
        marked = self._marked()
        lasts = {zone: min(self.last, today) for zone, today in self.today.items()}
        found: dict[str, dict[tuple[date, ...], list[LotInfo]]] = {}
        for lot in queries.lots(self.session, self.lot_id, which=queries.behind(lasts, marked)):
            wanted = self._stale_days_of(lot, marked.get(lot.id, ()))
            if wanted:
                found.setdefault(lot.zone, {}).setdefault(tuple(sorted(wanted)), []).append(lot)
        return found

    def _marked(self) -> dict[int, set[tuple[int, int | None]]]:
        """lot -> spans of quarters in which closed days of the period may have changed."""
        today = max((midnight(day, zone) for zone, day in self.today.items()), default=0)
        query = select(StatsChange.lot_id, StatsChange.from_quarter, StatsChange.to_quarter).distinct()
        query = query.where(StatsChange.from_quarter < today // rollups.QUARTER_S)
        if self.lot_id is not None:
            query = query.where(StatsChange.lot_id == self.lot_id)
        found: dict[int, set[tuple[int, int | None]]] = defaultdict(set)
        for lot, first, last in self.session.execute(query):
            found[lot].add((first, last))
        return found

    def _stale_days_of(self, lot: LotInfo, marks: Iterable[tuple[int, int | None]]) -> set[date]:
        last = min(self.last, self.today[lot.zone])
        if not lot.is_rolled or any(first == 0 for first, _ in marks):
            return set(days(self.first, last))
        assert lot.last_day is not None
        wanted = set(days(max(self.first, lot.last_day + _ONE_DAY), last))
        for first, end in marks:
            from_day = max(self.first, local_day(first * rollups.QUARTER_S, lot.zone))
            to = last if end is None else min(last, local_day((end + 1) * rollups.QUARTER_S - 1, lot.zone))
            wanted |= set(days(from_day, to))
        return wanted

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

    def _by_day(self) -> dict[date, Day]:
        rows = rollups.load(self.session, [self.scope], self.first, self.last, drivers=False)
        found = {day: figures for (_, day), figures in rows.items()}
        for (_, day), old in self.kept.items():
            found.setdefault(day, Day()).add(old, -1)
        for (_, day), new in self.live.items():
            found.setdefault(day, Day()).add(new)
        return found

    def day_figures(self) -> tuple[DayFigures, ...]:
        open_from = min(self.today.values(), default=self.last + _ONE_DAY)
        until = max(self.today.values(), default=self.last)
        return tuple(
            DayFigures(day, _figures(self.by_day[day].sums if day in self.by_day else Sums()), day >= open_from)
            for day in days(self.first, min(self.last, until))
        )

    def lot_figures(self) -> tuple[LotFigures, ...]:
        kept = self._kept_by_lot()
        sums, peaks = {lot: one for lot, (one, _) in kept.items()}, {lot: peak for lot, (_, peak) in kept.items()}
        for (lot_id, _), old in self.kept.items():
            sums[lot_id].add(old.sums, -1)
        for (lot_id, _), new in self.live.items():
            sums.setdefault(lot_id, Sums()).add(new.sums)
        peaks |= self._peaks(peaks)
        names = queries.names(self.session, self.lot_id)
        found = [
            LotFigures(lot_id, names[lot_id], _figures(one), peaks.get(lot_id, 0))
            for lot_id, one in sums.items()
            if one != NOTHING
        ]
        return tuple(sorted(found, key=lambda lot: (-lot.figures.revenue_minor, -lot.figures.occupied_s, lot.name)))

    def _kept_by_lot(self) -> dict[int, tuple[Sums, int]]:
        """lot -> (its kept sums, its peak): of the whole months in the period from the months, the rest by day."""
        months = rollups.whole_months(self.session, self.first, self.last)
        covered = {day for month in months for day in days(month, rollups.month_end(month))}
        rest = [day for day in days(self.first, self.last) if day not in covered]
        found: dict[int, tuple[Sums, int]] = {}
        if months:
            self._gather(found, LotMonth, LotMonth.month.in_(months))
        for first, last in rollups.runs(rest):
            self._gather(found, LotDay, LotDay.day.between(first, last))
        return found

    def _gather(self, found: dict[int, tuple[Sums, int]], table: type[LotDay | LotMonth], when: Any) -> None:
        of_lots = table.lot_id != ALL_LOTS if self.lot_id is None else table.lot_id == self.lot_id
        columns = [cast(func.sum(getattr(table, name)), BigInteger) for name in SUMS]
        query = select(table.lot_id, func.max(table.peak_cars), *columns).where(when, of_lots).group_by(table.lot_id)
        for lot_id, peak, *values in self.session.execute(query):
            sums = Sums(*values)
            if lot_id in found:
                sums.add(found[lot_id][0])
                peak = max(peak, found[lot_id][1])
            found[lot_id] = sums, peak

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
        who = select(LotDayDetail.day, LotDayDetail.drivers).where(LotDayDetail.day.between(self.first, self.last))
        kept = [
            who_drove
            for day, who_drove in self.session.execute(who.where(LotDayDetail.lot_id == self.scope))
            if day not in lost
        ]
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


def _hours(by_day: dict[date, Day]) -> tuple[tuple[float | None, ...], ...]:
    occupied, available = ([[0] * 24 for _ in range(7)] for _ in range(2))
    for day, figures in by_day.items():
        for hour in range(24):
            occupied[day.weekday()][hour] += figures.occupied[hour]
            available[day.weekday()][hour] += figures.available[hour]
    return tuple(
        tuple(_ratio(100 * part, whole) for part, whole in zip(*rows, strict=True))
        for rows in zip(occupied, available, strict=True)
    )


def _busiest(by_day: dict[date, Day]) -> BusiestHour | None:
    best: tuple[float, int, date, int] | None = None
    for day, figures in sorted(by_day.items()):
        for hour, (occupied, available) in enumerate(zip(figures.occupied, figures.available, strict=True)):
            if available and occupied and (best is None or occupied / available > best[0]):
                best = occupied / available, occupied, day, hour
    return BusiestHour(best[2], best[3], round(100 * best[0], 2)) if best else None


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
