"""After a restore no mail goes out, and no report is made, until an administrator has looked at the outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from parking.mail.models import MailHold

_ID = 1


def hold(session: Session, now: datetime, backup_of: datetime) -> None:
    """Holds all mail from now on, in the caller's transaction."""
    session.merge(MailHold(id=_ID, since=now, backup_of=backup_of))


def current_hold(session: Session) -> MailHold | None:
    """The hold, or None while mail goes out."""
    return session.get(MailHold, _ID)


def release(session: Session) -> MailHold | None:
    """Ends the hold, in the caller's transaction, and returns it; None: there was none."""
    held = current_hold(session)
    if held is not None:
        session.delete(held)
    return held
