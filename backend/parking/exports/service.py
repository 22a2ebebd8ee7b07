"""Requests, lists, downloads and ends exports."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flask import has_request_context
from sqlalchemy import BigInteger, Select, cast, delete, or_, select
from sqlalchemy.orm import Session

from parking import audit, clock, csv_writer, idempotency, mail, realtime, settings
from parking.bookings import Filters
from parking.database import after_commit, db, transaction, upsert
from parking.errors import Conflict, Forbidden, NotFound, Problem, Unavailable
from parking.exports import columns, emails, files, jobs, queries, quota, stream
from parking.exports.models import OPEN, ExportJob
from parking.staff import lots_of
from parking.timestamps import to_rfc3339
from parking.web import Identity

log = logging.getLogger(__name__)
WAITING = timedelta(seconds=30)
"""A job that has been queued for longer waits for a worker, which the page says."""
SAME_REQUEST = timedelta(seconds=60)
"""A second request for all data within this time (a double click) returns the same job."""
KEEP_ROWS = timedelta(days=90)
MAX_LISTED = 100
_EXPORT_NAME = re.compile(r"(bookings|lot_bookings|all_data)_[0-9]{8}-[0-9]{6}_([0-9]+)(\.csv|\.zip|)(\..*part)?")


class LinkEnded(Problem):
    status, code, title = 410, "link_ended", "This link has ended"


def request(
    identity: Identity,
    kind: str,
    filters: Filters | None = None,
    *,
    form: str = "auto",
    force: bool = False,
    task: bool = False,
) -> dict[str, Any]:
    """Queues an export written as `form` (csv_writer.FORMATS), or returns the open job of the same request. The answer
    has the message and the job; with `task` also the client's `status` and `task_id`.

    Raises Forbidden (all data is for administrators who have signed in, bookings of lots for their staff), NotFound
    (a lot that is not theirs), Conflict `export_quota`, Unavailable
    `disk_full`.
    """
    if kind == "all_data" and not identity.is_admin:
        raise Forbidden("Only administrators can do this.")
    if kind == "all_data" and identity.token is not None:
        raise Forbidden("No API token can export all data. Please sign in.", code="insufficient_scope")
    if kind == "lot_bookings":
        filters = _of_lots(identity, filters or Filters())
    with transaction() as session:
        record = idempotency.begin(session) if has_request_context() else None
        form = csv_writer.resolved(form, identity.locale, identity.csv_format)
        job = _job_for(session, identity, kind, _stored_filters(filters), form, force)
        client = {"status": "processing", "task_id": f"export-{job.id}"} if task else {}
        body = {"message": _message(kind), **client, "export": view(job)}
        if record:
            record.store(202, body)
    return body


def _of_lots(identity: Identity, filters: Filters) -> Filters:
    """The filters with the lots that the caller may see. Raises Forbidden for somebody who is on no lot's staff,
    NotFound for a lot that is not theirs."""
    own = lots_of(identity, "viewer")
    if own is None:
        return filters
    if not own:
        raise Forbidden("Only administrators and the staff of a lot can do this.")
    if filters.lot_id is not None and filters.lot_id not in own:
        raise NotFound("There is no such lot.")
    return replace(filters, lot_ids=own if filters.lot_id is None else frozenset({filters.lot_id}))


def _message(kind: str) -> str:
    subject = {
        "bookings": "Your bookings are being exported.",
        "lot_bookings": "The bookings are being exported.",
        "all_data": "All data is being exported.",
    }[kind]
    if mail.can_send():
        return f"{subject} You will get an email, and the file will be on this page."
    return f"{subject} The file will be on this page once it is ready."


def _job_for(
    session: Session, identity: Identity, kind: str, filters: dict[str, Any], form: str, force: bool
) -> ExportJob:
    fingerprint = _fingerprint(kind, filters, form, secrets.token_hex(8) if force else "")
    existing = _same_job(session, identity.id, fingerprint, kind)
    if existing is not None:
        return existing
    _check_space(session, identity.id, kind)
    job = session.scalar(
        upsert.insert(ExportJob)
        .values(
            user_id=identity.id,
            kind=kind,
            filters=filters,
            format=form,
            fingerprint=fingerprint,
            state="queued",
            rows_done=0,
            files=[],
            attempts=0,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["user_id", "fingerprint"], index_where=OPEN)
        .returning(ExportJob)
    )
    if job is None:  # another request of the same user was faster
        same_requests = select(ExportJob).where(ExportJob.user_id == identity.id, ExportJob.fingerprint == fingerprint)
        return session.scalars(same_requests.order_by(ExportJob.id.desc()).limit(1)).one()
    audit.record(session, "export.request", "export", job.id, after={"kind": kind, "filters": filters, "format": form})
    after_commit(partial(realtime.wake_task, "tasks.build_export", job.id))
    return job


def _same_job(session: Session, user_id: int, fingerprint: str, kind: str) -> ExportJob | None:
    """The job of the same request: one that is open, or an export of all data that was finished just now."""
    query = select(ExportJob).where(ExportJob.user_id == user_id, ExportJob.fingerprint == fingerprint)
    job = session.scalars(query.where(OPEN)).one_or_none()
    if job is None and kind == "all_data":
        recent = query.where(ExportJob.state == "done", ExportJob.created_at > clock.now() - SAME_REQUEST)
        job = session.scalars(recent.order_by(ExportJob.id.desc()).limit(1)).one_or_none()
    return job


def _check_space(session: Session, user_id: int, kind: str) -> None:
    if files.free_bytes() < files.MIN_FREE_BYTES:
        raise Unavailable(
            "There is too little space left on the server for an export. Please tell the operator.",
            code="disk_full",
            retry_after=600,
        )
    if kind != "all_data" and quota.used(session, user_id) >= quota.BYTES_PER_USER:
        raise Conflict(str(quota.Exceeded()), code="export_quota")


def _stored_filters(filters: Filters | None) -> dict[str, Any]:
    """The filters as a job stores them (build.read_filters reads them)."""
    filters = filters or Filters()
    named = {"status": filters.status, "lot_id": filters.lot_id, "booking_type": filters.booking_type}
    times = {"from_": filters.from_, "to": filters.to}
    lots = {"lot_ids": sorted(filters.lot_ids)} if filters.lot_ids is not None else {}
    return lots | {k: v for k, v in named.items() if v is not None} | {k: v.isoformat() for k, v in times.items() if v}


def _fingerprint(kind: str, filters: dict[str, Any], form: str, salt: str) -> str:
    return hashlib.sha256(json.dumps([kind, filters, form, salt], sort_keys=True).encode()).hexdigest()


_ERRORS = {
    jobs.NOT_BUILT: "not_built",
    jobs.DISK_FULL: "disk_full",
    jobs.NOT_ALLOWED: "not_allowed",
    str(quota.Exceeded()): "export_quota",
}


def view(job: ExportJob) -> dict[str, Any]:
    """The job as the API returns it to its owner."""
    now = clock.now()
    return {
        "id": job.id,
        "kind": job.kind,
        "filters": {name.rstrip("_"): value for name, value in job.filters.items()},
        "format": job.format,
        "state": job.state,
        "rows_done": job.rows_done,
        "rows_total": job.rows_total,
        "size_bytes": job.size_bytes,
        "created_at": to_rfc3339(job.created_at),
        "finished_at": to_rfc3339(job.finished_at),
        "expires_at": to_rfc3339(job.expires_at),
        "download_url": f"/api/exports/{job.id}/download" if job.state == "done" else None,
        "error": job.error,
        "error_code": _ERRORS.get(job.error or ""),
        "waiting_for_worker": job.state == "queued" and job.created_at <= now - WAITING,
    }


def listing(identity: Identity) -> list[dict[str, Any]]:
    """The user's exports, newest first."""
    return [view(job) for job in db.session.scalars(own_jobs(identity))]


