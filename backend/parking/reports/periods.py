"""When a report is due, and over which period. Pure: a rule and an instant in, periods out.

Days and months are the operator's: they begin at midnight in the operator's zone, also where the clocks skip it.
Periods are UTC instants, so a change of the clocks can neither repeat nor skip one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

CATCH_UP = timedelta(days=7)
"""Periods missed within this time are reported one by one; older ones together, once."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A report over every day or month, due at a wall-clock time on the day after the period's last day."""

    every: Literal["day", "month"]
    at: time
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end) in UTC. `key` names the (last) day or month in the operator's calendar, "2026-03-01" or
    "2026-03". A digest also covers what was missed before: `since` is its first day, else None."""

    key: str
    start: datetime
    end: datetime
    due: datetime
    since: date | None = None


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall-clock time: the first of two when it comes twice, the moment as long after midnight
    as it would have been when the clocks skip it."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def period(rule: Rule, key: str) -> Period:
    """The period with this key. Raises ValueError for a key that names no period."""
    first = _first_day(rule, key)
    after = _first_day_after(rule, first)
    end = instant(after, time(), rule.zone)
    return Period(key, instant(first, time(), rule.zone), end, max(end, instant(after, rule.at, rule.zone)))


def following(rule: Rule, earlier: Period) -> Period:
    """The next period."""
    return period(rule, _key(rule, _first_day_after(rule, _first_day(rule, earlier.key))))


def latest(rule: Rule, now: datetime) -> Period:
    """The newest period whose report is due at `now`."""
    today = now.astimezone(rule.zone).date()
    newest = period(rule, _key(rule, _first_day_before(rule, today)))
    while newest.due > now:
        newest = period(rule, _key(rule, _first_day_before(rule, _first_day(rule, newest.key))))
    return newest


def upcoming(rule: Rule, now: datetime) -> Period:
    """The period that becomes due next, after `now`."""
    return following(rule, latest(rule, now))


def due(rule: Rule, done: str, now: datetime, catch_up: timedelta = CATCH_UP) -> list[Period]:
    """The periods to report at `now` after the period `done`, oldest first: each period that became due within
    `catch_up`, preceded by one digest of all older ones."""
    missed = list(_after(rule, done, now))
    old = [p for p in missed if p.due <= now - catch_up]
    recent = missed[len(old) :]
    return [digest(rule, old), *recent] if old else recent


def digest(rule: Rule, periods: list[Period]) -> Period:
    """Consecutive periods as one, with the key of the last."""
    if len(periods) == 1:
        return periods[0]
    return replace(periods[-1], start=periods[0].start, since=_first_day(rule, periods[0].key))


def _after(rule: Rule, done: str, now: datetime) -> Iterator[Period]:
    next_one = following(rule, period(rule, done))
    while next_one.due <= now:
        yield next_one
        next_one = following(rule, next_one)


def _key(rule: Rule, day: date) -> str:
    return day.isoformat() if rule.every == "day" else f"{day:%Y-%m}"


def _first_day(rule: Rule, key: str) -> date:
    day = date.fromisoformat(key if rule.every == "day" else f"{key}-01")
    if _key(rule, day) != key:
        raise ValueError(f"not the name of a {rule.every}: {key!r}")
    return day


def _first_day_after(rule: Rule, first: date) -> date:
    if rule.every == "day":
        return first + timedelta(days=1)
    return (first + timedelta(days=31)).replace(day=1)


def _first_day_before(rule: Rule, day: date) -> date:
    """The first day of the period before the one that contains `day`."""
    if rule.every == "day":
        return day - timedelta(days=1)
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
