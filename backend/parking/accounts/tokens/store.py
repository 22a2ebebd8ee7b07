"""Reads and deletes API tokens inside a transaction of its caller."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from parking import clock
from parking.accounts.tokens.models import ApiToken
from parking.database import changed_rows

PREFIX = "pw_"
LISTED_AFTER_END = timedelta(days=30)
"""How long an expired token stays in the list of its owner."""
SHAPE = re.compile(r"pw_[A-Za-z0-9_-]{43}")
"""The prefix and 256 bits in base64url."""


def new_secret() -> str:
    """Returns a new random token."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Returns the hash that is stored. A token has 256 random bits, so a plain hash cannot be guessed from."""
    return hashlib.sha256(token.encode()).hexdigest()


def of_user(session: Session, user_id: int) -> list[ApiToken]:
    """Returns the tokens of this user, the newest first, expired ones too."""
    query = select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
    return list(session.scalars(query))


def delete_one(session: Session, user_id: int, token_id: int) -> bool:
    """Deletes one token of this user. Returns whether there was one: of several simultaneous calls one gets True."""
    one = delete(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == user_id).returning(ApiToken.id)
    return session.scalar(one) is not None


def delete_of_user(session: Session, user_id: int, *, made_as_admin: bool = False) -> int:
    """Deletes the tokens of this user, `made_as_admin` only those of their time as an administrator. Returns how
    many."""
    every = delete(ApiToken).where(ApiToken.user_id == user_id)
    return changed_rows(session.execute(every.where(ApiToken.as_admin) if made_as_admin else every))


def delete_everybodys(session: Session) -> int:
    """Deletes the tokens of all users. Returns how many."""
    return changed_rows(session.execute(delete(ApiToken)))


def delete_expired(session: Session) -> int:
    """Deletes the tokens that expired longer than LISTED_AFTER_END ago. Returns how many."""
    return changed_rows(session.execute(delete(ApiToken).where(ApiToken.expires_at < clock.now() - LISTED_AFTER_END)))


def names_of(session: Session, ids: set[int]) -> dict[int, str]:
    """Returns token -> its name, for the audit log."""
    return dict(session.execute(select(ApiToken.id, ApiToken.name).where(ApiToken.id.in_(ids))).all())
