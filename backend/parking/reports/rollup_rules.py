"""From claims to the figures of each day. Pure: rows and instants in, sums out; instants are unix seconds.

What each figure means stands at the top of stats.py.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

QUARTER_S = 900
"""Every zone's hours begin on a quarter of an hour."""


class Claim(NamedTuple):
    """One booking row, in the order in which stats_queries selects it."""

    lot_id: int
    user_id: int
    booking_type: str
    status: str
    start: int
    reserved_start: int | None
    checked_in: int | None
    end: int | None
    cost_minor: int | None


@dataclass(slots=True)
class Sums:
    """What adds up over days and lots."""

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

    def add(self, other: Sums, sign: int = 1) -> None:
        for name in SUMS:
            setattr(self, name, getattr(self, name) + sign * getattr(other, name))


SUMS = tuple(f.name for f in fields(Sums))


@dataclass(slots=True)
class Day:
    """One local day of one lot, or of several together."""

    sums: Sums = field(default_factory=Sums)
    drivers: set[int] = field(default_factory=set)
    peak_cars: int = 0
    occupied: list[int] = field(default_factory=lambda: [0] * 24)
    available: list[int] = field(default_factory=lambda: [0] * 24)
    stay_minutes: Counter[int] = field(default_factory=Counter)

    def is_empty(self) -> bool:
        return not (any(getattr(self.sums, name) for name in SUMS) or self.peak_cars)

    def add(self, other: Day, sign: int = 1) -> None:
        """Adds (or takes away again) what adds up; drivers and peak do not."""
        self.sums.add(other.sums, sign)
        self.occupied = [a + sign * b for a, b in zip(self.occupied, other.occupied, strict=True)]
        self.available = [a + sign * b for a, b in zip(self.available, other.available, strict=True)]
        for minutes, count in other.stay_minutes.items():
            self.stay_minutes[minutes] += sign * count
            if not self.stay_minutes[minutes]:
                del self.stay_minutes[minutes]


def midnight(day: date, zone: str) -> int:
    """The instant at which the local day begins (where the clocks skip midnight, the moment they do)."""
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp())


def local_day(instant: int, zone: str) -> date:
    """The local day an instant lies in."""
    return datetime.fromtimestamp(instant, ZoneInfo(zone)).date()


