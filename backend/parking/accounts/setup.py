"""There is always somebody in charge: the first administrator, and the last one who cannot leave."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from config import ConfigError
from parking import audit, clock, settings
from parking.accounts import account_changes, default_names, names, one_time_tokens, queries
from parking.accounts.models import Role, User
from parking.accounts.passwords import hashing
from parking.accounts.sessions import browser_sessions
from parking.accounts.sessions.browser_sessions import Browser, Opened
from parking.database import db, transaction
from parking.errors import Conflict, Invalid


def lock(session: Session) -> None:
    """From here to the commit nobody else makes or unmakes administrators."""
    session.execute(select(Role.id).where(Role.name == "admin").with_for_update(key_share=True))


def require_another(session: Session, user: User) -> None:
    """Refuses to go on when this is the last active administrator. Locks; raises Conflict."""
    lock(session)
    if queries.administrators(session, but=user.id) == 0:
        raise Conflict("This is the last administrator. Please appoint another one first.", code="last_administrator")


def is_admin(user: User) -> bool:
    return any(role.name == "admin" for role in user.roles)


def appoint(email: str, username: str | None, password: str) -> User:
    """An administrator with these credentials: a new account, or the one that has this address, taken over whole.

    For the operator (command line, environment). Raises ValueError or Invalid for what cannot be used.
    """
    address = names.email(email)
    name = names.username(username) if username else next(default_names.candidates(address))
    hashing.require(password, email=address, username=name)
    kept = hashing.hashed(password)
    with account_changes.unique_names() as session:
        lock(session)
        found = queries.credentials(session, email=address)
        if found is None:
            user = account_changes.create(session, address, name, kept, "admin")
            audit.record(session, "user.created", "user", user.id, after={"roles": ["admin"]})
        else:
            user = _take_over(session, found.id, kept)
        one_time_tokens.void(session, "setup", None)
    return user


def _take_over(session: Session, user_id: int, password_hash: str) -> User:
    """The account may have been made by anybody who knew the address, so nothing of its access survives."""
    user = queries.person(session, user_id, lock=True)
    before = {"active": user.active, "roles": sorted(role.name for role in user.roles)}
    user.password, user.active = password_hash, True
    user.confirmed_at = user.confirmed_at or clock.now()  # the operator vouches for it
    if not is_admin(user):
        user.roles = [*user.roles, *queries.roles(session, ["admin"])]
    account_changes.end_tokens(session, user)
    after = {"active": True, "roles": sorted(role.name for role in user.roles), "password": "changed"}
    audit.record(session, "user.updated", "user", user.id, before=before, after=after)
    return user


def ensure_first() -> list[str]:
    """Run at start: sees to it that somebody can become administrator; the lines the operator must read.

    Without an administrator: the one of ADMIN_EMAIL and ADMIN_PASSWORD, else a set-up link. Raises
    config.ConfigError when those two cannot be used.
    """
    chosen = settings.current()
    if queries.administrators(db.session()) > 0:
        return []
    if chosen.admin_email and chosen.admin_password:
        return [f"The first administrator is {_appoint_from(chosen).email} (ADMIN_EMAIL)."]
    with transaction() as session:
        lock(session)
        if queries.administrators(session) > 0:
            return []
        secret = one_time_tokens.issue(session, "setup", None).secret
    minutes = int(one_time_tokens.LIFETIME.total_seconds() // 60)
    return [
        f"There is no administrator yet. Create the first one at {chosen.public_url}/setup#token={secret}",
        f"(this link works once, within {minutes} minutes; a restart prints a new one)",
    ]


def _appoint_from(chosen: settings.Settings) -> User:
    try:
        return appoint(chosen.admin_email or "", None, chosen.admin_password or "")
    except Conflict:  # somebody else has the name that the address suggests
        return appoint(chosen.admin_email or "", chosen.admin_email, chosen.admin_password or "")
    except Invalid as fault:
        raise ConfigError([("ADMIN_PASSWORD", f"cannot be used: {fault.detail}")]) from None
    except ValueError as fault:
        raise ConfigError([("ADMIN_EMAIL", f"cannot be used: {fault}")]) from None


def redeem(secret: str, email: str, username: str, password: str, browser: Browser) -> tuple[User, Opened]:
    """Makes the first administrator by the set-up link, and signs him in.

    Raises NotFound for a link that does not work (also when there is an administrator by now), Invalid for the
    password, Conflict for a taken name.
    """
    one_time_tokens.peek(db.session(), "setup", secret)
    db.session.close()
    hashing.require(password, email=email, username=username)
    kept = hashing.hashed(password)
    with account_changes.unique_names() as session:
        lock(session)
        one_time_tokens.claim(session, "setup", secret)
        if queries.administrators(session) > 0:
            raise one_time_tokens.not_valid()
        user = account_changes.create(session, email, username, kept, "admin")
        opened = browser_sessions.begin(session, user.id, browser)
        audit.record(session, "user.created", "user", user.id, after={"roles": ["admin"]}, actor_id=user.id)
    return user, opened
