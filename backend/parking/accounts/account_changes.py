"""Steps on one account that several services share. Each works in its caller's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from parking import clock
from parking import realtime as live
from parking.accounts import queries
from parking.accounts.models import User
from parking.accounts.sessions import browser_sessions
from parking.database import after_commit, duplicates, transaction
from parking.database.derived_columns import is_conflict
from parking.errors import Conflict


def create(session: Session, email: str, username: str, password_hash: str, *role_names: str) -> User:
    """A new account. Run it inside `unique_names()`, which tells a taken address from a taken name."""
    user = User(
        email=email,
        username=username,
        password=password_hash,
        active=True,
        fs_uniquifier=new_uniquifier(),
        locale="en",
        theme="system",
        plates=[],
        created_at=clock.now(),
        confirmed_at=clock.now() if "admin" in role_names else None,  # the operator vouches for administrators
        roles=queries.roles(session, list(role_names)),
    )
    session.add(user)
    session.flush()
    return user


def new_uniquifier() -> str:
    """The random text that stands in every token of an account."""
    return secrets.token_hex(32)


def stop_access_tokens(user: User) -> None:
    """Every access token of this person stops at its next use; browsers that are signed in fetch a new one."""
    user.fs_uniquifier = new_uniquifier()
    tell_streams(user.id)


def end_tokens(session: Session, user: User) -> None:
    """Every access token of this person stops at its next use, and every browser is signed out."""
    stop_access_tokens(user)
    browser_sessions.end_all(session, user.id)


def tell_streams(user_id: int) -> None:
    """After the commit, the person's open event streams are checked again."""
    after_commit(lambda: live.publish("account", {}, user_id=user_id))


@contextmanager
def unique_names() -> Iterator[Session]:
    """A transaction in which an address or name that somebody else has raises Conflict.

    The unique indexes decide, so that of two at the same moment one wins. A name that this sets free goes to its twin.
    """
    try:
        with transaction() as session:
            yield session
            duplicates.settle(session, User.__table__)
    except IntegrityError as fault:
        if is_conflict(fault, User.__table__.c.username_key):
            raise _taken("username", "This name is taken. Please choose another.") from None
        if is_conflict(fault, User.__table__.c.email_key):
            raise _taken("email", "An account with this address already exists.") from None
        raise


def _taken(field: str, sentence: str) -> Conflict:
    return Conflict(sentence, code=f"{field}_taken", errors={field: [sentence]})
