"""Reading the times a client sends."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from parking.errors import Invalid

EARLIEST_YEAR, LATEST_YEAR = 1971, 8999
"""Years a client may name: at the edges of the calendar, adding a day or another zone would leave it."""


def read_time(text: str, zone: str, field: str) -> datetime:
    """The instant a client means: RFC 3339 with an offset, or naive and then in the lot's local time.

    A naive time that occurs twice (clocks going back) is its first occurrence; seconds are cut off below one.
    Raises Invalid for what is no time, or for a local time that the clocks leave out.
    """
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid.field(field, "Please write a date and time like 2026-03-02T09:00:00.") from None
    if not EARLIEST_YEAR <= given.year <= LATEST_YEAR:
        raise Invalid.field(field, "This time is out of range.")
    given = given.replace(microsecond=0)
    try:
        if given.tzinfo is not None:
            return given.astimezone(UTC)
        instant = given.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        raise Invalid.field(field, "This time is out of range.") from None
    if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) != given.replace(fold=0):
        missing = f"{given:%H:%M} does not exist on {given:%Y-%m-%d} in {zone}"
        raise Invalid.field(field, f"{missing}: the clocks go forward that night.")
    return instant
