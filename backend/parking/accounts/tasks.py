"""The worker's door to the housekeeping of accounts."""

from __future__ import annotations

from celery import shared_task

from parking.accounts import service


@shared_task(name="tasks.forget_old_sessions")
def delete_old_sessions() -> int:
    """Deletes sessions that ended long ago and links that ran out; how many rows."""
    return service.delete_old()


BEAT = {"forget-old-sessions": {"task": "tasks.forget_old_sessions", "schedule": 3600.0, "options": {"expires": 3600}}}
