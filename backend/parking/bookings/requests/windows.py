"""Reads the window of a request in the lot's zone and checks it against the operator's limits."""

from __future__ import annotations

from datetime import datetime, timedelta

from parking import settings
from parking.bookings.rules.limits import days_later
from parking.bookings.rules.times import read_time
from parking.errors import Invalid
from parking.lots import Lot
from parking.text.counting import counted

CLOCK_SKEW = timedelta(minutes=2)
"""A reservation may begin so long ago: clocks differ, and users need time to press the button."""


def read_window(
    lot: Lot,
    start_text: str | None,
    end_text: str | None,
    now: datetime,
    names: tuple[str, str] = ("reserved_start", "reserved_end"),
) -> tuple[datetime, datetime]:
    """Returns the window as two instants. Raises Invalid at the wrong field."""
    ahead = settings.current().reservation_max_days_ahead
    for name, value in zip(names, (start_text, end_text), strict=True):
        if value is None:
            raise Invalid.field(name, "Please give a start and an end.")
    start = read_time(str(start_text), lot.timezone, names[0])
    end = read_time(str(end_text), lot.timezone, names[1])
    if start < now - CLOCK_SKEW:
        raise Invalid.field(names[0], "This time is in the past.")
    start = max(start, now)
    if end <= start:
        raise Invalid.field(names[1], "The end must be after the start.")
    if start > days_later(now, ahead, lot.timezone):
        raise Invalid.field(names[0], f"You can book at most {counted(ahead, 'day')} ahead.")
    check_length(start, end, lot.timezone, names[1])
    return start, end


def check_length(start: datetime, end: datetime, zone: str, name: str) -> None:
    """Raises Invalid at the field `name` for a window of more days of the lot's calendar than allowed."""
    most = settings.current().reservation_max_days_long
    if end > days_later(start, most, zone):
        raise Invalid.field(name, f"A booking can last at most {counted(most, 'day')}.")
