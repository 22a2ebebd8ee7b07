"""Reading accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, load_only

from parking.accounts.models import LoginSession, Role, User, user_roles
from parking.accounts.second_factor import factors
from parking.database.functions import contains
from parking.errors import NotFound
from parking.text import email_addresses
from parking.web import Identity, pagination

MOST_NAMED = 200
IDENTITY_COLUMNS = (User.id, User.email, User.username, User.timezone, User.locale, User.csv_format, Role.name)
"""The columns of a caller, one row per role."""


@dataclass(frozen=True)
class Filters:
    """`q` is a part of the name or address; `created` = accounts created in [from, until)."""

    q: str | None = None
    role: str | None = None
    active: bool | None = None
    created: tuple[datetime, datetime] | None = None


def credentials(
    session: Session, *, email: str | None = None, user_id: int | None = None
) -> Row[*tuple[Any, ...]] | None:
    """id, email, username, password (its hash) and active of one user, or None.

    `email` may be in either spelling. Where two old accounts have the same address, the one with exactly this spelling
    is returned.
    """
    query = select(User.id, User.email, User.username, User.password, User.active).where(User.deleted_at.is_(None))
    if email is None:
        return session.execute(query.where(User.id == user_id)).one_or_none()
    exact = email_addresses.duplicate_key(email)
    same_address = User.email_key.in_((email_addresses.key(email), exact))
    return session.execute(query.where(same_address).order_by(User.email_key != exact).limit(1)).one_or_none()


def get_user(session: Session, user_id: int, *, lock: bool = False) -> User:
    """An account that is not deleted; `lock` locks its row until the commit. Raises NotFound."""
    query = select(User).where(User.id == user_id, User.deleted_at.is_(None))
    user = session.scalar(query.with_for_update(of=User) if lock else query)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def roles_of(rows: Sequence[Any]) -> frozenset[str]:
    """The roles of a caller; `rows` have the columns of IDENTITY_COLUMNS."""
    return frozenset(row.name for row in rows if row.name)


def identity_of(rows: Sequence[Any], **more: Any) -> Identity:
    """The caller. `rows` have the columns of IDENTITY_COLUMNS and, where the operator wants second factors,
    `factor_since`: when the account confirmed its own. `more` are further fields of the identity."""
    row, roles = rows[0], roles_of(rows)
    return Identity(
        id=row.id,
        email=row.email,
        username=row.username,
        roles=roles,
        timezone=row.timezone,
        locale=row.locale,
        csv_format=row.csv_format,
        must_set_up_factor=factors.is_wanted(is_admin="admin" in roles) and row.factor_since is None,
        **more,
    )


def keep(session: Session, user_ids: Collection[int], *, wait: bool = True) -> set[int]:
    """Prevents these accounts from being deleted until the commit, and returns their ids; without `wait`, those alone
    that nobody has locked. A deletion locks the account first and then what belongs to it, and so does whoever locks
    several things of an account: first the account, then series, spots, bookings, entries of the waitlist."""
    query = select(User.id).where(User.id.in_(list(user_ids))).order_by(User.id)
    return set(session.scalars(query.with_for_update(read=True, key_share=True, skip_locked=not wait)))


def roles(session: Session, names: list[str]) -> list[Role]:
    """The roles of these names."""
    return list(session.scalars(select(Role).where(Role.name.in_(names)).order_by(Role.id)))


def count_admins(session: Session, *, but: int | None = None) -> int:
    """How many active administrators there are, not counting the user `but`."""
    return (
        session.scalar(
            select(func.count())
            .select_from(User)
            .join(user_roles, user_roles.c.user_id == User.id)
            .join(Role, Role.id == user_roles.c.role_id)
            .where(Role.name == "admin", User.active.is_(True), User.id != (but or 0))
        )
        or 0
    )


def page(
    session: Session, filters: Filters, limit: int, cursor: str | None, order: str = "newest"
) -> tuple[list[User], str | None, int]:
    """One page of users in one of the orders of `UserList`; the cursor of the next page (None at the end); how many
    there are. Raises Invalid for a cursor that this order did not give out."""
    where = conditions(filters)
    key, kind = (User.username_key, str) if order.startswith("name") else (User.id, int)
    descending = order in ("newest", "name_descending")
    query = select(User, key.label("key")).where(*where).options(load_only(*_LISTED))
    if cursor:
        last = pagination.decode(cursor, kind)[0]
        query = query.where(key < last if descending else key > last)
    rows = session.execute(query.order_by(key.desc() if descending else key).limit(limit + 1)).all()
    total = session.scalar(select(func.count()).select_from(User).where(*where)) or 0
    following = pagination.encode(rows[limit - 1].key) if len(rows) > limit else None
    return [row.User for row in rows[:limit]], following, total


_LISTED = (User.id, User.email, User.username, User.active, User.created_at)


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """The filters as conditions in SQL; deleted accounts match none."""
    conditions: list[ColumnElement[bool]] = [User.deleted_at.is_(None)]
    if filters.q:
        conditions.append(contains(User.search_text, filters.q))
    if filters.active is not None:
        conditions.append(User.active.is_(filters.active))
    if filters.role:
        conditions.append(User.id.in_(_with_role(filters.role)))
    return conditions + _created_between(filters)


def _created_between(filters: Filters) -> list[ColumnElement[bool]]:
    return [User.created_at >= filters.created[0], User.created_at < filters.created[1]] if filters.created else []


def count_deleted(session: Session, filters: Filters) -> int:
    """How many of the accounts created in the filter's period are deleted."""
    query = (
        select(func.count())
        .select_from(User)
        .where(User.deleted_at.is_not(None), ~User.placeholder, *_created_between(filters))
    )
    return session.scalar(query) or 0


def _with_role(name: str) -> Select[tuple[int]]:
    return select(user_roles.c.user_id).join(Role, Role.id == user_roles.c.role_id).where(Role.name == name)


def names_of(session: Session, ids: set[int]) -> dict[int, str]:
    """Returns account -> name, for the audit log."""
    return dict(session.execute(select(User.id, User.username).where(User.id.in_(ids))).all())


def ids_named(session: Session, text: str) -> set[int]:
    """Returns the accounts whose name or address contains the text, at most MOST_NAMED of them; for the audit log."""
    part = contains(User.search_text, text)
    return set(session.scalars(select(User.id).where(part).limit(MOST_NAMED)))


def names_of_sessions(session: Session, ids: set[int]) -> dict[int, str]:
    """Returns signed-in browser -> name of its user, for the audit log."""
    rows = select(LoginSession.id, User.username).join(User, User.id == LoginSession.user_id)
    return dict(session.execute(rows.where(LoginSession.id.in_(ids))).all())
