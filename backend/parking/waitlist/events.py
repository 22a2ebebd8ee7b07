"""Tells the open pages of a person, after the commit, that one of their entries has changed."""

from __future__ import annotations

from functools import partial

from parking import realtime
from parking.database import after_commit
from parking.waitlist.models import WaitlistEntry


def publish(entry: WaitlistEntry) -> None:
    """Publishes the change of an entry; its page reads it again."""
    if entry.user_id is not None:
        data = {"id": entry.id, "status": entry.status}
        after_commit(partial(realtime.publish, "offer", data, user_id=entry.user_id))
