"""Bookings over HTTP."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from parking import clock
from parking.bookings import reading, service
from parking.bookings.reading import query_filters, quotes, receipts
from parking.bookings.reading.permitted import keep_permitted
from parking.bookings.schemas import (
    AdminBookedOut,
    AdminBookingFilters,
    AdminBookingsOut,
    AdminListQuery,
    AdminTotalsEnvelope,
    AvailabilityEnvelope,
    BookedOut,
    BookIn,
    BookingsOut,
    ExtendIn,
    ListQuery,
    Nothing,
    OneBookingOut,
    QuoteEnvelope,
    QuoteQuery,
    ReasonIn,
    ReceiptEnvelope,
    ReleasedOut,
    ShortenIn,
    WindowQuery,
)
from parking.spot_features import ordered, read_needs
from parking.staff import requires_staff
from parking.timestamps import to_rfc3339
from parking.web import answer, documented, identity, require_lot, requires
from parking.web.rate_limits import BOOK, EXTEND, LEAVE, by_user, limiter

bp = APIBlueprint("bookings", __name__, tag="Bookings")
_leaving = limiter.shared_limit(LEAVE, scope="leaving", key_func=by_user)
CALENDAR_FILE: Any = {"description": "The calendar file", "content": {"text/calendar": {"schema": {"type": "string"}}}}


@bp.post("/api/book")
@requires()
@documented(404, takes=["Idempotency-Key"])
@limiter.limit(BOOK, key_func=by_user)
@bp.input(BookIn, arg_name="body")
@bp.output(BookedOut, status_code=201)
def book(body: BookIn) -> Response:
    """Book a spot, now or for a window in the future."""
    fields = body.root
    require_lot(fields.lot_id)
    request = service.BookRequest(
        lot_id=fields.lot_id,
        user_id=identity().id,
        reserved_start=getattr(fields, "reserved_start", None),
        reserved_end=getattr(fields, "reserved_end", None),
        spot_id=fields.spot_id,
        vehicle_plate=fields.vehicle_plate,
        needs=ordered(fields.needs or ()),
    )
    return answer(service.book(request), 201)


@bp.post("/api/release/<int:booking_id>")
@requires()
@documented(takes=["Idempotency-Key"])
@_leaving
@bp.output(ReleasedOut)
def release(booking_id: int) -> Response:
    """End a stay and get its cost. A second call gives the same answer."""
    return answer(service.release(booking_id, identity().id))


@bp.get("/api/bookings")
@requires()
@bp.input(ListQuery, location="query", arg_name="query")
@bp.output(BookingsOut)
def list_own(query: ListQuery) -> Response:
    """Your bookings, newest first."""
    page = reading.page(query_filters.of_user(query, identity().id), query.limit, query.cursor)
    keep_permitted(page["bookings"], identity())
    return answer(page)


@bp.get("/api/bookings/<int:booking_id>")
@requires()
@bp.output(OneBookingOut)
def get_own(booking_id: int) -> Response:
    """One booking with its status now."""
    booking = service.get(booking_id, identity().id)
    keep_permitted([booking], identity())
    return answer({"booking": booking, "server_time": to_rfc3339(clock.now())})


@bp.post("/api/bookings/<int:booking_id>/cancel")
@requires()
@documented(409)
@_leaving
@bp.input(Nothing, arg_name="body")
@bp.output(BookedOut)
def cancel(booking_id: int, body: Nothing) -> Response:
    """Cancel a booking that has not started."""
    return answer(service.cancel(booking_id, identity().id))


@bp.post("/api/bookings/<int:booking_id>/extend")
@requires()
@documented(409)
@limiter.limit(EXTEND, key_func=by_user)
@bp.input(ExtendIn, arg_name="body")
@bp.output(BookedOut)
def extend(booking_id: int, body: ExtendIn) -> Response:
    """Keep the spot longer."""
    return answer(service.extend(booking_id, identity().id, minutes=body.minutes, until=body.until))


@bp.post("/api/bookings/<int:booking_id>/shorten")
@requires()
@documented(409, takes=["Idempotency-Key"])
@limiter.limit(EXTEND, key_func=by_user)
@bp.input(ShortenIn, arg_name="body")
@bp.output(BookedOut)
def shorten(booking_id: int, body: ShortenIn) -> Response:
    """End a reservation earlier: it costs less, and the spot is free for others from then on. Once it has begun, where
    the lot allows it (`shorten_running`)."""
    return answer(service.shorten(booking_id, identity().id, body.until))


@bp.post("/api/bookings/<int:booking_id>/check-in")
@requires()
@documented(409)
@_leaving
@bp.input(Nothing, arg_name="body")
@bp.output(BookedOut)
def check_in(booking_id: int, body: Nothing) -> Response:
    """Confirm your arrival, where the lot requires it."""
    return answer(service.check_in(booking_id, identity().id))


@bp.get("/api/bookings/<int:booking_id>/receipt")
@requires()
@documented(409)
@bp.output(ReceiptEnvelope)
def receipt(booking_id: int) -> Response:
    """The price of a completed booking, line by line."""
    return answer({"receipt": receipts.receipt(booking_id, identity())})


@bp.get("/api/bookings/<int:booking_id>/calendar.ics")
@requires()
@bp.doc(responses={200: CALENDAR_FILE})
def calendar(booking_id: int) -> Response:
    """The booking as a calendar file."""
    text = receipts.calendar(booking_id, identity())
    name = f"booking-{booking_id}.ics"
    return Response(text, mimetype="text/calendar", headers={"Content-Disposition": f'attachment; filename="{name}"'})


@bp.get("/api/quote")
@requires()
@documented(404)
@bp.input(QuoteQuery, location="query", arg_name="query")
@bp.output(QuoteEnvelope)
def quote(query: QuoteQuery) -> Response:
    """The price of a window before it is booked."""
    require_lot(query.lot_id)
    return answer({"quote": quotes.quote(query.lot_id, query.from_, query.to, read_needs(query.needs))})


@bp.get("/api/lots/<int:lot_id>/availability")
@requires()
@bp.input(WindowQuery, location="query", arg_name="query")
@bp.output(AvailabilityEnvelope)
def availability(lot_id: int, query: WindowQuery) -> Response:
    """Spots that are free over a window; if none is, the next free window."""
    return answer({"availability": quotes.availability(lot_id, query.from_, query.to, read_needs(query.needs))})


@bp.get("/api/admin/bookings")
@requires_staff("viewer")
@documented(404)
@bp.input(AdminListQuery, location="query", arg_name="query")
@bp.output(AdminBookingsOut)
def list_all(query: AdminListQuery) -> Response:
    """All bookings, with search and filters; of staff, those of their lots."""
    filters = query_filters.of_all(query)
    page = reading.page(filters, query.limit, query.cursor, for_admin=True, oldest_first=query.order == "oldest")
    keep_permitted(page["bookings"], identity(), as_staff=True)
    return answer(page)


@bp.get("/api/admin/bookings/totals")
@requires_staff("viewer")
@documented(404)
@bp.input(AdminBookingFilters, location="query", arg_name="query")
@bp.output(AdminTotalsEnvelope)
def totals_of_all(query: AdminBookingFilters) -> Response:
    """Totals of all bookings that match the filters; of staff, of those of their lots."""
    return answer({"totals": reading.totals(query_filters.of_all(query))})


@bp.post("/api/admin/bookings/<int:booking_id>/release")
@requires_staff("attendant")
@documented(409)
@bp.input(ReasonIn, arg_name="body")
@bp.output(AdminBookedOut)
def force_release(booking_id: int, body: ReasonIn) -> Response:
    """End a driver's stay, with a reason that the driver is told."""
    return answer(service.release(booking_id, None, reason=body.reason))


@bp.post("/api/admin/bookings/<int:booking_id>/cancel")
@requires_staff("attendant")
@documented(409)
@bp.input(ReasonIn, arg_name="body")
@bp.output(AdminBookedOut)
def cancel_for(booking_id: int, body: ReasonIn) -> Response:
    """Cancel a driver's reservation, with a reason that the driver is told."""
    return answer(service.cancel(booking_id, None, reason=body.reason))


@bp.post("/api/admin/bookings/<int:booking_id>/check-in")
@requires_staff("attendant")
@documented(409)
@bp.input(Nothing, arg_name="body")
@bp.output(AdminBookedOut)
def check_in_for(booking_id: int, body: Nothing) -> Response:
    """Check a driver in who has arrived, where the lot requires it."""
    return answer(service.check_in(booking_id, None))
