"""Takes people off entries that have ended. What became of the entry stays in the statistics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from parking import clock
from parking.database import changed_rows, read_once, transaction
from parking.waitlist import service
from parking.waitlist.models import WaitlistEntry

KEEP = timedelta(days=90)
"""As long as the mails and the notices about it."""
_NOBODY: dict[str, Any] = {"user_id": None, "vehicle_plate": None, "series_id": None}


def erase(session: Session, user_id: int) -> None:
    """Takes a person whose account is being deleted off every waitlist, and off what they waited for before."""
    service.leave_all(session, user_id)
    session.execute(update(WaitlistEntry).where(WaitlistEntry.user_id == user_id).values(**_NOBODY))


def take_people_off() -> int:
    """Takes the people off the entries that ended KEEP ago; returns how many. Run by Beat."""
    old = WaitlistEntry.ended_at < clock.now() - KEEP, WaitlistEntry.user_id.is_not(None)
    if not read_once(select(WaitlistEntry.id).where(*old).limit(1), {}):  # nothing to do: no write transaction
        return 0
    with transaction() as session:
        return changed_rows(session.execute(update(WaitlistEntry).where(*old).values(**_NOBODY)))


def count_plates(session: Session, before: datetime) -> int:
    """The number of entries with a plate that ended before that moment."""
    query = select(func.count()).where(WaitlistEntry.vehicle_plate.is_not(None), WaitlistEntry.ended_at < before)
    return session.scalar(query) or 0


def erase_plates(session: Session, before: datetime) -> None:
    """Deletes the plates of the entries that ended before that moment."""
    old = update(WaitlistEntry).where(WaitlistEntry.vehicle_plate.is_not(None), WaitlistEntry.ended_at < before)
    session.execute(old.values(vehicle_plate=None))
