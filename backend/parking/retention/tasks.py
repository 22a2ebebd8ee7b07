"""The Celery task of the retention."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from parking.retention import service

SWEEP_SECONDS = 3600.0

BEAT: dict[str, dict[str, Any]] = {
    "apply-retention": {
        "task": "tasks.apply_retention",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
}


@shared_task(name="tasks.apply_retention", ignore_result=True, soft_time_limit=10_500, time_limit=10_800)
def apply_retention() -> bool:
    """Deletes once a day what is too old, and returns whether it ran now."""
    return service.run_due()
