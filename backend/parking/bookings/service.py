"""What one can do with bookings. Every function is one unit of work (or, to get a spot, one per attempt)."""

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
from parking.bookings import allocation, alternatives, emails, expiry, transitions
from parking.bookings.events import announce
from parking.bookings.models import Booking
from parking.bookings.reading import page as pages
from parking.bookings.reading import queries
from parking.bookings.reading.views import booking_view, claim_of, list_view, row_view
from parking.bookings.rules import lifecycle
from parking.bookings.rules.times import read_time
from parking.bookings.status_sql import is_block, is_live
from parking.bookings.windows import check_length, read_window
from parking.database import ColumnGroups, db, is_sqlite, transaction
from parking.errors import Conflict, Invalid, NotFound, Unavailable
from parking.lots.models import Lot, Spot
from parking.lots.queries import open_lot
from parking.money import to_number
from parking.pricing import Tariff
from parking.text.counting import counted
from parking.timestamps import to_rfc3339
from parking.web import signed_out

PATIENT_AFTER = 3
"""Lost races after which an attempt queues for the lot instead of skipping what others are taking."""
MOST_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Order:
    """What a driver asks for. Times as sent (read in the lot's zone); both None = from now on."""

    lot_id: int
    user_id: int
    reserved_start: str | None = None
    reserved_end: str | None = None
    spot_id: int | None = None
    vehicle_plate: str | None = None

    @property
    def is_instant(self) -> bool:
        return self.reserved_start is None


def book(order: Order) -> dict[str, Any]:
    """Gets the driver a spot: now, or for a window to come. The answer of POST /api/book.

    Raises NotFound (no such lot), Invalid (the window), Conflict (`lot_full` with alternatives, `spot_taken` with
    the next free one, `too_many_bookings`), Unavailable when the fight for the lot does not end.
    """
    for attempt in range(MOST_ATTEMPTS):
        with transaction() as session:
            record = idempotency.begin(session)
            place = _place(session, order)
            new = _claim_for(order, place.lot, clock.now())
            _check_limit(session, order.user_id)
            if attempt >= PATIENT_AFTER:
                allocation.lock_lot(session, order.lot_id)
                new = _claim_for(order, place.lot, clock.now())  # the clock is read after the waiting
            claimed = allocation.claim(session, new, order.spot_id, patient=attempt >= PATIENT_AFTER)
            if claimed:
                answer = _booked(session, claimed, place)
                if record:
                    record.store(201, answer)
                return answer
        if expiry.settle(order.lot_id) == 0:
            _refuse_if_full(order, new)
    raise Unavailable("Many drivers are booking in this lot at the moment. Please try again.")


class _Place(NamedTuple):
    """Where, at what price and for whom; each with the columns of its table."""

    lot: Any
    tariff: Any
    user: Any


_USER = [
    User.__table__.c[name] for name in ("id", "email", "username", "locale", "timezone", "deleted_at", "confirmed_at")
]
_PLACE = ColumnGroups(Lot.__table__.c, Tariff.__table__.c, _USER)


def _place_query() -> Select[Any]:
    """The lot with its tariff, and the driver, whose account cannot be deleted until the booking is there."""
    lot, tariff, user = Lot.__table__, Tariff.__table__, User.__table__
    return (
        select(*_PLACE.columns)
        .select_from(lot.join(tariff, and_(tariff.c.lot_id == lot.c.id, tariff.c.id == lot.c.tariff_id)))
        .join(user, and_(user.c.id == bindparam("user_id"), user.c.deleted_at.is_(None), user.c.active.is_(True)))
        .where(lot.c.id == bindparam("lot_id"), lot.c.deleted_at.is_(None))
        .with_for_update(read=True, key_share=True, of=user)
    )


_PLACE_QUERY = _place_query()


def _place(session: Session, order: Order) -> _Place:
    """Raises NotFound for a lot that is not open, Unauthorized for an account that has gone while the booking came."""
    row = session.execute(_PLACE_QUERY, {"lot_id": order.lot_id, "user_id": order.user_id}).one_or_none()
    if row is None:
        open_lot(session, order.lot_id)
        raise signed_out()
    return _Place(*_PLACE.split(row))


def _claim_for(order: Order, lot: Lot, now: datetime) -> allocation.NewClaim:
    new = allocation.NewClaim(
        lot_id=lot.id,
        user_id=order.user_id,
        tariff_id=lot.tariff_id,
        booking_type="instant",
        status="Active",
        start_time=now,
        held_until=now + timedelta(seconds=lot.instant_hold_s),
        checked_in_at=now,
        vehicle_plate=order.vehicle_plate,
        reference=allocation.new_reference(),
        created_at=now,
    )
    if order.is_instant:
        return new
    start, end = read_window(lot, order.reserved_start, order.reserved_end, now)
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
    if not is_sqlite():  # one at a time per person, or two at once would both see room
        session.execute(select(func.pg_advisory_xact_lock(-user_id)))
    if open_bookings(session, user_id) >= most:
        raise Conflict(f"You can have at most {counted(most, 'open booking')}.", code="too_many_bookings")


