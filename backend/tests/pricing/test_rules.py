"""Prices against an independent reckoning in fractions, over the nights on which clocks change."""

import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from parking.pricing import TariffTerms, cost_lines, cost_minor, seconds_between, stay_cost

ZONES = ("UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago")
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2035, 12, 31, tzinfo=UTC)


def half_up(amount: Fraction) -> int:
    whole, rest = divmod(amount, 1)
    return int(whole) + (rest >= Fraction(1, 2))


def reckoned(hourly_minor: int, start: datetime, end: datetime, step: int) -> int:
    """The client's formula in exact fractions: hours times the price, started steps whole."""
    elapsed = Fraction(end.timestamp() - start.timestamp()).limit_denominator(10**6)
    steps = -(-elapsed // step)
    return half_up(Fraction(steps * step, 3600) * hourly_minor)


def changes_of(zone: ZoneInfo) -> list[datetime]:
    """The instants at which this zone's clocks change, to the hour."""
    changes, at, offset = [], FIRST, FIRST.astimezone(zone).utcoffset()
    while at < LAST:
        at += timedelta(hours=6)
        if at.astimezone(zone).utcoffset() != offset:
            changes.append(at)
            offset = at.astimezone(zone).utcoffset()
    return changes


@pytest.mark.parametrize("zone", ZONES)
def test_random_stays_equal_the_fraction_to_the_cent(zone):
    """100,000 in all; half of them lie across a change of the clocks where the zone has one."""
    draw, tz = random.Random(zone), ZoneInfo(zone)
    changes = changes_of(tz)
    assert changes or zone in ("UTC", "Asia/Kolkata")
    for n in range(100_000 // len(ZONES) + 1):
        if changes and n % 2:
            start = draw.choice(changes) - timedelta(seconds=draw.randrange(86_400))
        else:
            start = FIRST + timedelta(seconds=draw.randrange(int((LAST - FIRST).total_seconds())))
        end = start + timedelta(seconds=draw.randrange(1, draw.choice((7_200, 90_000, 40 * 86_400))))
        price, step = draw.choice((0, 1, 33, 199, 250, 1999, 99_999)), draw.choice((1, 60, 900, 3600))
        charged = cost_minor(TariffTerms(price, step_s=step, timezone=zone), start.astimezone(tz), end.astimezone(tz))
        assert charged == reckoned(price, start, end, step), (start, end, price, step)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cap_day", ["rolling", "calendar"])
def test_a_daily_cap_equals_a_calculation_day_by_day(zone, cap_day):
    draw, tz = random.Random(zone + cap_day), ZoneInfo(zone)
    for _ in range(400):
        start = FIRST + timedelta(seconds=draw.randrange(int((LAST - FIRST).total_seconds())))
        end = start + timedelta(seconds=draw.randrange(1, 9 * 86_400))
        price, cap = draw.choice((50, 120, 333)), draw.choice((0, 700, 1500))
        tariff = TariffTerms(price, day_cap_minor=cap, cap_day=cap_day, timezone=zone)
        total, at = 0, start
        while at < end:
            if cap_day == "rolling":
                night = at + timedelta(hours=24)
            else:  # the first instant of the next date there, found by looking at every quarter of an hour
                night = at.replace(minute=at.minute // 15 * 15, second=0)
                while night.astimezone(tz).date() == at.astimezone(tz).date():
                    night += timedelta(minutes=15)
            cut = min(night, end)
            total += min(cap, half_up(Fraction(int((cut - at).total_seconds()), 3600) * price))
            at = cut
        assert cost_minor(tariff, start, end) == total, (start, end)


def test_the_clients_two_formulas():
    nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert cost_minor(TariffTerms(500), nine, nine + timedelta(hours=2, minutes=30)) == 1250
    window = (nine, nine + timedelta(hours=8))
    assert stay_cost(TariffTerms(500), nine, nine + timedelta(hours=3), window) == 4000  # left early
    assert stay_cost(TariffTerms(500), nine, nine + timedelta(hours=9), window) == 4500  # stayed longer
    assert stay_cost(TariffTerms(500), nine - timedelta(minutes=30), nine + timedelta(hours=8), window) == 4250


def test_a_night_with_a_clock_change_is_charged_by_its_length():
    london = ZoneInfo("Europe/London")
    evening = datetime(2026, 3, 28, 22, tzinfo=london)
    assert cost_minor(TariffTerms(100), evening, datetime(2026, 3, 29, 6, tzinfo=london)) == 700
    evening = datetime(2026, 10, 24, 22, tzinfo=london)
    assert cost_minor(TariffTerms(100), evening, datetime(2026, 10, 25, 6, tzinfo=london)) == 900


@pytest.mark.parametrize(("seconds", "cents"), [(0, 0), (600, 0), (601, 17), (3600, 100)])
def test_only_stays_within_the_free_minutes_are_free(seconds, cents):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert cost_minor(TariffTerms(100, free_s=600), start, start + timedelta(seconds=seconds)) == cents


def test_half_a_cent_is_rounded_up_once():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert cost_minor(TariffTerms(1), start, start + timedelta(minutes=30)) == 1
    assert cost_minor(TariffTerms(1), start, start + timedelta(minutes=29, seconds=59)) == 0


def test_the_lines_add_up_to_the_total():
    start = datetime(2026, 3, 27, 18, tzinfo=UTC)
    tariff = TariffTerms(250, step_s=900, day_cap_minor=1500, cap_day="calendar", timezone="Europe/London")
    lines = cost_lines(tariff, start, start + timedelta(hours=60, minutes=7))
    assert sum(line.amount_minor for line in lines) == cost_minor(tariff, start, start + timedelta(hours=60, minutes=7))
    assert [line.capped for line in lines] == [False, True, True, True]
    assert [line.seconds for line in lines][1:3] == [86_400, 23 * 3600]


def test_naive_times_and_negative_stays_are_refused():
    aware, naive = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)
    with pytest.raises(ValueError, match="naive"):
        seconds_between(naive, aware)
    with pytest.raises(ValueError, match="before"):
        cost_minor(TariffTerms(1), aware, aware - timedelta(seconds=1))
