"""The ledger: every report once, with two clocks, with none for days, and with workers that fight or die."""

import contextvars
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, true
from sqlalchemy.exc import OperationalError

from parking import clock
from parking.database import db, transaction
from parking.jobs.lease import Lease, LeaseQueue
from parking.mail.models import OutboxMail
from parking.reports import batches, periods, schedule, send_log
from parking.reports.models import ReportBatch, ReportRun
from parking.reports.periods import Rule
from tests.conftest import make_user
from tests.exports.stage import make_lot, many_users, stay

DAY = 24 * 3600


def mails(kind=None):
    db.session.rollback()
    query = select(OutboxMail.kind, OutboxMail.user_id, OutboxMail.facts)
    return [row for row in db.session.execute(query.order_by(OutboxMail.id)) if kind in (None, row.kind)]


def told(kind):
    """What the mails of this kind are about."""
    return [row.facts.get("day") or row.facts.get("month") for row in mails(kind)]


def lines():
    """(kind, period, recipient) of the ledger, with how often."""
    db.session.rollback()
    return Counter(
        tuple(row) for row in db.session.execute(select(ReportRun.kind, ReportRun.period, ReportRun.recipient))
    )


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch):
    """A busy machine finishes its sweep all the same, and rests from none."""
    monkeypatch.setattr(batches, "RUN_SECONDS", 3600.0)
    monkeypatch.setattr(batches, "MAX_PAUSE_SECONDS", 0.0)


@pytest.fixture
def begun(app, carol):
    """An installation with one administrator, begun on Monday 2 March 2026, 12:00 UTC."""
    schedule.begin()
    return carol


def test_nothing_from_before_the_installation_is_told(begun):
    assert schedule.run_due() == 0
    clock.travel(19 * 3600)
    assert schedule.run_due() == 0  # 07:00
    clock.travel(3600)
    assert schedule.run_due() == 1  # 08:00
    assert told("admin_daily_report") == ["2026-03-02"]


def test_a_sweep_without_a_beginning_begins(app, carol):
    assert schedule.run_due() == 0
    assert {batch.state for batch in db.session.scalars(select(ReportBatch))} == {"start"}


def test_two_beats_for_a_day_and_a_night(begun):
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
    assert told("admin_monthly_report") == ["2026-03"]
    assert max(lines().values()) == 1


def test_three_days_off_miss_nothing_and_repeat_nothing(begun):
    clock.travel(20 * 3600)
    schedule.run_due()
    clock.travel(3 * DAY)
    for _ in range(4):
        schedule.run_due()
        clock.travel(30)
    assert told("admin_daily_report") == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]


def test_off_at_midnight_of_the_first(begun):
    make_user("dora", "user")
    clock.travel((datetime(2026, 3, 31, 23, 59, 30, tzinfo=UTC) - clock.now()).total_seconds())
    schedule.run_due()
    clock.travel(9 * 3600)
    schedule.run_due()
    assert told("user_monthly_report") == told("admin_monthly_report") == ["2026-03"]
    assert schedule.run_due() == 0


def test_a_month_off_is_one_digest_and_a_week_of_days(begun):
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
def test_a_clock_that_jumps_and_comes_back(begun, jump):
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
    assert max(lines().values()) == 1


def test_a_clock_that_was_years_ahead_silences_nothing(begun):
    clock.travel(4 * 365 * DAY)
    schedule.run_due()
    clock.travel(-4 * 365 * DAY)
    before = len(told("admin_daily_report"))
    clock.travel(20 * 3600)
    schedule.run_due()
    assert told("admin_daily_report")[before:] == ["2026-03-02"]


def test_a_report_waits_until_the_day_is_over_at_every_lot(begun):
    """Its figures are by the lots' days: at 00:00 UTC of the 1st it is still the 31st in Honolulu, until 10:00."""
    make_lot(zone="Pacific/Honolulu")
    make_user("dora", "user")
    clock.travel((datetime(2026, 3, 31, 22, 0, tzinfo=UTC) - clock.now()).total_seconds())
    schedule.run_due()
    for hour in range(13):
        clock.travel(3600)
        schedule.run_due()
        local = clock.now().astimezone(ZoneInfo("Pacific/Honolulu"))
        assert ("2026-03" in told("user_monthly_report")) == (local.month == 4), hour
    assert told("user_monthly_report") == told("admin_monthly_report") == ["2026-03"]


