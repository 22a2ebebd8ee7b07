"""The most cars of a day at one moment."""

from datetime import date

import pytest

from parking.lot_calendar import midnight
from parking.statistics.daily.aggregate import BookingRow, DayAggregator
from parking.statistics.daily.sums import Day


@pytest.mark.parametrize(
    ("cars", "peak"),
    [
        ([(0, 50), (50, 80)], 1),  # one leaves in the second the next one comes: never two
        ([(10, 40), (20, 30), (20, 20)], 2),
        ([(0, 0)], None),
        ([(-100, 0), (86_390, 90_000)], 1),
        ([], None),
    ],
)
def test_the_peak_is_the_most_cars_at_one_moment(cars, peak):
    day = date(2026, 3, 2)
    roller = DayAggregator("UTC", day, day, midnight(day, "UTC") + 2 * 86_400)
    start = midnight(day, "UTC")
    for begin, end in cars:
        roller.add(BookingRow(1, 1, "instant", "Completed", start + begin, None, start + begin, start + end, 0))
    result = roller.finish().get((1, day), Day())
    assert (result.peak_cars or None) == peak
