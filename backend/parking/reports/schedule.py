"""Reminders and reports on time: each once, whatever happened to the clock, the worker or the machine.

A sweep asks which periods have ended and are not in the ledger (`periods`, pure), writes them down as batches, and
works the batches off: a page of people is read and written to outside of any transaction, then a few letters at a
time go into ledger and outbox in a short one. Beat only rings; two Beats, or none for days, change nothing.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from itertools import islice
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from parking import audit, clock, mail, settings
from parking import realtime as live
from parking.bookings.emails import recipient
from parking.database import after_commit, changed_rows, db, transaction, upsert
from parking.lots.models import Lot
from parking.reports import emails, periods, recipients
from parking.reports.emails import Writer, Written
from parking.reports.periods import Period, Rule
from parking.reports.send_log import OPEN, ReportBatch, ReportRun
from parking.settings import Settings
from parking.text.counting import counted

log = logging.getLogger(__name__)
PAGE = 500
"""People looked at together, outside of any transaction."""
LETTERS_AT_ONCE = 2
"""Letters written in one transaction: a few milliseconds, in which SQLite lets nobody else write."""
UNPACED = 100
"""Letters a run may write as fast as it can. A larger one rests as long as it works, so that it never takes more than
half a core from those who book meanwhile."""
MOST_REST_SECONDS = 0.5
LEASE = timedelta(seconds=60)
WORK_SECONDS = 200.0
"""A sweep stops here (a job may last 240 s); the next one goes on where it was."""


@dataclass(frozen=True, slots=True)
class Report:
    """One line of the timetable. `has_figures`: its period must have ended in the zones of all lots."""

    kind: str
    description: str
    every: Literal["day", "month"]
    at: Callable[[Settings], time_of_day]
    group: recipients.Group
    writer: Callable[[Period], Writer]
    has_figures: bool = True

    def rule(self) -> Rule:
        chosen = settings.current()
        return Rule(self.every, self.at(chosen), chosen.zone)


REPORTS: dict[str, Report] = {
    report.kind: report
    for report in (
        Report(
            "inactivity_reminder",
            "Reminder to users who have not booked for 7, 14 or 30 days",
            "day",
            lambda chosen: chosen.reminder_time,
            "inactive",
            emails.reminders,
            has_figures=False,
        ),
        Report(
            "admin_daily_report",
            "Yesterday's statistics, to administrators",
            "day",
            lambda chosen: chosen.daily_report_time,
            "admins",
            emails.admin_daily,
        ),
        Report(
            "user_monthly_report",
            "Each driver's month, to drivers",
            "month",
            lambda chosen: chosen.monthly_report_time,
            "drivers",
            emails.user_monthly,
        ),
        Report(
            "admin_monthly_report",
            "The month's statistics, to administrators",
            "month",
            lambda chosen: chosen.monthly_report_time,
            "admins",
            emails.admin_monthly,
        ),
    )
}


def sweep() -> int:
    """Queues every report that is due and has not been told; the number of letters. Run at any time, by anybody."""
    open_due()
    return work_off()


# what is due -------------------------------------------------------------------------------


def open_due() -> int:
    """Writes the periods down that have become due, as batches to be worked off; how many."""
    now = clock.now()
    opened = [(report, period) for report in REPORTS.values() for period in _missing(db.session(), report, now)]
    db.session.close()
    if not opened:
        return 0
    with transaction() as session:
        return sum(_open(session, report.kind, period) for report, period in opened)


def begin() -> None:
    """Notes, once in the life of an installation, that what was due before it is not to be told."""
    now = clock.now()
    with transaction() as session:
        for report in REPORTS.values():
            if session.scalar(select(func.count()).where(ReportBatch.kind == report.kind)) == 0:
                _insert(session, report.kind, periods.latest(report.rule(), now), state="start")


def _missing(session: Session, report: Report, now: datetime) -> list[Period]:
    """The periods to be told now. A clock that once ran far ahead is no reason to stay silent: what it told counts
    for its own periods only."""
    rule = report.rule()
    newest = periods.latest(rule, now)
    told = session.scalar(
        select(func.max(ReportBatch.period)).where(
            ReportBatch.kind == report.kind, ReportBatch.attempt == "", ReportBatch.period <= newest.key
        )
    )
    if told is None:
        begin()
        return []
    if told == newest.key:
        return []
    missed = periods.due(rule, told, now)
    if report.has_figures:
        return _ended_everywhere(session, rule, missed, now)
    return missed[-1:]  # yesterday's reminder says what today's does


def _ended_everywhere(session: Session, rule: Rule, missed: list[Period], now: datetime) -> list[Period]:
    """Those whose last day is over in the zone of every lot too: the days of a figure are the lots'."""
    zones = session.scalars(select(Lot.timezone).where(Lot.deleted_at.is_(None)).distinct())
    rules = [Rule(rule.every, time_of_day(), ZoneInfo(zone)) for zone in zones]
    return [one for one in missed if all(periods.period(there, one.key).end <= now for there in rules)]


def _open(session: Session, kind: str, period: Period) -> bool:
    return _insert(session, kind, period) is not None


