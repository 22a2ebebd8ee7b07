"""The worker's door to the sweeps."""

from __future__ import annotations

from celery import shared_task

from parking import idempotency
from parking.bookings import expiry


@shared_task(name="tasks.settle_bookings")
def settle_bookings() -> int:
    """Begins, ends and renews whatever is due."""
    return expiry.settle_all()


@shared_task(name="tasks.forget_idempotency_keys")
def forget_idempotency_keys() -> int:
    """Drops the answers that are past their day."""
    return idempotency.forget_expired()


BEAT = {
    "settle-bookings": {"task": "tasks.settle_bookings", "schedule": 10.0, "options": {"expires": 10}},
    "forget-idempotency-keys": {"task": "tasks.forget_idempotency_keys", "schedule": 3600.0},
}
