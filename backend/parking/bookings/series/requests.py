"""What a driver asks for with a series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from parking.bookings.rules import recurrence
from parking.bookings.rules.recurrence import Occurrence, Recurrence
from parking.errors import Invalid
from parking.spot_features import Needs
from parking.text.counting import counted

MAX_DATES = 366
MAX_LENGTH = timedelta(days=366)
"""A series can begin so far ahead, and last so long."""


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """A request for a series. `accept`: the dates to be booked; None: all. `wait_if_full`: for a later date on which no
    spot is free, the driver joins the waitlist."""

    lot_id: int
    user_id: int
    rule: Recurrence
    spot_id: int | None = None
    vehicle_plate: str | None = None
    needs: Needs = ()
    accept: frozenset[date] | None = None
    wait_if_full: bool = False


def occurrences(rule: Recurrence, zone: str, now: datetime) -> list[Occurrence]:
    """Returns the dates of a new series that have not begun. Raises Invalid for none, for too many, and for dates that
    are past or too far ahead."""
    today = now.astimezone(ZoneInfo(zone)).date()
    if rule.first < today:
        raise Invalid.field("from", "This date is in the past.")
    if rule.first > today + MAX_LENGTH:
        raise Invalid.field("from", f"A series can begin at most {counted(MAX_LENGTH.days, 'day')} ahead.")
    length = "count" if rule.count else "until"
    # One more than asked for: the first date may be of today, and have begun.
    wider = replace(rule, count=rule.count + 1) if rule.count else rule
    days = recurrence.dates(wider, MAX_DATES + 2)
    dated = [recurrence.occurrence(rule, day, zone) for day in days if day <= rule.first + MAX_LENGTH]
    coming = [one for one in dated if one.start >= now][: rule.count]
    if not coming:
        raise Invalid.field(length, "All dates of this series are in the past. Choose a later last date.")
    if len(coming) > MAX_DATES or (rule.count and len(coming) < rule.count) or _ends_too_late(rule):
        raise Invalid.field(length, f"A series can last at most {counted(MAX_LENGTH.days, 'day')}.")
    return coming


def _ends_too_late(rule: Recurrence) -> bool:
    return rule.last is not None and rule.last > rule.first + MAX_LENGTH
