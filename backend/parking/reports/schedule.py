"""The schedule of the reports: which periods are due, and the list that administrators see.

`run_due` asks which periods have ended and have no batch (`periods`, pure), inserts their batches, and processes them
(batches.py). Celery Beat only starts it; two schedulers, or none for days, change nothing.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parking import clock, settings
from parking.database import db, transaction
from parking.lots import Lot
from parking.reports import batches, periods, send_log
from parking.reports.models import ReportBatch
from parking.reports.periods import Period, Rule
from parking.reports.report_types import REPORTS, ReportType


def run_due() -> int:
    """Queues every report that is due and returns the number of mails. It may run at any time, also in parallel."""
    open_due()
    return batches.process_batches()


def open_due() -> int:
    """Inserts a batch for every period that has become due, and returns their number."""
    now = clock.now()
    due = [(report, period) for report in REPORTS.values() for period in _due_periods(db.session(), report, now)]
    db.session.close()
    if not due:
        return 0
    with transaction() as session:
        ids = [send_log.open_batch(session, report.kind, period) for report, period in due]
        return sum(batch_id is not None for batch_id in ids)


def begin() -> None:
    """Records, once in the life of an installation, that periods that were due before it are not reported."""
    now = clock.now()
    with transaction() as session:
        for report in REPORTS.values():
            if session.scalar(select(func.count()).where(ReportBatch.kind == report.kind)) == 0:
                send_log.open_batch(session, report.kind, periods.latest(report.rule(), now), state="start")


def _due_periods(session: Session, report: ReportType, now: datetime) -> list[Period]:
    """The periods to report now. Batches of a clock that once ran far ahead count for their own periods only."""
    rule = report.rule()
    newest = periods.latest(rule, now)
    last = session.scalar(
        select(func.max(ReportBatch.period)).where(
            ReportBatch.kind == report.kind, ReportBatch.attempt == "", ReportBatch.period <= newest.key
        )
    )
    if last is None:
        begin()
        return []
    if last == newest.key:
        return []
    missed = periods.due(rule, last, now)
    if report.has_statistics:
        return _ended_everywhere(session, rule, missed, now)
    return missed[-1:]  # yesterday's reminder would say the same as today's


def _ended_everywhere(session: Session, rule: Rule, missed: list[Period], now: datetime) -> list[Period]:
    """The periods whose last day has ended in the zone of every lot too: statistics use the days of the lots."""
    zones = session.scalars(select(Lot.timezone).where(Lot.deleted_at.is_(None)).distinct())
    rules = [Rule(rule.every, time(), ZoneInfo(zone)) for zone in zones]
    return [one for one in missed if all(periods.period(of_zone, one.key).end <= now for of_zone in rules)]


def views() -> list[dict[str, Any]]:
    """The lines of the schedule: when each report is sent, when it last was, and to how many."""
    now, session, zone = clock.now(), db.session(), settings.current().timezone
    return [_view(report, _last_batch(session, report), now, zone) for report in REPORTS.values()]


def _last_batch(session: Session, report: ReportType) -> ReportBatch | None:
    query = select(ReportBatch).where(ReportBatch.kind == report.kind, ReportBatch.state != "start")
    return session.scalars(query.order_by(ReportBatch.id.desc()).limit(1)).one_or_none()


def _view(report: ReportType, last: ReportBatch | None, now: datetime, zone: str) -> dict[str, Any]:
    rule = report.rule()
    return {
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
