"""Celery tasks of bookings."""

from __future__ import annotations

from celery import shared_task

from parking import idempotency, mail, notices
from parking.bookings import expiry
from parking.bookings.series import making


@shared_task(name="tasks.settle_bookings")
def apply_due_transitions() -> int:
    """Applies the transitions that are due."""
    return expiry.apply_all_due_transitions()


@shared_task(name="tasks.forget_idempotency_keys")
def delete_old() -> int:
    """Deletes the expired idempotency keys and the old notices; returns how many rows."""
    return idempotency.delete_expired() + notices.delete_old()


@shared_task(name="tasks.send_booking_confirmation", ignore_result=True)
def send_booking_confirmation(booking_id: int) -> dict[str, int]:
    """Delivers the confirmation of this booking now, if it still waits (the client's task name)."""
    return mail.deliver_latest("booking_confirmation", booking_id)


@shared_task(name="tasks.book_series")
def book_series() -> int:
    """Books the dates of series that have come near enough; returns how many dates were dealt with."""
    return making.book_due_dates()


BEAT = {
    "settle-bookings": {"task": "tasks.settle_bookings", "schedule": 10.0, "options": {"expires": 10}},
    "book-series": {"task": "tasks.book_series", "schedule": 60.0, "options": {"expires": 60}},
    "forget-idempotency-keys": {"task": "tasks.forget_idempotency_keys", "schedule": 3600.0},
}
