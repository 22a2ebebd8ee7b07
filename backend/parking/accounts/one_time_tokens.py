"""One-time links that are sent out: a secret of which the database keeps the hash alone.

The secret is computed from a random seed and SECRET_KEY, so that a mail can wait with the seed and the link is made
when it is sent (see mail/delivery.py).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from parking import clock, settings, signing
from parking.accounts.models import SingleUse
from parking.database import changed_rows
from parking.errors import NotFound
from parking.web.logs import security_log

Purpose = Literal["setup", "password_reset", "email_change"]
LIFETIME = timedelta(minutes=30)


class Issued(NamedTuple):
    """A new link: the seed may be stored, the secret may not."""

    seed: str
    secret: str
    expires_at: datetime


def issue(session: Session, purpose: Purpose, user_id: int | None, facts: dict[str, Any] | None = None) -> Issued:
    """A new link. Earlier ones of the same purpose and person stop working."""
    void(session, purpose, user_id)
    seed, now = secrets.token_urlsafe(32), clock.now()
    secret = signing.one_time_secret(settings.current(), seed)
    session.add(
        SingleUse(
            purpose=purpose,
            token_hash=_hash(secret),
            user_id=user_id,
            facts=facts or {},
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return Issued(seed, secret, now + LIFETIME)


def peek(session: Session, purpose: Purpose, secret: str) -> SingleUse:
    """The row of a secret that could be used now, without using it. Raises NotFound."""
    row = session.scalar(select(SingleUse).where(*_usable(purpose, secret)))
    if row is None:
        security_log.event("link_refused", purpose=purpose)
        raise not_valid()
    return row


def claim(session: Session, purpose: Purpose, secret: str) -> SingleUse:
    """Uses a secret up. Of many at once one wins: the others find it used. Raises NotFound."""
    row = session.scalar(
        update(SingleUse).where(*_usable(purpose, secret)).values(used_at=clock.now()).returning(SingleUse)
    )
    if row is None:
        security_log.event("link_refused", purpose=purpose)
        raise not_valid()
    return row


def void(session: Session, purpose: Purpose, user_id: int | None) -> None:
    """Whatever was sent out for this purpose stops working."""
    session.execute(delete(SingleUse).where(SingleUse.purpose == purpose, SingleUse.user_id == user_id))


def forget(session: Session, user_id: int) -> None:
    """Deletes all that was ever sent out for this person."""
    session.execute(delete(SingleUse).where(SingleUse.user_id == user_id))


def forget_old(session: Session) -> int:
    """Deletes the rows that ran out more than a day ago; how many."""
    gone = session.execute(delete(SingleUse).where(SingleUse.expires_at < clock.now() - timedelta(days=1)))
    return changed_rows(gone)


def _usable(purpose: Purpose, secret: str) -> tuple[Any, ...]:
    return (
        SingleUse.purpose == purpose,
        SingleUse.token_hash == _hash(secret),
        SingleUse.used_at.is_(None),
        SingleUse.expires_at > clock.now(),
    )


def not_valid() -> NotFound:
    """One answer for a link that ran out, was used, or never was."""
    return NotFound("This link no longer works. Please ask for a new one.", code="link_invalid")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
