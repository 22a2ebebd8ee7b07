"""The dates of a series, and the window of each: wall times of the lot on days of the week. Pure.

A window keeps its wall times over a change of the clocks. A time that the clocks leave out is as much later, and one
that occurs twice is its first occurrence (RFC 5545, 3.3.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import MO, WEEKLY, rrule, weekdays

WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """On `days` of every n-th week from that of `first` on, until `last` (included) or for `count` dates. An end that
    is not later than the start is on the next day."""

    start: time
    end: time
    days: tuple[str, ...]
    every_weeks: int
    first: date
    last: date | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The window of one date. `moved`: the clocks leave its start or end out that day, so it is later. `exists`: there
    is some time between the two on this date."""

    day: date
    start: datetime
    end: datetime
    moved: bool
    exists: bool


def dates(rule: Recurrence, most: int) -> list[date]:
    """Returns the first `most` dates."""
    repeats = rrule(
        WEEKLY,
        dtstart=datetime.combine(rule.first, time()),
        interval=rule.every_weeks,
        byweekday=[weekdays[WEEKDAYS.index(day)] for day in rule.days],
        wkst=MO,
        until=datetime.combine(rule.last, time()) if rule.last else None,
        count=rule.count,
    )
    return [moment.date() for moment in islice(repeats, most)]


def occurrence(rule: Recurrence, day: date, zone: str) -> Occurrence:
    """Returns the window of a date in the lot's zone."""
    there = ZoneInfo(zone)
    start, start_moved = _instant(datetime.combine(day, rule.start), there)
    until = day if rule.end > rule.start else day + DAY
    end, end_moved = _instant(datetime.combine(until, rule.end), there)
    exists = start < end and start.astimezone(there).date() == day
    return Occurrence(day, start, end, moved=start_moved or end_moved, exists=exists)


def _instant(local: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Returns the instant, and whether the clocks leave this time out."""
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return instant, instant.astimezone(zone).replace(tzinfo=None, fold=0) != local


def following(days: Iterable[date], day: date) -> date | None:
    """Returns the first of these dates after that day."""
    return min((one for one in days if one > day), default=None)
