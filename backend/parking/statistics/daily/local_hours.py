"""Days and hours by the clock of a lot. Pure; a `zone` is the whole calendar of a lot (parking/lot_calendar.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from parking.lot_calendar import changes_between, local_day, local_hour, midnight, midnight_after

_ONE_DAY = timedelta(days=1)
QUARTER_S = 900
"""Every zone's hours begin on a quarter of an hour."""


def days(first: date, last: date) -> list[date]:
    """Every day from first to last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


class Slot(NamedTuple):
    """A local hour, or the part of one up to a change of the zone: [start, the next slot's start)."""

    start: int
    day: date
    hour: int


@lru_cache(maxsize=256)
def slots(zone: str, first: date, last: date) -> tuple[Slot, ...]:
    """The local hours of the days, in order. A repeated hour is one longer slot; a skipped hour is missing."""
    low, high = midnight(first, zone), midnight_after(last, zone)
    quarters = range(low // QUARTER_S * QUARTER_S + QUARTER_S, high, QUARTER_S)
    hours: list[Slot] = []
    for instant in sorted({low, *quarters, *changes_between(low, high, zone)} if low < high else ()):
        day, hour = local_day(instant, zone), local_hour(instant, zone)
        if not hours or (hours[-1].day, hours[-1].hour) != (day, hour):
            hours.append(Slot(instant, day, hour))
    return tuple(hours)


@lru_cache(maxsize=256)
def remaining_seconds(zone: str, day: date, now: int) -> tuple[list[int], int]:
    """The seconds of each local hour of the day that follow `now`, and their sum."""
    by_hour = [0] * 24
    hours = slots(zone, day, day)
    ends = [slot.start for slot in hours[1:]] + [midnight(day + timedelta(days=1), zone)]
    for slot, end in zip(hours, ends, strict=True):
        by_hour[slot.hour] += max(0, end - max(slot.start, now))
    return by_hour, sum(by_hour)


def runs(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """The days as (first, last) of each run of consecutive days."""
    start = before = None
    for day in sorted(days):
        if before is None or day != before + _ONE_DAY:
            if start is not None and before is not None:
                yield start, before
            start = day
        before = day
    if start is not None and before is not None:
        yield start, before
