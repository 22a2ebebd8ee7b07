"""The schedule: each report is sent once, also with two schedulers or after days without one."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from parking import clock
from parking.database import db, transaction
from parking.reports import batches, periods, schedule
from parking.reports.models import ReportBatch
from parking.reports.periods import Rule
from tests.conftest import make_user
from tests.exports.stage import make_lot, many_users, stay
from tests.reports.stage import DAY, mails, periods_of, sent_runs


def test_periods_before_the_installation_are_not_reported(begun):
    assert schedule.run_due() == 0
    clock.travel(19 * 3600)
    assert schedule.run_due() == 0  # 07:00
    clock.travel(3600)
    assert schedule.run_due() == 1  # 08:00
    assert periods_of("admin_daily_report") == ["2026-03-02"]


def test_the_first_run_of_an_installation_reports_nothing(app, carol):
    assert schedule.run_due() == 0
    assert {batch.state for batch in db.session.scalars(select(ReportBatch))} == {"start"}


def test_two_schedulers_send_each_report_once(begun):
    """A sweep of each in every minute, half a minute apart, over the turn of a month."""
    driver = make_user("dora", "user")
    clock.travel((datetime(2026, 3, 31, 10, 0, tzinfo=UTC) - clock.now()).total_seconds())
    schedule.run_due()
    before = len(mails())
    for _ in range(DAY // 60):
        clock.travel(30)
        schedule.run_due()
        clock.travel(30)
        schedule.run_due()
    after = [(row.kind, row.user_id) for row in mails()[before:]]
    assert Counter(after) == {
        ("admin_daily_report", begun.id): 1,
        ("admin_monthly_report", begun.id): 1,
        ("user_monthly_report", driver.id): 1,
    }
    assert periods_of("admin_monthly_report") == ["2026-03"]
    assert max(sent_runs().values()) == 1


def test_after_three_days_off_each_report_is_sent_once(begun):
    clock.travel(20 * 3600)
    schedule.run_due()
    clock.travel(3 * DAY)
    for _ in range(4):
        schedule.run_due()
        clock.travel(30)
    assert periods_of("admin_daily_report") == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]


def test_a_machine_that_was_off_at_the_end_of_a_month_reports_it_later(begun):
    make_user("dora", "user")
    clock.travel((datetime(2026, 3, 31, 23, 59, 30, tzinfo=UTC) - clock.now()).total_seconds())
    schedule.run_due()
    clock.travel(9 * 3600)
    schedule.run_due()
    assert periods_of("user_monthly_report") == periods_of("admin_monthly_report") == ["2026-03"]
    assert schedule.run_due() == 0


def test_after_a_month_off_there_is_one_digest_and_seven_daily_reports(begun):
    clock.travel(20 * 3600)
    schedule.run_due()
    clock.travel(30 * DAY)
    schedule.run_due()
    days = [row.facts for row in mails("admin_daily_report")][1:]
    assert len(days) == 8
    assert (days[0]["day"], days[0]["since"]) == ("2026-03-25", "2026-03-03")
    assert days[0]["previous"] is None
    assert [day["since"] for day in days[1:]] == [None] * 7
    assert days[-1]["day"] == "2026-04-01"


@pytest.mark.parametrize("jump", [3600, -3600, DAY, -DAY, 29 * DAY])
def test_a_clock_that_jumps_and_returns_repeats_no_report(begun, jump):
    for _ in range(10):
        clock.travel(DAY / 2)
        schedule.run_due()
    clock.travel(jump)
    schedule.run_due()
    clock.travel(-jump)
    for _ in range(80):
        clock.travel(DAY / 2)
        schedule.run_due()
    covered = []
    for row in mails("admin_daily_report"):
        first = datetime.fromisoformat(row.facts["since"] or row.facts["day"])
        last = datetime.fromisoformat(row.facts["day"])
        covered += [f"{first + timedelta(days=n):%Y-%m-%d}" for n in range((last - first).days + 1)]
    days = [f"{datetime(2026, 3, 2) + timedelta(days=n):%Y-%m-%d}" for n in range(44)]
    missing = [day for day in days if day not in covered]
    assert missing == []
    if jump < 8 * DAY:  # a month ahead makes a digest of days that then come again by themselves
        assert max(Counter(covered).values()) == 1
    assert max(sent_runs().values()) == 1


def test_a_clock_that_was_years_ahead_suppresses_no_report(begun):
    clock.travel(4 * 365 * DAY)
    schedule.run_due()
    clock.travel(-4 * 365 * DAY)
    before = len(periods_of("admin_daily_report"))
    clock.travel(20 * 3600)
    schedule.run_due()
    assert periods_of("admin_daily_report")[before:] == ["2026-03-02"]


def test_a_report_waits_until_the_day_has_ended_at_every_lot(begun):
    """Its figures are by the lots' days: at 00:00 UTC of the 1st it is still the 31st in Honolulu, until 10:00."""
    make_lot(zone="Pacific/Honolulu")
    make_user("dora", "user")
    clock.travel((datetime(2026, 3, 31, 22, 0, tzinfo=UTC) - clock.now()).total_seconds())
    schedule.run_due()
    for hour in range(13):
        clock.travel(3600)
        schedule.run_due()
        local = clock.now().astimezone(ZoneInfo("Pacific/Honolulu"))
        assert ("2026-03" in periods_of("user_monthly_report")) == (local.month == 4), hour
    assert periods_of("user_monthly_report") == periods_of("admin_monthly_report") == ["2026-03"]


def test_users_who_opted_out_or_are_disabled_get_no_report(begun):
    unwilling, disabled, other = many_users(3)
    with transaction() as session:
        batches.mail.set_preferences(session, unwilling.id, {"user_monthly_report": False})
        session.execute(text("UPDATE app_user SET active = false WHERE id = :id"), {"id": disabled.id})
    clock.travel((datetime(2026, 4, 1, tzinfo=UTC) - clock.now()).total_seconds())
    schedule.run_due()
    assert [row.user_id for row in mails("user_monthly_report")] == [other.id]


def test_every_day_and_every_month_is_reported_once(begun):
    """Each zone's rule against the real ledger, a sweep for every period (the minutes are test_periods' matter)."""
    rule = Rule("day", schedule.settings.current().daily_report_time, ZoneInfo("UTC"))
    expected = []
    day = periods.latest(rule, clock.now())
    for _ in range(60):
        day = periods.following(rule, day)
        expected.append(day.key)
        clock.travel((day.due - clock.now()).total_seconds())
        schedule.run_due()
    assert periods_of("admin_daily_report") == expected
    assert periods_of("admin_monthly_report") == ["2026-03", "2026-04"]


def test_many_stays_are_one_monthly_mail(begun):
    dora = make_user("dora", "user")
    lot = make_lot()
    for n in range(40):
        stay(dora, lot, clock.now() + timedelta(hours=12 * n), 1, spot=n % 5 + 1)
    clock.travel(31 * DAY)
    schedule.run_due()
    [mail] = mails("user_monthly_report")
    assert mail.facts["figures"]["visits"] == 40
