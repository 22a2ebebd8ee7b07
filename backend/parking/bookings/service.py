"""Books, releases, cancels, checks in, extends and shortens. One transaction each (`book`: one per attempt)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from parking import clock, idempotency, mail, settings
from parking.bookings import allocation, emails, expiry, transitions
from parking.bookings.events import publish_events
from parking.bookings.holds import hooks
from parking.bookings.holds.turns import giving_way
from parking.bookings.models import Booking
from parking.bookings.new_booking import NewBooking
from parking.bookings.reading import queries
from parking.bookings.reading.queries import BookingRow
from parking.bookings.reading.views import booking_view, row_view, state_of
from parking.bookings.requests import refusals
from parking.bookings.requests.booking_request import BookRequest, Place, new_booking, read_place
from parking.bookings.requests.windows import check_length
from parking.bookings.rules import lifecycle, reasons
from parking.bookings.rules.times import read_time
from parking.database import db, is_sqlite, read_connection, transaction
from parking.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from parking.money import to_number
from parking.timestamps import to_rfc3339

PATIENT_AFTER = 3
"""After so many lost races an attempt queues for the lot instead of skipping the spots that others are taking."""
OVERLAPPING_AFTER = 10
"""After so many attempts the clock runs behind the one that ended the last stay; its spot is given out all the same."""
MAX_ATTEMPTS = 50


def book(request: BookRequest) -> dict[str, Any]:
    """Books a spot, from now on or for a window to come. Returns the answer of POST /api/book.

    Raises NotFound (no such lot), Invalid (the window), Conflict (`lot_full` with alternatives, `spot_taken` with
    the next free one, `too_many_bookings`), Unavailable after MAX_ATTEMPTS lost races.
    """
    idempotency.prepare()
    for attempt in range(MAX_ATTEMPTS):
        place, new = _look(request)
        with giving_way(), transaction() as session:
            record = idempotency.begin(session)
            _check_limit(session, request)
            if attempt >= PATIENT_AFTER:
                allocation.lock_lot(session, request.lot_id)
                new = new_booking(request, place.lot, clock.now())  # the wait may have been long
            held = allocation.hold(
                session,
                new,
                request.spot_id,
                patient=attempt >= PATIENT_AFTER,
                overlapping=attempt >= OVERLAPPING_AFTER,
            )
            if held:
                answer = _booked(session, held, place)
                if record:
                    record.store(201, answer)
                return answer
    raise Unavailable("Many drivers are booking in this lot at the moment. Please try again.")


def _look(request: BookRequest) -> tuple[Place, NewBooking]:
    """Reads the place and the booking that would come of the request, before anything is locked.

    Raises what `book` raises for a request that cannot be met, so that a refusal costs reads alone; a request that was
    answered before gets that answer.
    """
    for settled in (False, True):
        now = clock.now()
        with read_connection() as connection:
            try:
                place = read_place(connection, request, now)
                new = new_booking(request, place.lot, now)
                refusals.check_request_limits(connection, request)
                if _has_room(connection, request, place, new):
                    return place, new
                if settled or not expiry.is_due(connection, request.lot_id, now):
                    refusals.refuse(connection, request, place.lot, new)
            except Problem:
                idempotency.replay(connection)
                raise
        expiry.apply_due_transitions(request.lot_id)
    raise AssertionError("the second round always answers")


def _has_room(connection: PoolProxiedConnection, request: BookRequest, place: Place, new: NewBooking) -> bool:
    return place.has_room if request.is_instant else allocation.is_free(connection, new, request.spot_id)


def check_limit(session: Session, user_id: int, more: int = 1) -> None:
    """Raises Conflict where the driver may not have so many `more` bookings. Checked once more where it is certain: on
    PostgreSQL one request of a user at a time, or two at once would both pass."""
    if settings.current().max_open_bookings_per_user:
        lock_user(session, user_id)
        refusals.check_limit(session.connection().connection, user_id, more)


def _check_limit(session: Session, request: BookRequest) -> None:
    if refusals.has_limit(request):
        lock_user(session, request.user_id)
        refusals.check_request_limits(session.connection().connection, request)


def lock_user(session: Session, user_id: int) -> None:
    """Lets one transaction of a user at a time book where there is a limit, or wait (PostgreSQL). Before `lock_lot`."""
    if not is_sqlite():
        session.execute(select(func.pg_advisory_xact_lock(-user_id)))


def _booked(session: Session, held: allocation.HeldSpot, place: Place) -> dict[str, Any]:
    booking, number, lot, tariff = held.booking, held.spot_number, place.lot, place.tariff
    action = "booking.created" if booking.visitor_name is None else "booking.created_for_visitor"
    transitions.record(session, action, booking, None)
    emails.confirm(session, place.user, emails.booking_context(booking, lot, number, tariff))
    publish_events(booking)
    taken = queries.spot_taken_until(session, booking.id) if booking.checkin_grace_s is not None else None
    view = booking_view(booking, lot, number, tariff, booking.created_at, taken_until=taken)
    whose = "is yours" if booking.visitor_name is None else f"is booked for {booking.visitor_name}"
    return {"message": f"Spot {number} at {lot.name} {whose}.", "booking": view}


def release(booking_id: int, user_id: int | None, *, reason: str | None = None) -> dict[str, Any]:
    """Ends a running stay and returns its cost; for a finished one it returns the same answer again.

    `user_id` None: an administrator ends it, for a reason. Raises NotFound, Conflict (not begun, cancelled).
    """

    def act(session: Session, row: BookingRow, now: datetime) -> dict[str, Any]:
        booking = row.booking
        lifecycle.check_release(state_of(booking), now)
        message = "Spot released."
        if booking.status == "Reserved":  # its time has come, but another car never left the spot
            row = transitions.cancel(session, row, now, by="system", reason=reasons.NOT_FREE)
            message = "Your spot was not free in time, so the booking was cancelled. It costs nothing."
        elif booking.end_time is None:
            row = transitions.complete(session, row, now, by="admin" if reason else "user", reason=reason)
        view = row_view(row, now, for_admin=user_id is None)
        view["total_cost"] = to_number(row.booking.total_cost_minor or 0)
        return {"message": message, "booking": view, "total_cost": view["total_cost"]}

    return _change(booking_id, user_id, act)


def cancel(
    booking_id: int, user_id: int | None, *, reason: str | None = None, by_visitor: bool = False
) -> dict[str, Any]:
    """Cancels a booking that has not begun, free of charge. Raises NotFound, Conflict (running or ended).

    `by_visitor`: the visitor for whom it was made does, who has the link of their mail.
    """
    by = "visitor" if by_visitor else "user" if user_id else "admin"

    def act(session: Session, row: BookingRow, now: datetime) -> dict[str, Any]:
        lifecycle.check_cancel(state_of(row.booking), now, by_visitor=by_visitor)
        row = transitions.cancel(session, row, now, by=by, reason=reason)
        return {"message": "Booking cancelled.", "booking": row_view(row, now, for_admin=user_id is None)}

    return _change(booking_id, user_id, act)


def check_in(booking_id: int, user_id: int | None) -> dict[str, Any]:
    """Checks the driver in, up to half an hour early if the spot is free by then. `user_id` None: somebody of the
    lot's staff does it for them. Raises NotFound, Conflict."""

    def act(session: Session, row: BookingRow, now: datetime) -> dict[str, Any]:
        lifecycle.check_check_in(state_of(row.booking), now)
        _check_spot_is_free(session, row.booking, now, row.lot.timezone)
        row = transitions.check_in(session, row, allocation.free_since(session, row.booking, now))
        message = "You are checked in." if user_id else "The driver is checked in."
        return {"message": message, "booking": row_view(row, now, for_admin=user_id is None)}

    return _change(booking_id, user_id, act, with_spot=True)