def _insert(
    session: Session, kind: str, period: Period, *, state: str = "open", attempt: str = "", by: int | None = None
) -> int | None:
    """The new batch's id; None when it was there before, or another sweep was faster."""
    return session.scalar(
        upsert.insert(ReportBatch)
        .values(
            kind=kind,
            period=period.key,
            attempt=attempt,
            since=period.since.isoformat() if period.since else None,
            state=state,
            cursor=0,
            queued=0,
            opened_at=clock.now(),
            opened_by=by,
        )
        .on_conflict_do_nothing(index_elements=["kind", "period", "attempt"])
        .returning(ReportBatch.id)
    )


# working it off ----------------------------------------------------------------------------


def work_off() -> int:
    """Queues the letters of the open batches; how many."""
    open_ids = list(db.session.scalars(select(ReportBatch.id).where(OPEN).order_by(ReportBatch.id)))
    db.session.close()
    until = time.monotonic() + WORK_SECONDS
    return sum(_work(batch_id, until) for batch_id in open_ids)


def _work(batch_id: int, until: float) -> int:
    batch = _take(batch_id)
    if batch is None or batch.kind not in REPORTS:
        return 0
    report, period, queued = REPORTS[batch.kind], _period(batch), 0
    write = report.writer(period)
    cursor: int | None = batch.cursor
    while cursor is not None and time.monotonic() < until:
        session = db.session()
        found = recipients.page(session, report.kind, report.group, _run(report, batch), clock.now(), cursor, PAGE)
        letters = write(session, found.readers)
        session.close()
        for few in _paced(_few(letters), queued):
            queued += _queue(batch, few)
        cursor = found.cursor
        _advance(batch, cursor)
    _let_go(batch)
    if queued:
        log.info("%s for %s: %d letter(s) queued", batch.kind, batch.period, queued)
    return queued


def _take(batch_id: int) -> ReportBatch | None:
    """The batch, if it is open and nobody else works on it."""
    now = clock.now()
    with transaction() as session:
        taken = session.execute(
            update(ReportBatch)
            .where(
                ReportBatch.id == batch_id,
                OPEN,
                or_(ReportBatch.lease_until.is_(None), ReportBatch.lease_until <= now),
            )
            .values(lease_until=now + LEASE)
            .execution_options(synchronize_session=False)
        )
        if not changed_rows(taken):
            return None
        return session.get_one(ReportBatch, batch_id)


def _period(batch: ReportBatch) -> Period:
    rule = REPORTS[batch.kind].rule()
    last = periods.period(rule, batch.period)
    if not batch.since:
        return last
    first = periods.period(rule, batch.since if rule.every == "day" else batch.since[:7])
    return periods.digest(rule, [first, last])


def _run(report: Report, batch: ReportBatch) -> str:
    """The ledger's name: of reminders the audience makes it, so here only what a forced attempt adds."""
    suffix = batch.attempt if batch.attempt.startswith(FORCED) else ""
    return suffix if report.group == "inactive" else batch.period + suffix


def _few(letters: Iterator[Written]) -> Iterator[list[Written]]:
    while few := list(islice(letters, LETTERS_AT_ONCE)):
        db.session.close()  # what was read for them
        yield few


def _paced(groups: Iterator[list[Written]], before: int) -> Iterator[list[Written]]:
    """The same groups; after the first letters of a run, `before` of which were earlier, with a rest behind each."""
    count, begun = before, time.monotonic()
    for few in groups:
        yield few
        count += len(few)
        if count > UNPACED:
            time.sleep(min(time.monotonic() - begun, MOST_REST_SECONDS))
        begun = time.monotonic()


def _queue(batch: ReportBatch, letters: Sequence[Written]) -> int:
    """Ledger and outbox in one transaction. Who stands in the ledger already gets nothing.

    A letter that cannot be written stops no other. A database that fails does: the batch stays open for later."""
    try:
        return _queue_all(batch, letters)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        if len(letters) == 1:
            log.exception("%s to user %s cannot be written", batch.kind, letters[0].reader.user.id)
            return 0
    return sum(_queue(batch, [letter]) for letter in letters)


def _queue_all(batch: ReportBatch, letters: Sequence[Written]) -> int:
    with transaction() as session:
        new = enter(session, batch.kind, [(letter.reader.run, letter.reader.user.id) for letter in letters])
        wanted = [letter for letter in letters if (letter.reader.run, letter.reader.user.id) in new]
        for letter in wanted:
            to = recipient(letter.reader.user)
            mail.queue(session, batch.kind, to, letter.facts, attachments=letter.attachments)
        session.execute(
            update(ReportBatch)
            .where(ReportBatch.id == batch.id)
            .values(queued=ReportBatch.queued + len(wanted), lease_until=clock.now() + LEASE)
            .execution_options(synchronize_session=False)
        )
        return len(wanted)


