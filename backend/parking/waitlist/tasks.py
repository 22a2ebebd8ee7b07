"""Celery tasks of the waitlist."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from parking.waitlist import offers, personal_data


@shared_task(name="tasks.settle_waitlist")
def settle() -> int:
    """Ends the entries that waited in vain, and offers what freeing a spot did not offer. (Offers lapse with
    `tasks.settle_bookings`.)"""
    return offers.expire() + offers.offer_everywhere()


@shared_task(name="tasks.anonymise_waitlist")
def take_people_off() -> int:
    """Takes the people off entries that ended long ago."""
    return personal_data.take_people_off()


BEAT: dict[str, dict[str, Any]] = {
    "settle-waitlist": {"task": "tasks.settle_waitlist", "schedule": 30.0, "options": {"expires": 30}},
    "anonymise-waitlist": {"task": "tasks.anonymise_waitlist", "schedule": 3600.0, "options": {"expires": 3600}},
}
