"""A user's own account: reading, changing and deleting it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from parking import audit, clock, idempotency, mail
from parking.accounts import account_changes, hooks, one_time_tokens, queries, setup
from parking.accounts.models import User
from parking.accounts.passwords.change import require_password
from parking.accounts.second_factor import factors
from parking.accounts.sessions import browser_sessions
from parking.database import Read
from parking.errors import Conflict, Invalid
from parking.spot_features import ordered
from parking.timestamps import to_rfc3339
from parking.web import Identity, signed_out

_COLUMNS = ("username", "timezone", "locale", "theme", "csv_format", "plates", "needs")
_PROFILE = Read(
    select(
        *(User.theme, User.plates, User.needs, User.created_at, User.confirmed_at),
        *(mail.MailPreference.kind, mail.MailPreference.enabled),
    )
    .outerjoin(mail.MailPreference, mail.MailPreference.user_id == User.id)
    .where(User.id == bindparam("user_id", type_=User.id.type))
)
"""The part of an account that the caller's identity lacks, one row per stored mail preference."""


def profile_view(session: Session, user: User) -> dict[str, Any]:
    """The account as its owner sees it."""
    roles = sorted(role.name for role in user.roles)
    lot_roles = hooks.lot_roles(session, user.id)
    return {
        "id": user.id,
        "email": user.email,
        "username": user.username,
        "roles": roles,
        "lot_roles": _lot_role_views(lot_roles),
        "active": user.active,
        "email_confirmed": user.confirmed_at is not None,
        "must_set_up_second_factor": factors.must_set_up(session, user.id, is_admin="admin" in roles),
        "timezone": user.timezone,
        "locale": user.locale,
        "theme": user.theme,
        "csv_format": user.csv_format,
        "plates": user.plates,
        "needs": list(user.needs),
        "mail_preferences": mail.get_preferences(session, user.id, reports="admin" in roles or _manages(lot_roles)),
        "created_at": user.created_at,
    }


def read(caller: Identity) -> dict[str, Any]:
    """The caller's own account as JSON, from what was read to identify the caller and two further reads."""
    rows = _PROFILE.rows(user_id=caller.id)
    if not rows:  # deleted from the database in this moment
        raise signed_out()
    first, lot_roles = rows[0], hooks.lot_roles(None, caller.id)
    return {
        "id": caller.id,
        "email": caller.email,
        "username": caller.username,
        "roles": sorted(caller.roles),
        "lot_roles": _lot_role_views(lot_roles),
        "active": True,
        "email_confirmed": first.confirmed_at is not None,
        "must_set_up_second_factor": caller.must_set_up_factor,
        "timezone": caller.timezone,
        "locale": caller.locale,
        "theme": first.theme,
        "csv_format": caller.csv_format,
        "plates": first.plates,
        "needs": list(first.needs),
        "mail_preferences": mail.with_defaults(
            {row.kind: row.enabled for row in rows if row.kind}, reports=caller.is_admin or _manages(lot_roles)
        ),
        "created_at": to_rfc3339(first.created_at),
    }


def _lot_role_views(rows: Sequence[hooks.LotRoleRow]) -> list[dict[str, Any]]:
    return [{"lot_id": row.lot_id, "lot_name": row.lot_name, "role": row.role} for row in rows]


def _manages(rows: Sequence[hooks.LotRoleRow]) -> bool:
    """Whether one of the roles brings the reports."""
    return any(row.role == "manager" for row in rows)


def change(caller: Identity, changes: dict[str, Any]) -> dict[str, Any]:
    """Changes the caller's account; `changes` holds only the fields to change. Raises Conflict for a taken name."""
    preferences = changes.get("mail_preferences")
    if "needs" in changes:
        changes = {**changes, "needs": ordered(changes["needs"])}
    with account_changes.unique_names() as session:
        user = queries.get_user(session, caller.id, lock=True)
        changed = [name for name in _COLUMNS if name in changes and changes[name] != getattr(user, name)]
        for name in changed:
            setattr(user, name, changes[name])
        if preferences and _set_mail_preferences(session, user, preferences):
            changed.append("mail_preferences")
        if changed:
            audit.record(session, "user.profile_changed", "user", user.id, after={"fields": changed})
        session.flush()
        return profile_view(session, user)


def _set_mail_preferences(session: Session, user: User, preferences: dict[str, bool]) -> bool:
    """Returns whether anything changed. Raises Invalid for a mail that this user cannot turn off."""
    reports = setup.is_admin(user) or _manages(hooks.lot_roles(session, user.id))
    current = mail.get_preferences(session, user.id, reports=reports)
    if unknown := sorted(preferences.keys() - current.keys()):
        raise Invalid.field("mail_preferences", f"Unknown setting: {unknown[0][:40]}.")
    different = {kind: enabled for kind, enabled in preferences.items() if current[kind] != enabled}
    mail.set_preferences(session, user.id, different)
    return bool(different)


def delete_account(caller: Identity, password: str) -> None:
    """Anonymises the account: name, address, plates, needs and sessions are deleted, the bookings stay in the totals.

    Raises Forbidden for a wrong password, Conflict while a booking runs or when this is the last administrator.
    """
    require_password(caller, password)
    with account_changes.unique_names() as session:
        if caller.is_admin:
            setup.lock_admins(session)
        user = queries.get_user(session, caller.id, lock=True)
        if reason := hooks.deletion_blocker(session, user.id):
            raise Conflict(reason, code="account_in_use")
        if setup.is_admin(user):
            setup.require_another_admin(session, user)
        audit.record(session, "user.deleted", "user", user.id)
        _anonymise(session, user)


def _anonymise(session: Session, user: User) -> None:
    account_changes.end_tokens(session, user)
    session.flush()
    mail.delete_user(session, user.id)
    one_time_tokens.delete_of_user(session, user.id)
    factors.remove(session, user.id)
    browser_sessions.delete_of_user(session, user.id)
    idempotency.delete_of_user(session, user.id)
    hooks.erase(session, user.id)
    user.email = f"deleted-{user.id}@deleted.invalid"
    user.username = f"Deleted user {user.id}-{secrets.token_hex(3)}"  # cannot be taken already
    user.password, user.timezone, user.locale, user.plates, user.needs = None, None, "en", [], ()
    user.active, user.roles, user.confirmed_at = False, [], None
    user.deleted_at = clock.now()
