"""Limits that are told in days: days of the lot's own calendar, which have 23, 24 or 25 hours. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def days_later(moment: datetime, days: int, zone: str) -> datetime:
    """The instant at which the lot's clock shows the time of `moment` again, so many days later.

    A time that occurs twice on that day is its second occurrence, one that the clocks leave out is as much later: a
    limit never refuses what the local calendar allows. Raises OverflowError beyond the calendar.
    """
    there = ZoneInfo(zone)
    local = moment.astimezone(there).replace(tzinfo=None) + timedelta(days=days)
    return max(local.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))
