"""The calendar of a lot: its time zone, and the zones it was in before, each with the moment at which it ended.

When the zone of a lot is corrected, its past does not change: a stay that ended before the correction keeps its day and
its times by the old zone. A calendar is a text, because it is stored with the lot, compared, and used in GROUP BY: the
zone alone ("Europe/Berlin"), or zones with the moments between them
("Europe/Berlin 2026-11-10T14:00:00Z America/New_York").

No local day comes twice: after a change to a clock that is behind, the day lasts until that clock reaches the next day.
Pure; instants are unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EARLIEST, _LATEST = -(2**62), 2**62


@dataclass(frozen=True, slots=True)
class Part:
    """[since, until) by the clock of one zone. `floor`: the day that had been reached when it began."""

    zone: ZoneInfo
    since: int = _EARLIEST
    until: int = _LATEST
    floor: date = date.min


@lru_cache(maxsize=1024)
def parts(calendar: str) -> tuple[Part, ...]:
    """The parts of a calendar, in order. Raises ValueError or a zone's error for a text that is no calendar."""
    words = calendar.split(" ")
    zones, changes = words[::2], [_seconds(word) for word in words[1::2]]
    result: list[Part] = []
    for zone, since, until in zip(zones, [_EARLIEST, *changes], [*changes, _LATEST], strict=True):
        floor = max(result[-1].floor, _day(since - 1, result[-1].zone)) if result else date.min
        result.append(Part(ZoneInfo(zone), since, until, floor))
    return tuple(result)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _day(instant: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(instant, zone).date()


def changed(calendar: str, zone: str, at: datetime) -> str:
    """The calendar of a lot that moves to `zone` at that moment; the same one if it is there already."""
    if calendar.rsplit(" ", 1)[-1] == zone:
        return calendar
    return f"{calendar} {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {zone}"


def part_at(instant: int, calendar: str) -> Part:
    """The part in which the instant lies."""
    return next(part for part in parts(calendar) if instant < part.until)


def zone_of_stay(calendar: str, end: datetime | str | int | None) -> str:
    """The zone in which the times of a booking are shown: the lot's zone when it ended; the present zone while it has
    not ended."""
    if " " not in calendar or end is None:
        return calendar.rsplit(" ", 1)[-1]
    if isinstance(end, str):
        end = datetime.fromisoformat(end)
    return part_at(int(end.timestamp()) if isinstance(end, datetime) else end, calendar).zone.key


def local_day(instant: int, calendar: str) -> date:
    """The local day of the lot in which an instant lies."""
    part = part_at(instant, calendar)
    return max(part.floor, _day(instant, part.zone))


def local_hour(instant: int, calendar: str) -> int:
    """What the lot's clock shows at the instant, in whole hours."""
    return datetime.fromtimestamp(instant, part_at(instant, calendar).zone).hour


def midnight(day: date, calendar: str) -> int:
    """The instant at which the local day begins (where the clocks skip midnight, the moment they do)."""
    for part in parts(calendar):
        start = part.since
        if day > part.floor:
            start = max(start, int(datetime.combine(day, time(), part.zone).timestamp()))
        if start < part.until:
            return start
    raise AssertionError("the last part has no end")


def midnight_after(day: date, calendar: str) -> int:
    """The instant at which the local day is over."""
    return midnight(day + timedelta(days=1), calendar)


def changes_between(low: int, high: int, calendar: str) -> list[int]:
    """The moments within (low, high) at which the zone changed."""
    return [part.since for part in parts(calendar) if low < part.since < high]
