"""The Celery task of the scheduled backup."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from parking.backup import schedule

SWEEP_SECONDS = 60.0

BEAT: dict[str, dict[str, Any]] = {
    "back-up": {"task": "tasks.back_up", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
}


@shared_task(name="tasks.back_up", ignore_result=True, soft_time_limit=10_500, time_limit=10_800)
def back_up() -> bool:
    """Makes the backup that is due, and returns whether it made one."""
    return schedule.run_due()
