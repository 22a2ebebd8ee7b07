"""Reading the audit log. The actor's address is joined at reading: the log itself holds no personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, column, or_, select, table
from sqlalchemy.orm import Session

from parking.audit.models import AuditEntry
from parking.text import names

# The table alone: the log stands below the accounts and knows nothing else of them.
_people = table("app_user", column("id"), column("email"), column("search_text"))


@dataclass(frozen=True)
class Filters:
    """Which entries. `q` is a part of the action or of the actor's name or address, or a whole request id."""

    q: str | None = None
    entity: str | None = None
    entity_id: int | None = None
    actor_id: int | None = None


def page(session: Session, chosen: Filters, limit: int, before_id: int | None) -> tuple[Sequence[Row[Any]], int | None]:
    """Rows (AuditEntry, the actor's address or None), the newest first, and the id the next page starts below
    (None at the end)."""
    query = (
        select(AuditEntry, _people.c.email.label("actor_email"))
        .outerjoin(_people, _people.c.id == AuditEntry.actor_id)
        .where(*_matching(chosen))
        .order_by(AuditEntry.id.desc())
        .limit(limit + 1)
    )
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    found = session.execute(query).all()
    return found[:limit], found[limit - 1].AuditEntry.id if len(found) > limit else None


def _matching(chosen: Filters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if chosen.q:
        part = names.search_key(chosen.q)
        parts = (text.contains(part, autoescape=True) for text in (AuditEntry.action, _people.c.search_text))
        wanted.append(or_(*parts, AuditEntry.request_id == chosen.q.strip()))
    for name in ("entity", "entity_id", "actor_id"):
        value = getattr(chosen, name)
        if value is not None:
            wanted.append(getattr(AuditEntry, name) == value)
    return wanted
