"""GET /api/notices and POST /api/notices/{id}/dismiss."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from parking.database import db
from parking.notices import rendering, service
from parking.notices.schemas import NoticeOut, NoticesOut, NoticesQuery
from parking.web import Message, identity, pagination, requires

bp = APIBlueprint("notices", __name__, tag="Notices")


@bp.get("/api/notices")
@requires()
@bp.input(NoticesQuery, location="query", arg_name="query")
@bp.output(NoticesOut)
def list_notices(query: NoticesQuery) -> dict[str, Any]:
    """Your notices that are not dismissed, newest first: what happened to your bookings without you."""
    who = identity()
    before_id = pagination.decode(query.cursor, int)[0] if query.cursor is not None else None
    rows, more, total = service.page(db.session(), who.id, query.limit, before_id)
    fmt = rendering.reader(who.email, who.username, who.locale, who.timezone)
    return {
        "notices": [NoticeOut.of(row, fmt) for row in rows],
        "next": pagination.encode(more) if more else None,
        "total": total,
    }


@bp.post("/api/notices/<int:notice_id>/dismiss")
@requires()
@bp.output(Message)
def dismiss_notice(notice_id: int) -> dict[str, Any]:
    """Dismiss a notice; a second time it changes nothing."""
    service.dismiss(identity().id, notice_id)
    return {"message": "The notice is dismissed."}
