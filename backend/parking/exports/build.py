"""Building the file of a job, in the worker."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from parking import clock, csv_writer, settings
from parking.accounts.models import User
from parking.bookings.reading.queries import Filters
from parking.csv_writer import Dialect, Table
from parking.database import db, transaction
from parking.exports import columns, emails, files, jobs, queries, quota, stream
from parking.exports.models import ExportJob
from parking.lots.models import Lot, Spot

log = logging.getLogger(__name__)
KEPT = timedelta(days=7)
REPORT_SECONDS = 0.5
_FULL = (errno.ENOSPC, errno.EDQUOT)


def run(job_id: int | None = None) -> int | None:
    """Builds one job (the oldest free one, or that one) and returns its id; None when there is none to build.

    Whatever happens, the job ends, goes back into the queue, or is left to the lease of a dead worker.
    """
    with transaction() as session:
        job = jobs.claim(session, clock.now(), job_id)
    if job is None:
        return None
    try:
        _build(job)
    except jobs.Lost:
        log.info("export %s is no longer wanted here", job.id)
        _clean_up(job)
    except files.DiskFull:
        _fail(job, "There is too little space left on the server. Please tell the operator.")
    except quota.Exceeded as fault:
        _fail(job, str(fault))
    except Exception as fault:
        if isinstance(fault, OSError) and fault.errno in _FULL:
            _fail(job, "There is too little space left on the server. Please tell the operator.")
        else:
            log.exception("export %s", job.id)
            _give_back(job)
    return job.id


@dataclass
class Progress:
    """How far a job is. Tells the database now and then, and so hears of a cancellation."""

    job: ExportJob
    room: int | None
    """Bytes the owner's quota still allows; None where there is no quota."""
    rows: int = 0
    size: int = 0
    _told: float = field(default_factory=time.monotonic)

    def tell(self) -> None:
        """Raises Lost when the job is no longer ours, DiskFull when space has run out meanwhile."""
        files.check_space()
        with transaction() as session:
            jobs.keep(session, self.job, rows_done=self.rows)
        self._told = time.monotonic()

    def step(self, rows: int, size: int) -> None:
        self.rows += rows
        self.size += size
        if self.room is not None and self.size > self.room:
            raise quota.Exceeded
        if time.monotonic() - self._told >= REPORT_SECONDS:
            self.tell()


def _build(job: ExportJob) -> None:
    files.check_space()
    file = _file(job)
    progress = Progress(job, quota.room(job))
    path = files.absolute(file)
    dialect = _dialect(job)
    if job.kind == "all_data":
        made = _build_everything(path, progress, dialect)
    else:
        made = _build_bookings(path, job, progress, dialect)
    progress.tell()
    _done(job, file, made, path.stat().st_size)


def _dialect(job: ExportJob) -> Dialect:
    """As the job's format says, in its owner's language."""
    with db.engine.connect() as connection:
        locale = connection.scalar(select(User.locale).where(User.id == job.user_id))
    return csv_writer.dialect_of(job.format, locale)


def _file(job: ExportJob) -> str:
    return files.relative(job.user_id, job.kind, job.id, job.created_at)


def _build_bookings(path: Path, job: ExportJob, progress: Progress, dialect: Dialect) -> list[dict[str, Any]]:
    now = clock.now()
    chosen = read_filters(job.filters, user_id=job.user_id, by_end=True)
    _set_total(job, stream.count(queries.booking_count(chosen, now)))
    table = columns.bookings(queries.as_of(now))
    return [_write(path, table, queries.bookings(chosen, now), progress, dialect)]


def _build_everything(path: Path, progress: Progress, dialect: Dialect) -> list[dict[str, Any]]:
    """Four files in a folder, and the same as one archive beside it."""
    now, everything = clock.now(), Filters()
    zone = settings.current().timezone
    bookings = columns.bookings(queries.as_of(now), with_user=True)
    sources: list[tuple[Table, Select[*tuple[Any, ...]]]] = [
        (columns.users(zone, settings.current().currency), queries.users()),
        (columns.LOTS, queries.lots()),
        (columns.SPOTS, queries.spots()),
        (bookings, queries.bookings(everything, now, with_user=True)),
    ]
    counts = [queries.count_of(model) for model in (User, Lot, Spot)]
    total = sum(map(stream.count, [*counts, queries.booking_count(everything, now)]))
    _set_total(progress.job, total)
    folder = files.members_folder(path)
    made = [_write(folder / f"{table.name}.csv", table, query, progress, dialect) for table, query in sources]
    files.pack(path, [folder / one["name"] for one in made], lambda: progress.step(0, 0))
    return made


def _set_total(job: ExportJob, rows: int) -> None:
    with transaction() as session:
        jobs.keep(session, job, rows_total=rows)


def _write(
    path: Path, table: Table, query: Select[*tuple[Any, ...]], progress: Progress, dialect: Dialect
) -> dict[str, Any]:
    """Writes one file; returns what the letter says of it."""
    rows = 0

    def counted() -> Iterator[Sequence[Any]]:
        nonlocal rows
        for part in stream.parts(query):
            rows += len(part)
            yield part

    size, before = 0, 0
    with files.whole_file(path) as file:
        for piece in csv_writer.document(table, counted(), dialect):
            file.write(piece)
            size += len(piece)
            progress.step(rows - before, len(piece))
            before = rows
    return {"name": path.name, "rows": rows, "size_bytes": size}


def _done(job: ExportJob, file: str, made: list[dict[str, Any]], size: int) -> None:
    """The job is done and its owner is written to, both or neither. Raises Lost."""
    with transaction() as session:
        until = clock.now() + KEPT
        rows = sum(one["rows"] for one in made)
        result = {"file": file, "files": made, "size_bytes": size, "expires_at": until}
        jobs.end(session, job, "done", rows_done=rows, rows_total=rows, **result)
        owner = session.get(User, job.user_id)
        if owner is not None and owner.active and owner.deleted_at is None:
            emails.ready(session, session.get_one(ExportJob, job.id, populate_existing=True), owner)


def _fail(job: ExportJob, sentence: str) -> None:
    _end_quietly(lambda session: jobs.end(session, job, "failed", error=sentence))
    _clean_up(job)


def _clean_up(job: ExportJob) -> None:
    """Removes what was written, unless another worker is at it."""
    with transaction() as session:
        state = session.scalar(select(ExportJob.state).where(ExportJob.id == job.id))
    if state not in ("queued", "running", "done"):
        files.remove(_file(job))


def _give_back(job: ExportJob) -> None:
    """Another attempt, or the end after several."""
    if job.attempts >= jobs.MOST_ATTEMPTS:
        _fail(job, jobs.DIED)
    else:
        _end_quietly(lambda session: jobs.end(session, job, "queued"))


def _end_quietly(write: Callable[[Any], None]) -> None:
    try:
        with transaction() as session:
            write(session)
    except jobs.Lost:
        log.info("the export was ended by somebody else")


def read_filters(kept: dict[str, Any], **more: Any) -> Filters:
    """The filters of a job as the lists take them."""
    chosen: dict[str, Any] = {**kept, **more}
    for name in ("from_", "to"):
        if name in kept:
            chosen[name] = datetime.fromisoformat(kept[name])
    return Filters(**chosen)
