"""The life of an export job in the database: claimed by one worker, kept alive, ended. Each change is a guarded
UPDATE whose row count is looked at: the owner may have cancelled, or another worker taken over."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from parking import clock, settings
from parking.database import changed_rows
from parking.exports.models import OPEN, ExportJob

LEASE = timedelta(seconds=90)
MOST_ATTEMPTS = 5
DIED = "The export failed. Please try again, or choose a shorter period."


class Lost(Exception):
    """The job is no longer ours: cancelled, or taken over by another worker."""


def claim(session: Session, now: datetime, job_id: int | None = None) -> ExportJob | None:
    """Takes the oldest free job (or that one) for LEASE. None: there is none, or others have it.

    Free is what is queued, and what a worker held that has not been heard of since. A job that has cost several
    workers their life is ended. Half of the worker's threads may build, so that mail never waits for exports."""
    building = select(func.count()).where(OPEN, ExportJob.state == "running", ExportJob.lease_until > now)
    if (session.scalar(building) or 0) >= max(1, settings.current().worker_concurrency // 2):
        return None
    free = or_(
        ExportJob.state == "queued",
        and_(ExportJob.state == "running", ExportJob.lease_until <= now),
    )
    wanted = select(ExportJob).where(OPEN, free).order_by(ExportJob.id).limit(1)
    if job_id is not None:
        wanted = wanted.where(ExportJob.id == job_id)
    job = session.scalars(wanted.with_for_update(skip_locked=True)).one_or_none()
    if job is None:
        return None
    if job.attempts >= MOST_ATTEMPTS:
        job.state, job.lease, job.lease_until, job.finished_at, job.error = "failed", None, None, now, DIED
        return None
    job.state, job.lease, job.lease_until = "running", secrets.token_hex(16), now + LEASE
    job.attempts += 1
    job.started_at = job.started_at or now
    job.rows_done = 0
    return job


def keep(session: Session, job: ExportJob, **values: Any) -> None:
    """Writes progress and lengthens the lease. Raises Lost."""
    _write(session, job, {"lease_until": clock.now() + LEASE, **values})


def end(session: Session, job: ExportJob, state: str, **values: Any) -> None:
    """Ends the job in `state`, or gives it back when that is `queued`. Raises Lost."""
    ending = {"finished_at": clock.now()} if state != "queued" else {}
    _write(session, job, {"state": state, "lease": None, "lease_until": None, **ending, **values})


def _write(session: Session, job: ExportJob, values: dict[str, Any]) -> None:
    changed = session.execute(
        update(ExportJob)
        .where(ExportJob.id == job.id, ExportJob.state == "running", ExportJob.lease == job.lease)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    if not changed_rows(changed):
        raise Lost
