"""Which of the scheduled backups stay. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime

DAILY, WEEKLY, MONTHLY = 7, 4, 6


def to_keep(moments: Iterable[datetime]) -> set[datetime]:
    """The newest backup of each of the last seven days, four weeks (ISO 8601) and six months that have one."""
    newest_first = sorted(moments, reverse=True)
    kinds: tuple[tuple[Callable[[date], object], int], ...] = (
        (lambda day: day, DAILY),
        (lambda day: day.isocalendar()[:2], WEEKLY),
        (lambda day: (day.year, day.month), MONTHLY),
    )
    result: set[datetime] = set()
    for period_of, number in kinds:
        newest: dict[object, datetime] = {}
        for moment in newest_first:
            newest.setdefault(period_of(moment.date()), moment)
        result.update(list(newest.values())[:number])
    return result
