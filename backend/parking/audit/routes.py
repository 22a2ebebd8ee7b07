"""/api/admin/audit: the log for administrators, to read only."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from parking.audit import queries
from parking.audit.schemas import AuditQuery, Entries, Entry
from parking.database import db
from parking.errors import Invalid
from parking.web import requires

bp = APIBlueprint("audit", __name__, tag="Audit")


@bp.get("/api/admin/audit")
@requires("admin")
@bp.input(AuditQuery, location="query", arg_name="query")
@bp.output(Entries)
def list_entries(query: AuditQuery) -> Any:
    """Who changed what, the newest first."""
    chosen = queries.Filters(query.q, query.entity, query.entity_id, query.actor_id)
    rows, more = queries.page(db.session(), chosen, query.limit, _below(query.cursor))
    return {"entries": [_shown(row) for row in rows], "next": str(more) if more else None}


def _shown(row: Any) -> dict[str, Any]:
    own = {name: getattr(row.AuditEntry, name) for name in Entry.model_fields if name != "actor_email"}
    return {**own, "actor_email": row.actor_email}


def _below(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal()) or int(cursor) >= 2**63:
        raise Invalid.field("cursor", "This cursor was not given out by this list.")
    return int(cursor)