def own_jobs(identity: Identity) -> Select[ExportJob]:
    """Selects the user's exports that they may see, newest first; no more than a list shows."""
    query = select(ExportJob).where(ExportJob.user_id == identity.id)
    if not _may_see_all_data(identity):
        query = query.where(ExportJob.kind != "all_data")
    if not identity.is_admin:  # asked for as an administrator, of all lots
        named = ExportJob.filters["lot_ids"].as_string().is_not(None)
        query = query.where(or_(ExportJob.kind != "lot_bookings", named))
    if identity.token is not None and identity.token.lot_ids is not None:
        lot_id = cast(ExportJob.filters["lot_id"].as_string(), BigInteger)  # people may have named any number
        query = query.where(lot_id.in_(sorted(identity.token.lot_ids)))
    return query.order_by(ExportJob.id.desc()).limit(MAX_LISTED)


def get(job_id: int, identity: Identity) -> dict[str, Any]:
    """One of the user's exports. Raises NotFound."""
    return view(_own(db.session(), job_id, identity))


def download(job_id: int, identity: Identity, token: str | None) -> Path:
    """The file of one of the user's finished exports; `token` is that of the mail's link, valid for a day.

    Raises NotFound, LinkEnded (the link or the file has expired), Conflict `not_ready`.
    """
    job = _own(db.session(), job_id, identity)
    if token is not None and not emails.link_is_good(token, job.id):
        raise LinkEnded("This link has expired. Your exports are on the page until they are deleted.")
    if job.state in ("queued", "running"):
        raise Conflict("This export is still being built.", code="not_ready")
    if job.state != "done" or job.file is None or (job.expires_at and job.expires_at <= clock.now()):
        raise LinkEnded("This file has been deleted. Please export again.", code="export_ended")
    path = files.absolute(job.file)
    if not path.is_file():
        raise LinkEnded("This file has been deleted. Please export again.", code="export_ended")
    return path