def open_bookings(session: Session, user_id: int) -> int:
    """How many bookings of this person are running or to come."""
    query = select(func.count()).where(is_live, ~is_block, Booking.user_id == user_id)
    return session.scalar(query) or 0


def _booked(session: Session, claimed: allocation.Claimed, place: _Place) -> dict[str, Any]:
    booking, number, lot, tariff = claimed.booking, claimed.spot_number, place.lot, place.tariff
    transitions.record(session, "booking.created", booking, None)
    emails.confirm(session, place.user, emails.booking_context(booking, lot, number, tariff))
    announce(booking)
    taken = queries.spot_taken_until(session, booking.id) if booking.checkin_grace_s is not None else None
    view = booking_view(booking, lot, number, tariff, booking.created_at, taken_until=taken)
    return {"message": f"Spot {number} at {lot.name} is yours.", "booking": view}


def _refuse_if_full(order: Order, new: allocation.NewClaim) -> None:
    """Raises the right Conflict unless a look without locks finds that there is something to be had after all."""
    with transaction() as session:
        lot = open_lot(session, order.lot_id)
        free = allocation.free_spot_ids(
            session, lot.id, new.start_time, new.held_until, kind=new.booking_type, limit=2 if order.spot_id else 1
        )
        if order.spot_id is not None:
            _refuse_spot(session, order.spot_id, lot, new, free)
        elif not free:
            raise Conflict(
                f"{lot.name} is full{'' if order.is_instant else ' for this time'}.",
                code="lot_full",
                alternatives=alternatives.instead_of(session, lot, new),
            )


def _refuse_spot(session: Session, spot_id: int, lot: Lot, new: allocation.NewClaim, free: list[int]) -> None:
    wanted = session.get(Spot, spot_id)
    if wanted is None or wanted.lot_id != lot.id or wanted.retired_at is not None:
        raise NotFound("This lot has no such spot.")
    if wanted.id in free:
        return
    other = session.get(Spot, free[0]) if free else None
    instead = f" Spot {other.spot_number} is free." if other else ""
    claim = allocation.first_claim(session, wanted, new.start_time, new.held_until)
    raise Conflict(
        f"Spot {wanted.spot_number} is taken.{instead}",
        code="spot_taken",
        next_spot={"spot_id": other.id, "spot_number": other.spot_number} if other else None,
        conflict={"start": to_rfc3339(claim.start_time), "end": to_rfc3339(claim.held_until)} if claim else None,
    )


def release(booking_id: int, user_id: int | None, *, reason: str | None = None) -> dict[str, Any]:
    """Ends a running stay and says what it cost; of a finished one, the same answer again.

    `user_id` None: an administrator ends it, for a reason. Raises NotFound, Conflict (not begun, cancelled).
    """

    def act(session: Session, row: Row[Any], now: datetime) -> dict[str, Any]:
        booking: Booking = row.Booking
        lifecycle.check_release(claim_of(booking), now)
        message = "Spot released."
        if booking.status == "Reserved":  # its time has come, but another car never left: it was no stay
            transitions.cancel(session, row, now, by="system", reason=expiry.NOT_FREE)
            message = "Your spot was not free in time, so the booking was cancelled. It costs nothing."
        elif booking.end_time is None:
            transitions.complete(session, row, now, by="admin" if reason else "user", reason=reason)
        view = row_view(row, now, for_admin=user_id is None)
        view["total_cost"] = to_number(booking.total_cost_minor or 0)
        return {"message": message, "booking": view, "total_cost": view["total_cost"]}

    return _change(booking_id, user_id, act)


def cancel(booking_id: int, user_id: int | None, *, reason: str | None = None) -> dict[str, Any]:
    """Gives up a booking that has not begun. Costs nothing. Raises NotFound, Conflict (running or ended)."""

    def act(session: Session, row: Row[Any], now: datetime) -> dict[str, Any]:
        booking: Booking = row.Booking
        lifecycle.check_cancel(claim_of(booking), now)
        transitions.cancel(session, row, now, by="user" if user_id else "admin", reason=reason)
        return {"message": "Booking cancelled.", "booking": row_view(row, now, for_admin=user_id is None)}

    return _change(booking_id, user_id, act)


