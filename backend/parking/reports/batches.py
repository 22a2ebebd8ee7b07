"""Processes the open batches: queues each report to its recipients, a page of users at a time.

A page is read and its mails are built outside of any transaction. A few mails at a time are then queued in a short
transaction that also writes the send log and extends the lease of the batch.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice

from sqlalchemy import select

from parking import clock, mail
from parking.accounts import recipient
from parking.database import db, transaction
from parking.jobs import Lease, LeaseLost, LeaseQueue
from parking.reports import periods, recipients, send_log
from parking.reports.emails import Written
from parking.reports.models import OPEN, ReportBatch
from parking.reports.periods import Period
from parking.reports.report_types import REPORTS, ReportType

log = logging.getLogger(__name__)
PAGE = 500
"""Users read together, outside of any transaction."""
MAILS_PER_TRANSACTION = 2
"""Mails queued in one transaction: a few milliseconds, during which SQLite lets nobody else write."""
UNPACED = 100
"""Mails a run may queue without pausing. A longer run pauses as long as it works, so that it uses at most half a core
while others book."""
MAX_PAUSE_SECONDS = 0.5
RUN_SECONDS = 200.0
"""A run stops here (a task may last 240 s); the next one continues."""
FORCED = "!"
"""The attempt of a forced batch begins with this: it sends again to everybody."""

LEASES = LeaseQueue(ReportBatch, open_rows=OPEN, length=timedelta(seconds=60), until=ReportBatch.lease_until)


def process_batches() -> int:
    """Queues the mails of the open batches and returns their number."""
    open_ids = list(db.session.scalars(select(ReportBatch.id).where(OPEN).order_by(ReportBatch.id)))
    db.session.close()
    deadline = time.monotonic() + RUN_SECONDS
    return sum(_process(batch_id, deadline) for batch_id in open_ids)


def _process(batch_id: int, deadline: float) -> int:
    """Processes the batch until the deadline (time.monotonic) unless another worker holds it."""
    acquired = acquire(batch_id)
    if acquired is None or acquired[0].kind not in REPORTS:
        return 0
    run = _BatchRun(*acquired)
    try:
        run.process(deadline)
    except LeaseLost:
        log.info("another worker has taken over batch %s", batch_id)
    if run.queued:
        log.info("%s for %s: %d mails queued", run.batch.kind, run.batch.period, run.queued)
    return run.queued


def acquire(batch_id: int) -> tuple[ReportBatch, Lease] | None:
    """The batch and its lease, if it is open and no other worker holds it."""
    with transaction() as session:
        lease = LEASES.acquire(session, batch_id, clock.now())
        return None if lease is None else (session.get_one(ReportBatch, batch_id), lease)


class _BatchRun:
    """One worker's run over a batch that it holds."""

    def __init__(self, batch: ReportBatch, lease: Lease) -> None:
        self.batch, self.lease = batch, lease
        self.report = REPORTS[batch.kind]
        self.queued = 0

    def process(self, deadline: float) -> None:
        """Queues page after page until the deadline. Raises LeaseLost."""
        write = self.report.writer(_period(self.batch))
        cursor: int | None = self.batch.cursor
        while cursor is not None and time.monotonic() < deadline:
            session = db.session()
            run = run_name(self.report, self.batch)
            page = recipients.page(session, self.report.kind, self.report.group, run, clock.now(), cursor, PAGE)
            mails = write(session, page.recipients)
            session.close()
            for group in _paced(_groups(mails), self.queued):
                self.queued += self._queue(group)
            cursor = page.cursor
            self._store_cursor(cursor)
        if cursor is not None:
            with transaction() as writing:
                LEASES.release(writing, self.lease)

    def _queue(self, mails: Sequence[Written]) -> int:
        """Queues these mails and returns how many were new. A mail that cannot be built does not stop the others; a
        database error does, and the batch stays open for a later run."""
        try:
            return self._queue_all(mails)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            if len(mails) == 1:
                log.exception("%s to user %s cannot be written", self.batch.kind, mails[0].recipient.user.id)
                return 0
        return sum(self._queue([one]) for one in mails)

    def _queue_all(self, mails: Sequence[Written]) -> int:
        """Send log, outbox and lease in one transaction. Users who are in the send log get nothing."""
        with transaction() as session:
            runs = [(one.recipient.run, one.recipient.user.id) for one in mails]
            new_runs = send_log.record(session, self.batch.kind, runs)
            new = [one for one, run in zip(mails, runs, strict=True) if run in new_runs]
            for one in new:
                to = recipient(one.recipient.user)
                mail.queue(session, self.batch.kind, to, one.context, attachments=one.attachments)
            lease = LEASES.extend(session, self.lease, queued=ReportBatch.queued + len(new))
        self.lease = lease
        return len(new)

    def _store_cursor(self, cursor: int | None) -> None:
        """Records that the page is done; after the last page (None) the batch is closed."""
        with transaction() as session:
            if cursor is None:
                LEASES.release(session, self.lease, state="closed", closed_at=clock.now())
                return
            lease = LEASES.extend(session, self.lease, cursor=cursor)
        self.lease = lease


def _period(batch: ReportBatch) -> Period:
    rule = REPORTS[batch.kind].rule()
    last = periods.period(rule, batch.period)
    if not batch.since:
        return last
    first = periods.period(rule, batch.since if rule.every == "day" else batch.since[:7])
    return periods.digest(rule, [first, last])


def run_name(report: ReportType, batch: ReportBatch) -> str:
    """The name under which the send log has this batch; of reminders only the suffix (recipients.py adds the rest)."""
    suffix = batch.attempt if batch.attempt.startswith(FORCED) else ""
    return suffix if report.group == "inactive" else batch.period + suffix


def _groups(mails: Iterator[Written]) -> Iterator[list[Written]]:
    """The mails of one transaction each."""
    while group := list(islice(mails, MAILS_PER_TRANSACTION)):
        db.session.close()  # ends the read transaction in which they were built
        yield group


def _paced(groups: Iterator[list[Written]], before: int) -> Iterator[list[Written]]:
    """The same groups, with a pause after each once the run has queued UNPACED mails (`before`: in earlier pages)."""
    count, started = before, time.monotonic()
    for group in groups:
        yield group
        count += len(group)
        if count > UNPACED:
            time.sleep(min(time.monotonic() - started, MAX_PAUSE_SECONDS))
        started = time.monotonic()
