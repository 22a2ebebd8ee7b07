"""Books, releases, cancels, checks in and extends. Each function is one transaction (`book`: one per attempt)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from parking import clock, idempotency, mail, settings
from parking.accounts import User
from parking.bookings import allocation, emails, expiry, transitions
from parking.bookings.events import publish_events
from parking.bookings.models import Booking
from parking.bookings.reading import alternatives, queries
from parking.bookings.reading.views import booking_view, row_view, state_of
from parking.bookings.rules import lifecycle
from parking.bookings.rules.times import read_time
from parking.bookings.status_sql import is_block, is_live
from parking.bookings.windows import check_length, read_window
from parking.database import ColumnGroups, db, is_sqlite, transaction
from parking.errors import Conflict, Invalid, NotFound, Unavailable
from parking.lots import Lot, Spot, open_lot
from parking.money import to_number
from parking.pricing import Tariff
from parking.text.counting import counted
from parking.timestamps import to_rfc3339
from parking.web import signed_out

PATIENT_AFTER = 3
"""After so many lost races an attempt queues for the lot instead of skipping the spots that others are taking."""
MAX_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class BookRequest:
    """A request for a spot. Times as sent (read in the lot's zone); both None = from now on."""

    lot_id: int
    user_id: int
    reserved_start: str | None = None
    reserved_end: str | None = None
    spot_id: int | None = None
    vehicle_plate: str | None = None

    @property
    def is_instant(self) -> bool:
        return self.reserved_start is None


def book(request: BookRequest) -> dict[str, Any]:
    """Books a spot, from now on or for a window to come. Returns the answer of POST /api/book.

    Raises NotFound (no such lot), Invalid (the window), Conflict (`lot_full` with alternatives, `spot_taken` with
    the next free one, `too_many_bookings`), Unavailable after MAX_ATTEMPTS lost races.
    """
    for attempt in range(MAX_ATTEMPTS):
        with transaction() as session:
            record = idempotency.begin(session)
            place = read_place(session, request)
            new = new_booking(request, place.lot, clock.now())
            _check_limit(session, request.user_id)
            if attempt >= PATIENT_AFTER:
                allocation.lock_lot(session, request.lot_id)
                new = new_booking(request, place.lot, clock.now())  # the wait may have been long
            held = allocation.hold(session, new, request.spot_id, patient=attempt >= PATIENT_AFTER)
            if held:
                answer = _booked(session, held, place)
                if record:
                    record.store(201, answer)
                return answer
        if expiry.apply_due_transitions(request.lot_id) == 0:
            _refuse_if_full(request, new)
    raise Unavailable("Many drivers are booking in this lot at the moment. Please try again.")


class _Place(NamedTuple):
    """The lot, its tariff and the driver; each with the columns of its table."""

    lot: Any
    tariff: Any
    user: Any


_USER = [
    User.__table__.c[name] for name in ("id", "email", "username", "locale", "timezone", "deleted_at", "confirmed_at")
]
_PLACE = ColumnGroups(Lot.__table__.c, Tariff.__table__.c, _USER)


def _place_query() -> Select[Any]:
    """Selects the lot with its tariff, and the driver, locked so that the account cannot be deleted meanwhile."""
    lot, tariff, user = Lot.__table__, Tariff.__table__, User.__table__
    return (
        select(*_PLACE.columns)
        .select_from(lot.join(tariff, and_(tariff.c.lot_id == lot.c.id, tariff.c.id == lot.c.tariff_id)))
        .join(user, and_(user.c.id == bindparam("user_id"), user.c.deleted_at.is_(None), user.c.active.is_(True)))
        .where(lot.c.id == bindparam("lot_id"), lot.c.deleted_at.is_(None))
        .with_for_update(read=True, key_share=True, of=user)
    )


_PLACE_QUERY = _place_query()


def read_place(session: Session, request: BookRequest) -> _Place:
    """Raises NotFound for a lot that is not open, Unauthorized for an account deleted since the request began."""
    row = session.execute(_PLACE_QUERY, {"lot_id": request.lot_id, "user_id": request.user_id}).one_or_none()
    if row is None:
        open_lot(session, request.lot_id)
        raise signed_out()
    return _Place(*_PLACE.split(row))


def new_booking(request: BookRequest, lot: Lot, now: datetime) -> allocation.NewBooking:
    new = allocation.NewBooking(
        lot_id=lot.id,
        user_id=request.user_id,
        tariff_id=lot.tariff_id,
        booking_type="instant",
        status="Active",
        start_time=now,
        held_until=now + timedelta(seconds=lot.instant_hold_s),
        checked_in_at=now,
        vehicle_plate=request.vehicle_plate,
        reference=allocation.new_reference(),
        created_at=now,
    )
    if request.is_instant:
        return new
    start, end = read_window(lot, request.reserved_start, request.reserved_end, now)
    return replace(
        new,
        booking_type="reserved",
        status="Reserved",
        start_time=start,
        held_until=end,
        reserved_start=start,
        reserved_end=end,
        checked_in_at=None,
        checkin_grace_s=lot.checkin_grace_s if lot.require_checkin else None,
    )


def _check_limit(session: Session, user_id: int) -> None:
    most = settings.current().max_open_bookings_per_user
    if not most:
        return
    if not is_sqlite():  # one at a time per user, or two at once would both pass
        session.execute(select(func.pg_advisory_xact_lock(-user_id)))
    if open_bookings(session, user_id) >= most:
        raise Conflict(f"You can have at most {counted(most, 'open booking')}.", code="too_many_bookings")


def open_bookings(session: Session, user_id: int) -> int:
    """Counts the bookings of this user that run or are to come."""
    query = select(func.count()).where(is_live, ~is_block, Booking.user_id == user_id)
    return session.scalar(query) or 0


def _booked(session: Session, held: allocation.HeldSpot, place: _Place) -> dict[str, Any]:
    booking, number, lot, tariff = held.booking, held.spot_number, place.lot, place.tariff
    transitions.record(session, "booking.created", booking, None)
    emails.confirm(session, place.user, emails.booking_context(booking, lot, number, tariff))
    publish_events(booking)
    taken = queries.spot_taken_until(session, booking.id) if booking.checkin_grace_s is not None else None
    view = booking_view(booking, lot, number, tariff, booking.created_at, taken_until=taken)
    return {"message": f"Spot {number} at {lot.name} is yours.", "booking": view}


def _refuse_if_full(request: BookRequest, new: allocation.NewBooking) -> None:
    """Raises Conflict, unless a spot is free after all (read without locks)."""
    with transaction() as session:
        lot = open_lot(session, request.lot_id)
        free = allocation.free_spot_ids(
            session, lot.id, new.start_time, new.held_until, kind=new.booking_type, limit=2 if request.spot_id else 1
        )
        if request.spot_id is not None:
            _refuse_spot(session, request.spot_id, lot, new, free)
        elif not free:
            raise Conflict(
                f"{lot.name} is full{'' if request.is_instant else ' for this time'}.",
                code="lot_full",
                alternatives=alternatives.instead_of(session, lot, new),
            )


def _refuse_spot(session: Session, spot_id: int, lot: Lot, new: allocation.NewBooking, free: list[int]) -> None:
    spot = session.get(Spot, spot_id)
    if spot is None or spot.lot_id != lot.id or spot.retired_at is not None:
        raise NotFound("This lot has no such spot.")
    if spot.id in free:
        return
    other = session.get(Spot, free[0]) if free else None
    instead = f" Spot {other.spot_number} is free." if other else ""
    hold = allocation.first_hold(session, spot, new.start_time, new.held_until)
    raise Conflict(
        f"Spot {spot.spot_number} is taken.{instead}",
        code="spot_taken",
        next_spot={"spot_id": other.id, "spot_number": other.spot_number} if other else None,
        conflict={"start": to_rfc3339(hold.start_time), "end": to_rfc3339(hold.held_until)} if hold else None,
    )


def release(booking_id: int, user_id: int | None, *, reason: str | None = None) -> dict[str, Any]:
    """Ends a running stay and returns its cost; for a finished one it returns the same answer again.

    `user_id` None: an administrator ends it, for a reason. Raises NotFound, Conflict (not begun, cancelled).
    """

    def act(session: Session, row: Row[Any], now: datetime) -> dict[str, Any]:
        booking: Booking = row.Booking
        lifecycle.check_release(state_of(booking), now)
        message = "Spot released."
        if booking.status == "Reserved":  # its time has come, but another car never left the spot
            transitions.cancel(session, row, now, by="system", reason=expiry.NOT_FREE)
            message = "Your spot was not free in time, so the booking was cancelled. It costs nothing."
        elif booking.end_time is None:
            transitions.complete(session, row, now, by="admin" if reason else "user", reason=reason)
        view = row_view(row, now, for_admin=user_id is None)
        view["total_cost"] = to_number(booking.total_cost_minor or 0)
        return {"message": message, "booking": view, "total_cost": view["total_cost"]}

    return _change(booking_id, user_id, act)


def cancel(booking_id: int, user_id: int | None, *, reason: str | None = None) -> dict[str, Any]:
    """Cancels a booking that has not begun, free of charge. Raises NotFound, Conflict (running or ended)."""

    def act(session: Session, row: Row[Any], now: datetime) -> dict[str, Any]:
        booking: Booking = row.Booking
        lifecycle.check_cancel(state_of(booking), now)
        transitions.cancel(session, row, now, by="user" if user_id else "admin", reason=reason)
        return {"message": "Booking cancelled.", "booking": row_view(row, now, for_admin=user_id is None)}

    return _change(booking_id, user_id, act)


def check_in(booking_id: int, user_id: int) -> dict[str, Any]:
    """Checks the driver in, up to half an hour early if the spot is free by then. Raises NotFound, Conflict."""

    def act(session: Session, row: Row[Any], now: datetime) -> dict[str, Any]:
        booking: Booking = row.Booking
        lifecycle.check_check_in(state_of(booking), now)
        _check_spot_is_free(session, booking, now, row.Lot.timezone)
        transitions.check_in(session, row, now)
        return {"message": "You are checked in.", "booking": row_view(row, now)}

    return _change(booking_id, user_id, act, with_spot=True)


def _check_spot_is_free(session: Session, booking: Booking, now: datetime, zone: str) -> None:
    """Raises Conflict while a car stands on the spot or an earlier reservation holds it."""
    until = queries.spot_taken_until(session, booking.id)
    if until is None or until <= now:
        return
    if until == clock.FOREVER:
        raise Conflict("There is still a car on your spot. Please try again in a minute.", code="spot_occupied")
    raise Conflict(
        f"Another driver has your spot until {until.astimezone(ZoneInfo(zone)):%H:%M}. You can check in from then on.",
        code="spot_not_free_yet",
        free_at=to_rfc3339(until),
    )


def extend(booking_id: int, user_id: int, *, minutes: int | None = None, until: str | None = None) -> dict[str, Any]:
    """Holds the spot longer: moves the end of a window, or the time until which an instant spot is guaranteed.

    Raises NotFound, Invalid (neither or both given, too long), Conflict (ended; held by the next booking: `max_until`).
    """
    if (minutes is None) == (until is None):
        raise Invalid.field("minutes", "Please give either a number of minutes or a new end, not both.")

    def act(session: Session, row: Row[Any], now: datetime) -> dict[str, Any]:
        booking: Booking = row.Booking
        end = (
            booking.held_until + timedelta(minutes=minutes)
            if minutes is not None
            else read_time(str(until), row.Lot.timezone, "until")
        )
        lifecycle.check_extend(state_of(booking), booking.held_until, end, now)
        check_length(booking.start_time, end, row.Lot.timezone, "until")
        _check_free_until(session, booking, end)
        transitions.extend(session, row, end)
        return {"message": "Your booking is extended.", "booking": row_view(row, now)}

    return _change(booking_id, user_id, act, with_spot=True)


def _check_free_until(session: Session, booking: Booking, end: datetime) -> None:
    other = allocation.next_hold_start(session, booking, booking.start_time)
    if other is not None and other < end:
        free_until = max(other, booking.held_until)
        raise Conflict(
            "Another driver has reserved the spot from then on.",
            code="spot_promised",
            max_until=to_rfc3339(free_until),
        )


def _change(
    booking_id: int,
    user_id: int | None,
    act: Callable[[Session, Row[Any], datetime], dict[str, Any]],
    *,
    with_spot: bool = False,
) -> dict[str, Any]:
    """Locks the booking (before it its spot, where the hold grows), calls `act` and stores its answer for the
    idempotency key.

    A transition that is due by the clock is applied first. `apply_due_transitions` skips rows that others have locked,
    so the second round waits for the spot's lock and applies the transition itself. Raises NotFound for a booking that
    does not exist or belongs to another user.
    """
    for second_round in (False, True):
        with transaction() as session:
            record = idempotency.begin(session)
            if with_spot or second_round:
                _lock_spot_of(session, booking_id)
            row = queries.locked(session, booking_id, user_id)
            if row is None:
                raise NotFound("There is no such booking.")
            now = clock.now()
            is_due = lifecycle.status_at(state_of(row.Booking), now) != row.Booking.status
            if second_round and is_due:
                expiry.apply_due_transition(session, row, now)
            if second_round or not is_due:
                answer = act(session, row, now)
                if record:
                    record.store(200, answer)
                return answer
        expiry.apply_due_transitions(row.Booking.lot_id)
    raise AssertionError("the second round always answers")


def _lock_spot_of(session: Session, booking_id: int) -> None:
    spot = session.execute(select(Booking.lot_id, Booking.spot_id).where(Booking.id == booking_id)).one_or_none()
    if spot is not None:
        allocation.lock_spot(session, spot.lot_id, spot.spot_id)


def get(booking_id: int, user_id: int | None) -> dict[str, Any]:
    """Returns one booking as it is now, with the state of its confirmation mail.

    `user_id` None: an administrator reads anyone's. Raises NotFound.
    """
    row = queries.one(db.session(), booking_id, user_id=user_id, with_user=user_id is None)
    if row is None:
        raise NotFound("There is no such booking.")
    state = mail.latest_states(db.session(), "booking_confirmation", [booking_id]).get(booking_id)
    view = row_view(row, clock.now(), for_admin=user_id is None)
    return view | {"mail": {"state": state} if state else None}
