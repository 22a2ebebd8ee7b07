"""/api/admin/audit: the log for administrators, to read only."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from parking.audit import queries
from parking.audit.schemas import AuditQuery, Entries, Entry
from parking.database import db
from parking.web import pagination, requires

bp = APIBlueprint("audit", __name__, tag="Audit")


@bp.get("/api/admin/audit")
@requires("admin")
@bp.input(AuditQuery, location="query", arg_name="query")
@bp.output(Entries)
def list_entries(query: AuditQuery) -> dict[str, Any]:
    """Changes with their actor, newest first."""
    filters = queries.Filters(query.q, query.entity, query.entity_id, query.actor_id)
    before_id = pagination.decode(query.cursor, int)[0] if query.cursor is not None else None
    rows, more = queries.page(db.session(), filters, query.limit, before_id)
    return {"entries": [_view(row) for row in rows], "next": pagination.encode(more) if more else None}


def _view(row: Any) -> dict[str, Any]:
    entry = {name: getattr(row.AuditEntry, name) for name in Entry.model_fields if name != "actor_email"}
    return {**entry, "actor_email": row.actor_email}
