"""The waitlist over HTTP."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from parking.bookings import Nothing
from parking.spot_features import ordered, read_needs
from parking.staff import lots_named, requires_staff
from parking.waitlist import listing, service
from parking.waitlist.schemas import (
    AdminEntriesOut,
    AdminEntriesQuery,
    ClaimedOut,
    EntriesOut,
    JoinedOut,
    JoinIn,
    OneEntryOut,
    PlaceEnvelope,
    PlaceQuery,
)
from parking.web import answer, documented, identity, require_lot, requires
from parking.web.rate_limits import BOOK, LEAVE, by_user, limiter

bp = APIBlueprint("waitlist", __name__, tag="Waitlist")
_leaving = limiter.shared_limit(LEAVE, scope="leaving_waitlist", key_func=by_user)


@bp.post("/api/waitlist")
@requires()
@documented(404, takes=["Idempotency-Key"])
@limiter.limit(BOOK, key_func=by_user)
@bp.input(JoinIn, arg_name="body")
@bp.output(JoinedOut, status_code=201)
def join(body: JoinIn) -> Response:
    """Wait for a spot where none is free, now or for a window."""
    request = service.JoinRequest(
        user_id=identity().id,
        lot_ids=tuple(body.lot_ids),
        reserved_start=body.reserved_start,
        reserved_end=body.reserved_end,
        for_minutes=body.for_minutes,
        needs=ordered(body.needs or ()),
        vehicle_plate=body.vehicle_plate,
    )
    return answer(service.join(request), 201)


@bp.get("/api/waitlist")
@requires()
@bp.output(EntriesOut)
def list_own() -> Response:
    """What you wait for, and what became of it in the last 24 hours."""
    return answer(service.own(identity().id))


@bp.get("/api/waitlist/position")
@requires()
@documented(404)
@bp.input(PlaceQuery, location="query", arg_name="query")
@bp.output(PlaceEnvelope)
def position(query: PlaceQuery) -> Response:
    """The place that you would have in the queue of a full lot."""
    require_lot(query.lot_id)
    return answer({"waitlist": listing.place(query.lot_id, query.from_, query.to, read_needs(query.needs))})


@bp.get("/api/waitlist/<int:entry_id>")
@requires()
@bp.output(OneEntryOut)
def get_own(entry_id: int) -> Response:
    """One of your entries, with its offer. Reading never claims it."""
    return answer(service.one(entry_id, identity().id))


@bp.delete("/api/waitlist/<int:entry_id>")
@requires()
@_leaving
@bp.output(JoinedOut)
def leave(entry_id: int) -> Response:
    """Leave the waitlist. A spot that is held for you goes to the next person."""
    return answer(service.leave(entry_id, identity().id))


@bp.post("/api/waitlist/<int:entry_id>/claim")
@requires()
@documented(409, takes=["Idempotency-Key"])
@limiter.limit(BOOK, key_func=by_user)
@bp.input(Nothing, arg_name="body")
@bp.output(ClaimedOut)
def claim(entry_id: int, body: Nothing) -> Response:
    """Accept the offer: the spot that is held for you becomes your booking. A second call gives the same answer."""
    return answer(service.claim(entry_id, identity().id))


@bp.post("/api/waitlist/<int:entry_id>/decline")
@requires()
@documented(409)
@_leaving
@bp.input(Nothing, arg_name="body")
@bp.output(JoinedOut)
def decline(entry_id: int, body: Nothing) -> Response:
    """Decline the offer: the spot goes to the next person."""
    return answer(service.decline(entry_id, identity().id))


@bp.get("/api/admin/waitlist")
@requires_staff("viewer")
@documented(404)
@bp.input(AdminEntriesQuery, location="query", arg_name="query")
@bp.output(AdminEntriesOut)
def list_all(query: AdminEntriesQuery) -> Response:
    """Who waits for a lot; of staff, for their lots. An entry that also names lots of others is shown without them."""
    visible = lots_named(identity(), query.lot_id, "viewer")
    lots = visible if query.lot_id is None else frozenset({query.lot_id})
    return answer(listing.page(lots, visible, query.status, query.limit, query.cursor))