def _check_spot_is_free(session: Session, booking: Booking, now: datetime, zone: str) -> None:
    """Raises Conflict while a car stands on the spot, or an earlier reservation or a block holds it."""
    until = queries.spot_taken_until(session, booking.id)
    if until is None or until <= now:
        return
    if until == clock.FOREVER:
        raise Conflict("There is still a car on your spot. Please try again in a minute.", code="spot_occupied")
    raise Conflict(
        f"Your spot is not free until {until.astimezone(ZoneInfo(zone)):%H:%M}. You can check in from then on.",
        code="spot_not_free_yet",
        free_at=to_rfc3339(until),
    )


def extend(booking_id: int, user_id: int, *, minutes: int | None = None, until: str | None = None) -> dict[str, Any]:
    """Holds the spot longer: moves the end of a window, or the time until which an instant spot is guaranteed.

    Raises NotFound, Invalid (neither or both given, too long), Conflict (ended; held by the next booking: `max_until`),
    Unavailable after MAX_ATTEMPTS in which somebody else was in line for the spot.
    """
    if (minutes is None) == (until is None):
        raise Invalid.field("minutes", "Please give either a number of minutes or a new end, not both.")

    def act(session: Session, row: BookingRow, now: datetime) -> dict[str, Any]:
        booking = row.booking
        end = (
            booking.held_until + timedelta(minutes=minutes)
            if minutes is not None
            else read_time(str(until), row.lot.timezone, "until")
        )
        lifecycle.check_extend(state_of(booking), booking.held_until, end, now)
        check_length(booking.start_time, end, row.lot.timezone, "until")
        _check_free_until(session, booking, end)
        if hooks.waitlist.is_in_line(session, booking, beside=True):
            raise allocation.SpotAwaited(booking.lot_id)
        row = transitions.extend(session, row, end)
        return {"message": "Your booking is extended.", "booking": row_view(row, now)}

    for _ in range(MAX_ATTEMPTS):
        with giving_way():
            return _change(booking_id, user_id, act, with_spot=True)
    raise Unavailable("This spot is being offered to somebody else at the moment. Please try again.")


