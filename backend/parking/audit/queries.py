"""Reading the audit log. The actor's address is joined at reading: the log itself holds no personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, column, func, or_, select, table
from sqlalchemy.orm import Session

from parking.audit.models import AuditEntry
from parking.audit.names import things_named
from parking.database.functions import contains, unix_seconds

# The table alone: the log stands below the accounts and knows nothing else of them.
_users = table("app_user", column("id"), column("email"), column("username"), column("search_text"))


@dataclass(frozen=True)
class Filters:
    """`q` is a part of the action or of the actor's name or address, what people call the object (`things_named`), or
    a whole request id. The period is [from_, to)."""

    q: str | None = None
    entity: str | None = None
    entity_id: int | None = None
    actor_id: int | None = None
    from_: datetime | None = None
    to: datetime | None = None


def page(
    session: Session, filters: Filters, limit: int, last_id: int | None, *, oldest_first: bool = False
) -> tuple[Sequence[Row[Any]], int | None]:
    """Rows (AuditEntry, the actor's address and name or None), newest first unless `oldest_first`, and the id after
    which the next page starts (None at the end)."""
    query = _entries(session, filters, AuditEntry).limit(limit + 1)
    query = query.order_by(AuditEntry.id if oldest_first else AuditEntry.id.desc())
    if last_id is not None:
        query = query.where(AuditEntry.id > last_id if oldest_first else AuditEntry.id < last_id)
    rows = session.execute(query).all()
    return rows[:limit], rows[limit - 1].AuditEntry.id if len(rows) > limit else None


def entry_rows(session: Session, filters: Filters) -> Select[*tuple[Any, ...]]:
    """Selects the fields of all entries that match, with `actor_email` and `actor_name`, newest first. `at` is in unix
    seconds."""
    fields = (getattr(AuditEntry, name) for name in ("id", "action", "entity", "entity_id", "before", "after"))
    at = unix_seconds(AuditEntry.at).label("at")
    return _entries(session, filters, *fields, at, AuditEntry.request_id).order_by(AuditEntry.id.desc())


def _entries(session: Session, filters: Filters, *fields: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*fields, _users.c.email.label("actor_email"), _users.c.username.label("actor_name"))
        .outerjoin(_users, _users.c.id == AuditEntry.actor_id)
        .where(*_matching(session, filters), *_period(session, filters))
    )


def _matching(session: Session, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.q:
        parts = (contains(text, filters.q) for text in (AuditEntry.action, _users.c.search_text))
        objects = (
            and_(AuditEntry.entity == entity, AuditEntry.entity_id.in_(ids))
            for entity, ids in things_named(session, filters.q).items()
        )
        conditions.append(or_(*parts, *objects, AuditEntry.request_id == filters.q.strip()))
    for name in ("entity", "entity_id", "actor_id"):
        value = getattr(filters, name)
        if value is not None:
            conditions.append(getattr(AuditEntry, name) == value)
    return conditions


LATE = timedelta(hours=1)
"""An entry is written under the time at which its transaction began; ids are in the order of writing, give or take."""


def _period(session: Session, filters: Filters) -> list[ColumnElement[bool]]:
    """The period as conditions. The bounds of the ids spare reading the log up to it: it has no index of the time."""
    conditions: list[ColumnElement[bool]] = []
    if filters.from_ is not None:
        first = first_since(session, filters.from_ - LATE)
        conditions += [AuditEntry.at >= filters.from_, AuditEntry.id >= first]
    if filters.to is not None:
        after = first_since(session, filters.to + LATE)
        conditions += [AuditEntry.at < filters.to, AuditEntry.id < after]
    return conditions


def first_since(session: Session, instant: datetime) -> int:
    """The id of the first entry of this time or later; one above the last when there is none."""
    low, high = 1, (session.scalar(select(func.max(AuditEntry.id))) or 0) + 1
    while low < high:
        middle = (low + high) // 2
        entry = session.execute(
            select(AuditEntry.id, AuditEntry.at).where(AuditEntry.id >= middle).order_by(AuditEntry.id).limit(1)
        ).one()
        if entry.at < instant:
            low = entry.id + 1
        else:
            high = middle
    return low
