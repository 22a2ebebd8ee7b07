"""The Celery tasks of reminders and reports. Beat only starts them; the send log decides what is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from sqlalchemy import delete

from parking import clock, exports, mail
from parking.database import db, transaction
from parking.reports import housekeeping, reservation_reminders, schedule, send_now
from parking.reports.models import ReportRun

SWEEP_SECONDS = 30.0
REMINDER_SECONDS = 60.0
FILE_RETENTION = timedelta(days=7)
REMINDER_RETENTION = timedelta(days=90)

BEAT: dict[str, dict[str, Any]] = {
    "send-reports": {"task": "tasks.send_reports", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "remind-of-reservations": {
        "task": "tasks.remind_of_reservations",
        "schedule": REMINDER_SECONDS,
        "options": {"expires": REMINDER_SECONDS},
    },
    "tidy-reports": {"task": "tasks.tidy_reports", "schedule": 3600.0, "options": {"expires": 3600}},
}
"""Entries for Beat's schedule, in seconds."""


@shared_task(name="tasks.send_reports", ignore_result=True)
def send_reports() -> int:
    """Queues the reports that are due and returns the number of mails; none while mail is held after a restore."""
    return 0 if _is_held() else schedule.run_due()


@shared_task(name="tasks.remind_of_reservations", ignore_result=True)
def remind_of_reservations() -> int:
    """Queues the reminders that are due and returns their number; none while mail is held after a restore."""
    return 0 if _is_held() else reservation_reminders.queue_due()


def _is_held() -> bool:
    held = mail.current_hold(db.session()) is not None
    db.session.close()
    return held


@shared_task(name="tasks.tidy_reports", ignore_result=True)
def tidy_reports() -> int:
    """Deletes the attached files of sent reports, and the send log of past reservations."""
    deleted = exports.delete_old_reports(clock.now() - FILE_RETENTION)
    with transaction() as session:
        housekeeping.record(session, deleted)
        session.execute(
            delete(ReportRun).where(
                ReportRun.kind == reservation_reminders.KIND, ReportRun.at < clock.now() - REMINDER_RETENTION
            )
        )
    return deleted


# the client's task names: the same as the administrator's buttons


@shared_task(name="tasks.send_daily_reminders", ignore_result=True)
def send_daily_reminders() -> int:
    """Sends the reminders to inactive users now."""
    return send_now.send(["inactivity_reminder"])


@shared_task(name="tasks.send_daily_admin_report", ignore_result=True)
def send_daily_admin_report() -> int:
    """Sends yesterday's report to the administrators who have not got it."""
    return send_now.send(["admin_daily_report"])


@shared_task(name="tasks.send_monthly_report", ignore_result=True)
def send_monthly_report() -> int:
    """Sends last month's reports to the users who have not got theirs."""
    return send_now.send(["user_monthly_report", "admin_monthly_report"])
