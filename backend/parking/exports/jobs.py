"""The life of an export job in the database: leased by one worker, extended, finished (parking/jobs/lease.py)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parking import clock, settings
from parking.database import read_once
from parking.exports.models import OPEN, ExportJob
from parking.jobs import Lease, LeaseLost, LeaseQueue

LEASE = timedelta(seconds=90)
MAX_ATTEMPTS = 5
DISK_FULL = "There is too little space left on the server. Please tell the operator."
NOT_ALLOWED = "You may no longer see the bookings of these lots."
NOT_BUILT = "The export failed. Please try again, or choose a shorter period."

LEASES = LeaseQueue(ExportJob, open_rows=OPEN, length=LEASE, until=ExportJob.lease_until, holder=ExportJob.lease)


def any_free(now: datetime) -> bool:
    """Whether a job waits for a worker. Only reads: most sweeps find none, and need no write transaction."""
    return bool(read_once(select(ExportJob.id).where(LEASES.free(now)).limit(1), {}))


def acquire(session: Session, now: datetime, job_id: int | None = None) -> ExportJob | None:
    """Takes the oldest free job (or that one) for LEASE. None: none is free, or enough are being built.

    A job that is queued is free, and so is one whose worker let its lease end. A job that failed with MAX_ATTEMPTS
    workers is ended. At most half of the worker's threads build exports, so that mail never waits for them."""
    building = select(func.count()).where(OPEN, ExportJob.state == "running", ExportJob.lease_until > now)
    if (session.scalar(building) or 0) >= max(1, settings.current().worker_concurrency // 2):
        return None
    query = select(ExportJob).where(LEASES.free(now)).order_by(ExportJob.id).limit(1)
    if job_id is not None:
        query = query.where(ExportJob.id == job_id)
    job = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    if job is None:
        return None
    if job.attempts >= MAX_ATTEMPTS:
        job.state, job.lease, job.lease_until, job.finished_at, job.error = "failed", None, None, now, NOT_BUILT
        return None
    started = {"attempts": job.attempts + 1, "started_at": job.started_at or now, "rows_done": 0}
    if LEASES.acquire(session, job.id, now, state="running", **started) is None:
        return None
    session.refresh(job)
    return job


def extend(session: Session, job: ExportJob, **values: Any) -> None:
    """Writes progress and lengthens the lease. Raises LeaseLost."""
    LEASES.extend(session, _lease(job), **values)


def finish(session: Session, job: ExportJob, state: str, **values: Any) -> None:
    """Ends the job in `state`, or puts it back into the queue when that is `queued`. Raises LeaseLost."""
    finished = {"finished_at": clock.now()} if state != "queued" else {}
    LEASES.release(session, _lease(job), state=state, **finished, **values)


def _lease(job: ExportJob) -> Lease:
    """The lease under which the job was leased. Raises LeaseLost where it has none."""
    if job.lease_until is None:
        raise LeaseLost
    return Lease(job.id, job.lease_until, job.lease)


def lies_within(job: ExportJob, lots: frozenset[int] | None) -> bool:
    """Whether an export of lots' bookings holds those of these lots (None: all) alone."""
    return lots is None or ("lot_ids" in job.filters and lots.issuperset(job.filters["lot_ids"]))