def in_threads(number, work):
    """`work` in threads that start together, each with this clock and an application context of its own."""
    from flask import current_app

    app = current_app._get_current_object()
    barrier, faults = threading.Barrier(number), []

    def run():
        with app.app_context():
            try:
                barrier.wait()
                work()
            except Exception as fault:
                faults.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=contextvars.copy_context().run, args=(run,)) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def due_month(number, monkeypatch):
    """So many drivers, and a month that has just ended for them; small pages and transactions, so many races."""
    many_users(number)
    clock.travel((datetime(2026, 4, 1, 0, 0, 10, tzinfo=UTC) - clock.now()).total_seconds())
    monkeypatch.setattr(batches, "PAGE", 10)
    monkeypatch.setattr(batches, "MAILS_PER_TRANSACTION", 3)


def test_sweeps_of_eight_workers_at_once_tell_everybody_once(begun, monkeypatch):
    due_month(60, monkeypatch)
    in_threads(8, schedule.run_due)
    schedule.run_due()
    assert Counter(row.user_id for row in mails("user_monthly_report")).most_common(1)[0][1] == 1
    assert len(mails("user_monthly_report")) == 60
    assert len(mails("admin_monthly_report")) == 1


def test_the_ledger_alone_is_enough_when_two_workers_hold_the_same_batch(begun, monkeypatch):
    """As after a worker that slept longer than its lease: both believe that the batch is theirs."""
    due_month(60, monkeypatch)
    claim_anyway(monkeypatch, 6)
    schedule.open_due()
    in_threads(6, batches.process_batches)
    assert Counter(Counter(row.user_id for row in mails("user_monthly_report")).values()) == {1: 60}


def test_without_the_ledger_the_same_race_writes_twice(begun, monkeypatch):
    """The control run: the tests above would notice."""
    due_month(60, monkeypatch)
    claim_anyway(monkeypatch, 6)
    monkeypatch.setattr(send_log, "record", lambda session, kind, runs: set(runs))
    monkeypatch.setattr(send_log, "recorded", lambda *row: set())
    schedule.open_due()
    in_threads(6, batches.process_batches)
    assert Counter(row.user_id for row in mails("user_monthly_report")).most_common(1)[0][1] > 1


class UnguardedLeases(LeaseQueue):
    """Leases that nobody loses."""

    def _change(self, session, lease, values):
        self._update(session, lease.row_id, true(), values)


def claim_anyway(monkeypatch, workers):
    """Every worker gets a lease of the batch; none begins before all have one."""
    together = threading.Barrier(workers)

    def claim(batch_id):
        together.wait(120)
        return db.session.get(ReportBatch, batch_id), Lease(batch_id, clock.now())

    unguarded = UnguardedLeases(
        ReportBatch, open_rows=true(), length=timedelta(seconds=60), until=ReportBatch.lease_until
    )
    monkeypatch.setattr(batches, "LEASES", unguarded)
    monkeypatch.setattr(batches, "claim", claim)


@pytest.mark.parametrize("dies_after", [0, 1, 5, 11, 19])
def test_a_worker_that_dies_anywhere_is_continued(begun, monkeypatch, dies_after):
    due_month(50, monkeypatch)
    real, count = batches.mail.queue, []

    class Killed(BaseException):
        pass

    def deadly(*row, **more):
        count.append(1)
        if len(count) == dies_after + 1:
            raise Killed
        return real(*row, **more)

    monkeypatch.setattr(batches.mail, "queue", deadly)
    with pytest.raises(Killed):
        schedule.run_due()
    monkeypatch.setattr(batches.mail, "queue", real)
    db.session.rollback()
    clock.travel(30)
    schedule.run_due()  # the dead one's lease still holds its batch
    clock.travel(31)
    schedule.run_due()
    assert Counter(Counter(row.user_id for row in mails("user_monthly_report")).values()) == {1: 50}
    assert {batch.state for batch in db.session.scalars(select(ReportBatch))} <= {"closed", "start"}


