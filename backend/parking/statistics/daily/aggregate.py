"""Adds up booking rows per lot and day. Pure: rows and instants in, sums out; instants are unix seconds.

A `zone` is the whole calendar of a lot (parking/lot_calendar.py): its present time zone and its earlier ones.
statistics/definitions.py defines each metric.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from parking.lot_calendar import local_day, midnight
from parking.statistics.daily.local_hours import days, remaining_seconds, slots
from parking.statistics.daily.sums import Day, Sums


class BookingRow(NamedTuple):
    """One booking, its fields in the order in which booking_rows.py selects the columns."""

    lot_id: int
    user_id: int | None
    """None: of a visitor, who is no user."""
    booking_type: str
    status: str
    start: int
    reserved_start: int | None
    checked_in: int | None
    end: int | None
    cost_minor: int | None


@dataclass(slots=True)
class CurrentState:
    """The cars, held spots and spots in service of one or more lots at a moment."""

    cars: int = 0
    held: int = 0
    """Spots held for reservations that have begun without a check-in."""
    spots: int = 0
    """Spots in service."""

    def add(self, other: CurrentState, sign: int = 1) -> None:
        self.cars += sign * other.cars
        self.held += sign * other.held
        self.spots += sign * other.spots

    def subtract_remaining(self, sums: Sums, remaining: tuple[list[int], int], hours: Day | None = None) -> None:
        """Subtracts the remaining seconds of a day (see remaining_seconds) from sums that assume it is over."""
        by_hour, seconds = remaining
        sums.occupied_s -= self.cars * seconds
        sums.reserved_s -= self.held * seconds
        sums.available_s -= self.spots * seconds
        if hours is not None:
            hours.occupied = [n - self.cars * s for n, s in zip(hours.occupied, by_hour, strict=True)]
            hours.available = [n - self.spots * s for n, s in zip(hours.available, by_hour, strict=True)]


Span = tuple[int, int]


@dataclass(slots=True)
class _LotSpans:
    """The spans of one lot, cut to the days that are aggregated."""

    cars: list[Span] = field(default_factory=list)
    held: list[Span] = field(default_factory=list)
    capacity: list[tuple[int, int, int]] = field(default_factory=list)
    """(start, end, change in the number of spots)"""
    current_state: CurrentState = field(default_factory=CurrentState)
    next_change: int | None = None
    """The first moment after `now` at which a known booking changes the state (such as a reservation's start)."""


class DayAggregator:
    """Adds up the rows of several lots of one zone over consecutive local days, as of `now`.

    Pass every booking that touches the days to `add`, and every spot to `add_spots`. `finish` returns the days as of
    `now`. `project` returns a day that has not ended as if nothing changed until its end; a later reader subtracts
    the remaining time (CurrentState.subtract_remaining).
    """

    def __init__(self, zone: str, first: date, last: date, now: int) -> None:
        self.zone, self.now = zone, now
        self.days = days(first, last)
        self._starts = [midnight(day, zone) for day in [*self.days, last + timedelta(days=1)]]
        self._low, self._high = self._starts[0], self._starts[-1]
        self._until = min(self._high, now + 1)  # includes the present second
        self._slots = slots(zone, first, last)
        self._edges = [slot.start for slot in self._slots] + [self._high]
        self._lots: dict[int, _LotSpans] = defaultdict(_LotSpans)
        self.lot_days: dict[tuple[int, date], Day] = defaultdict(Day)

    def _day_of(self, lot_id: int, instant: int) -> Day | None:
        if not self._low <= instant < self._until:
            return None
        return self.lot_days[lot_id, self.days[bisect_right(self._starts, instant) - 1]]

    def _cut(self, start: int, end: int | None) -> Span:
        """The part of a span within the days; empty where the end is not after the start."""
        return max(start, self._low), self._high if end is None else min(self._high, end)

    def add_spots(self, lot_id: int, since: int, number: int, closed: int | None = None) -> None:
        """`number` spots exist from `since` on; `closed` is when the lot was deleted."""
        lot = self._lots[lot_id]
        if (span := self._span(lot, since, closed)) is not None:
            lot.capacity.append((*span[0], number))
            lot.current_state.spots += number if span[1] else 0

    def add(self, row: BookingRow, closed: int | None = None) -> None:
        """`closed` is when the lot was deleted. A hold counts nowhere, and a block from when it began."""
        lot = self._lots[row.lot_id]
        if row.booking_type == "hold":
            return
        if row.booking_type == "block":
            end = row.end if closed is None else min(closed, row.end or closed)
            if row.checked_in is not None and (span := self._span(lot, row.checked_in, end)) is not None:
                lot.capacity.append((*span[0], -1))
                lot.current_state.spots -= span[1]
            return
        if row.checked_in is not None and (span := self._span(lot, row.checked_in, row.end)) is not None:
            lot.cars.append(span[0])
            lot.current_state.cars += span[1]
        if row.reserved_start is not None:
            end = row.end if row.checked_in is None else row.checked_in
            if (span := self._span(lot, row.reserved_start, end)) is not None:
                lot.held.append(span[0])
                lot.current_state.held += span[1]
        if row.start > self.now:
            self._note_change(lot, row.start)
        self._count_start(row)
        self._count_end(row)

    def _span(self, lot: _LotSpans, start: int, end: int | None) -> tuple[Span, bool] | None:
        """The part within the days and whether it continues at `now`; None if it has not begun."""
        if start > self.now:
            if end is None or end > start:
                self._note_change(lot, start)
            return None
        if end is not None and end > self.now:  # another machine's clock is ahead, or `now` is in the past
            self._note_change(lot, end)
            end = None
        return self._cut(start, end), end is None

    def _note_change(self, lot: _LotSpans, moment: int) -> None:
        lot.next_change = min(moment, lot.next_change or moment)

    def _count_start(self, row: BookingRow) -> None:
        if (day := self._day_of(row.lot_id, row.start)) is None:
            return
        day.sums.bookings += 1
        if row.booking_type == "instant":
            day.sums.instant += 1
        else:
            day.sums.reserved += 1
        if row.checked_in is not None:
            day.sums.visits += 1
            if row.user_id is not None:
                day.drivers.add(row.user_id)

    def _count_end(self, row: BookingRow) -> None:
        if row.end is None or (day := self._day_of(row.lot_id, row.end)) is None:
            return
        sums = day.sums
        sums.completed += row.status == "Completed"
        sums.cancelled += row.status == "Cancelled"
        sums.no_shows += row.status == "No-show"
        sums.revenue_minor += row.cost_minor or 0
        if row.checked_in is not None:
            sums.stays += 1
            sums.stay_s += row.end - row.checked_in
            day.stay_minutes[(row.end - row.checked_in) // 60] += 1

    def finish(self) -> dict[tuple[int, date], Day]:
        """(lot_id, day) -> the day as of `now`; empty days are left out."""
        today = local_day(self.now, self.zone)
        lot_days = {key: totals for key, totals in self.project().items() if key[1] <= today}
        for (lot_id, day), totals in lot_days.items():
            if day == today:
                self._lots[lot_id].current_state.subtract_remaining(
                    totals.sums, remaining_seconds(self.zone, day, self.now), totals
                )
        return {key: day for key, day in lot_days.items() if not day.is_empty()}

    def project(self) -> dict[tuple[int, date], Day]:
        """As `finish`, with a day that has not ended counted as if nothing changed until its end."""
        for lot_id, lot in self._lots.items():
            self._add_occupied(lot_id, lot)
            self._add_reserved(lot_id, lot)
            self._add_available(lot_id, lot)
            for day, peak in self._peaks(lot.cars).items():
                self.lot_days[lot_id, day].peak_cars = peak
        return {key: day for key, day in self.lot_days.items() if not day.is_empty()}

    def current_state(self, lot_id: int) -> tuple[CurrentState, int]:
        """The state of the lot at `now`, and until when `project` is true if no row is written."""
        lot = self._lots[lot_id]
        return lot.current_state, min(self._high, lot.next_change or self._high)

    def _hours(self, start: int, end: int) -> Iterator[tuple[date, int, int]]:
        """(day, hour, seconds of it) of a span."""
        slot = bisect_right(self._edges, start) - 1
        while start < end:
            until = min(end, self._edges[slot + 1])
            yield self._slots[slot].day, self._slots[slot].hour, until - start
            start, slot = until, slot + 1

    def _add_occupied(self, lot_id: int, lot: _LotSpans) -> None:
        for start, end in lot.cars:
            for day, hour, seconds in self._hours(start, end):
                totals = self.lot_days[lot_id, day]
                totals.occupied[hour] += seconds
                totals.sums.occupied_s += seconds

    def _add_reserved(self, lot_id: int, lot: _LotSpans) -> None:
        for start, end in lot.held:
            for day, _, seconds in self._hours(start, end):
                self.lot_days[lot_id, day].sums.reserved_s += seconds

    def _add_available(self, lot_id: int, lot: _LotSpans) -> None:
        """Adds the spots in service; spots present all the time are added per hour, for speed."""
        permanent = 0
        for start, end, number in lot.capacity:
            if (start, end) == (self._low, self._high):
                permanent += number
                continue
            for day, hour, seconds in self._hours(start, end):
                totals = self.lot_days[lot_id, day]
                totals.available[hour] += number * seconds
                totals.sums.available_s += number * seconds
        if permanent:
            for day, lengths, whole in self._lengths:
                totals = self.lot_days[lot_id, day]
                totals.available = [n + permanent * length for n, length in zip(totals.available, lengths, strict=True)]
                totals.sums.available_s += permanent * whole

    @cached_property
    def _lengths(self) -> list[tuple[date, list[int], int]]:
        """(day, the seconds of each of its local hours, all its seconds)."""
        lengths_by_day = {day: [0] * 24 for day in self.days}
        for slot, begin, end in zip(self._slots, self._edges, self._edges[1:], strict=False):
            lengths_by_day[slot.day][slot.hour] += end - begin
        return [(day, lengths, sum(lengths)) for day, lengths in lengths_by_day.items() if any(lengths)]

    def _peaks(self, cars: list[Span]) -> dict[date, int]:
        """day -> the most cars at one moment. A car leaving as another arrives is not counted with it."""
        peaks: dict[date, int] = {}
        level, at = 0, self._low
        changes = [(start, 1) for start, end in cars if start < end] + [(end, -1) for start, end in cars if start < end]
        for instant, change in sorted(changes):
            if level and instant > at:
                first, last = bisect_right(self._starts, at) - 1, bisect_right(self._starts, instant - 1) - 1
                for day in self.days[first : last + 1]:
                    peaks[day] = max(peaks.get(day, 0), level)
            level, at = level + change, instant
        return peaks
