"""The worker's doors to reminders and reports. Beat rings; the ledger decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from sqlalchemy import delete

from parking import clock
from parking.database import transaction
from parking.exports import files
from parking.reports import housekeeping, reservation_reminders, schedule
from parking.reports.send_log import ReportRun

SWEEP_SECONDS = 30.0
SOON_SECONDS = 60.0
FILES_KEPT = timedelta(days=7)
REMINDERS_KEPT = timedelta(days=90)

BEAT: dict[str, dict[str, Any]] = {
    "send-reports": {"task": "tasks.send_reports", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "remind-of-reservations": {
        "task": "tasks.remind_of_reservations",
        "schedule": SOON_SECONDS,
        "options": {"expires": SOON_SECONDS},
    },
    "tidy-reports": {"task": "tasks.tidy_reports", "schedule": 3600.0, "options": {"expires": 3600}},
}
"""Entries for Beat's schedule, in seconds."""


@shared_task(name="tasks.send_reports", ignore_result=True)
def send_reports() -> int:
    """Queues what is due."""
    return schedule.sweep()


@shared_task(name="tasks.remind_of_reservations", ignore_result=True)
def remind_of_reservations() -> int:
    return reservation_reminders.sweep()


@shared_task(name="tasks.tidy_reports", ignore_result=True)
def tidy_reports() -> int:
    """Deletes attached files that have been sent, and the ledger's lines about reservations long gone."""
    deleted = files.forget_reports(clock.now() - FILES_KEPT)
    with transaction() as session:
        housekeeping.note(session, deleted)
        session.execute(
            delete(ReportRun).where(
                ReportRun.kind == reservation_reminders.KIND, ReportRun.at < clock.now() - REMINDERS_KEPT
            )
        )
    return deleted


# the client's names: the same as the buttons of the administrator


@shared_task(name="tasks.send_daily_reminders", ignore_result=True)
def send_daily_reminders() -> int:
    """Reminds the inactive now."""
    return _now("inactivity_reminder")


@shared_task(name="tasks.send_daily_admin_report", ignore_result=True)
def send_daily_admin_report() -> int:
    """Yesterday's report to the administrators who have not got it."""
    return _now("admin_daily_report")


@shared_task(name="tasks.send_monthly_report", ignore_result=True)
def send_monthly_report() -> int:
    """Last month's reports to everybody who has not got his."""
    return _now("user_monthly_report", "admin_monthly_report")


def _now(*kinds: str) -> int:
    schedule.send_now(kinds)
    return schedule.work_off()
