"""One's own account: what it says, how it is changed, how it is given up."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from parking import audit, clock, mail
from parking.accounts import account_changes, hooks, one_time_tokens, queries, setup
from parking.accounts.models import User
from parking.accounts.passwords.change import require_password
from parking.accounts.sessions import browser_sessions
from parking.database import db
from parking.errors import Conflict, Invalid
from parking.idempotency.models import IdempotencyKey
from parking.web import Identity

_COLUMNS = ("username", "timezone", "locale", "theme", "plates")


def shown(session: Session, user: User) -> dict[str, Any]:
    """The account as its owner sees it."""
    roles = sorted(role.name for role in user.roles)
    return {
        "id": user.id,
        "email": user.email,
        "username": user.username,
        "roles": roles,
        "active": user.active,
        "timezone": user.timezone,
        "locale": user.locale,
        "theme": user.theme,
        "plates": user.plates,
        "mail_preferences": mail.get_preferences(session, user.id, admin="admin" in roles),
        "created_at": user.created_at,
    }


def read(who: Identity) -> dict[str, Any]:
    """The caller's own account."""
    session = db.session()
    return shown(session, queries.person(session, who.id))


def change(who: Identity, wanted: dict[str, Any]) -> dict[str, Any]:
    """Changes the caller's account; `wanted` holds only what is to change. Raises Conflict for a taken name."""
    preferences = wanted.get("mail_preferences")
    with account_changes.unique_names() as session:
        user = queries.person(session, who.id, lock=True)
        changed = [name for name in _COLUMNS if name in wanted and wanted[name] != getattr(user, name)]
        for name in changed:
            setattr(user, name, wanted[name])
        if preferences and _prefer(session, user, preferences):
            changed.append("mail_preferences")
        if changed:
            audit.record(session, "user.profile_changed", "user", user.id, after={"fields": changed})
        session.flush()
        return shown(session, user)


def _prefer(session: Session, user: User, wanted: dict[str, bool]) -> bool:
    """Whether anything changed. Raises Invalid for a kind of mail this person cannot turn off."""
    now = mail.get_preferences(session, user.id, admin=setup.is_admin(user))
    if unknown := sorted(wanted.keys() - now.keys()):
        raise Invalid.field("mail_preferences", f"Unknown setting: {unknown[0][:40]}.")
    different = {kind: enabled for kind, enabled in wanted.items() if now[kind] != enabled}
    mail.set_preferences(session, user.id, different)
    return bool(different)


def delete_account(who: Identity, password: str) -> None:
    """Makes the account nobody's: name, address, plates and sessions go, the bookings stay in the sums.

    Raises Forbidden for a wrong password, Conflict while a booking runs or when this is the last administrator.
    """
    require_password(who, password)
    with account_changes.unique_names() as session:
        if who.is_admin:
            setup.lock(session)
        user = queries.person(session, who.id, lock=True)
        if reason := hooks.reason_to_stay(session, user.id):
            raise Conflict(reason, code="account_in_use")
        if setup.is_admin(user):
            setup.require_another(session, user)
        audit.record(session, "user.deleted", "user", user.id)
        _make_nobody(session, user)


def _make_nobody(session: Session, user: User) -> None:
    account_changes.end_tokens(session, user)
    session.flush()
    mail.delete_user(session, user.id)
    one_time_tokens.forget(session, user.id)
    browser_sessions.forget(session, user.id)
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.user_id == user.id))
    hooks.erase(session, user.id)
    user.email = f"deleted-{user.id}@deleted.invalid"
    user.username = f"Deleted user {user.id}-{secrets.token_hex(3)}"  # nobody can have taken it before
    user.password, user.timezone, user.locale, user.plates = None, None, "en", []
    user.active, user.roles, user.confirmed_at = False, [], None
    user.deleted_at = clock.now()