def days(first: date, last: date) -> list[date]:
    """Every day from first to last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


class Slot(NamedTuple):
    """A local hour (or the rest of one): [start, the next slot's start)."""

    start: int
    day: date
    hour: int


@lru_cache(maxsize=256)
def slots(zone: str, first: date, last: date) -> tuple[Slot, ...]:
    """The local hours of the days, in order. A repeated hour is one longer slot, a skipped one is missing."""
    info = ZoneInfo(zone)
    found: list[Slot] = []
    for instant in range(midnight(first, zone), midnight(last + timedelta(days=1), zone), QUARTER_S):
        local = datetime.fromtimestamp(instant, UTC).astimezone(info)
        if not found or (found[-1].day, found[-1].hour) != (local.date(), local.hour):
            found.append(Slot(instant, local.date(), local.hour))
    return tuple(found)


def levels(changes: Iterable[tuple[int, int]], edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    """For each [edges[i], edges[i+1]): the integral of a level over it (level x seconds), and its highest value.

    `changes` are (instant, step) of a level that is 0 before the first of them.
    """
    level = area = peak = 0
    slot, at, last = 0, edges[0], len(edges) - 1
    for instant, step in sorted(changes):
        while slot < last and instant >= edges[slot + 1]:
            if at < edges[slot + 1]:
                area, peak = area + level * (edges[slot + 1] - at), max(peak, level)
            yield area, peak
            at, area, peak, slot = edges[slot + 1], 0, 0, slot + 1
        if instant > at and slot < last:
            area, peak, at = area + level * (instant - at), max(peak, level), instant
        level += step
    for end in edges[slot + 1 :]:
        if at < end:
            area, peak = area + level * (end - at), max(peak, level)
        yield area, peak
        at, area, peak = end, 0, 0


def _span(start: int, end: int | None, low: int, high: int) -> list[tuple[int, int]]:
    """The steps of one thing that stands from start to end, cut to [low, high)."""
    start, end = max(start, low), min(high, high if end is None else end)
    return [(start, 1), (end, -1)] if start < end else []


@dataclass(slots=True)
class _Lot:
    """The steps of one lot's levels while its rows come in."""

    cars: list[tuple[int, int]] = field(default_factory=list)
    held: list[tuple[int, int]] = field(default_factory=list)
    capacity: list[tuple[int, int]] = field(default_factory=list)


class Roller:
    """Adds up rows of several lots of one zone over a run of local days, as seen at `now`.

    Add every claim that touches the days, and every spot; then `finish`.
    """

    def __init__(self, zone: str, first: date, last: date, now: int) -> None:
        self.days = days(first, last)
        self._starts = [midnight(day, zone) for day in [*self.days, last + timedelta(days=1)]]
        self._low, self._high = self._starts[0], min(self._starts[-1], now)
        self._seen = min(self._starts[-1], now + 1)  # what happened this very second has happened
        self._slots = slots(zone, first, last)
        self._edges = [min(slot.start, self._high) for slot in self._slots] + [self._high]
        self._lots: dict[int, _Lot] = {}
        self.made: dict[tuple[int, date], Day] = {}

    def _day_of(self, lot_id: int, instant: int) -> Day | None:
        if not self._low <= instant < self._seen:
            return None
        key = lot_id, self.days[bisect_right(self._starts, instant) - 1]
        if key not in self.made:
            self.made[key] = Day()
        return self.made[key]

    def _lot(self, lot_id: int) -> _Lot:
        if lot_id not in self._lots:
            self._lots[lot_id] = _Lot()
        return self._lots[lot_id]

    def add_spots(self, lot_id: int, since: int, number: int, closed: int | None = None) -> None:
        """`number` spots exist since then; `closed`: since when the lot is no more."""
        steps = _span(since, closed, self._low, self._high)
        self._lot(lot_id).capacity += [(at, step * number) for at, step in steps]

    def add(self, claim: Claim, closed: int | None = None) -> None:
        lot = self._lot(claim.lot_id)
        if claim.booking_type == "block":
            end = claim.end if closed is None else min(closed, claim.end or closed)
            lot.capacity += [(at, -step) for at, step in _span(claim.start, end, self._low, self._high)]
            return
        if claim.checked_in is not None:
            lot.cars += _span(claim.checked_in, claim.end, self._low, self._high)
        if claim.reserved_start is not None:
            arrival = claim.end if claim.checked_in is None else claim.checked_in
            lot.held += _span(claim.reserved_start, arrival, self._low, self._high)
        self._count_start(claim)
        self._count_end(claim)

    def _count_start(self, claim: Claim) -> None:
        if (day := self._day_of(claim.lot_id, claim.start)) is None:
            return
        day.sums.bookings += 1
        if claim.booking_type == "instant":
            day.sums.instant += 1
        else:
            day.sums.reserved += 1
        if claim.checked_in is not None:
            day.sums.visits += 1
            day.drivers.add(claim.user_id)

    def _count_end(self, claim: Claim) -> None:
        if claim.end is None or (day := self._day_of(claim.lot_id, claim.end)) is None:
            return
        sums = day.sums
        sums.completed += claim.status == "Completed"
        sums.cancelled += claim.status == "Cancelled"
        sums.no_shows += claim.status == "No-show"
        sums.revenue_minor += claim.cost_minor or 0
        if claim.checked_in is not None:
            sums.stays += 1
            sums.stay_s += claim.end - claim.checked_in
            day.stay_minutes[(claim.end - claim.checked_in) // 60] += 1

    def finish(self) -> dict[tuple[int, date], Day]:
        """(lot_id, day) -> its figures; a day of which nothing can be said is missing."""
        for lot_id, lot in self._lots.items():
            self._spread(lot_id, lot)
        return {key: day for key, day in self.made.items() if not day.is_empty()}

    def _spread(self, lot_id: int, lot: _Lot) -> None:
        """The levels of one lot over its days' hours."""
        cars, held, spots = (levels(steps, self._edges) for steps in (lot.cars, lot.held, lot.capacity))
        for slot, (parked, peak), (kept, _), (usable, _) in zip(self._slots, cars, held, spots, strict=True):
            if not (parked or kept or usable):
                continue
            day = self.made.setdefault((lot_id, slot.day), Day())
            day.sums.occupied_s += parked
            day.sums.reserved_s += kept
            day.sums.available_s += usable
            day.occupied[slot.hour] += parked
            day.available[slot.hour] += usable
            day.peak_cars = max(day.peak_cars, peak)
