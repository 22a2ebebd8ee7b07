"""The window that a client asks for: read in the lot's zone and held against the operator's limits."""

from __future__ import annotations

from datetime import datetime, timedelta

from parking import settings
from parking.bookings.rules.limits import days_later
from parking.bookings.rules.times import read_time
from parking.errors import Invalid
from parking.lots.models import Lot
from parking.text.counting import counted

CLOCK_SKEW = timedelta(minutes=2)
"""A reservation may begin this long ago: the sender's clock, and the time a person needs to press the button."""


def read_window(
    lot: Lot,
    start_text: str | None,
    end_text: str | None,
    now: datetime,
    names: tuple[str, str] = ("reserved_start", "reserved_end"),
) -> tuple[datetime, datetime]:
    """The window two texts mean at this lot. Raises Invalid at the field that is wrong."""
    ahead = settings.current().reservation_max_days_ahead
    for name, given in zip(names, (start_text, end_text), strict=True):
        if given is None:
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
    """Raises Invalid at the field `name` for what lasts more days of the lot's calendar than may be."""
    most = settings.current().reservation_max_days_long
    if end > days_later(start, most, zone):
        raise Invalid.field(name, f"A booking can last at most {counted(most, 'day')}.")
