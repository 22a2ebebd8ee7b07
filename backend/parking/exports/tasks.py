"""The worker's doors to the exports."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from parking.exports import build, service

SWEEP_SECONDS = 15.0

BEAT: dict[str, dict[str, Any]] = {
    "build-exports": {"task": "tasks.build_exports", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "expire-exports": {"task": "tasks.expire_exports", "schedule": 3600.0, "options": {"expires": 3600}},
}


_PATIENCE: dict[str, Any] = {"soft_time_limit": 3300, "time_limit": 3600}
"""Millions of rows take minutes. A message that is delivered again meanwhile finds the job taken."""


@shared_task(name="tasks.build_export", ignore_result=True, **_PATIENCE)
def build_export(job_id: int) -> int:
    """Builds this job, woken by the request that asked for it, and then what waits behind it."""
    return (build.run(job_id) is not None) + build_exports()


@shared_task(name="tasks.build_exports", ignore_result=True, **_PATIENCE)
def build_exports() -> int:
    """Builds what a lost wake-up or a killed worker has left; how many jobs."""
    built = 0
    while build.run() is not None:
        built += 1
    return built


@shared_task(name="tasks.expire_exports", ignore_result=True)
def expire_exports() -> int:
    """Deletes the files that are past their days."""
    return service.expire_old()
