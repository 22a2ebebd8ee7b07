"""The local hours of days on which the clocks change."""

from datetime import date, timedelta

import pytest

from parking.lot_calendar import midnight
from parking.statistics.daily.local_hours import slots


@pytest.mark.parametrize(
    ("zone", "day", "hours", "odd"),
    [
        ("Europe/London", date(2026, 3, 29), 23, {1: 0}),
        ("Europe/London", date(2026, 10, 25), 25, {1: 7200}),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5, {1: 5400}),
        ("America/Santiago", date(2026, 9, 6), 23, {0: 0}),
        ("Asia/Kolkata", date(2026, 3, 29), 24, {}),
    ],
)
def test_the_local_hours_of_a_day(zone, day, hours, odd):
    day_slots = slots(zone, day, day)
    end = midnight(day + timedelta(days=1), zone)
    edges = [slot.start for slot in day_slots] + [end]
    assert end - midnight(day, zone) == hours * 3600
    lengths = dict.fromkeys(range(24), 0)
    for slot, until in zip(day_slots, edges[1:], strict=True):
        lengths[slot.hour] += until - slot.start
    assert lengths == {hour: odd.get(hour, 3600) for hour in range(24)}
