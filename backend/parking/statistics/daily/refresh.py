"""The sums per lot and day and per lot and month: made from the bookings, kept by the worker, checked against them.

A day is rolled up whenever a mark says that it may have changed (parking/database/change_log.py), the present one
too: that is kept as it would end if nothing changed any more (aggregate.Roller), so that a reader takes the rest of it
out and need not count what has not changed. Reading and adding up hold no lock; the short transaction that writes takes
away
exactly the marks that were read and finds the lot's state as it was read, or gives up: then somebody else was quicker,
and the next pass does the rest. So passes may overlap, stop half-way, or be days late, and nothing is lost or counted
twice.
"""

from __future__ import annotations

import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from parking import clock
from parking.database import changed_rows, db, is_sqlite, transaction
from parking.database.change_log import QUARTER_S
from parking.statistics.daily.aggregate import (
    SUMS,
    Charts,
    Day,
    Packed,
    Roller,
    Standing,
    Sums,
    local_day,
    midnight,
    packed,
    packed_bits,
    together,
    unpacked,
)
from parking.statistics.daily.models import (
    ALL_LOTS,
    LotDay,
    LotDayDetail,
    LotMonth,
    LotRolled,
    MonthDetail,
    StatsChange,
)
from parking.statistics.reading import queries
from parking.statistics.reading.queries import LotInfo, among

log = logging.getLogger(__name__)

MOST_LOT_DAYS = 1_000
"""Lot-days in one transaction: a writer on SQLite waits for no more than the writing of these."""
MOST_DAYS = 100
"""Days of one lot in one transaction."""
QUARTERS_A_DAY = 96
_ONE_DAY = timedelta(days=1)
Made = dict[tuple[int, date], Day]


class Overtaken(Exception):
    """Another pass has done this work in the meantime."""


@dataclass(slots=True)
class Job:
    """Days of lots of one zone that are to be rolled up, and the marks that are then done with."""

    zone: str
    days: tuple[date, ...]
    lots: list[LotInfo] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    left: list[tuple[int, date, date]] = field(default_factory=list)
    """(lot, first, last): rolled-up days that wait for the next round."""
    more: bool = False
    """Whether a lot has days left for the next round."""


Groups = dict[tuple[str, tuple[date, ...]], list[Job]]


@dataclass(slots=True)
class Work:
    """The days of a job, and of the present day among them what stands in each lot and until when that holds."""

    made: Made = field(default_factory=dict)
    today: date | None = None
    standing: dict[int, tuple[Standing, int]] = field(default_factory=dict)


def compute(session: Session, lots: Sequence[LotInfo], first: date, last: date, now: int) -> Made:
    """The figures of each of these lots (of one zone) and days, from the bookings, as of `now`. Days of which nothing
    can be said are missing."""
    return _roller(session, lots, first, last, now, until=now + 1).finish()


def _roller(session: Session, lots: Sequence[LotInfo], first: date, last: date, now: int, until: int) -> Roller:
    """Every row that touches the days before `until`."""
    zone = lots[0].zone
    roller = Roller(zone, first, last, now)
    closed = {lot.id: lot.closed for lot in lots if lot.closed is not None}
    ids = [lot.id for lot in lots]
    for lot_id, since, number in queries.spots(session, ids):
        roller.add_spots(lot_id, since, number, closed.get(lot_id))
    high = min(midnight(last + _ONE_DAY, zone), until)
    for claim in queries.claims(session, ids, midnight(first, zone), high):
        roller.add(claim, closed.get(claim.lot_id))
    return roller


def work(session: Session, job: Job, now: int) -> Work:
    """The days of the job, the present one as it would end (its later bookings are read to know when it turns)."""
    done, today = Work(), local_day(now, job.zone)
    for first, last in runs(job.days):
        roller = _roller(session, job.lots, first, last, now, until=midnight(last + _ONE_DAY, job.zone))
        done.made |= roller.project()
        if last == today:
            done.today = today
            done.standing = {lot.id: roller.standing(lot.id) for lot in job.lots}
    return done


