"""Limits in days of the lot's calendar, which have 23, 24 or 25 hours. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def days_later(moment: datetime, days: int, zone: str) -> datetime:
    """Returns the instant at which the lot's clock shows the time of `moment`, so many days later.

    A time that occurs twice on that day is its second occurrence, one that the clocks leave out is as much later: a
    limit never refuses what the local calendar allows. Raises OverflowError beyond the calendar.
    """
    local_zone = ZoneInfo(zone)
    local = moment.astimezone(local_zone).replace(tzinfo=None) + timedelta(days=days)
    return max(local.replace(tzinfo=local_zone, fold=fold).astimezone(UTC) for fold in (0, 1))
