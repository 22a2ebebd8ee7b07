"""Leases: one worker at a time, extended while it works, free again when it stops."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from parking import clock
from parking.database import db, transaction
from parking.exports.models import OPEN, ExportJob
from parking.jobs.lease import LeaseLost, LeaseQueue
from parking.reports.models import OPEN as OPEN_BATCH
from parking.reports.models import ReportBatch

MINUTE = timedelta(seconds=60)
WITH_HOLDER = LeaseQueue(ExportJob, open_rows=OPEN, length=MINUTE, until=ExportJob.lease_until, holder=ExportJob.lease)
WITHOUT_HOLDER = LeaseQueue(ReportBatch, open_rows=OPEN_BATCH, length=MINUTE, until=ReportBatch.lease_until)


@pytest.fixture(params=["with holder", "without holder"])
def queue(request, app, alice):
    """A queue with one free row of id 1, and the values that its table needs beside the lease."""
    with transaction() as session:
        if request.param == "with holder":
            session.add(
                ExportJob(
                    id=1, user_id=alice.id, kind="bookings", filters={}, fingerprint="x", state="queued", files=[],
                    created_at=clock.now(),
                )
            )  # fmt: skip
            return WITH_HOLDER, {"state": "running"}, {"state": "queued"}
        session.add(ReportBatch(id=1, kind="x", period="2026-03", state="open", opened_at=clock.now()))
        return WITHOUT_HOLDER, {}, {}


def acquire(queue):
    leases, claimed, _ = queue
    with transaction() as session:
        return leases.acquire(session, 1, clock.now(), **claimed)


def free_ids(queue):
    db.session.rollback()
    return list(db.session.scalars(select(queue[0].table.id).where(queue[0].free(clock.now()))))


def test_one_worker_holds_a_row_until_its_lease_ends(queue):
    lease = acquire(queue)
    assert lease.until == clock.now() + MINUTE
    assert (acquire(queue), free_ids(queue)) == (None, [])
    with clock.set_to(lease.until - timedelta(seconds=1)):
        assert acquire(queue) is None
    with clock.set_to(lease.until):
        assert free_ids(queue) == [1]
        assert acquire(queue) is not None


def test_an_extended_lease_lasts_longer(queue):
    with clock.set_to(clock.now()):
        lease = acquire(queue)
        clock.travel(30)
        with transaction() as session:
            lease = queue[0].extend(session, lease)
        assert lease.until == clock.now() + MINUTE
        clock.travel(59)
        assert acquire(queue) is None


def test_a_released_row_is_free_and_its_lease_is_lost(queue):
    leases, _, released = queue
    lease = acquire(queue)
    with transaction() as session:
        leases.release(session, lease, **released)
    assert free_ids(queue) == [1]
    with pytest.raises(LeaseLost), transaction() as session:
        leases.extend(session, lease)


def test_a_worker_that_slept_too_long_can_neither_extend_nor_release(queue):
    leases, _, released = queue
    lease = acquire(queue)
    with clock.set_to(lease.until):
        assert acquire(queue) is not None
        with pytest.raises(LeaseLost), transaction() as session:
            leases.extend(session, lease)
        with pytest.raises(LeaseLost), transaction() as session:
            leases.release(session, lease, **released)
        assert free_ids(queue) == []


def test_a_lease_that_ended_but_was_not_taken_can_still_be_extended(queue):
    lease = acquire(queue)
    with clock.set_to(lease.until + MINUTE), transaction() as session:
        queue[0].extend(session, lease)
    with clock.set_to(lease.until + MINUTE):
        assert free_ids(queue) == []


def test_a_finished_row_is_never_free(queue):
    leases = queue[0]
    lease = acquire(queue)
    finished = {"state": "failed"} if leases is WITH_HOLDER else {"state": "closed"}
    with transaction() as session:
        leases.release(session, lease, **finished)
    with clock.set_to(lease.until + MINUTE):
        assert (free_ids(queue), acquire(queue)) == ([], None)
