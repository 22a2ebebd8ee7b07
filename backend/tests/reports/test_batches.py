"""Batches of reports: each mail once, with workers that run in parallel, fail or are killed."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, true
from sqlalchemy.exc import OperationalError

from parking import clock
from parking.database import db
from parking.jobs.lease import Lease, LeaseQueue
from parking.reports import batches, recipients, schedule, send_log
from parking.reports.models import ReportBatch
from tests.exports.stage import many_users
from tests.reports.stage import due_month, mails, sent_runs
from tests.threads import at_once


def test_eight_workers_in_parallel_send_each_mail_once(begun, monkeypatch):
    due_month(60, monkeypatch)
    at_once([schedule.run_due] * 8)
    schedule.run_due()
    assert Counter(row.user_id for row in mails("user_monthly_report")).most_common(1)[0][1] == 1
    assert len(mails("user_monthly_report")) == 60
    assert len(mails("admin_monthly_report")) == 1


def test_the_send_log_alone_prevents_a_second_mail_when_workers_share_a_batch(begun, monkeypatch):
    """As after a worker that slept longer than its lease: several workers process the batch."""
    due_month(60, monkeypatch)
    acquire_anyway(monkeypatch, 6)
    schedule.open_due()
    at_once([batches.process_batches] * 6)
    assert Counter(Counter(row.user_id for row in mails("user_monthly_report")).values()) == {1: 60}


def test_without_the_send_log_the_same_race_sends_mails_twice(begun, monkeypatch):
    """The control run: the tests above would notice."""
    due_month(60, monkeypatch)
    acquire_anyway(monkeypatch, 6)
    monkeypatch.setattr(send_log, "record", lambda session, kind, runs: set(runs))
    monkeypatch.setattr(send_log, "recorded", lambda *row: set())
    schedule.open_due()
    at_once([batches.process_batches] * 6)
    assert Counter(row.user_id for row in mails("user_monthly_report")).most_common(1)[0][1] > 1


class UnguardedLeases(LeaseQueue):
    """Leases that nobody loses."""

    def _change(self, session, lease, values):
        self._update(session, lease.row_id, true(), values)


def acquire_anyway(monkeypatch, workers):
    """Every worker gets a lease of the batch; none begins before all have one."""
    together = threading.Barrier(workers)

    def acquire(batch_id):
        together.wait(120)
        return db.session.get(ReportBatch, batch_id), Lease(batch_id, clock.now())

    unguarded = UnguardedLeases(
        ReportBatch, open_rows=true(), length=timedelta(seconds=60), until=ReportBatch.lease_until
    )
    monkeypatch.setattr(batches, "LEASES", unguarded)
    monkeypatch.setattr(batches, "acquire", acquire)


@pytest.mark.parametrize("dies_after", [0, 1, 5, 11, 19])
def test_the_batch_of_a_killed_worker_is_continued(begun, monkeypatch, dies_after):
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
    schedule.run_due()  # the lease of the killed worker still holds its batch
    clock.travel(31)
    schedule.run_due()
    assert Counter(Counter(row.user_id for row in mails("user_monthly_report")).values()) == {1: 50}
    assert {batch.state for batch in db.session.scalars(select(ReportBatch))} <= {"closed", "start"}


def test_a_worker_whose_lease_ended_leaves_the_batch_to_its_successor(begun, monkeypatch):
    due_month(7, monkeypatch)
    page, successor = recipients.page, []

    def sleeps_once(*args):
        if not successor:
            successor.append("claims")
            clock.travel(batches.LEASES.length.total_seconds())
            successor.append(schedule.run_due())
        return page(*args)

    monkeypatch.setattr(recipients, "page", sleeps_once)
    assert schedule.run_due() == 0
    assert successor[1] > 7
    assert Counter(Counter(row.user_id for row in mails("user_monthly_report")).values()) == {1: 7}
    assert {batch.state for batch in db.session.scalars(select(ReportBatch))} <= {"closed", "start"}


def test_a_mail_and_its_send_log_row_are_written_together(begun, monkeypatch):
    due_month(7, monkeypatch)
    real = batches.mail.queue

    def fails_for_the_third(session, kind, to, facts, **more):
        if to.name == "user2":
            raise ValueError("no such mail")
        return real(session, kind, to, facts, **more)

    monkeypatch.setattr(batches.mail, "queue", fails_for_the_third)
    schedule.run_due()
    reached = {row.user_id for row in mails("user_monthly_report")}
    assert len(reached) == 6  # one bad mail does not stop the others
    assert {user for kind, _, user in sent_runs() if kind == "user_monthly_report"} == reached


def test_after_a_database_error_every_mail_is_still_sent_once(begun, monkeypatch):
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


def test_a_run_over_many_users_uses_short_transactions(begun, monkeypatch):
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


def test_a_run_that_reaches_its_time_limit_is_continued_by_the_next(begun, monkeypatch):
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


def test_a_batch_of_an_unknown_report_does_not_stop_the_others(carol):
    schedule.begin()
    db.session.add(ReportBatch(kind="old_report", period="2026-03", state="open", opened_at=clock.now()))
    db.session.commit()
    clock.travel(20 * 3600)
    assert schedule.run_due() == 1
