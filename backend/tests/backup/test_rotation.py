from datetime import UTC, datetime, timedelta

from parking.backup.rotation import to_keep

START = datetime(2026, 1, 1, 3, tzinfo=UTC)


def test_a_year_of_days_leaves_seven_days_four_weeks_and_six_months():
    days = [START + timedelta(days=n) for n in range(365)]
    stay = sorted(to_keep(days))
    assert stay[-7:] == days[-7:]
    weeks = {moment.isocalendar()[:2] for moment in stay}
    assert len({one for one in weeks if one >= days[-22].isocalendar()[:2]}) == 4
    assert {moment.month for moment in stay} == {7, 8, 9, 10, 11, 12}
    assert len(stay) <= 7 + 4 + 6


def test_of_several_of_a_day_the_newest_stays():
    moments = [START, START + timedelta(hours=5), START + timedelta(hours=9)]
    assert to_keep(moments) == {START + timedelta(hours=9)}


def test_what_stays_stays_when_the_rest_is_gone():
    """Deleting daily and then deleting again loses nothing more."""
    there: set[datetime] = set()
    for n in range(400):
        there = to_keep(there | {START + timedelta(days=n)})
    assert there == to_keep(there)
    assert len(there) >= 12


def test_nothing_of_nothing():
    assert to_keep([]) == set()
