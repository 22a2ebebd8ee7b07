"""The days of a lot whose time zone was changed."""

from datetime import UTC, date, datetime

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from parking import lot_calendar

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
BERLIN, NEW_YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
ZONES = st.sampled_from([BERLIN, NEW_YORK, TOKYO, "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe"])
MOMENTS = st.integers(1_790_000_000, 1_800_000_000)


@hypothesis.settings(deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
@given(st.lists(st.tuples(MOMENTS, ZONES), max_size=4), ZONES, st.lists(MOMENTS, min_size=2, max_size=20))
def test_later_instants_never_have_earlier_days(moves, first, moments):
    calendar = first
    for at, zone in sorted(moves):
        calendar = lot_calendar.changed(calendar, zone, datetime.fromtimestamp(at, UTC))
    days = [lot_calendar.local_day(moment, calendar) for moment in sorted(moments)]
    assert days == sorted(days)
    for moment, day in zip(sorted(moments), days, strict=True):
        assert lot_calendar.midnight(day, calendar) <= moment < lot_calendar.midnight_after(day, calendar)


def test_a_calendar_holds_every_zone_since_its_change():
    calendar = lot_calendar.changed(BERLIN, NEW_YORK, NOW)
    assert calendar == "Europe/Berlin 2026-11-10T12:00:00Z America/New_York"
    assert lot_calendar.changed(calendar, NEW_YORK, NOW) == calendar
    assert lot_calendar.zone_of_stay(calendar, "2026-11-10T11:59:59Z") == BERLIN
    assert lot_calendar.zone_of_stay(calendar, NOW) == NEW_YORK
    assert lot_calendar.zone_of_stay(calendar, None) == NEW_YORK
    day = date(2026, 11, 10)
    assert lot_calendar.midnight(day, calendar) == datetime.fromisoformat("2026-11-10T00:00+01:00").timestamp()
    assert lot_calendar.midnight_after(day, calendar) == datetime(2026, 11, 11, 5, tzinfo=UTC).timestamp()
