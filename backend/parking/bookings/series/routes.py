"""Series of bookings over HTTP, and the cancellation of a range."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from parking.bookings.reading.permitted import keep_permitted
from parking.bookings.series import cancelling, service
from parking.bookings.series.schemas import (
    EndQuery,
    RangeCancelled,
    RangeIn,
    SeriesBooked,
    SeriesEnded,
    SeriesEnvelope,
    SeriesIn,
    SeriesList,
    SeriesPreview,
    SeriesQuery,
    SeriesRule,
)
from parking.web import answer, documented, identity, require_lot, requires
from parking.web.rate_limits import LEAVE, SERIES, SERIES_PREVIEW, by_user, limiter

bp = APIBlueprint("series", __name__, tag="Bookings")


@bp.post("/api/series/preview")
@requires()
@documented(404)
@limiter.limit(SERIES_PREVIEW, key_func=by_user)
@bp.input(SeriesRule, arg_name="body")
@bp.output(SeriesPreview)
def preview(body: SeriesRule) -> Response:
    """What is free on each date of a series, before it is booked."""
    require_lot(body.lot_id)
    return answer(service.preview(body.request(identity().id)))


@bp.post("/api/series")
@requires()
@documented(404, 409, takes=["Idempotency-Key"])
@limiter.limit(SERIES, key_func=by_user)
@bp.input(SeriesIn, arg_name="body")
@bp.output(SeriesBooked, status_code=201)
def create(body: SeriesIn) -> Response:
    """Book a series: the accepted dates, all of them or none (409 `series_dates`, with the dates as in the preview).

    Dates that lie too far ahead are booked later, each as soon as it can be; a mail tells of one that could not be had,
    and of the place on the waitlist (`wait_if_full`).
    """
    require_lot(body.lot_id)
    return answer(service.create(body.request(identity().id)), 201)


@bp.get("/api/series")
@requires()
@bp.input(SeriesQuery, location="query", arg_name="query")
@bp.output(SeriesList)
def list_own(query: SeriesQuery) -> Response:
    """Your series, the newest first."""
    return answer(service.page(identity().id, query.limit, query.cursor))


@bp.get("/api/series/<int:series_id>")
@requires()
@bp.output(SeriesEnvelope)
def get_own(series_id: int) -> Response:
    """One series with its bookings."""
    one = service.get(series_id, identity().id)
    keep_permitted(one["bookings"], identity())
    return answer(one)


@bp.delete("/api/series/<int:series_id>")
@requires()
@documented(takes=["Idempotency-Key"])
@limiter.limit(LEAVE, key_func=by_user)
@bp.input(EndQuery, location="query", arg_name="query")
@bp.output(SeriesEnded)
def end(series_id: int, query: EndQuery) -> Response:
    """Cancel a date of a series and those after it, free of charge. What runs or is over never changes."""
    return answer(service.end(series_id, identity().id, query.from_))


@bp.post("/api/bookings/cancel-range")
@requires()
@documented(takes=["Idempotency-Key"])
@limiter.limit(LEAVE, key_func=by_user)
@bp.input(RangeIn, arg_name="body")
@bp.output(RangeCancelled)
def cancel_range(body: RangeIn) -> Response:
    """Cancel your reservations that begin within a time, leave out the dates of your series that are not booked yet,
    and leave the waitlist for such times: all of them or none. With `dry_run` only say which."""
    return answer(cancelling.cancel_range(identity().id, body.from_, body.until, dry_run=body.dry_run))
