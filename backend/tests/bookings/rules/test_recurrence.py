"""The dates of a series against a loop over all days and all seconds of the clock that shares nothing with it."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from parking.bookings.rules.recurrence import WEEKDAYS, Recurrence, dates, following, occurrence

ZONES = (
    *("Europe/Berlin", "America/New_York", "America/Santiago"),  # Santiago's clocks go forward at midnight
    *("Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"),  # by half an hour, never, twice around Ramadan
)
FIRST, LAST = date(2020, 1, 1), date(2029, 12, 31)
WALLS = [(time(8), time(17, 30)), (time(2, 30), time(2, 45)), (time(0), time(23, 59)), (time(22), time(6))]
MINUTE = timedelta(minutes=1)


def walls_of(zone: str) -> dict[datetime, datetime]:
    """What the clock shows -> the first instant at which it does, every quarter of an hour of the years."""
    there, moment = ZoneInfo(zone), datetime(2019, 12, 30, tzinfo=UTC)
    first: dict[datetime, datetime] = {}
    while moment.date() <= LAST + timedelta(days=2):
        first.setdefault(moment.astimezone(there).replace(tzinfo=None), moment)
        moment += 15 * MINUTE
    return first


@pytest.mark.parametrize("zone", ZONES)
def test_ten_years_equal_a_loop_over_days(zone):
    clock = walls_of(zone)
    for (start, end), every in itertools.product(WALLS[:2], (1, 3)):
        rule = Recurrence(start, end, ("mo", "we", "su"), every, FIRST, last=LAST)
        monday = FIRST - timedelta(days=FIRST.weekday())
        expected = [
            day
            for n in range((LAST - FIRST).days + 1)
            for day in [FIRST + timedelta(days=n)]
            if day.weekday() in (0, 2, 6) and ((day - monday).days // 7) % every == 0
        ]
        assert dates(rule, 10_000) == expected
    moved = 0
    for start, end in WALLS:
        rule = Recurrence(start, end, WEEKDAYS, 1, FIRST, last=LAST)
        for day in dates(rule, 10_000):
            one = occurrence(rule, day, zone)
            until = day if end > start else day + timedelta(days=1)
            begin, begin_moved = _by_loop(clock, datetime.combine(day, start))
            finish, finish_moved = _by_loop(clock, datetime.combine(until, end))
            assert (one.start, one.end, one.moved) == (begin, finish, begin_moved or finish_moved), (zone, day)
            assert one.exists == (begin < finish)
            moved += one.moved
    assert bool(moved) == (zone in ("Europe/Berlin", "America/New_York", "America/Santiago", "Africa/Casablanca"))


def _by_loop(clock: dict[datetime, datetime], wall: datetime) -> tuple[datetime, bool]:
    """The instant at which the clock first shows this time; where it never does, as long after the last quarter before
    it that it shows."""
    quarter = wall.replace(minute=wall.minute // 15 * 15)
    if quarter in clock:
        return clock[quarter] + (wall - quarter), False
    before = quarter
    while before not in clock:
        before -= 15 * MINUTE
    return clock[before] + (wall - before), True


def test_08_00_stays_08_00_over_a_change_of_the_clocks():
    rule = Recurrence(time(8), time(17, 30), ("mo",), 1, date(2026, 3, 23), count=2)
    before, after = (occurrence(rule, day, "Europe/Berlin") for day in dates(rule, 9))
    assert (before.start, after.start) == (datetime(2026, 3, 23, 7, tzinfo=UTC), datetime(2026, 3, 30, 6, tzinfo=UTC))
    assert (before.moved, after.moved) == (False, False)


def test_a_time_that_the_clocks_leave_out_is_later_and_one_that_is_all_left_out_does_not_exist():
    day, berlin = date(2026, 3, 29), "Europe/Berlin"
    later = occurrence(Recurrence(time(2, 30), time(9), ("su",), 1, day), day, berlin)
    assert (later.start, later.moved, later.exists) == (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), True, True)
    none = occurrence(Recurrence(time(2, 30), time(3), ("su",), 1, day), day, berlin)
    assert (none.moved, none.exists) == (True, False)


def test_a_day_that_a_calendar_leaves_out_does_not_exist():
    """Samoa went from 29 to 31 December 2011."""
    rule = Recurrence(time(8), time(9), WEEKDAYS, 1, date(2011, 12, 29), count=3)
    assert [occurrence(rule, day, "Pacific/Apia").exists for day in dates(rule, 9)] == [True, False, True]


def test_the_weeks_are_counted_from_the_week_of_the_first_date():
    rule = Recurrence(time(8), time(9), ("mo", "fr"), 2, date(2026, 3, 5), count=3)  # a Thursday
    assert dates(rule, 9) == [date(2026, 3, 6), date(2026, 3, 16), date(2026, 3, 20)]
    assert following(dates(rule, 9), date(2026, 3, 6)) == date(2026, 3, 16)
    assert following(dates(rule, 9), date(2026, 3, 20)) is None
