"""Builds the file of an export job, in the worker."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from parking import clock, csv_writer, settings
from parking.accounts import User
from parking.bookings import Filters
from parking.csv_writer import Dialect, Table
from parking.database import db, transaction
from parking.exports import columns, emails, files, jobs, queries, quota, stream
from parking.exports.models import ExportJob
from parking.jobs import LeaseLost
from parking.lots import Lot, Spot
from parking.staff import lots_of_user

log = logging.getLogger(__name__)
KEEP = timedelta(days=7)
PROGRESS_SECONDS = 0.5
_FULL = (errno.ENOSPC, errno.EDQUOT)


def run(job_id: int | None = None) -> int | None:
    """Builds one job (the oldest free one, or that one) and returns its id; None when there is none to build.

    In every case the job ends, returns to the queue, or becomes free when the lease of a dead worker ends.
    """
    if not jobs.any_free(clock.now()):
        return None
    with transaction() as session:
        job = jobs.acquire(session, clock.now(), job_id)
    if job is None:
        return None
    try:
        _build(job)
    except LeaseLost:
        log.info("export %s was cancelled or taken over", job.id)
        _clean_up(job)
    except files.DiskFull:
        _fail(job, jobs.DISK_FULL)
    except quota.Exceeded as error:
        _fail(job, str(error))
    except NotAllowed:
        _fail(job, jobs.NOT_ALLOWED)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _fail(job, jobs.DISK_FULL)
        else:
            log.exception("export %s", job.id)
            _retry(job)
    return job.id


class NotAllowed(Exception):
    """The owner of the job may no longer see the bookings of one of its lots."""


class BuiltFile(NamedTuple):
    """One file of an export, as its job stores it and its mail lists it."""

    name: str
    rows: int
    size_bytes: int


@dataclass
class Progress:
    """The progress of a job. Writes it to the database from time to time, which also detects a cancellation."""

    job: ExportJob
    quota: int | None
    """Bytes the owner's quota still allows; None where there is no quota."""
    rows: int = 0
    size: int = 0
    _stored_at: float = field(default_factory=time.monotonic)

    def store(self) -> None:
        """Writes the progress. Raises LeaseLost when the job was cancelled or taken over, DiskFull when space has run
        out."""
        files.check_space()
        with transaction() as session:
            jobs.extend(session, self.job, rows_done=self.rows)
        self._stored_at = time.monotonic()

    def add(self, rows: int, size: int) -> None:
        self.rows += rows
        self.size += size
        if self.quota is not None and self.size > self.quota:
            raise quota.Exceeded
        if time.monotonic() - self._stored_at >= PROGRESS_SECONDS:
            self.store()


def _build(job: ExportJob) -> None:
    files.check_space()
    file = _file(job)
    progress = Progress(job, quota.remaining(job))
    path = files.absolute(file)
    dialect = _dialect(job)
    if job.kind == "all_data":
        contents = _build_everything(path, progress, dialect)
    else:
        contents = _build_bookings(path, job, progress, dialect)
        _check_lots(job)
    progress.store()
    _done(job, file, contents, path.stat().st_size)


def _dialect(job: ExportJob) -> Dialect:
    """The job's format in its owner's language."""
    with db.engine.connect() as connection:
        locale = connection.scalar(select(User.locale).where(User.id == job.user_id))
    return csv_writer.dialect_of(job.format, locale)


def _file(job: ExportJob) -> str:
    return files.relative(job.user_id, job.kind, job.id, job.created_at)


def _build_bookings(path: Path, job: ExportJob, progress: Progress, dialect: Dialect) -> list[BuiltFile]:
    now = clock.now()
    of_lots = job.kind == "lot_bookings"
    _check_lots(job)
    filters = read_filters(job.filters, **({} if of_lots else {"user_id": job.user_id, "by_end": True}))
    _set_total(job, stream.count(queries.booking_count(filters, now)))
    table = columns.booking_table(queries.live_values_at(now), with_user=of_lots)
    return [_write(path, table, queries.booking_rows(filters, now, with_user=of_lots), progress, dialect)]


