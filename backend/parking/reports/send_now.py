"""Reports that an administrator sends by hand: who would get them, and sending them now."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import time
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import audit, clock, mail, realtime
from parking.database import after_commit, db, transaction
from parking.reports import batches, periods, recipients, schedule, send_log
from parking.reports.batches import FORCED
from parking.reports.models import ReportBatch
from parking.reports.periods import Period, Rule
from parking.reports.report_types import REPORTS, ReportType
from parking.text.counting import counted

MAX_ADDRESSES = 100
"""Addresses in the answer of a dry run."""
BY_HAND = "@"
"""The attempt of reminders sent by hand begins with this, so that the day's own run is still due."""


def preview(kinds: Sequence[str], *, force: bool = False) -> list[tuple[str, recipients.ReportRecipient]]:
    """(kind, recipient) of everybody who would get these reports now."""
    now, session = clock.now(), db.session()
    mails: list[tuple[str, recipients.ReportRecipient]] = []
    for kind in kinds:
        report, cursor = REPORTS[kind], 0
        batch = ReportBatch(period=last_ended(report).key, attempt=FORCED if force else "")
        run = batches.run_name(report, batch)
        while True:
            page = recipients.page(session, kind, report.group, run, now, cursor, batches.PAGE)
            mails += [(kind, recipient) for recipient in page.recipients]
            if page.cursor is None:
                break
            cursor = page.cursor
    return mails


def dry_run(kinds: Sequence[str], *, force: bool = False) -> dict[str, Any]:
    """The number of mails and recipients, and the first addresses."""
    mails = preview(kinds, force=force)
    addresses = sorted({recipient.user.email for _, recipient in mails})
    message = f"{counted(len(mails), 'email')} would go to {counted(len(addresses), 'user')}"
    if not mails:
        message = "Nobody would get this email now"
    return {
        "message": f"{message}.{mail.waiting_note()}",
        "recipients": len(addresses),
        "mails": len(mails),
        "addresses": addresses[:MAX_ADDRESSES],
    }


def start(kinds: Sequence[str], *, by: int | None = None, force: bool = False) -> dict[str, Any]:
    """Opens batches for the last period that ended, for the users who have not got its report (`force`: for all).
    The worker queues the mails."""
    schedule.open_due()  # overdue periods first, or they would count as reported
    with transaction() as session:
        ids = [_open_batch(session, REPORTS[kind], force, by) for kind in kinds]
        for kind, batch_id in zip(kinds, ids, strict=True):
            audit.record(session, "report.send", "report_batch", batch_id, after={"kind": kind, "forced": force})
        after_commit(partial(realtime.wake_task, "tasks.send_reports"))
    message = "The emails are being prepared. Nobody gets one twice." if not force else "The emails are being prepared."
    message += mail.waiting_note()
    return {"message": message, "status": "processing", "task_id": "report-" + "-".join(map(str, ids))}


def send(kinds: Sequence[str], *, force: bool = False) -> int:
    """Opens the batches and queues their mails at once; returns the number of mails."""
    start(kinds, force=force)
    return batches.process_batches()


def last_ended(report: ReportType) -> Period:
    """The last period that has ended, whether or not its scheduled time has come."""
    rule = report.rule()
    return periods.latest(Rule(rule.every, time(), rule.zone), clock.now())


def _open_batch(session: Session, report: ReportType, force: bool, by: int | None) -> int:
    """The id of a new batch, or of the existing one, which is opened again."""
    period = last_ended(report)
    prefix = FORCED if force else "" if report.has_statistics else BY_HAND
    attempt = prefix + secrets.token_hex(6) if prefix else ""
    batch_id = send_log.open_batch(session, report.kind, period, attempt=attempt, by=by)
    if batch_id is not None:
        return batch_id
    batch = session.scalars(
        select(ReportBatch)
        .where(ReportBatch.kind == report.kind, ReportBatch.period == period.key, ReportBatch.attempt == attempt)
        .with_for_update()
    ).one()
    if batch.state != "open":
        batch.state, batch.cursor, batch.closed_at, batch.opened_by = "open", 0, None, by
    return batch.id
