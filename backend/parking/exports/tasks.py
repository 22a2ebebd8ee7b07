"""The Celery tasks of the exports."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from parking.exports import build, service

SWEEP_SECONDS = 15.0

BEAT: dict[str, dict[str, Any]] = {
    "build-exports": {"task": "tasks.build_exports", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "expire-exports": {"task": "tasks.expire_exports", "schedule": 3600.0, "options": {"expires": 3600}},
}


_TIME_LIMITS: dict[str, Any] = {"soft_time_limit": 3300, "time_limit": 3600}
"""Millions of rows take minutes. A message that is delivered again meanwhile finds the job leased."""


@shared_task(name="tasks.build_export", ignore_result=True, **_TIME_LIMITS)
def build_export(job_id: int) -> int:
    """Builds this job, started by its request, and then the jobs queued behind it."""
    return (build.run(job_id) is not None) + build_exports()


@shared_task(name="tasks.build_exports", ignore_result=True, **_TIME_LIMITS)
def build_exports() -> int:
    """Builds the jobs left by a lost message or a killed worker, and returns their number."""
    built = 0
    while build.run() is not None:
        built += 1
    return built


@shared_task(name="tasks.expire_exports", ignore_result=True)
def expire_exports() -> int:
    """Deletes expired files and returns the number of expired jobs."""
    return service.expire_old()
