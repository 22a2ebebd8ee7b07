"""/api/lots/{id}/visitors: bookings for people without an account; /api/visitors: what their link shows and does."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from parking.bookings import BookedOut
from parking.visitors import schemas, service
from parking.web import act_without_account, answer, documented, identity, requires
from parking.web.rate_limits import GUEST, PUBLIC, VISITOR, by_user, limiter

bp = APIBlueprint("visitors", __name__, tag="Visitors")


def _limit() -> str:
    """The number of bookings, each of which may bring mails to somebody who did not ask for them."""
    lot_id = (request.view_args or {})["lot_id"]
    return VISITOR if service.is_staff(identity(), lot_id) else GUEST


@bp.post("/api/lots/<int:lot_id>/visitors")
@requires()
@documented(403, 404, 409, takes=["Idempotency-Key"])
@limiter.limit(_limit, key_func=by_user)
@bp.input(schemas.VisitorIn, arg_name="body")
@bp.output(BookedOut, status_code=201)
def book(lot_id: int, body: schemas.VisitorIn) -> Response:
    """Book a spot for a visitor who has no account, now or for a window in the future.

    For administrators, and attendants and managers of the lot. Where the operator allows guests (`guests_per_user` of
    `/api/public/site`), a driver may, too, and has the booking in their own list.
    """
    return answer(service.book(identity(), lot_id, body), 201)


@bp.post("/api/visitors/booking")
@limiter.limit(PUBLIC)
@documented(404)
@bp.input(schemas.LinkIn, arg_name="body")
@bp.output(schemas.VisitorBookingEnvelope)
def show(body: schemas.LinkIn) -> Response:
    """The booking of the link in a visitor's email. It is a POST, so that the token stands in no address."""
    return answer({"booking": service.show(body.token)})


@bp.post("/api/visitors/booking/cancel")
@limiter.limit(PUBLIC)
@documented(404, 409)
@bp.input(schemas.LinkIn, arg_name="body")
@bp.output(schemas.VisitorCancelledOut)
def cancel(body: schemas.LinkIn) -> Response:
    """Cancel the booking of the link in a visitor's email, if it has not begun."""
    act_without_account()
    return answer(service.cancel(body.token))
