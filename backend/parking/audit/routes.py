"""/api/admin/audit: the log for administrators, to read only."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from parking.audit import names, queries
from parking.audit.schemas import AuditQuery, Entries
from parking.database import db
from parking.web import pagination, requires

bp = APIBlueprint("audit", __name__, tag="Audit")


@bp.get("/api/admin/audit")
@requires("admin")
@bp.input(AuditQuery, location="query", arg_name="query")
@bp.output(Entries)
def list_entries(query: AuditQuery) -> dict[str, Any]:
    """Changes with their actor, newest first unless `order` says otherwise."""
    filters = query.filters()
    last_id = pagination.decode(query.cursor, int)[0] if query.cursor is not None else None
    rows, more = queries.page(db.session(), filters, query.limit, last_id, oldest_first=query.order == "oldest")
    named = names.names_in(db.session(), [row.AuditEntry for row in rows])
    return {
        "entries": [_view(row, named) for row in rows],
        "names": {entity: {str(one): name for one, name in some.items()} for entity, some in named.items()},
        "next": pagination.encode(more) if more else None,
    }


_STORED = ("id", "at", "actor_id", "action", "entity", "entity_id", "before", "after", "request_id")


def _view(row: Any, named: dict[str, dict[int, str]]) -> dict[str, Any]:
    entry = row.AuditEntry
    return {
        **{name: getattr(entry, name) for name in _STORED},
        "entity_name": named.get(entry.entity, {}).get(entry.entity_id),
        "actor_email": row.actor_email,
        "actor_name": row.actor_name,
    }