def roll_up() -> int:
    """Rolls up whatever has ended or changed; the number of lot-days written. Opens its own transactions."""
    written, more = 0, True
    session = db.session()
    session.close()  # a fresh look
    _forget_moved(session)
    while more:
        jobs = _plan(session)
        more = any(job.more for job in jobs)
        for job in jobs:
            try:
                written += _do(session, job)
            except Overtaken:
                log.info("another pass was quicker with %s lots", len(job.lots))
    _sum_months(session)
    return written


def _do(session: Session, job: Job) -> int:
    done = work(session, job, _now())
    session.close()
    return _write(job, done)


def _now() -> int:
    return int(clock.now().timestamp())


def runs(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Days as (first, last) of each unbroken run of them."""
    start = before = None
    for day in sorted(days):
        if before is None or day != before + _ONE_DAY:
            if start is not None and before is not None:
                yield start, before
            start = day
        before = day
    if start is not None and before is not None:
        yield start, before


# what is to be done -----------------------------------------------------------------------


Span = tuple[int, int | None]
"""First and last quarter of an hour since 1970; None: until now."""


@dataclass(slots=True)
class Marks:
    """The marks of one lot: their ids, and the spans they cover."""

    ids: list[int] = field(default_factory=list)
    spans: dict[tuple[int, int | None], Span] = field(default_factory=dict)

    def add(self, mark_id: int, first: int, last: int | None) -> None:
        """Spans that begin and end on the same days (of UTC) become one: after a bulk load there are a million."""
        self.ids.append(mark_id)
        days = first // QUARTERS_A_DAY, None if last is None else last // QUARTERS_A_DAY
        low, high = self.spans.get(days, (first, last))
        self.spans[days] = min(low, first), None if last is None or high is None else max(high, last)


def marks(session: Session) -> dict[int, Marks]:
    """lot -> its marks."""
    found: dict[int, Marks] = defaultdict(Marks)
    columns = StatsChange.lot_id, StatsChange.id, StatsChange.from_quarter, StatsChange.to_quarter
    for lot_id, mark_id, first, last in session.execute(select(*columns).execution_options(yield_per=10_000)):
        found[lot_id].add(mark_id, first, last)
    return found


def changed_days(session: Session, lot: LotInfo, spans: Iterable[Span], last: date) -> set[date]:
    """The days up to `last` that these spans of quarters touch."""
    found: set[date] = set()
    reach = set(spans)
    if any(first == 0 for first, _ in reach):  # "since the beginning"
        reach.add((queries.first_instant(session, lot.id) // QUARTER_S, None))
    for first, end in reach:
        if first == 0:
            continue
        to = last if end is None else min(last, local_day(end * QUARTER_S + QUARTER_S - 1, lot.zone))
        day = local_day(first * QUARTER_S, lot.zone)
        found.update(day + n * _ONE_DAY for n in range((to - day).days + 1))
    return found


def due_days(session: Session, lot: LotInfo, spans: Iterable[Span], now: int) -> set[date]:
    """The days of a lot, the present one included, whose kept sums are missing or may be wrong."""
    today = local_day(now, lot.zone)
    if not lot.is_rolled:
        return changed_days(session, lot, [(0, None)], today)
    found = changed_days(session, lot, spans, today)
    assert lot.last_day is not None
    found.update(lot.last_day + n * _ONE_DAY for n in range(1, (today - lot.last_day).days + 1))
    if lot.is_over(now):
        found.add(lot.last_day)
    return found


def _plan(session: Session) -> list[Job]:
    now, marked = _now(), marks(session)
    jobs: Groups = {}
    done_with: list[int] = []
    todays = {zone: local_day(now, zone) for zone in queries.zones(session)}
    for lot in queries.lots(session, which=queries.behind(todays, marked, now)):
        mine = marked.pop(lot.id, Marks())
        days = sorted(due_days(session, lot, mine.spans.values(), now))
        if days:
            _enlist(jobs, lot, days, mine.ids)
        else:  # of the future: when its day comes, the day is due anyway
            done_with += mine.ids
    if done_with:
        with transaction() as writing:
            _take_away(writing, done_with)
    return [job for group in jobs.values() for job in group]


def _enlist(jobs: Groups, lot: LotInfo, days: list[date], marks: list[int]) -> None:
    """Puts the lot with others that want the same days; a long history is done piece by piece."""
    now, later = tuple(days[:MOST_DAYS]), days[MOST_DAYS:]
    group = jobs.setdefault((lot.zone, now), [])
    if not group or (len(group[-1].lots) + 1) * len(now) > MOST_LOT_DAYS:
        group.append(Job(lot.zone, now))
    job = group[-1]
    job.lots.append(lot)
    job.marks += marks
    job.more |= bool(later)
    if lot.is_rolled and lot.last_day is not None:  # what follows the last day rolled up is found without a mark
        job.left += [(lot.id, *run) for run in runs(day for day in later if day <= lot.last_day)]


def _take_away(session: Session, mark_ids: list[int]) -> int:
    """Deletes these marks; how many of them were still there."""
    chosen = func.json_each(json.dumps(mark_ids)).table_valued("value") if is_sqlite() else None
    among = StatsChange.id.in_(select(chosen.c.value)) if chosen is not None else StatsChange.id == func.any(mark_ids)
    gone = session.execute(delete(StatsChange).where(among).execution_options(synchronize_session=False))
    return changed_rows(gone)


# writing ----------------------------------------------------------------------------------


def _lock(session: Session) -> None:
    """One writer of sums at a time (on SQLite there is only one writer anyway). Booking is not held up by it."""
    if not is_sqlite():
        session.execute(text("SELECT pg_advisory_xact_lock(20264)"))


def _write(job: Job, done: Work) -> int:
    """Keeps what was computed. Raises Overtaken when it is no longer the newest."""
    ids = [lot.id for lot in job.lots]
    with transaction() as session:
        _lock(session)
        _claim(session, job)
        change: dict[date, Change] = defaultdict(Change)
        written = 0
        for first, last in runs(job.days):
            old = load(session, ids, first, last)
            new = {key: day for key, day in done.made.items() if first <= key[1] <= last}
            written += _replace(session, old, new, change)
        _add_to_all(session, change)
        _soil_months(session, change, ids)
        _advance(session, job, done)
    return written


def _claim(session: Session, job: Job) -> None:
    if job.marks and _take_away(session, job.marks) != len(job.marks):
        raise Overtaken
    states = select(LotRolled.lot_id, LotRolled.timezone, LotRolled.version)
    there = {
        lot_id: tuple(state)
        for lot_id, *state in session.execute(states.where(LotRolled.lot_id.in_([lot.id for lot in job.lots])))
    }
    for lot in job.lots:
        if there.get(lot.id, (None, None)) != (lot.rolled_zone, lot.version):
            raise Overtaken


_KEPT = (
    select(*LotDay.__table__.columns, LotDayDetail.occupied, LotDayDetail.available, LotDayDetail.stay_minutes)
    .join(LotDayDetail, (LotDayDetail.lot_id == LotDay.lot_id) & (LotDayDetail.day == LotDay.day))
    .where(among(LotDay.lot_id, "lot_ids"), LotDay.day.between(bindparam("first"), bindparam("last")))
)
_WITH_DRIVERS = _KEPT.add_columns(LotDayDetail.drivers.label("who"))


def load(session: Session, lot_ids: Sequence[int], first: date, last: date, *, drivers: bool = True) -> Made:
    """The kept sums of these lots (not of all together) and days; who drove, too, unless nobody asks."""
    query = _WITH_DRIVERS if drivers else _KEPT
    rows = session.execute(query, {"lot_ids": list(lot_ids), "first": first, "last": last})
    return {(row.lot_id, row.day): _day(row, drivers=drivers) for row in rows}


def _day(row: Any, *, drivers: bool) -> Day:
    day = Day(sums=Sums(**{name: getattr(row, name) for name in SUMS}), peak_cars=row.peak_cars)
    day.occupied, day.available = row.occupied, row.available
    day.stay_minutes.update({int(minutes): count for minutes, count in row.stay_minutes.items()})
    if drivers:
        day.drivers = unpacked(row.who)
    return day


def _replace(session: Session, old: Made, new: Made, change: dict[date, Change]) -> int:
    """Writes the days that differ, and adds to `change` by how much; their number."""
    everything = old.keys() | new.keys()
    differing = [key for key in everything if key not in old or key not in new or old[key] != new[key]]
    for key in differing:
        change[key[1]].add(old.get(key), new.get(key))
    _delete_days(session, [key for key in differing if key in old])
    _insert_days(session, {key: new[key] for key in differing if key in new})
    return len(differing)


def _delete_days(session: Session, keys: list[tuple[int, date]]) -> None:
    by_day: dict[date, list[int]] = defaultdict(list)
    for lot_id, day in keys:
        by_day[day].append(lot_id)
    for table in (LotDay, LotDayDetail):
        for day, lot_ids in by_day.items():
            session.execute(delete(table).where(table.day == day, table.lot_id.in_(lot_ids)))


def _insert_days(session: Session, made: Made) -> None:
    if made:
        rows = [rows_of(*key, day) for key, day in made.items()]
        session.execute(insert(LotDay), [row for row, _ in rows])
        session.execute(insert(LotDayDetail), [detail for _, detail in rows])


def rows_of(lot_id: int, day: date, figures: Day) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows of lot_day and lot_day_detail that keep a day."""
    key = {"lot_id": lot_id, "day": day}
    sums = {name: getattr(figures.sums, name) for name in SUMS}
    drivers = None if lot_id == ALL_LOTS else len(figures.drivers)
    minutes = {str(minutes): count for minutes, count in sorted(figures.stay_minutes.items())}
    hours = {"occupied": figures.occupied, "available": figures.available}
    detail = {**key, **hours, "stay_minutes": minutes, "drivers": packed(figures.drivers)}
    return {**key, **sums, "drivers": drivers, "peak_cars": figures.peak_cars}, detail


@dataclass(slots=True)
class Change:
    """By how much the days of some lots have changed the day of all lots."""

    difference: Day = field(default_factory=Day)
    came: set[int] = field(default_factory=set)
    gone: bool = False
    """Whether a driver, or what was a lot's peak, is gone: then the whole day is to be looked at."""

    def add(self, old: Day | None, new: Day | None) -> None:
        old, new = old or Day(), new or Day()
        self.difference.add(old, -1)
        self.difference.add(new)
        self.difference.peak_cars = max(self.difference.peak_cars, new.peak_cars)
        self.came |= new.drivers
        self.gone |= not old.drivers <= new.drivers or new.peak_cars < old.peak_cars


def _add_to_all(session: Session, change: dict[date, Change]) -> None:
    """Carries the change over into the rows that sum up every lot."""
    for day, one in change.items():
        old = load(session, [ALL_LOTS], day, day).get((ALL_LOTS, day))
        total = old or Day()
        total.add(one.difference)
        total.drivers |= one.came
        total.peak_cars = max(total.peak_cars, one.difference.peak_cars)
        if one.gone:
            total.drivers, total.peak_cars = _look_at_day(session, day)
        if old is not None:
            _delete_days(session, [(ALL_LOTS, day)])
        if not total.is_empty():
            _insert_days(session, {(ALL_LOTS, day): total})


def _look_at_day(session: Session, day: date) -> tuple[set[int], int]:
    """Who drove in any lot, and the most cars at one moment in one lot."""
    of_day = LotDay.day == day, LotDay.lot_id != ALL_LOTS
    peak = session.scalar(select(func.max(LotDay.peak_cars)).where(*of_day)) or 0
    who = select(LotDayDetail.drivers).where(LotDayDetail.day == day, LotDayDetail.lot_id != ALL_LOTS)
    return set[int]().union(*map(unpacked, session.scalars(who))), peak


def _soil_months(session: Session, change: Iterable[date], lot_ids: Sequence[int]) -> None:
    """The months of these days are to be summed again."""
    ids = [ALL_LOTS, *lot_ids]
    for month in {day.replace(day=1) for day in change}:
        mine = LotMonth.month == month, LotMonth.lot_id.in_(ids)
        soiling = update(LotMonth).where(*mine, ~LotMonth.stale).values(stale=True)
        session.execute(soiling.execution_options(synchronize_session=False))
        there = set(session.scalars(select(LotMonth.lot_id).where(*mine)))
        zero = {**dict.fromkeys(SUMS, 0), "peak_cars": 0, "month": month, "stale": True}
        if new := [{"lot_id": lot_id, **zero} for lot_id in ids if lot_id not in there]:
            session.execute(insert(LotMonth), new)


def _advance(session: Session, job: Job, done: Work) -> None:
    """Writes down how far the lots have come."""
    if further := [lot for lot in job.lots if not _goes_back(lot, job)]:
        session.execute(delete(LotRolled).where(LotRolled.lot_id.in_([lot.id for lot in further])))
        session.execute(insert(LotRolled), [_rolled(lot, job, done) for lot in further])
    if job.left:
        session.execute(insert(StatsChange), [_mark(lot, first, last, job.zone) for lot, first, last in job.left])


def _goes_back(lot: LotInfo, job: Job) -> bool:
    """Whether only days were made again that lie between the first and the last one kept."""
    first, last = lot.first_day, lot.last_day
    return lot.is_rolled and first is not None and last is not None and first <= job.days[0] and job.days[-1] < last


def _rolled(lot: LotInfo, job: Job, done: Work) -> dict[str, Any]:
    last = max(lot.last_day or job.days[-1], job.days[-1])
    row: dict[str, Any] = {
        "lot_id": lot.id,
        "timezone": lot.zone,
        "first_day": min(lot.first_day or job.days[0], job.days[0]),
        "last_day": last,
        "rolled_at": clock.now(),
        "version": (lot.version or 0) + 1,
    }
    if last == done.today:
        standing, until = done.standing[lot.id]
    elif last not in job.days and lot.holds_until is not None:  # days before it were made, its own is as it was
        standing, until = lot.standing, lot.holds_until
    else:
        return {**row, "holds_until": None, **asdict(Standing())}
    return {**row, "holds_until": queries.instant(until), **asdict(standing)}


def _mark(lot_id: int, first: date, last: date, zone: str) -> dict[str, Any]:
    end = midnight(last + _ONE_DAY, zone) - 1
    quarters = {"from_quarter": midnight(first, zone) // QUARTER_S, "to_quarter": end // QUARTER_S}
    return {"lot_id": lot_id, **quarters}


def _forget_moved(session: Session) -> None:
    """A lot that moved to another time zone has other days: what was kept of it goes."""
    moved = queries.lots(session, which=queries.moved())
    session.close()
    for lot in moved:
        assert lot.first_day is not None
        assert lot.last_day is not None
        with transaction() as writing:
            _lock(writing)
            change: dict[date, Change] = defaultdict(Change)
            _replace(writing, load(writing, [lot.id], lot.first_day, lot.last_day), {}, change)
            _add_to_all(writing, change)
            writing.execute(delete(LotMonth).where(LotMonth.lot_id == lot.id))
            _soil_months(writing, change, [])
            writing.execute(delete(LotRolled).where(LotRolled.lot_id == lot.id))


# months -----------------------------------------------------------------------------------


def _sum_months(session: Session) -> None:
    """Sums up again the closed months of which a day has changed."""
    months = sorted(set(session.scalars(select(LotMonth.month).where(LotMonth.stale))))
    today = min((local_day(_now(), zone) for zone in queries.zones(session)), default=None)
    session.close()
    for month in months:
        if today is not None and month_end(month) < today:
            _sum_month(month)


def month_end(month: date) -> date:
    """Its last day."""
    return (month + timedelta(days=31)).replace(day=1) - _ONE_DAY


def whole_months(session: Session, first: date, last: date) -> list[date]:
    """The months within these days that are summed and true for every lot."""
    stale = session.scalars(select(LotMonth.month).where(LotMonth.stale).distinct())
    found = set(session.scalars(_kept_months(first, last))) - set(stale)
    return sorted(month for month in found if first <= month and month_end(month) <= last)


def _kept_months(first: date, last: date) -> Any:
    return select(LotMonth.month).where(LotMonth.lot_id == ALL_LOTS, LotMonth.month.between(first, last))


def _sum_month(month: date) -> None:
    with transaction() as session:
        _lock(session)
        stale = session.scalars(select(LotMonth.lot_id).where(LotMonth.stale, LotMonth.month == month)).all()
        for start in range(0, len(stale), MOST_LOT_DAYS):
            lot_ids = stale[start : start + MOST_LOT_DAYS]
            session.execute(delete(LotMonth).where(LotMonth.month == month, LotMonth.lot_id.in_(lot_ids)))
            if sums := month_sums(session, month, lot_ids):
                drivers = month_drivers(session, month, list(sums))
                more = {"month": month, "stale": False}
                rows = [{**row, **more, "lot_id": n, "drivers": drivers.get(n, 0)} for n, row in sums.items()]
                session.execute(insert(LotMonth), rows)
        _keep_charts(session, month)


def _keep_charts(session: Session, month: date) -> None:
    charts, drivers = charts_of(session, month)
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


def charts_of(session: Session, month: date) -> tuple[Charts, Packed]:
    """From the days of all lots together: their charts, and who drove."""
    last = month_end(month)
    charts = Charts()
    for (_, day), figures in sorted(load(session, [ALL_LOTS], month, last, drivers=False).items()):
        charts.add_day(day, figures)
    who = select(LotDayDetail.drivers).where(LotDayDetail.lot_id == ALL_LOTS, LotDayDetail.day.between(month, last))
    return charts, packed_bits(together(session.scalars(who)))


def month_charts(session: Session, months: Sequence[date]) -> dict[date, tuple[Charts, Packed]]:
    """The same as it is kept; a month of which nothing is kept is missing."""
    columns = [getattr(MonthDetail, name) for name in ("month", "occupied", "available", "stay_minutes", "busiest")]
    query = select(*columns, MonthDetail.drivers).where(MonthDetail.month.in_(list(months)))
    found = {}
    for row in session.execute(query):
        charts = Charts(row.occupied, row.available, Counter({int(n): count for n, count in row.stay_minutes.items()}))
        if row.busiest is not None:
            occupied, available, day, hour = row.busiest
            charts.busiest = occupied, available, row.month.replace(day=day), hour
        found[row.month] = charts, row.drivers
    return found


def month_drivers(session: Session, month: date, lot_ids: Sequence[int]) -> dict[int, int]:
    """lot -> its distinct drivers of the month's days."""
    query = select(LotDayDetail.lot_id, LotDayDetail.drivers).where(
        LotDayDetail.lot_id.in_(list(lot_ids)), LotDayDetail.day.between(month, month_end(month))
    )
    found: dict[int, list[Packed | None]] = defaultdict(list)
    for lot_id, who in session.execute(query):
        found[lot_id].append(who)
    return {lot_id: together(parts).bit_count() for lot_id, parts in found.items()}


def month_sums(session: Session, month: date, lot_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """lot -> the sums of its days in the month."""
    columns = [func.sum(getattr(LotDay, name)).label(name) for name in SUMS]
    query = (
        select(LotDay.lot_id, func.max(LotDay.peak_cars).label("peak_cars"), *columns)
        .where(LotDay.day.between(month, month_end(month)), LotDay.lot_id.in_(list(lot_ids)))
        .group_by(LotDay.lot_id)
    )
    found: dict[int, dict[str, int]] = {}
    for row in session.execute(query):
        figures = {name: int(value) for name, value in row._mapping.items()}
        found[figures.pop("lot_id")] = figures
    return found


# the check --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is kept wrongly. lot_id 0 = the sum over all lots; `day` is a month's first for months."""

    kind: str
    lot_id: int
    day: date
    figure: str
    kept: Any
    counted: Any

    def __str__(self) -> str:
        lot = f"lot {self.lot_id}" if self.lot_id else "all lots"
        return f"{self.kind} {self.day} of {lot}: {self.figure} is kept as {self.kept}, counted as {self.counted}"


def check() -> list[Difference]:
    """Compares everything that is kept with the bookings, after a pass of `roll_up`. Changes nothing else."""
    roll_up()
    session = db.session()
    session.close()
    found = [*_check_days(session), *_check_all(session), *_check_months(session)]
    session.close()
    return found


def _check_days(session: Session) -> Iterator[Difference]:
    """Those that have ended; the present one changes while one looks."""
    now = _now()
    for lot in queries.lots(session):
        start, last = lot.first_day, last_closed(lot)
        if not lot.is_rolled or start is None or last is None:
            continue
        while start <= last:
            end = min(start + MOST_DAYS * _ONE_DAY, last)
            counted = compute(session, [lot], start, end, now)
            yield from _differences("day", load(session, [lot.id], start, end), counted)
            start = end + _ONE_DAY


def last_closed(lot: LotInfo) -> date | None:
    """The last day of the lot that is kept and had ended when it was rolled up."""
    return lot.last_day - _ONE_DAY if lot.last_day and lot.holds_until is not None else lot.last_day


def _check_all(session: Session) -> Iterator[Difference]:
    """The rows over all lots against the sum of the rows of each, of the days that have ended everywhere."""
    opened = session.scalar(select(func.min(LotRolled.last_day)).where(LotRolled.holds_until.is_not(None)))
    days = select(LotDay.day).distinct().order_by(LotDay.day)
    for (day,) in session.execute(days if opened is None else days.where(LotDay.day < opened)).all():
        ids = session.scalars(select(LotDay.lot_id).where(LotDay.day == day)).all()
        rows = load(session, ids, day, day)
        kept = {key: figures for key, figures in rows.items() if key[0] == ALL_LOTS}
        total = Day()
        for key, figures in rows.items():
            if key[0] != ALL_LOTS:
                total.add(figures)
                total.drivers |= figures.drivers
                total.peak_cars = max(total.peak_cars, figures.peak_cars)
        yield from _differences("day", kept, {} if total.is_empty() else {(ALL_LOTS, day): total})


def _differences(kind: str, kept: Made, counted: Made) -> Iterator[Difference]:
    for key in sorted(kept.keys() | counted.keys()):
        one, other = _told(kept.get(key, Day())), _told(counted.get(key, Day()))
        for name in one:
            if one[name] != other[name]:
                yield Difference(kind, *key, name, one[name], other[name])


def _told(day: Day) -> dict[str, Any]:
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
        if ALL_LOTS in rows and month_charts(session, [month]).get(month) != (charts := charts_of(session, month)):
            yield Difference("month", ALL_LOTS, month, "charts", month_charts(session, [month]).get(month), charts)


def _months_of(month: date) -> Any:
    return select(*LotMonth.__table__.columns).where(LotMonth.month == month, ~LotMonth.stale)


def repair(found: Iterable[Difference]) -> None:
    """Makes again what the check found wrong."""
    differences = list(found)
    with transaction() as session:
        _lock(session)
        for day in {one.day for one in differences if one.kind == "day"}:
            _rebuild_day(session, day)
        months = {one.day.replace(day=1) for one in differences}
        session.execute(update(LotMonth).where(LotMonth.month.in_(months)).values(stale=True))
    roll_up()


def _rebuild_day(session: Session, day: date) -> None:
    """Every lot's row of the day anew where it has ended, and the sum of all rows."""
    now = _now()
    by_zone: dict[str, list[LotInfo]] = defaultdict(list)
    still_open: list[int] = []
    for lot in queries.lots(session):
        if lot.is_rolled and lot.first_day and lot.last_day and lot.first_day <= day <= lot.last_day:
            if day == lot.last_day and lot.holds_until is not None:
                still_open.append(lot.id)
            else:
                by_zone[lot.zone].append(lot)
    made = load(session, still_open, day, day)
    for lots in by_zone.values():
        made |= compute(session, lots, day, day, now)
    total = Change()
    for figures in made.values():
        total.add(None, figures)
    everyone = total.difference
    everyone.drivers = total.came
    for table in (LotDay, LotDayDetail):
        session.execute(delete(table).where(table.day == day))
    _insert_days(session, made)
    if not everyone.is_empty():
        _insert_days(session, {(ALL_LOTS, day): everyone})