def enter(session: Session, kind: str, lines: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Writes lines (name of the run, recipient) into the ledger and returns those that were not there: what stood
    there has been told and is not told again."""
    rows = [{"kind": kind, "period": run, "recipient": user_id, "at": clock.now()} for run, user_id in sorted(lines)]
    entered = session.execute(
        upsert.insert(ReportRun).values(rows).on_conflict_do_nothing().returning(ReportRun.period, ReportRun.recipient)
    )
    return {(run, user_id) for run, user_id in entered}  # not the row count: PostgreSQL's driver may not know it


def _advance(batch: ReportBatch, cursor: int | None) -> None:
    """The page is done; after the last one the batch is."""
    now = clock.now()
    done = {"state": "closed", "closed_at": now, "lease_until": None} if cursor is None else {"cursor": cursor}
    with transaction() as session:
        session.execute(
            update(ReportBatch)
            .where(ReportBatch.id == batch.id, OPEN)
            .values(done)
            .execution_options(synchronize_session=False)
        )


def _let_go(batch: ReportBatch) -> None:
    with transaction() as session:
        session.execute(
            update(ReportBatch)
            .where(ReportBatch.id == batch.id, OPEN)
            .values(lease_until=None)
            .execution_options(synchronize_session=False)
        )


# an administrator's hand -------------------------------------------------------------------

SHOWN_ADDRESSES = 100
FORCED, BY_HAND = "!", "@"
"""How the attempt of a batch begins: forced, it writes anew to all; reminders sent by hand leave the day's own run."""


def preview(kinds: Sequence[str], *, force: bool = False) -> list[tuple[str, recipients.Addressee]]:
    """(kind, reader) of everybody who would get these reports now."""
    now, session = clock.now(), db.session()
    found: list[tuple[str, recipients.Addressee]] = []
    for kind in kinds:
        report, cursor = REPORTS[kind], 0
        run = _run(report, ReportBatch(period=last_ended(report).key, attempt=FORCED if force else ""))
        while True:
            page = recipients.page(session, kind, report.group, run, now, cursor, PAGE)
            found += [(kind, reader) for reader in page.readers]
            if page.cursor is None:
                break
            cursor = page.cursor
    return found


def dry_run(kinds: Sequence[str], *, force: bool = False) -> dict[str, Any]:
    """To how many people it would go, and the first of their addresses."""
    found = preview(kinds, force=force)
    people = sorted({reader.user.email for _, reader in found})
    said = f"{counted(len(found), 'email')} would go to {counted(len(people), 'user')}"
    if not found:
        said = "Nobody would get this email now"
    return {
        "message": f"{said}.",
        "recipients": len(people),
        "mails": len(found),
        "addresses": people[:SHOWN_ADDRESSES],
    }


def send_now(kinds: Sequence[str], *, by: int | None = None, force: bool = False) -> dict[str, Any]:
    """Opens the batches of the last period that ended, for those who have not got theirs; forced, for everybody.
    The worker does the rest."""
    open_due()  # what is late comes first, or it would be taken for told
    with transaction() as session:
        ids = [_reopen(session, REPORTS[kind], force, by) for kind in kinds]
        for kind, batch_id in zip(kinds, ids, strict=True):
            audit.record(session, "report.send", "report_batch", batch_id, after={"kind": kind, "forced": force})
        after_commit(partial(live.wake_task, "tasks.send_reports"))
    message = "The emails are being prepared. Nobody gets one twice." if not force else "The emails are being prepared."
    return {"message": message, "status": "processing", "task_id": "report-" + "-".join(map(str, ids))}


def last_ended(report: Report) -> Period:
    """The last period that is over, whether or not its time in the timetable has come."""
    rule = report.rule()
    return periods.latest(Rule(rule.every, time_of_day(), rule.zone), clock.now())


def _reopen(session: Session, report: Report, force: bool, by: int | None) -> int:
    period = last_ended(report)
    sign = FORCED if force else "" if report.has_figures else BY_HAND
    attempt = sign + secrets.token_hex(6) if sign else ""
    made = _insert(session, report.kind, period, attempt=attempt, by=by)
    if made is not None:
        return made
    batch = session.scalars(
        select(ReportBatch)
        .where(ReportBatch.kind == report.kind, ReportBatch.period == period.key, ReportBatch.attempt == attempt)
        .with_for_update()
    ).one()
    if batch.state != "open":
        batch.state, batch.cursor, batch.closed_at, batch.opened_by = "open", 0, None, by
    return batch.id


def shown() -> list[dict[str, Any]]:
    """The timetable: what is sent when, when it last was, and to how many."""
    now, session, zone = clock.now(), db.session(), settings.current().timezone
    lines = []
    for report in REPORTS.values():
        rule = report.rule()
        last = session.scalars(
            select(ReportBatch)
            .where(ReportBatch.kind == report.kind, ReportBatch.state != "start")
            .order_by(ReportBatch.id.desc())
            .limit(1)
        ).one_or_none()
        lines.append(
            {
                "kind": report.kind,
                "description": report.description,
                "every": report.every,
                "time": f"{rule.at:%H:%M}",
                "timezone": zone,
                "running": last is not None and last.state == "open",
                "last_period": last.period if last else None,
                "last_run": last.closed_at or last.opened_at if last else None,
                "last_count": last.queued if last else None,
                "next_run": periods.upcoming(rule, now).due,
            }
        )
    return lines
