"""Why a booking cannot be had, and what can be had instead. Plain reads: a refusal writes nothing and locks nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.pool import PoolProxiedConnection

from parking import settings
from parking.bookings import allocation
from parking.bookings.holds import hooks
from parking.bookings.matching import Matching
from parking.bookings.models import Booking
from parking.bookings.new_booking import NewBooking
from parking.bookings.reading import alternatives
from parking.bookings.requests.booking_request import BookRequest
from parking.bookings.status_sql import is_for_visitor, is_live, is_stay
from parking.clock import FOREVER
from parking.database import Read
from parking.errors import Conflict, NotFound
from parking.lots import Spot
from parking.spot_features import spots_with
from parking.text.counting import counted
from parking.timestamps import to_rfc3339

_SPOT: Any = Spot.__table__
_BOOKING: Any = Booking.__table__
_THE_SPOT = Read(
    select(_SPOT.c.id, _SPOT.c.spot_number).where(
        _SPOT.c.id == bindparam("spot_id"), _SPOT.c.lot_id == bindparam("lot_id"), _SPOT.c.retired_at.is_(None)
    )
)
_OPEN_BOOKINGS = Read(
    select(func.count().label("number"))
    .select_from(_BOOKING)
    .where(is_live, is_stay, _BOOKING.c.user_id == bindparam("user_id"))
)
_GUESTS = Read(
    select(func.count().label("number"))
    .select_from(_BOOKING)
    .where(is_live, is_stay, is_for_visitor, _BOOKING.c.user_id == bindparam("user_id"))
)


def has_limit(request: BookRequest) -> bool:
    """Whether the operator limits the number of such bookings. Those of staff for visitors have no limit."""
    if request.visitor is not None:
        return request.visitor.is_guest
    return settings.current().max_open_bookings_per_user > 0


def check_request_limits(connection: PoolProxiedConnection, request: BookRequest) -> None:
    """Raises Conflict for a driver who may have no further booking, or none for a guest (GUESTS_PER_USER), which counts
    among them."""
    if not has_limit(request):
        return
    check_limit(connection, request.user_id)
    if request.visitor is not None:
        most = settings.current().guests_per_user
        if _GUESTS.rows(connection, user_id=request.user_id)[0].number >= most:
            raise Conflict(f"You can have at most {counted(most, 'open booking')} for guests.", code="too_many_guests")


def check_limit(connection: PoolProxiedConnection, user_id: int, more: int = 1) -> None:
    """Raises Conflict for a driver who with so many `more` bookings would have more open ones than the operator allows
    (MAX_OPEN_BOOKINGS_PER_USER)."""
    most = settings.current().max_open_bookings_per_user
    if most and open_bookings(connection, user_id) + more > most:
        raise Conflict(f"You can have at most {counted(most, 'open booking')}.", code="too_many_bookings")


def open_bookings(connection: PoolProxiedConnection, user_id: int) -> int:
    """Counts the bookings of this user that run or are to come."""
    return int(_OPEN_BOOKINGS.rows(connection, user_id=user_id)[0].number)


def refuse(connection: PoolProxiedConnection, request: BookRequest, lot: Any, new: NewBooking) -> NoReturn:
    """Raises Conflict: `lot_full` with alternatives (and the number of such spots, where the driver has needs), or
    `spot_taken` with the next free spot, and with the closure of the spot if that is in the way; NotFound for a spot
    that the lot does not have."""
    if request.spot_id is not None:
        _refuse_spot(connection, request.spot_id, lot, new)
    time = "" if request.is_instant else " for this time"
    if new.needs:
        _refuse_needs(connection, lot, new, time)
    raise Conflict(
        f"{lot.name} is full{time}.",
        code="lot_full",
        alternatives=alternatives.instead_of(connection, lot, new),
        waitlist=hooks.waitlist.place_in_queue(connection, lot, new),
    )


def _refuse_needs(connection: PoolProxiedConnection, lot: Any, new: NewBooking, time: str) -> NoReturn:
    """Says how many spots with these features there are, how many of them are free, and how many are without."""
    number = alternatives.matching_of(connection, [lot.id], new).get(lot.id, Matching())
    others = alternatives.matching_of(connection, [lot.id], replace(new, needs=())).get(lot.id, Matching())
    there = f", and {_how_many_are_free(number)}{time}" if number.spots else ""
    without = f" Of all its spots, {others.available:,} {'is' if others.available == 1 else 'are'} free{time}."
    raise Conflict(
        f"{lot.name} has {spots_with(new.needs, number.spots)}{there}.{without if others.available else ''}",
        code="lot_full",
        matching=number.view(new.needs),
        available_spots=others.available,
        alternatives=alternatives.instead_of(connection, lot, new),
        waitlist=hooks.waitlist.place_in_queue(connection, lot, new) if number.spots else None,
    )


def _how_many_are_free(number: Matching) -> str:
    if number.spots == 1:
        return "it is free" if number.available else "it is taken"
    return f"{number.available or 'none'} of them {'are' if number.available > 1 else 'is'} free"


def _refuse_spot(connection: PoolProxiedConnection, spot_id: int, lot: Any, new: NewBooking) -> NoReturn:
    rows = _THE_SPOT.rows(connection, spot_id=spot_id, lot_id=new.lot_id)
    if not rows:
        raise NotFound("This lot has no such spot.")
    spot = rows[0]
    other = allocation.first_free_spot(connection, new)
    instead = f" Spot {other.spot_number} is free." if other else ""
    hold = allocation.first_hold(connection, new.lot_id, spot.id, new.start_time, new.held_until)
    closed = _closed(hold, new.start_time) if hold else None
    state = _closed_text(*closed, ZoneInfo(lot.timezone)) if closed else "taken"
    raise Conflict(
        f"Spot {spot.spot_number} is {state}.{instead}",
        code="spot_taken",
        next_spot={"spot_id": other.id, "spot_number": other.spot_number} if other else None,
        conflict={"start": to_rfc3339(hold.start_time), "end": to_rfc3339(hold.held_until)} if hold else None,
        closure={"from": to_rfc3339(closed[0]), "until": to_rfc3339(closed[1])} if closed else None,
    )


def _closed(hold: Any, start: datetime) -> tuple[datetime | None, datetime | None] | None:
    """From when (None: already at `start`) and until when (None: no end is known) a closure keeps the spot; None for
    what is no closure."""
    if hold.booking_type != "block" or hold.held_until <= start:
        return None
    return hold.start_time if hold.start_time > start else None, hold.held_until if hold.held_until < FOREVER else None


def _closed_text(from_: datetime | None, until: datetime | None, zone: ZoneInfo) -> str:
    """The same in words, on the lot's clock."""
    begins = f" from {from_.astimezone(zone):%Y-%m-%d %H:%M}" if from_ else ""
    ends = f" until {until.astimezone(zone):%Y-%m-%d %H:%M}" if until else " on" if begins else ""
    return f"closed{begins}{ends}"