def _own(session: Session, job_id: int, identity: Identity, *, lock: bool = False) -> ExportJob:
    job = session.get(ExportJob, job_id, with_for_update=lock)
    if job is None or job.user_id != identity.id or not _may_see(job, identity):
        raise NotFound("There is no such export.")
    return job


def _may_see(job: ExportJob, identity: Identity) -> bool:
    """Whether the owner of an export may see it: see `_may_see_all_data`; bookings of lots only while they may see
    these; a program whose API token is limited to lots,
    only those of one of these."""
    if job.kind == "all_data" and not _may_see_all_data(identity):
        return False
    if job.kind == "lot_bookings" and not jobs.lies_within(job, lots_of(identity, "viewer")):
        return False
    lots = identity.token.lot_ids if identity.token else None
    return lots is None or job.filters.get("lot_id") in lots


def _may_see_all_data(identity: Identity) -> bool:
    """Exports of all data are for administrators only, also for their owner once they are no longer one; and no API
    token reaches the accounts in them."""
    return identity.is_admin and identity.token is None


def csv_of(identity: Identity, filters: Filters, form: str = "machine") -> Iterator[bytes]:
    """The user's bookings as a CSV file, streamed from the database."""
    now = clock.now()
    own = Filters(
        status=filters.status,
        lot_id=filters.lot_id,
        booking_type=filters.booking_type,
        from_=filters.from_,
        to=filters.to,
        user_id=identity.id,
        by_end=True,
    )
    table = columns.booking_table(queries.live_values_at(now))
    dialect = csv_writer.dialect_of(form, identity.locale, identity.csv_format)
    return csv_writer.document(table, stream.read_parts(queries.booking_rows(own, now)), dialect)


def cancel(job_id: int, identity: Identity) -> dict[str, Any]:
    """Cancels an export that is not finished, and deletes the file of one that is. Raises NotFound."""
    with transaction() as session:
        job = _own(session, job_id, identity, lock=True)
        _end(session, job)
        return view(job)


def _end(session: Session, job: ExportJob) -> None:
    """Cancels an open job; its worker notices when it next writes its progress. Deletes the file of a finished one."""
    before = job.state
    if before in ("queued", "running"):
        job.state, job.lease, job.lease_until, job.finished_at = "cancelled", None, None, clock.now()
    elif before == "done":
        _expire(job)
    if job.state != before:
        audit.record(session, "export.cancel", "export", job.id, before={"state": before}, after={"state": job.state})


def _expire(job: ExportJob) -> None:
    """Marks the job as expired and deletes its file after the commit, so that no row offers a deleted file."""
    if job.file:
        after_commit(partial(files.remove, job.file))
    job.state, job.file = "expired", None


def expire_old(now: datetime | None = None) -> int:
    """Deletes expired files and what dead workers left behind, and returns the number of expired jobs."""
    now = now or clock.now()
    with transaction() as session:
        old = select(ExportJob).where(ExportJob.state == "done", ExportJob.expires_at <= now).limit(500)
        ended = list(session.scalars(old.with_for_update(skip_locked=True)))
        for job in ended:
            _expire(job)
        session.execute(
            delete(ExportJob).where(
                ExportJob.state.in_(("failed", "cancelled", "expired")), ExportJob.created_at < now - KEEP_ROWS
            )
        )
    _remove_orphans()
    return len(ended)


def _remove_orphans() -> None:
    """Deletes files and folders that no job needs (its worker was killed, or its row was deleted)."""
    root = settings.current().export_dir
    entries = (*root.glob("user_*/*"), *root.glob("admin/*"))
    exports = [(entry, int(match[2])) for entry in entries if (match := _EXPORT_NAME.fullmatch(entry.name))]
    for start in range(0, len(exports), 500):
        part = exports[start : start + 500]
        states = _states({job_id for _, job_id in part})
        for entry, job_id in part:
            needed = ("queued", "running") if entry.suffix == ".part" else ("queued", "running", "done")
            if states.get(job_id) not in needed:
                files.remove_entry(entry)


def _states(job_ids: set[int]) -> dict[int, str]:
    with db.engine.connect() as connection:
        rows = connection.execute(select(ExportJob.id, ExportJob.state).where(ExportJob.id.in_(job_ids)))
        return dict(rows.all())


def end_of_lot(session: Session, user_id: int, lot_id: int) -> None:
    """Cancels the exports of a lot's bookings that a user has running who leaves its staff, and deletes their files."""
    of_user = (ExportJob.user_id == user_id, ExportJob.kind == "lot_bookings")
    jobs_of_user = select(ExportJob).where(*of_user, ExportJob.state.in_(("queued", "running", "done")))
    for job in session.scalars(jobs_of_user.order_by(ExportJob.id).with_for_update(of=ExportJob)):
        if lot_id in job.filters.get("lot_ids", ()):
            _end(session, job)


def delete_of_user(session: Session, user_id: int) -> None:
    """Deletes the exports of a deleted account."""
    for job in session.scalars(select(ExportJob).where(ExportJob.user_id == user_id)):
        if job.file:
            after_commit(partial(files.remove, job.file))
        session.delete(job)
