"""Reads the times of a request. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from parking.errors import Invalid

NOT_A_TIME = "Please write a date and time like 2026-03-02T09:00:00."
EARLIEST_YEAR, LATEST_YEAR = 1971, 8999
"""Years a client may name: at the edges of the calendar, adding a day or another zone would leave it."""


def check_time(text: str) -> str:
    """Returns the text. Raises ValueError, with a sentence, when it is no time at all."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(NOT_A_TIME) from None
    return text


def read_time(text: str, zone: str, field: str) -> datetime:
    """Returns the instant of a text: RFC 3339 with an offset, or naive and then in the lot's local time.

    A naive time that occurs twice (clocks going back) is its first occurrence; seconds are cut off below one.
    Raises Invalid for another text, or for a local time that the clocks skip.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid.field(field, NOT_A_TIME) from None
    if not EARLIEST_YEAR <= time.year <= LATEST_YEAR:
        raise Invalid.field(field, "This time is out of range.")
    time = time.replace(microsecond=0)
    try:
        if time.tzinfo is not None:
            return time.astimezone(UTC)
        instant = time.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        raise Invalid.field(field, "This time is out of range.") from None
    if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) != time.replace(fold=0):
        missing = f"{time:%H:%M} does not exist on {time:%Y-%m-%d} in {zone}"
        raise Invalid.field(field, f"{missing}: the clocks go forward that night.")
    return instant
