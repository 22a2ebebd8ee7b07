"""GET /api/stream."""

from __future__ import annotations

import socket
from typing import Any

import jwt
from apiflask import APIBlueprint
from flask import Response, request
from pydantic import Field

from parking.database import db
from parking.realtime import service
from parking.web import Identity, Query, identity, require_lot, requires, visible_lots
from parking.web.rate_limits import by_address

bp = APIBlueprint("live", __name__, tag="Live")


MAX_LOTS = 100
"""So many lots one browser may show in its tabs at a time."""


class StreamQuery(Query):
    """What the page shows."""

    lot_id: int | None = Field(None, ge=1, le=2**62, description="Also send the events of this lot's spots.")
    lots: str | None = Field(
        None,
        pattern=rf"^[0-9]{{1,18}}(,[0-9]{{1,18}}){{0,{MAX_LOTS - 1}}}$",
        description=f"The same for up to {MAX_LOTS} lots, by their ids, separated by commas: one stream for all tabs "
        "of a browser.",
        examples=["3,17"],
    )

    def lot_ids(self) -> frozenset[int]:
        """The lots whose spots are shown."""
        several = {int(lot) for lot in self.lots.split(",")} if self.lots else set()
        return frozenset(several | ({self.lot_id} if self.lot_id else set()))


_ANSWERS: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "A stream of events", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
    503: {"description": "Too many pages are open at the moment."},
}


@bp.get("/api/stream")
@requires()
@bp.input(StreamQuery, location="query", arg_name="looking")
@bp.doc(
    summary="Changes as they happen (server-sent events)",
    description="Events: `lot` (free spots), `spot` (of `lot_id`), `booking` (yours), `notice` (read yours again), "
    "`ping` every 15 s, `degraded` (poll until `resync`), `resync` (read everything again), `bye` (the stream ends; "
    "`reason`: `expired`, `signed out`, `stopping`, or `replaced` by a newer one of the account: then poll). Resume "
    "with `Last-Event-ID`. An API token gets `booking` and `notice` with the scope `bookings:read`; one that is "
    "limited to lots gets the events of these lots alone, and neither of the two. 503 with `Retry-After` when too many "
    "streams are open, in all or from one address.",
    responses=_ANSWERS,
)
def stream(looking: StreamQuery) -> Response:
    who, authorization = identity(), request.headers.get("Authorization", "")
    for lot_id in looking.lot_ids():
        require_lot(lot_id)
    db.session.remove()  # the stream may stay open for hours; it holds no connection to the database
    opened = service.open_stream(
        who.id,
        looking.lot_ids(),
        authorization=authorization,
        only_lots=visible_lots(),
        with_bookings=who.has_scope("bookings:read") and visible_lots() is None,
        expires_at=_expiry(who, authorization),
        connection=_connection(request.environ),
        address=by_address(),
        last_event_id=request.headers.get("Last-Event-ID"),
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(opened, content_type="text/event-stream; charset=utf-8", headers=headers, direct_passthrough=True)


def _expiry(who: Identity, authorization: str) -> float | None:
    """When the token, which has been verified already, ends (unix seconds)."""
    if who.token is not None:
        return who.token.expires_at.timestamp() if who.token.expires_at else None
    try:
        claims = jwt.decode(authorization.partition(" ")[2], options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    return float(claims["exp"]) if "exp" in claims else None


def _connection(environ: dict[str, Any]) -> socket.socket | None:
    """The client's socket, where the server tells it; a page that leaves is then noticed at once."""
    return environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
