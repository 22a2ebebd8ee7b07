"""Administrators: the first one, and the rule that one must remain."""

from __future__ import annotations

import sys

from sqlalchemy import select
from sqlalchemy.orm import Session

from config import ConfigError
from parking import audit, clock, settings
from parking.accounts import account_changes, names, one_time_tokens, queries
from parking.accounts.models import Role, User
from parking.accounts.passwords import hashing
from parking.accounts.sessions import browser_sessions
from parking.accounts.sessions.browser_sessions import Browser, OpenSession
from parking.database import db, transaction
from parking.errors import Conflict, Invalid


def lock_admins(session: Session) -> None:
    """Serializes changes of administrators until the commit."""
    session.execute(select(Role.id).where(Role.name == "admin").with_for_update(key_share=True))


def require_another_admin(session: Session, user: User) -> None:
    """Raises Conflict when `user` is the last active administrator. Locks the administrators."""
    lock_admins(session)
    if queries.count_admins(session, but=user.id) == 0:
        raise Conflict("This is the last administrator. Please appoint another one first.", code="last_administrator")


def is_admin(user: User) -> bool:
    return any(role.name == "admin" for role in user.roles)


def create_admin(email: str, username: str | None, password: str) -> User:
    """Creates an administrator, or makes the account with this address one and replaces its password and sessions.

    For the operator (command line, environment). Raises ValueError or Invalid for unusable values.
    """
    address = names.email(email)
    name = names.username(username) if username else next(names.default_names(address))
    hashing.require(password, email=address, username=name)
    password_hash = hashing.hash_of(password)
    with account_changes.unique_names() as session:
        lock_admins(session)
        existing = queries.credentials(session, email=address)
        if existing is None:
            user = account_changes.create_user(session, address, name, password_hash, "admin")
            audit.record(session, "user.created", "user", user.id, after={"roles": ["admin"]})
        else:
            user = _take_over(session, existing.id, password_hash)
        one_time_tokens.revoke(session, "setup", None)
    return user


def _take_over(session: Session, user_id: int, password_hash: str) -> User:
    """Anyone who knew the address may have created the account, so its password and sessions are replaced."""
    user = queries.get_user(session, user_id, lock=True)
    before = {"active": user.active, "roles": sorted(role.name for role in user.roles)}
    user.password, user.active = password_hash, True
    user.confirmed_at = user.confirmed_at or clock.now()  # the operator vouches for it
    if not is_admin(user):
        user.roles = [*user.roles, *queries.roles(session, ["admin"])]
    account_changes.end_tokens(session, user)
    after = {"active": True, "roles": sorted(role.name for role in user.roles), "password": "changed"}
    audit.record(session, "user.updated", "user", user.id, before=before, after=after)
    return user


def ensure_first_admin() -> list[str]:
    """Makes sure at start that there is an administrator or a way to create one. Returns lines for the operator.

    Without an administrator: creates the one of ADMIN_EMAIL and ADMIN_PASSWORD, else a set-up link. In production
    the link is for a terminal alone: other output becomes a log, and who reads a log would be the administrator.
    Raises config.ConfigError when those two cannot be used.
    """
    configured = settings.current()
    if queries.count_admins(db.session()) > 0:
        return []
    if configured.admin_email and configured.admin_password:
        return [f"The first administrator is {_create_admin_from(configured).email} (ADMIN_EMAIL)."]
    if configured.production and not sys.stdout.isatty():
        return [
            "There is no administrator yet. Create the first one with: flask admin create",
            "(with Compose: docker compose exec api python -m flask admin create)",
        ]
    with transaction() as session:
        lock_admins(session)
        if queries.count_admins(session) > 0:
            return []
        secret = one_time_tokens.issue(session, "setup", None).secret
    minutes = int(one_time_tokens.LIFETIME.total_seconds() // 60)
    return [
        f"There is no administrator yet. Create the first one at {configured.public_url}/setup#token={secret}",
        f"(this link works once, within {minutes} minutes; a restart prints a new one)",
    ]


def _create_admin_from(configured: settings.Settings) -> User:
    try:
        return create_admin(configured.admin_email or "", None, configured.admin_password or "")
    except Conflict:  # somebody else has the name that the address suggests
        return create_admin(configured.admin_email or "", configured.admin_email, configured.admin_password or "")
    except Invalid as error:
        raise ConfigError([("ADMIN_PASSWORD", f"cannot be used: {error.detail}")]) from None
    except ValueError as error:
        raise ConfigError([("ADMIN_EMAIL", f"cannot be used: {error}")]) from None


def complete_setup(
    secret: str, email: str, username: str, password: str, locale: str, browser: Browser
) -> tuple[User, OpenSession]:
    """Creates the first administrator by the set-up link and signs them in.

    Raises NotFound for a link that does not work (also when there is an administrator by now), Invalid for the
    password, Conflict for a taken name.
    """
    one_time_tokens.validate(db.session(), secret, "setup")
    db.session.close()
    hashing.require(password, email=email, username=username)
    password_hash = hashing.hash_of(password)
    with account_changes.unique_names() as session:
        lock_admins(session)
        one_time_tokens.consume(session, secret, "setup")
        if queries.count_admins(session) > 0:
            raise one_time_tokens.invalid_token()
        user = account_changes.create_user(session, email, username, password_hash, "admin", locale=locale)
        opened = browser_sessions.begin(session, user.id, browser)
        audit.record(session, "user.created", "user", user.id, after={"roles": ["admin"]}, actor_id=user.id)
    return user, opened
