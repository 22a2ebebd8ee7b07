"""The worker's doors to the mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from sqlalchemy import select

from parking import clock
from parking import realtime as live
from parking.database import db, transaction
from parking.mail.models import OutboxMail
from parking.mail.outbox import allowance, delivery, entries

KEEP = timedelta(days=90)
SWEEP_SECONDS = 10.0

BEAT: dict[str, dict[str, Any]] = {
    "deliver-mail": {"task": "tasks.deliver_mail", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "purge-mail": {"task": "tasks.purge_mail", "schedule": 3600.0, "options": {"expires": 3600}},
}
"""Entries for Beat's schedule, in seconds."""


@shared_task(name="tasks.deliver_mail", ignore_result=True)
def deliver_mail() -> dict[str, int]:
    """Delivers what is due: by the wake-up after a commit, and every ten seconds for what a lost wake-up left."""
    tally = delivery.deliver_due()
    if tally.more:
        live.wake_task("tasks.deliver_mail")
    return {"sent": tally.sent, "failed": tally.failed, "postponed": tally.postponed}


@shared_task(name="tasks.send_booking_confirmation", ignore_result=True)
def send_booking_confirmation(booking_id: int) -> dict[str, int]:
    """Delivers the confirmation of this booking now, if it is still waiting (the client's task name)."""
    newest = (
        select(OutboxMail.id)
        .where(OutboxMail.booking_id == booking_id, OutboxMail.kind == "booking_confirmation")
        .order_by(OutboxMail.id.desc())
        .limit(1)
    )
    mail_id = db.session.scalar(newest)
    tally = delivery.deliver_one(mail_id) if mail_id is not None else delivery.Tally()
    return {"sent": tally.sent, "failed": tally.failed, "postponed": tally.postponed}


@shared_task(name="tasks.purge_mail", ignore_result=True)
def purge_mail() -> int:
    """Deletes mails that ended three months ago, in small transactions."""
    total = 0
    with transaction() as session:
        allowance.delete_old(session)
    while True:
        with transaction() as session:
            gone = entries.purge(session, clock.now() - KEEP)
        total += gone
        if gone < 1000:
            return total
