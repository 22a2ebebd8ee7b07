"""Old entries without their personal data. The trigger of the table (database/constraints.py) lets an entry lose its
address and its details and its actor become a deleted account, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import case, null, or_, select, update
from sqlalchemy.orm import Session

from parking.audit.models import AuditEntry
from parking.audit.queries import LATE, first_since

BATCH = 1_000
Kind = Literal["ip_addresses", "audit_details"]
_STILL_THERE = {
    "ip_addresses": AuditEntry.ip.is_not(None),
    "audit_details": or_(AuditEntry.before.is_not(None), AuditEntry.after.is_not(None)),
}


def entries_with(
    session: Session, kind: Kind, since: datetime | None, before: datetime, after_id: int | None
) -> Sequence[int]:
    """Up to BATCH ids of entries of [since, before) that still have this, ascending, after an id."""
    first = after_id if after_id is not None else first_since(session, since) - 1 if since else 0
    query = select(AuditEntry.id).where(AuditEntry.id > first, AuditEntry.at < before, _STILL_THERE[kind])
    query = query.where(AuditEntry.action != "retention.run", AuditEntry.id < first_since(session, before + LATE))
    return session.scalars(query.order_by(AuditEntry.id).limit(BATCH)).all()


def erase(session: Session, kind: Kind, ids: Sequence[int]) -> None:
    """Deletes the addresses or the details of these entries."""
    values = {"ip": None} if kind == "ip_addresses" else {"before": null(), "after": null()}
    session.execute(update(AuditEntry).where(AuditEntry.id.in_(ids)).values(values))


def hand_over(session: Session, entity: str, ids: Sequence[int], actor_id: int, to: int) -> None:
    """In all entries about these things the actor becomes the account `to`; details and addresses are deleted."""
    for first in range(0, len(ids), BATCH):
        session.execute(
            update(AuditEntry)
            .where(AuditEntry.entity == entity, AuditEntry.entity_id.in_(ids[first : first + BATCH]))
            .values(
                actor_id=case((AuditEntry.actor_id == actor_id, to), else_=AuditEntry.actor_id),
                before=null(),
                after=null(),
                ip=None,
            )
        )
