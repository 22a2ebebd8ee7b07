"""The daily backup: at BACKUP_TIME, once whatever the number of workers, and tried again after a failure."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import clock, settings
from parking.backup import service
from parking.backup.archive import BackupError
from parking.backup.models import OPEN, BackupRun
from parking.backup.rotation import to_keep
from parking.database import db, transaction, upsert
from parking.jobs import LeaseQueue

log = logging.getLogger(__name__)
RETRY_AFTER = timedelta(minutes=15)
LATE_AFTER = timedelta(hours=26)
QUEUE = LeaseQueue(
    BackupRun, open_rows=OPEN, length=timedelta(hours=3), until=BackupRun.held_until, holder=BackupRun.holder
)
"""A dump of ten million bookings takes minutes; a worker that dies is replaced after three hours."""


def due_day(now: datetime) -> str | None:
    """The local day whose backup is due: today's after BACKUP_TIME, yesterday's before it. None: none is configured."""
    configured = settings.current()
    if configured.backup_time is None:
        return None
    local = now.astimezone(configured.zone)
    day = local.date() if local.time() >= configured.backup_time else local.date() - timedelta(days=1)
    return day.isoformat()


def run_due() -> bool:
    """Makes the backup that is due, unless it was made or another worker makes it. Returns whether it made one."""
    day = due_day(clock.now())
    if day is None or _is_settled(day):
        return False
    with transaction() as session:
        run_id = _run_of(session, day)
        lease = QUEUE.acquire(session, run_id, clock.now())
    if lease is None:
        return False
    try:
        file, manifest = service.create(reason="scheduled")
    except (BackupError, OSError) as error:
        log.error("backup: %s", error)
        with transaction() as session:
            QUEUE.release(session, lease, held_until=clock.now() + RETRY_AFTER, error=str(error))
        return False
    with transaction() as session:
        size = file.stat().st_size
        QUEUE.release(session, lease, finished_at=clock.now(), file=file.name, size_bytes=size, error=None)
    log.info("backup %s of %s bytes", file.name, manifest.size_bytes)
    delete_old()
    return True


def delete_old() -> int:
    """Deletes the scheduled backups that the rotation does not keep, and returns their number."""
    files = {moment: file for file, moment in service.scheduled_files()}
    keep = to_keep(files)
    old = [file for moment, file in files.items() if moment not in keep]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def status(session: Session, now: datetime) -> dict[str, Any]:
    """The last scheduled backup, and whether all is well."""
    last = session.scalar(
        select(BackupRun).where(BackupRun.finished_at.is_not(None)).order_by(BackupRun.finished_at.desc()).limit(1)
    )
    newest = session.scalar(select(BackupRun).order_by(BackupRun.day.desc()).limit(1))
    failed = newest.error if newest and newest.finished_at is None else None  # a day that is over is not tried again
    numbers = {"last_at": last and last.finished_at, "file": last and last.file, "size_bytes": last and last.size_bytes}
    if settings.current().backup_time is None:
        return {"ok": True, "detail": "No schedule: set BACKUP_TIME, or call `flask backup create`.", **numbers}
    if failed:
        return {"ok": False, "detail": f"The last attempt failed: {failed}", **numbers}
    if last is None or last.finished_at is None or now - last.finished_at > LATE_AFTER:
        return {"ok": False, "detail": "No backup from the last day. Are the worker and Beat running?", **numbers}
    return {"ok": True, "detail": "Made on schedule.", **numbers}


def _is_settled(day: str) -> bool:
    """Looks without a write transaction, because most sweeps find nothing to do."""
    run = db.session.scalar(select(BackupRun).where(BackupRun.day == day))
    now = clock.now()
    settled = run is not None and (run.finished_at is not None or bool(run.held_until and run.held_until > now))
    db.session.close()
    return settled


def _run_of(session: Session, day: str) -> int:
    session.execute(upsert.insert(BackupRun).values(day=day).on_conflict_do_nothing(index_elements=["day"]))
    return int(session.scalars(select(BackupRun.id).where(BackupRun.day == day)).one())