def test_a_mail_and_its_line_stand_together_or_not_at_all(begun, monkeypatch):
    due_month(7, monkeypatch)
    real = batches.mail.queue

    def fails_for_the_third(session, kind, to, facts, **more):
        if to.name == "user2":
            raise ValueError("no such letter")
        return real(session, kind, to, facts, **more)

    monkeypatch.setattr(batches.mail, "queue", fails_for_the_third)
    schedule.run_due()
    reached = {row.user_id for row in mails("user_monthly_report")}
    assert len(reached) == 6  # one bad letter stops no other
    assert {user for kind, _, user in lines() if kind == "user_monthly_report"} == reached


def test_a_database_that_fails_half_way_costs_nobody_a_letter(begun, monkeypatch):
    due_month(7, monkeypatch)
    real, count = batches.mail.queue, []

    def database_away(*row, **more):
        count.append(1)
        if len(count) == 5:
            raise OperationalError("INSERT", {}, Exception("the disk is full"))
        return real(*row, **more)

    monkeypatch.setattr(batches.mail, "queue", database_away)
    with pytest.raises(OperationalError):
        schedule.run_due()
    db.session.rollback()
    clock.travel(61)
    schedule.run_due()
    assert Counter(Counter(row.user_id for row in mails("user_monthly_report")).values()) == {1: 7}


def test_a_run_over_many_people_uses_short_transactions(begun, monkeypatch):
    monkeypatch.setattr(batches, "PAGE", 100)
    many_users(300)
    clock.travel((datetime(2026, 4, 1, tzinfo=UTC) - clock.now()).total_seconds())
    sizes, record = [], send_log.record
    monkeypatch.setattr(
        send_log, "record", lambda session, kind, runs: sizes.append(len(runs)) or record(session, kind, runs)
    )
    schedule.run_due()
    assert len(mails("user_monthly_report")) == 300
    assert max(sizes) <= batches.MAILS_PER_TRANSACTION


def test_a_sweep_that_runs_out_of_time_is_continued_by_the_next(begun, monkeypatch):
    due_month(25, monkeypatch)
    monkeypatch.setattr(batches, "RUN_SECONDS", -1.0)
    assert schedule.run_due() == 0
    monkeypatch.setattr(batches, "RUN_SECONDS", 3600.0)
    schedule.run_due()
    assert Counter(row.kind for row in mails() if "monthly" in row.kind) == {
        "user_monthly_report": 25,
        "admin_monthly_report": 1,
    }
    assert schedule.run_due() == 0


def test_the_unwilling_and_the_disabled_get_nothing(begun):
    unwilling, disabled, other = many_users(3)
    with transaction() as session:
        batches.mail.set_preferences(session, unwilling.id, {"user_monthly_report": False})
        session.execute(text("UPDATE app_user SET active = false WHERE id = :id"), {"id": disabled.id})
    clock.travel((datetime(2026, 4, 1, tzinfo=UTC) - clock.now()).total_seconds())
    schedule.run_due()
    assert [row.user_id for row in mails("user_monthly_report")] == [other.id]


def test_the_mails_of_three_years_are_as_many_as_its_days_and_months(begun):
    """Each zone's rule against the real ledger, a sweep for every period (the minutes are test_periods' matter)."""
    rule = Rule("day", schedule.settings.current().daily_report_time, ZoneInfo("UTC"))
    wanted = []
    day = periods.latest(rule, clock.now())
    for _ in range(60):
        day = periods.following(rule, day)
        wanted.append(day.key)
        clock.travel((day.due - clock.now()).total_seconds())
        schedule.run_due()
    assert told("admin_daily_report") == wanted
    assert told("admin_monthly_report") == ["2026-03", "2026-04"]


def test_stays_make_the_letters_longer_but_not_more(begun):
    dora = make_user("dora", "user")
    lot = make_lot()
    for n in range(40):
        stay(dora, lot, clock.now() + timedelta(hours=12 * n), 1, spot=n % 5 + 1)
    clock.travel(31 * DAY)
    schedule.run_due()
    [letter] = mails("user_monthly_report")
    assert letter.facts["figures"]["visits"] == 40