def _check_free_until(session: Session, booking: Booking, end: datetime) -> None:
    other = allocation.next_hold_start(session, booking, booking.start_time)
    if other is not None and other < end:
        free_until = max(other, booking.held_until)
        raise Conflict(
            "The spot is reserved or out of service from then on.",
            code="spot_promised",
            max_until=to_rfc3339(free_until),
        )


def shorten(booking_id: int, user_id: int, until: str) -> dict[str, Any]:
    """Ends a reservation's window earlier, which frees the spot from then on.

    Raises NotFound, Invalid (no such time), Conflict (begun where the lot does not allow it, ended, not earlier).
    """

    def act(session: Session, row: BookingRow, now: datetime) -> dict[str, Any]:
        end = read_time(until, row.lot.timezone, "until")
        lifecycle.check_shorten(state_of(row.booking), end, now, shorten_running=row.lot.shorten_running)
        row = transitions.shorten(session, row, end)
        return {"message": "Your booking ends earlier now.", "booking": row_view(row, now)}

    return _change(booking_id, user_id, act)


def _change(
    booking_id: int,
    user_id: int | None,
    act: Callable[[Session, BookingRow, datetime], dict[str, Any]],
    *,
    with_spot: bool = False,
) -> dict[str, Any]:
    """Locks the booking (before it its spot, where the hold grows), calls `act` and stores its answer for the
    idempotency key.

    A transition that is due by the clock is applied first. `apply_due_transitions` skips rows that others have locked,
    so the second round waits for the spot's lock and applies the transition itself. Raises NotFound for a booking that
    does not exist or belongs to another user.
    """
    idempotency.prepare()
    for second_round in (False, True):
        with transaction() as session:
            record = idempotency.begin(session)
            if with_spot or second_round:
                _lock_spot_of(session, booking_id)
            row = queries.locked(session, booking_id, user_id)
            if row is None:
                raise NotFound("There is no such booking.")
            now = clock.now()
            is_due = lifecycle.status_at(state_of(row.booking), now) != row.booking.status
            if second_round and is_due:
                row = expiry.apply_due_transition(session, row, now)
            if second_round or not is_due:
                answer = act(session, row, now)
                if record:
                    record.store(200, answer)
                return answer
        expiry.apply_due_transitions(row.booking.lot_id)
    raise AssertionError("the second round always answers")


def _lock_spot_of(session: Session, booking_id: int) -> None:
    """Before the booking: its spot, and the block of the spot whose window has passed, which is ended. Whoever joins a
    waitlist locks a spot's bookings in this order, too."""
    spot = session.execute(select(Booking.lot_id, Booking.spot_id).where(Booking.id == booking_id)).one_or_none()
    if spot is not None:
        allocation.lock_spot(session, spot.lot_id, spot.spot_id)
        expiry.end_blocks_of(session, spot.spot_id, clock.now())


def get(booking_id: int, user_id: int | None) -> dict[str, Any]:
    """Returns one booking as it is now, with the state of its confirmation mail.

    `user_id` None: an administrator reads anyone's. Raises NotFound.
    """
    row = queries.one(booking_id, user_id)
    if row is None:
        raise NotFound("There is no such booking.")
    state = mail.latest_states(db.session(), "booking_confirmation", [booking_id]).get(booking_id)
    view = row_view(row, clock.now(), for_admin=user_id is None)
    return view | {"mail": {"state": state} if state else None}
