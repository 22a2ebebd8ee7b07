"""One-time tokens for links in mails. The database stores only their hash.

The secret is computed from a random seed and SECRET_KEY, so a queued mail stores the seed and the link is completed
when the mail is sent (mail/outbox/delivery.py).
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

Purpose = Literal["setup", "password_reset", "email_change", "email_proof"]
LIFETIME = timedelta(minutes=30)


class IssuedToken(NamedTuple):
    """A new token: the seed may be stored, the secret must not be."""

    seed: str
    secret: str
    expires_at: datetime


def issue(
    session: Session,
    purpose: Purpose,
    user_id: int | None,
    context: dict[str, Any] | None = None,
    *,
    lifetime: timedelta = LIFETIME,
) -> IssuedToken:
    """Issues a token; earlier ones of the same purpose and user stop working."""
    revoke(session, purpose, user_id)
    seed, now = secrets.token_urlsafe(32), clock.now()
    secret = signing.one_time_secret(settings.current(), seed)
    session.add(
        SingleUse(
            purpose=purpose,
            token_hash=_hash(secret),
            user_id=user_id,
            context=context or {},
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    return IssuedToken(seed, secret, now + lifetime)


def validate(session: Session, secret: str, *purposes: Purpose) -> SingleUse:
    """The row of a valid token of one of the purposes, which stays valid. Raises NotFound."""
    row = session.scalar(select(SingleUse).where(*_usable(purposes, secret)))
    if row is None:
        security_log.event("link_refused", purpose=purposes[0])
        raise invalid_token()
    return row


def consume(session: Session, secret: str, *purposes: Purpose) -> SingleUse:
    """Uses a token of one of the purposes; of several simultaneous calls one succeeds. Returns its row. Raises
    NotFound."""
    row = session.scalar(
        update(SingleUse).where(*_usable(purposes, secret)).values(used_at=clock.now()).returning(SingleUse)
    )
    if row is None:
        security_log.event("link_refused", purpose=purposes[0])
        raise invalid_token()
    return row


def revoke(session: Session, purpose: Purpose, user_id: int | None) -> None:
    """Deletes the tokens of this purpose and user."""
    session.execute(delete(SingleUse).where(SingleUse.purpose == purpose, SingleUse.user_id == user_id))


def delete_of_user(session: Session, user_id: int) -> None:
    """Deletes all tokens of this user."""
    session.execute(delete(SingleUse).where(SingleUse.user_id == user_id))


def delete_expired(session: Session) -> int:
    """Deletes the tokens that expired more than a day ago; returns how many."""
    result = session.execute(delete(SingleUse).where(SingleUse.expires_at < clock.now() - timedelta(days=1)))
    return changed_rows(result)


def _usable(purposes: tuple[Purpose, ...], secret: str) -> tuple[Any, ...]:
    return (
        SingleUse.purpose.in_(purposes),
        SingleUse.token_hash == _hash(secret),
        SingleUse.used_at.is_(None),
        SingleUse.expires_at > clock.now(),
    )


def invalid_token() -> NotFound:
    """The error for a token that has expired, was used or never existed."""
    return NotFound("This link no longer works. Please ask for a new one.", code="link_invalid")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
