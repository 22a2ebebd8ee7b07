"""From claims to the figures of each day. Pure: rows and instants in, sums out; instants are unix seconds. A `zone`
here is the whole calendar of a lot (parking/lot_calendar.py): its zone, and those it was in before.

What each figure means stands at the top of definitions.py.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple

from parking.lot_calendar import changes_between, local_day, local_hour, midnight, midnight_after

QUARTER_S = 900
"""Every zone's hours begin on a quarter of an hour."""


class Claim(NamedTuple):
    """One booking row, in the order in which queries selects it."""

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
        """Written out: ten thousand lots go through here for one answer."""
        self.bookings += sign * other.bookings
        self.instant += sign * other.instant
        self.reserved += sign * other.reserved
        self.visits += sign * other.visits
        self.completed += sign * other.completed
        self.cancelled += sign * other.cancelled
        self.no_shows += sign * other.no_shows
        self.revenue_minor += sign * other.revenue_minor
        self.stays += sign * other.stays
        self.stay_s += sign * other.stay_s
        self.occupied_s += sign * other.occupied_s
        self.reserved_s += sign * other.reserved_s
        self.available_s += sign * other.available_s


SUMS = tuple(f.name for f in fields(Sums))
NOTHING = Sums()


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
        return not self.peak_cars and self.sums == NOTHING

    def add(self, other: Day, sign: int = 1) -> None:
        """Adds (or takes away again) what adds up; drivers and peak do not."""
        self.sums.add(other.sums, sign)
        self.occupied = [a + sign * b for a, b in zip(self.occupied, other.occupied, strict=True)]
        self.available = [a + sign * b for a, b in zip(self.available, other.available, strict=True)]
        for minutes, count in other.stay_minutes.items():
            self.stay_minutes[minutes] += sign * count
            if not self.stay_minutes[minutes]:
                del self.stay_minutes[minutes]


Busiest = tuple[int, int, date, int]
"""(occupied, available spot-seconds, day, hour) of an hour."""


@dataclass(slots=True)
class Charts:
    """What the charts of several days together are drawn from: by [weekday][hour], and by the length of the stays."""

    occupied: list[list[int]] = field(default_factory=lambda: [[0] * 24 for _ in range(7)])
    available: list[list[int]] = field(default_factory=lambda: [[0] * 24 for _ in range(7)])
    stay_minutes: Counter[int] = field(default_factory=Counter)
    busiest: Busiest | None = None
    """The hour with the highest occupancy, of equal ones the first."""

    def add_day(self, day: date, figures: Day) -> None:
        """The days come in order."""
        weekday = day.weekday()
        for hours, more in ((self.occupied, figures.occupied), (self.available, figures.available)):
            hours[weekday] = [a + b for a, b in zip(hours[weekday], more, strict=True)]
        self.stay_minutes.update(figures.stay_minutes)
        for hour, (occupied, available) in enumerate(zip(figures.occupied, figures.available, strict=True)):
            if occupied and available:
                self._look_at((occupied, available, day, hour))

    def add(self, other: Charts) -> None:
        """Charts of days that are not in these."""
        for hours, more in ((self.occupied, other.occupied), (self.available, other.available)):
            for weekday in range(7):
                hours[weekday] = [a + b for a, b in zip(hours[weekday], more[weekday], strict=True)]
        self.stay_minutes.update(other.stay_minutes)
        if other.busiest is not None:
            self._look_at(other.busiest)

    def _look_at(self, hour: Busiest) -> None:
        best = self.busiest
        if best is None or (hour[0] / hour[1], best[2:]) > (best[0] / best[1], hour[2:]):
            self.busiest = hour


MOST_LISTED = 500
Packed = list[int] | str


def packed(drivers: Iterable[int]) -> Packed:
    """Who drove, for keeping: few as a list of ids; many as a bit for every id, compressed."""
    return packed_bits(int.from_bytes(_bits(drivers), "little"))