def _check_lots(job: ExportJob) -> None:
    """Raises NotAllowed. (A role that is withdrawn cancels the job besides.)"""
    if job.kind != "lot_bookings":
        return
    own = lots_of_user(db.session(), job.user_id, "viewer")
    db.session.close()
    if not jobs.lies_within(job, own):
        raise NotAllowed


def _build_everything(path: Path, progress: Progress, dialect: Dialect) -> list[BuiltFile]:
    """Writes four files into a folder, and the same files as one archive beside it."""
    now, everything = clock.now(), Filters()
    zone = settings.current().timezone
    bookings = columns.booking_table(queries.live_values_at(now), with_user=True)
    sources: list[tuple[Table, Select[*tuple[Any, ...]]]] = [
        (columns.user_table(zone, settings.current().currency), queries.user_rows()),
        (columns.LOT_TABLE, queries.lot_rows()),
        (columns.SPOT_TABLE, queries.spot_rows()),
        (bookings, queries.booking_rows(everything, now, with_user=True)),
    ]
    counts = [queries.row_count(model) for model in (User, Lot, Spot)]
    total = sum(map(stream.count, [*counts, queries.booking_count(everything, now)]))
    _set_total(progress.job, total)
    folder = files.members_folder(path)
    contents = [_write(folder / f"{table.name}.csv", table, query, progress, dialect) for table, query in sources]
    files.pack(path, [folder / built.name for built in contents], lambda: progress.add(0, 0))
    return contents


def _set_total(job: ExportJob, rows: int) -> None:
    with transaction() as session:
        jobs.extend(session, job, rows_total=rows)


def _write(
    path: Path, table: Table, query: Select[*tuple[Any, ...]], progress: Progress, dialect: Dialect
) -> BuiltFile:
    """Writes one file."""
    rows = 0

    def counted() -> Iterator[Sequence[Any]]:
        nonlocal rows
        for part in stream.read_parts(query):
            rows += len(part)
            yield part

    size, before = 0, 0
    with files.whole_file(path) as file:
        for piece in csv_writer.document(table, counted(), dialect):
            file.write(piece)
            size += len(piece)
            progress.add(rows - before, len(piece))
            before = rows
    return BuiltFile(path.name, rows, size)


def _done(job: ExportJob, file: str, contents: list[BuiltFile], size: int) -> None:
    """Ends the job and queues the mail to its owner in one transaction. Raises LeaseLost."""
    with transaction() as session:
        until = clock.now() + KEEP
        rows = sum(built.rows for built in contents)
        result = {
            "file": file,
            "files": [built._asdict() for built in contents],
            "size_bytes": size,
            "expires_at": until,
        }
        jobs.finish(session, job, "done", rows_done=rows, rows_total=rows, **result)
        owner = session.get(User, job.user_id)
        if owner is not None and owner.active and owner.deleted_at is None:
            emails.ready(session, session.get_one(ExportJob, job.id, populate_existing=True), owner)


def _fail(job: ExportJob, sentence: str) -> None:
    _end_quietly(lambda session: jobs.finish(session, job, "failed", error=sentence))
    _clean_up(job)


def _clean_up(job: ExportJob) -> None:
    """Removes the files of the job unless another worker is building or has built it."""
    with transaction() as session:
        state = session.scalar(select(ExportJob.state).where(ExportJob.id == job.id))
    if state not in ("queued", "running", "done"):
        files.remove(_file(job))


def _retry(job: ExportJob) -> None:
    """Puts the job back into the queue; after the last attempt it fails."""
    if job.attempts >= jobs.MAX_ATTEMPTS:
        _fail(job, jobs.NOT_BUILT)
    else:
        _end_quietly(lambda session: jobs.finish(session, job, "queued"))


def _end_quietly(write: Callable[[Session], None]) -> None:
    try:
        with transaction() as session:
            write(session)
    except LeaseLost:
        log.info("the export was cancelled or taken over")


def read_filters(stored: dict[str, Any], **more: Any) -> Filters:
    """The filters that a job stores, together with `more`."""
    filters: dict[str, Any] = {**stored, **more}
    for name in ("from_", "to"):
        if name in stored:
            filters[name] = datetime.fromisoformat(stored[name])
    if "lot_ids" in stored:
        filters["lot_ids"] = frozenset(stored["lot_ids"])
    return Filters(**filters)
