"""The worker's tasks for mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task

from parking import clock, realtime, settings
from parking.database import transaction
from parking.mail.outbox import allowance, delivery, entries

SWEEP_SECONDS = 10.0

BEAT: dict[str, dict[str, Any]] = {
    "deliver-mail": {"task": "tasks.deliver_mail", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "purge-mail": {"task": "tasks.purge_mail", "schedule": 3600.0, "options": {"expires": 3600}},
}
"""Entries for Beat's schedule, in seconds."""


@shared_task(name="tasks.deliver_mail", ignore_result=True)
def deliver_mail() -> dict[str, int]:
    """Delivers the due mails: woken after a commit, and every ten seconds in case a wake-up was lost."""
    tally = delivery.deliver_due()
    if tally.more:
        realtime.wake_task("tasks.deliver_mail")
    return tally.numbers()


@shared_task(name="tasks.purge_mail", ignore_result=True)
def purge_mail() -> int:
    """Deletes mails that ended RETAIN_MAIL_DAYS ago, in small transactions; returns how many."""
    total, before = 0, clock.now() - timedelta(days=settings.current().retain_mail_days)
    if allowance.any_old():
        with transaction() as session:
            allowance.delete_old(session)
    while entries.any_to_purge(before):
        with transaction() as session:
            total += entries.purge(session, before)
    return total
