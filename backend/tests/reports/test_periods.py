"""The timetable's arithmetic, over three years of minutes in seven zones."""

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from parking.reports import periods
from parking.reports.periods import Rule

ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
)
MINUTE = 60
FROM = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
UNTIL = int(datetime(2029, 1, 1, tzinfo=UTC).timestamp())


def moment(second):
    return datetime.fromtimestamp(second, UTC)


def run_every_minute(rules):
    """What a sweep in every minute sends, per rule: [(minute, period)]. An answer holds until the next is due."""
    done = {rule: periods.latest(rule, moment(FROM - MINUTE)) for rule in rules}
    wakes = {rule: periods.following(rule, last).due.timestamp() for rule, last in done.items()}
    sent = {rule: [] for rule in rules}
    next_wake = min(wakes.values())
    for minute in range(FROM, UNTIL, MINUTE):
        if minute < next_wake:
            continue
        for rule in [rule for rule in rules if wakes[rule] <= minute]:
            for run in periods.due(rule, done[rule].key, moment(minute)):
                sent[rule].append((minute, run))
                done[rule] = run
            wakes[rule] = periods.following(rule, done[rule]).due.timestamp()
        next_wake = min(wakes.values())
    return sent


@pytest.fixture(scope="module", params=ZONES)
def three_years(request):
    zone = ZoneInfo(request.param)
    daily = [Rule("day", at, zone) for at in (time(0, 0), time(0, 30), time(2, 15), time(8, 0), time(18, 0))]
    return run_every_minute([*daily, Rule("month", time(0, 0), zone), Rule("month", time(2, 15), zone)])


def test_three_years_of_minutes_hold_1096_daily_and_36_monthly_runs(three_years):
    for rule, sent in three_years.items():
        assert len(sent) == len({run.key for _, run in sent}) == (1096 if rule.every == "day" else 36)


def test_no_run_is_early_or_more_than_a_minute_late(three_years):
    for sent in three_years.values():
        assert all(0 <= minute - run.due.timestamp() < MINUTE for minute, run in sent)


def test_the_periods_of_three_years_leave_no_gap_and_do_not_overlap(three_years):
    for sent in three_years.values():
        assert all(one.end == later.start for (_, one), (_, later) in pairwise(sent))
        assert all(run.end <= run.due and run.since is None for _, run in sent)


@pytest.mark.parametrize("zone", ZONES)
def test_the_latest_and_the_upcoming_period_agree_in_every_minute(zone):
    """The simulation skips minutes in which nothing is due; asked directly there, nothing is due indeed. Every minute
    of the hours around each clock change and a random sample of the others."""
    tz = ZoneInfo(zone)
    rng = random.Random(zone)
    changes = [
        second
        for second in range(FROM, UNTIL, 3600)
        if moment(second).astimezone(tz).utcoffset() != moment(second + 3600).astimezone(tz).utcoffset()
    ]
    minutes = {m for change in changes for m in range(change - 4 * 3600, change + 4 * 3600, MINUTE)}
    minutes |= {rng.randrange(FROM, UNTIL, MINUTE) for _ in range(1000)}
    rule = Rule("day", time(2, 15), tz)
    for minute in minutes:
        now = moment(minute)
        last, coming = periods.latest(rule, now), periods.upcoming(rule, now)
        assert last.due <= now < coming.due
        assert last.end == coming.start
        assert periods.due(rule, last.key, now) == []


def test_a_missing_midnight_begins_the_day_when_the_clocks_have_jumped():
    day = periods.period(Rule("day", time(0, 0), ZoneInfo("America/Santiago")), "2026-09-06")
    assert day.start == datetime(2026, 9, 6, 4, 0, tzinfo=UTC)
    assert day.end - day.start == timedelta(hours=23)


def test_a_midnight_that_comes_twice_begins_the_day_once():
    rule = Rule("day", time(0, 0), ZoneInfo("America/Havana"))
    before, day = (periods.period(rule, key) for key in ("2026-10-31", "2026-11-01"))
    assert before.end == day.start
    assert day.end - day.start == timedelta(hours=25)


def test_a_day_of_the_half_hour_change_is_half_an_hour_longer():
    day = periods.period(Rule("day", time(8, 0), ZoneInfo("Australia/Lord_Howe")), "2026-04-05")
    assert day.end - day.start == timedelta(hours=24, minutes=30)


def test_the_month_that_ended_is_reported_on_the_first():
    rule = Rule("month", time(0, 0), ZoneInfo("Europe/Berlin"))
    run = periods.latest(rule, datetime(2026, 3, 31, 22, 0, tzinfo=UTC))  # midnight of 1 April in summer time
    assert run.key == "2026-03"
    assert run.start == datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
    assert run.end == run.due == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    assert periods.latest(rule, run.due - timedelta(seconds=1)).key == "2026-02"


def test_three_missed_days_are_reported_one_by_one():
    rule = Rule("day", time(8, 0), ZoneInfo("UTC"))
    missed = periods.due(rule, "2026-03-01", datetime(2026, 3, 5, 9, 0, tzinfo=UTC))
    assert [p.key for p in missed] == ["2026-03-02", "2026-03-03", "2026-03-04"]


def test_missed_periods_older_than_the_window_become_one_digest():
    rule = Rule("day", time(8, 0), ZoneInfo("UTC"))
    missed = periods.due(rule, "2026-01-31", datetime(2026, 3, 5, 9, 0, tzinfo=UTC))
    assert [p.key for p in missed] == [
        "2026-02-25",
        *("2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"),
    ]
    assert missed[0].since == date(2026, 2, 1)
    assert missed[0].start == datetime(2026, 2, 1, tzinfo=UTC)
    assert missed[0].end == missed[1].start
    assert all(p.since is None for p in missed[1:])


def test_a_year_off_is_nine_mails_at_most_and_leaves_no_gap():
    rule = Rule("day", time(8, 0), ZoneInfo("America/New_York"))
    missed = periods.due(rule, "2025-03-01", datetime(2026, 3, 5, 9, 0, tzinfo=UTC))
    assert len(missed) <= 8
    assert all(one.end == next_one.start for one, next_one in pairwise(missed))
    assert missed[0].start == periods.period(rule, "2025-03-02").start


def test_a_month_reported_late_is_still_a_month():
    rule = Rule("month", time(0, 0), ZoneInfo("UTC"))
    (late,) = periods.due(rule, "2026-01", datetime(2026, 3, 20, tzinfo=UTC))
    assert (late.key, late.since) == ("2026-02", None)
    digest, recent = periods.due(rule, "2025-10", datetime(2026, 3, 5, tzinfo=UTC))
    assert (digest.key, digest.since) == ("2026-01", date(2025, 11, 1))
    assert recent.key == "2026-02"


def test_a_report_is_never_due_before_its_period_has_ended():
    for zone in ZONES:
        rule = Rule("day", time(0, 0), ZoneInfo(zone))
        day = periods.period(rule, "2026-01-01")
        for _ in range(1096):
            assert day.start < day.end <= day.due
            day = periods.following(rule, day)


@pytest.mark.parametrize(("every", "key"), [("day", "2026-3-1"), ("day", "2026-03"), ("month", "2026-13"), ("day", "")])
def test_a_key_that_names_no_period_is_refused(every, key):
    with pytest.raises(ValueError):
        periods.period(Rule(every, time(0, 0), ZoneInfo("UTC")), key)
