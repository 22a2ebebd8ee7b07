"""Changes of one account that several services share. Each runs in its caller's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from parking import clock, realtime
from parking.accounts import queries
from parking.accounts.models import SingleUse, User
from parking.accounts.sessions import browser_sessions
from parking.accounts.tokens import store
from parking.database import after_commit, duplicates, read_once, transaction
from parking.database.derived_columns import is_conflict
from parking.errors import Conflict
from parking.text import email_addresses

USERS_AT_ONCE = 10_000
"""One by one, the restore of a backup with 100,000 users took 21 s of CPU; so it takes 7 s."""
VISITORS = "visitors@deleted.invalid"


def create_user(
    session: Session, email: str, username: str, password_hash: str, *role_names: str, locale: str = "en"
) -> User:
    """A new account. Call it inside `unique_names()`, which reports a taken address or name."""
    user = User(
        email=email,
        username=username,
        password=password_hash,
        active=True,
        fs_uniquifier=new_uniquifier(),
        locale=locale,
        theme="system",
        plates=[],
        created_at=clock.now(),
        confirmed_at=clock.now() if "admin" in role_names else None,  # the operator vouches for administrators
        roles=queries.roles(session, list(role_names)),
    )
    session.add(user)
    session.flush()
    return user


def create_placeholder(session: Session) -> int:
    """A deleted account that never was anybody's, to stand for the person of old bookings. Returns its id."""
    number = secrets.token_hex(8)
    return _add_placeholder(session, f"former-{number}@deleted.invalid", f"Former driver {number}")


def visitors_account() -> int:
    """The account of the bookings that lot staff make for visitors: a deleted one that never was anybody's, made when
    it is first needed. Nobody signs in to it, and no list of accounts has it. Returns its id."""
    query = select(User.id).where(User.email_key == email_addresses.key(VISITORS))
    for name in ("Visitors", f"Visitors {secrets.token_hex(4)}"):  # a driver may have the first name
        if rows := read_once(query, {}):
            return int(rows[0].id)
        with suppress(Conflict), unique_names() as session:  # or somebody else makes it at this moment
            _add_placeholder(session, VISITORS, name)
    return int(read_once(query, {})[0].id)


def _add_placeholder(session: Session, email: str, username: str) -> int:
    now = clock.now()
    user = User(
        email=email,
        username=username,
        active=False,
        fs_uniquifier=new_uniquifier(),
        plates=[],
        created_at=now,
        confirmed_at=now,
        deleted_at=now,
        placeholder=True,
    )
    session.add(user)
    session.flush()
    return user.id


def new_uniquifier() -> str:
    """The random text in every token of an account."""
    return secrets.token_hex(32)


def stop_access_tokens(user: User) -> None:
    """Revokes the access tokens of this user; signed-in browsers get new ones with their refresh tokens."""
    user.fs_uniquifier = new_uniquifier()
    recheck_streams(user.id)


def end_other_sessions(session: Session, user: User, family: str | None) -> None:
    """Signs every browser out but that of this session."""
    browser_sessions.end_others(session, user.id, family)
    recheck_streams(user.id)


def end_tokens(session: Session, user: User, *, api_tokens: bool = True) -> None:
    """Revokes the access tokens of this user and signs every browser out; deletes the API tokens, too, unless it is the
    owner who signs out."""
    stop_access_tokens(user)
    if api_tokens:
        store.delete_of_user(session, user.id)
    browser_sessions.end_all(session, user.id)


def sign_everybody_out(session: Session) -> int:
    """Ends every session and access token, and deletes one-time links and API tokens: those of a backup may have been
    used or revoked since. Returns the number of sessions."""
    ids = session.scalars(select(User.id)).all()
    for start in range(0, len(ids), USERS_AT_ONCE):
        rows = [{"id": user_id, "fs_uniquifier": new_uniquifier()} for user_id in ids[start : start + USERS_AT_ONCE]]
        session.execute(update(User), rows)
    session.execute(delete(SingleUse))
    store.delete_everybodys(session)
    return browser_sessions.end_everybodys(session)


def recheck_streams(user_id: int) -> None:
    """Checks the user's open event streams again after the commit."""
    after_commit(lambda: realtime.publish("account", {}, user_id=user_id))


@contextmanager
def unique_names() -> Iterator[Session]:
    """A transaction in which a taken address or name raises Conflict.

    The unique indexes decide, so of two simultaneous requests one succeeds. A name that becomes free goes to its
    duplicate.
    """
    try:
        with transaction() as session:
            yield session
            duplicates.release_free_keys(session, User.__table__)
    except IntegrityError as error:
        if is_conflict(error, User.__table__.c.username_key):
            raise _taken("username", "This name is taken. Please choose another.") from None
        if is_conflict(error, User.__table__.c.email_key):
            raise _taken("email", "An account with this address already exists.") from None
        raise


def _taken(field: str, sentence: str) -> Conflict:
    return Conflict(sentence, code=f"{field}_taken", errors={field: [sentence]})