def check_in(booking_id: int, user_id: int) -> dict[str, Any]:
    """The driver is there. Up to half an hour early, if the spot is free by then. Raises NotFound, Conflict."""

    def act(session: Session, row: Row[Any], now: datetime) -> dict[str, Any]:
        booking: Booking = row.Booking
        lifecycle.check_check_in(claim_of(booking), now)
        _check_spot_is_free(session, booking, now, row.Lot.timezone)
        transitions.check_in(session, row, now)
        return {"message": "You are checked in.", "booking": row_view(row, now)}

    return _change(booking_id, user_id, act, with_spot=True)


def _check_spot_is_free(session: Session, booking: Booking, now: datetime, zone: str) -> None:
    """Raises Conflict while a car stands on the spot, or somebody's earlier reservation is still to be over."""
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
    """Keeps the spot longer: moves the end of a window, or the time until which an instant spot is sure.

    Raises NotFound, Invalid (neither or both given, too long), Conflict (ended; promised to somebody: `max_until`).
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
        lifecycle.check_extend(claim_of(booking), booking.held_until, end, now)
        check_length(booking.start_time, end, row.Lot.timezone, "until")
        _check_free_until(session, booking, end)
        transitions.extend(session, row, end)
        return {"message": "Your booking is extended.", "booking": row_view(row, now)}

    return _change(booking_id, user_id, act, with_spot=True)


def _check_free_until(session: Session, booking: Booking, end: datetime) -> None:
    other = allocation.next_claim_start(session, booking, booking.start_time)
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
    """Locks the booking (first its spot, where the claim grows), lets `act` decide, keeps the answer.

    What time has done to it and no sweep has written down yet is written down first. A sweep passes over what somebody
    else has locked, so the second round waits for the spot and does it itself. Raises NotFound for one that does not
    exist or is somebody else's.
    """
    for settled in (False, True):
        with transaction() as session:
            record = idempotency.begin(session)
            if with_spot or settled:
                _lock_spot_of(session, booking_id)
            row = queries.locked(session, booking_id, user_id)
            if row is None:
                raise NotFound("There is no such booking.")
            now = clock.now()
            is_due = lifecycle.status_at(claim_of(row.Booking), now) != row.Booking.status
            if settled and is_due:
                expiry.apply_due(session, row, now)
            if settled or not is_due:
                answer = act(session, row, now)
                if record:
                    record.store(200, answer)
                return answer
        expiry.settle(row.Booking.lot_id)
    raise AssertionError("the second round always answers")


def _lock_spot_of(session: Session, booking_id: int) -> None:
    where = session.execute(select(Booking.lot_id, Booking.spot_id).where(Booking.id == booking_id)).one_or_none()
    if where is not None:
        allocation.lock_spot(session, where.lot_id, where.spot_id)


def get(booking_id: int, user_id: int | None) -> dict[str, Any]:
    """One booking as it stands now, with the fate of its confirmation (an administrator, user_id None, sees
    everyone's). Raises NotFound."""
    row = queries.one(db.session(), booking_id, user_id=user_id, with_user=user_id is None)
    if row is None:
        raise NotFound("There is no such booking.")
    state = mail.latest_states(db.session(), "booking_confirmation", [booking_id]).get(booking_id)
    shown = row_view(row, clock.now(), for_admin=user_id is None)
    return shown | {"mail": {"state": state} if state else None}


def listing(chosen: queries.Filters, limit: int, cursor: str | None, *, for_admin: bool = False) -> dict[str, Any]:
    """One page of bookings, newest first, with the sums of everything the filters find on the first page."""
    now, session = clock.now(), db.session()
    rows, following = pages.page(session, chosen, now, limit, cursor, with_user=for_admin)
    shown = list_view(rows, now, for_admin=for_admin)
    answer: dict[str, Any] = {"bookings": shown, "next": following, "server_time": to_rfc3339(now)}
    if for_admin:
        return answer
    sums = queries.totals(session, chosen, now) if cursor is None else None
    return answer | {"total": sums["count"] if sums else None, "totals": _totals(sums)}


def totals(chosen: queries.Filters) -> dict[str, Any]:
    """What everything the filters find comes to, for an administrator."""
    sums = pages.totals(db.session(), chosen, clock.now())
    timed = chosen.days is not None and chosen.days.counted != "started"
    seconds = int(sums["seconds"] or 0) if timed else None
    return (_totals(sums) or {}) | {"people": sums["people"], "seconds": seconds}


def _totals(sums: dict[str, Any] | None) -> dict[str, Any] | None:
    if sums is None:
        return None
    if sums["currencies"] > 1:
        return {"count": sums["count"], "total_cost": None, "currency": None}
    return {"count": sums["count"], "total_cost": to_number(int(sums["cost"])), "currency": sums["currency"]}
