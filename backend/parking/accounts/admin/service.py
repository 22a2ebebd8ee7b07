"""Reading and changing accounts as an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from parking import audit, settings
from parking.accounts import account_changes, hooks, queries, setup
from parking.accounts.models import User
from parking.accounts.queries import Filters
from parking.accounts.schemas import UserFilters, UserList
from parking.accounts.second_factor import factors
from parking.accounts.sessions import browser_sessions
from parking.accounts.tokens import store
from parking.database import db, transaction


def filters_of(query: UserFilters) -> Filters:
    """The filters of a request."""
    first, last = query.created_from_day, query.created_to_day
    created = created_between(first, last) if first and last else None
    return Filters(query.q, query.role, query.active, created)


def conditions(query: UserFilters) -> list[ColumnElement[bool]]:
    """The filters of a request as conditions in SQL."""
    return queries.conditions(filters_of(query))


def list_users(query: UserList) -> dict[str, Any]:
    """One page of users with the totals of their bookings, in four queries."""
    session, filters = db.session(), filters_of(query)
    users, following, total = queries.page(session, filters, query.limit, query.cursor, query.order)
    deleted = queries.count_deleted(session, filters) if filters.created else None
    return {"users": _views(session, users), "next": following, "total": total, "deleted": deleted}


def created_between(first: date, last: date) -> tuple[datetime, datetime]:
    """The period from `first` to `last`, both included, in the operator's time zone."""
    zone = ZoneInfo(settings.current().timezone)
    begin, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)


def read(user_id: int) -> dict[str, Any]:
    """One user. Raises NotFound."""
    session = db.session()
    return _views(session, [queries.get_user(session, user_id)])[0]


def change(user_id: int, active: bool | None, roles: Sequence[str] | None) -> dict[str, Any]:
    """Enables, disables, changes roles; None leaves as it is. The user's access tokens are revoked.

    Raises NotFound; Conflict when this would leave no active administrator.
    """
    with transaction() as session:
        setup.lock_admins(session)
        user = queries.get_user(session, user_id, lock=True)
        before = _current_state(user)
        after = {
            "active": user.active if active is None else active,
            "roles": before["roles"] if roles is None else sorted(set(roles)),
        }
        if _is_active_admin(before) and not _is_active_admin(after):
            setup.require_another_admin(session, user)
        if after != before:
            _apply(session, user, before, after)
        session.flush()
        return _views(session, [user])[0]


def sign_ins(user_id: int) -> dict[str, Any]:
    """How many browsers a user is signed in with, when one was last used (not where), and whether signing in asks for a
    code. Raises NotFound."""
    session = db.session()
    count, last_used_at = browser_sessions.summary(session, queries.get_user(session, user_id).id)
    return {"count": count, "last_used_at": last_used_at, "second_factor": factors.is_on(session, user_id)}


def sign_out(user_id: int) -> int:
    """Signs a user out everywhere and ends their access and API tokens; returns how many browsers. Raises NotFound."""
    with transaction() as session:
        user = queries.get_user(session, user_id, lock=True)
        count, _ = browser_sessions.summary(session, user.id)
        account_changes.end_tokens(session, user)
        audit.record(session, "session.all_ended", "user", user.id, after={"sessions": count})
    return count


def _apply(session: Session, user: User, before: dict[str, Any], after: dict[str, Any]) -> None:
    user.active = after["active"]
    if after["roles"] != before["roles"]:
        user.roles = queries.roles(session, after["roles"])
    if "admin" in set(before["roles"]) - set(after["roles"]):
        store.delete_of_user(session, user.id, made_as_admin=True)
    if user.active:
        account_changes.stop_access_tokens(user)
    else:
        account_changes.end_tokens(session, user)
    audit.record(session, "user.updated", "user", user.id, before=before, after=after)
    if after["active"] and not before["active"]:
        hooks.enabled(session, user.id)


def _current_state(user: User) -> dict[str, Any]:
    return {"active": user.active, "roles": sorted(role.name for role in user.roles)}


def _is_active_admin(state: dict[str, Any]) -> bool:
    return state["active"] and "admin" in state["roles"]


def _views(session: Session, users: list[User]) -> list[dict[str, Any]]:
    summaries = hooks.booking_summaries(session, [user.id for user in users])
    return [
        {
            "id": user.id,
            "email": user.email,
            "username": user.username,
            "roles": sorted(role.name for role in user.roles),
            "active": user.active,
            "created_at": user.created_at,
            "last_booking_at": summaries[user.id].last_booking_at,
            "active_bookings": summaries[user.id].active_bookings,
            "total_bookings": summaries[user.id].total_bookings,
            "total_spent": summaries[user.id].total_spent_minor,
            "currency": settings.current().currency,
        }
        for user in users
    ]