def packed_bits(drivers: int) -> Packed:
    """The same, of what `together` gives."""
    bits = drivers.to_bytes((drivers.bit_length() + 7) // 8, "little")
    if drivers.bit_count() <= MOST_LISTED:
        return sorted(_ids(bits))
    return b64encode(zlib.compress(bits, 1)).decode()


def _ids(bits: bytes) -> set[int]:
    return {8 * place + n for place, byte in enumerate(bits) if byte for n in range(8) if byte >> n & 1}


def unpacked(kept: Packed | None) -> set[int]:
    """What `packed` was given."""
    if not isinstance(kept, str):
        return set(kept or ())
    return _ids(zlib.decompress(b64decode(kept)))


def _bits(drivers: Iterable[int]) -> bytes:
    ids = list(drivers)
    bits = bytearray(max(ids, default=0) // 8 + 1)
    for one in ids:
        bits[one >> 3] |= 1 << (one & 7)
    return bytes(bits)


def together(parts: Iterable[Packed | set[int] | None]) -> int:
    """The drivers of all the parts as one number with a bit for each; its `bit_count()` is how many they are."""
    found, few = 0, set[int]()
    for part in parts:
        if isinstance(part, str):
            found |= int.from_bytes(zlib.decompress(b64decode(part)), "little")
        elif part is not None:
            few.update(part)
    return found | int.from_bytes(_bits(few), "little") if few else found


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
    low, high = midnight(first, zone), midnight_after(last, zone)
    quarters = range(low // QUARTER_S * QUARTER_S + QUARTER_S, high, QUARTER_S)
    found: list[Slot] = []
    for instant in sorted({low, *quarters, *changes_between(low, high, zone)} if low < high else ()):
        day, hour = local_day(instant, zone), local_hour(instant, zone)
        if not found or (found[-1].day, found[-1].hour) != (day, hour):
            found.append(Slot(instant, day, hour))
    return tuple(found)


@lru_cache(maxsize=256)
def rest_of_day(zone: str, day: date, now: int) -> tuple[list[int], int]:
    """The seconds of each local hour of the day that are still to come, and of all together."""
    found = [0] * 24
    hours = slots(zone, day, day)
    ends = [slot.start for slot in hours[1:]] + [midnight(day + timedelta(days=1), zone)]
    for slot, end in zip(hours, ends, strict=True):
        found[slot.hour] += max(0, end - max(slot.start, now))
    return found, sum(found)


@dataclass(slots=True)
class Standing:
    """What stands in a lot, or in several, at a moment: it goes on until somebody changes it."""

    cars: int = 0
    held: int = 0
    """Spots kept free for reservations whose time has come."""
    spots: int = 0
    """Spots in service."""

    def add(self, other: Standing, sign: int = 1) -> None:
        self.cars += sign * other.cars
        self.held += sign * other.held
        self.spots += sign * other.spots

    def take_rest(self, sums: Sums, rest: tuple[list[int], int], hours: Day | None = None) -> None:
        """Takes the part of a day that is still to come out of sums made as if it were over."""
        by_hour, seconds = rest
        sums.occupied_s -= self.cars * seconds
        sums.reserved_s -= self.held * seconds
        sums.available_s -= self.spots * seconds
        if hours is not None:
            hours.occupied = [n - self.cars * s for n, s in zip(hours.occupied, by_hour, strict=True)]
            hours.available = [n - self.spots * s for n, s in zip(hours.available, by_hour, strict=True)]


Span = tuple[int, int]


@dataclass(slots=True)
class _Lot:
    """What stands in one lot while its rows come in, each cut to the days."""

    cars: list[Span] = field(default_factory=list)
    held: list[Span] = field(default_factory=list)
    capacity: list[tuple[int, int, int]] = field(default_factory=list)
    """(from, until, number of spots more or less)"""
    standing: Standing = field(default_factory=Standing)
    turns: int | None = None
    """The first moment at which something happens without anybody writing it (a reservation's time comes)."""


class Roller:
    """Adds up rows of several lots of one zone over a run of local days, as seen at `now`.

    Add every claim that touches the days, and every spot. `finish` gives the days as they are at `now`; `project`
    gives a day that has not ended as it will be if nothing changes any more (who stands, stays to its end): what
    somebody who comes later can take the rest of the day out of again (Standing).
    """

    def __init__(self, zone: str, first: date, last: date, now: int) -> None:
        self.zone, self.now = zone, now
        self.days = days(first, last)
        self._starts = [midnight(day, zone) for day in [*self.days, last + timedelta(days=1)]]
        self._low, self._high = self._starts[0], self._starts[-1]
        self._seen = min(self._high, now + 1)  # what happened this very second has happened
        self._slots = slots(zone, first, last)
        self._edges = [slot.start for slot in self._slots] + [self._high]
        self._lots: dict[int, _Lot] = defaultdict(_Lot)
        self.made: dict[tuple[int, date], Day] = defaultdict(Day)

    def _day_of(self, lot_id: int, instant: int) -> Day | None:
        if not self._low <= instant < self._seen:
            return None
        return self.made[lot_id, self.days[bisect_right(self._starts, instant) - 1]]

    def _cut(self, start: int, end: int | None) -> Span:
        """What of it lies within the days; empty where the end is not after the start."""
        return max(start, self._low), self._high if end is None else min(self._high, end)

    def add_spots(self, lot_id: int, since: int, number: int, closed: int | None = None) -> None:
        """`number` spots exist since then; `closed`: since when the lot is no more."""
        lot = self._lots[lot_id]
        if (span := self._span(lot, since, closed)) is not None:
            lot.capacity.append((*span[0], number))
            lot.standing.spots += number if span[1] else 0

    def add(self, claim: Claim, closed: int | None = None) -> None:
        lot = self._lots[claim.lot_id]
        if claim.booking_type == "block":
            end = claim.end if closed is None else min(closed, claim.end or closed)
            if (span := self._span(lot, claim.start, end)) is not None:
                lot.capacity.append((*span[0], -1))
                lot.standing.spots -= span[1]
            return
        if claim.checked_in is not None and (span := self._span(lot, claim.checked_in, claim.end)) is not None:
            lot.cars.append(span[0])
            lot.standing.cars += span[1]
        if claim.reserved_start is not None:
            end = claim.end if claim.checked_in is None else claim.checked_in
            if (span := self._span(lot, claim.reserved_start, end)) is not None:
                lot.held.append(span[0])
                lot.standing.held += span[1]
        if claim.start > self.now:
            self._turns(lot, claim.start)
        self._count_start(claim)
        self._count_end(claim)

    def _span(self, lot: _Lot, start: int, end: int | None) -> tuple[Span, bool] | None:
        """What of it lies within the days, and whether it goes on at `now`; None if it is still to begin."""
        if start > self.now:
            if end is None or end > start:
                self._turns(lot, start)
            return None
        if end is not None and end > self.now:  # another machine's clock is ahead, or the past is looked at
            self._turns(lot, end)
            end = None
        return self._cut(start, end), end is None

    def _turns(self, lot: _Lot, moment: int) -> None:
        lot.turns = min(moment, lot.turns or moment)

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
        """(lot_id, day) -> its figures at `now`; a day of which nothing can be said is missing."""
        today = local_day(self.now, self.zone)
        made = {key: figures for key, figures in self.project().items() if key[1] <= today}
        for (lot_id, day), figures in made.items():
            if day == today:
                self._lots[lot_id].standing.take_rest(figures.sums, rest_of_day(self.zone, day, self.now), figures)
        return {key: day for key, day in made.items() if not day.is_empty()}

    def project(self) -> dict[tuple[int, date], Day]:
        """The same, with a day that has not ended told as if everything stayed as it stands."""
        for lot_id, lot in self._lots.items():
            self._park(lot_id, lot)
            self._keep_free(lot_id, lot)
            self._offer(lot_id, lot)
            for day, peak in self._peaks(lot.cars).items():
                self.made[lot_id, day].peak_cars = peak
        return {key: day for key, day in self.made.items() if not day.is_empty()}

    def standing(self, lot_id: int) -> tuple[Standing, int]:
        """What stands in the lot at `now`, and until when the projection holds if nobody writes anything."""
        lot = self._lots[lot_id]
        return lot.standing, min(self._high, lot.turns or self._high)

    def _hours(self, start: int, end: int) -> Iterator[tuple[date, int, int]]:
        """(day, hour, seconds of it) of a span."""
        slot = bisect_right(self._edges, start) - 1
        while start < end:
            until = min(end, self._edges[slot + 1])
            yield self._slots[slot].day, self._slots[slot].hour, until - start
            start, slot = until, slot + 1

    def _park(self, lot_id: int, lot: _Lot) -> None:
        for start, end in lot.cars:
            for day, hour, seconds in self._hours(start, end):
                made = self.made[lot_id, day]
                made.occupied[hour] += seconds
                made.sums.occupied_s += seconds

    def _keep_free(self, lot_id: int, lot: _Lot) -> None:
        for start, end in lot.held:
            for day, _, seconds in self._hours(start, end):
                self.made[lot_id, day].sums.reserved_s += seconds

    def _offer(self, lot_id: int, lot: _Lot) -> None:
        """The spots in service: those there all the time by the length of the hours, the others one by one."""
        all_along = 0
        for start, end, number in lot.capacity:
            if (start, end) == (self._low, self._high):
                all_along += number
                continue
            for day, hour, seconds in self._hours(start, end):
                made = self.made[lot_id, day]
                made.available[hour] += number * seconds
                made.sums.available_s += number * seconds
        if all_along:
            for day, lengths, whole in self._lengths:
                made = self.made[lot_id, day]
                made.available = [n + all_along * length for n, length in zip(made.available, lengths, strict=True)]
                made.sums.available_s += all_along * whole

    @cached_property
    def _lengths(self) -> list[tuple[date, list[int], int]]:
        """(day, the seconds of each of its local hours, all its seconds)."""
        found = {day: [0] * 24 for day in self.days}
        for slot, begin, end in zip(self._slots, self._edges, self._edges[1:], strict=False):
            found[slot.day][slot.hour] += end - begin
        return [(day, lengths, sum(lengths)) for day, lengths in found.items() if any(lengths)]

    def _peaks(self, cars: list[Span]) -> dict[date, int]:
        """day -> the most cars at one moment. One that leaves in the second another comes makes room for it."""
        found: dict[date, int] = {}
        level, at = 0, self._low
        steps = [(start, 1) for start, end in cars if start < end] + [(end, -1) for start, end in cars if start < end]
        for instant, step in sorted(steps):
            if level and instant > at:
                first, last = bisect_right(self._starts, at) - 1, bisect_right(self._starts, instant - 1) - 1
                for day in self.days[first : last + 1]:
                    found[day] = max(found.get(day, 0), level)
            level, at = level + step, instant
        return found
