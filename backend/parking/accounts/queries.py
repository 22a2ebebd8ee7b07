"""Reading accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, load_only

from parking.accounts.models import Role, User, user_roles
from parking.errors import NotFound
from parking.text import email_addresses, names
from parking.web import pagination


@dataclass(frozen=True)
class Filters:
    """Which people: `q` is a part of the name or address; `made` = accounts made in [from, until)."""

    q: str | None = None
    role: str | None = None
    active: bool | None = None
    made: tuple[datetime, datetime] | None = None


def credentials(
    session: Session, *, email: str | None = None, user_id: int | None = None
) -> Row[*tuple[Any, ...]] | None:
    """id, email, username, password (its hash) and active of the one person, or None.

    `email` is taken in either spelling, as somebody types it. Where two old accounts have the same address, it is the
    one that spells it just so.
    """
    query = select(User.id, User.email, User.username, User.password, User.active).where(User.deleted_at.is_(None))
    if email is None:
        return session.execute(query.where(User.id == user_id)).one_or_none()
    exact = email_addresses.twin_key(email)
    wanted = User.email_key.in_((email_addresses.key(email), exact))
    return session.execute(query.where(wanted).order_by(User.email_key != exact).limit(1)).one_or_none()


def person(session: Session, user_id: int, *, lock: bool = False) -> User:
    """A living account, with `lock` kept from others until the commit. Raises NotFound."""
    query = select(User).where(User.id == user_id, User.deleted_at.is_(None))
    found = session.scalar(query.with_for_update(of=User) if lock else query)
    if found is None:
        raise NotFound("There is no such user.")
    return found


def roles(session: Session, names: list[str]) -> list[Role]:
    """The roles of these names."""
    return list(session.scalars(select(Role).where(Role.name.in_(names)).order_by(Role.id)))


def administrators(session: Session, *, but: int | None = None) -> int:
    """How many active administrators there are, not counting the person `but`."""
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


def page(session: Session, chosen: Filters, limit: int, cursor: str | None) -> tuple[list[User], str | None, int]:
    """One page of people, the newest first; the cursor of the next page (None at the end); how many there are."""
    wanted = _matching(chosen)
    query = select(User).where(*wanted).options(load_only(*_LISTED))
    if cursor:
        query = query.where(User.id < pagination.decode(cursor, int)[0])
    found = list(session.scalars(query.order_by(User.id.desc()).limit(limit + 1)))
    total = session.scalar(select(func.count()).select_from(User).where(*wanted)) or 0
    more = len(found) > limit
    return found[:limit], pagination.encode(found[limit - 1].id) if more else None, total


_LISTED = (User.id, User.email, User.username, User.active, User.created_at)


def _matching(chosen: Filters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [User.deleted_at.is_(None)]
    if chosen.q:
        wanted.append(User.search_text.contains(names.search_key(chosen.q), autoescape=True))
    if chosen.active is not None:
        wanted.append(User.active.is_(chosen.active))
    if chosen.role:
        wanted.append(User.id.in_(_with_role(chosen.role)))
    return wanted + _made(chosen)


def _made(chosen: Filters) -> list[ColumnElement[bool]]:
    return [User.created_at >= chosen.made[0], User.created_at < chosen.made[1]] if chosen.made else []


def deleted_since(session: Session, chosen: Filters) -> int:
    """Of the accounts made in the filter's time, those that are no more."""
    query = select(func.count()).select_from(User).where(User.deleted_at.is_not(None), *_made(chosen))
    return session.scalar(query) or 0


def _with_role(name: str) -> Select[tuple[int]]:
    return select(user_roles.c.user_id).join(Role, Role.id == user_roles.c.role_id).where(Role.name == name)
