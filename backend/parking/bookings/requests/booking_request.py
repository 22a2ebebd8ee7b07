"""What a driver asks for, the lot and the account it is about, and the booking that would come of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, select
from sqlalchemy.pool import PoolProxiedConnection

from parking import settings
from parking.accounts import User
from parking.bookings.allocation import free_for_a_car, may_book
from parking.bookings.new_booking import NewBooking, new_reference
from parking.bookings.requests.windows import read_window
from parking.database import ColumnGroups, Read, UTCDateTime, db
from parking.errors import Forbidden
from parking.lots import Lot, open_lot
from parking.pricing import Tariff
from parking.spot_features import Needs, required
from parking.web import signed_out


@dataclass(frozen=True, slots=True)
class Visitor:
    """For whom a spot is booked who has no account. `email`: where their mails go, in the language `locale`.

    `is_guest`: of a driver, who answers for the booking; else the lot's staff books for them.
    """

    name: str
    email: str | None = None
    locale: str = "en"
    is_guest: bool = False


@dataclass(frozen=True, slots=True)
class BookRequest:
    """A request for a spot. Times as sent (read in the lot's zone); both None = from now on."""

    lot_id: int
    user_id: int
    reserved_start: str | None = None
    reserved_end: str | None = None
    spot_id: int | None = None
    vehicle_plate: str | None = None
    needs: Needs = ()
    """Features that a spot must have that the request does not name."""
    visitor: Visitor | None = None
    """For whom it is, where that is not the user."""

    @property
    def is_instant(self) -> bool:
        return self.reserved_start is None


class Place(NamedTuple):
    """The lot, its tariff and the driver, each with the columns of its table. `has_room`: whether a car that comes now
    could have a spot with the needs of the request, or the spot that it names."""

    lot: Any
    tariff: Any
    user: Any
    has_room: bool


_LOT: Any = Lot.__table__
_TARIFF: Any = Tariff.__table__
_USER: Any = User.__table__
_DRIVER = [_USER.c[name] for name in ("id", "email", "username", "locale", "timezone", "deleted_at", "confirmed_at")]
_PLACE = ColumnGroups(_LOT.c, _TARIFF.c, _DRIVER)


def _place_query(spot_id: Any = None) -> Read:
    now = bindparam("now", type_=UTCDateTime())
    return Read(
        select(*_PLACE.columns, free_for_a_car(now, spot_id).label("has_room"))
        .select_from(_LOT.join(_TARIFF, and_(_TARIFF.c.lot_id == _LOT.c.id, _TARIFF.c.id == _LOT.c.tariff_id)))
        .join(_USER, and_(_USER.c.id == bindparam("user_id"), may_book(_USER)))
        .where(_LOT.c.id == bindparam("lot_id"), _LOT.c.deleted_at.is_(None))
    )


_ANY_SPOT, _THIS_SPOT = _place_query(), _place_query(bindparam("spot_id"))


def read_place(connection: PoolProxiedConnection, request: BookRequest, now: datetime) -> Place:
    """Reads the place without a lock; the statement that holds a spot checks that it is the same still.

    Raises NotFound for a lot that is not open, Unauthorized for an account deleted since the request began, Forbidden
    where EMAIL_PROOF is on and the driver's address is not confirmed.
    """
    query = _ANY_SPOT if request.spot_id is None else _THIS_SPOT
    ids = {"lot_id": request.lot_id, "user_id": request.user_id, "spot_id": request.spot_id}
    rows = query.rows(connection, **ids, **required(request.needs), now=now)
    if not rows:
        open_lot(db.session(), request.lot_id)
        raise signed_out()
    lot, tariff, user = _PLACE.split(rows[0])
    check_proven(user)
    return Place(lot, tariff, user, rows[0].has_room)


def check_proven(user: Any) -> None:
    """Raises Forbidden where EMAIL_PROOF is on and the driver's address is not confirmed."""
    if user.confirmed_at is None and settings.current().email_proof:
        raise Forbidden("Please confirm your email address before you book.", code="address_unproven")


def new_booking(request: BookRequest, lot: Any, now: datetime) -> NewBooking:
    """Returns the booking that the request asks for. Raises Invalid for an impossible window."""
    new = NewBooking(
        lot_id=lot.id,
        user_id=request.user_id,
        tariff_id=lot.tariff_id,
        booking_type="instant",
        status="Active",
        start_time=now,
        held_until=now + timedelta(seconds=lot.instant_hold_s),
        checked_in_at=now,
        vehicle_plate=request.vehicle_plate,
        needs=request.needs,
        reference=new_reference(),
        created_at=now,
    )
    if visitor := request.visitor:
        new = replace(new, visitor_name=visitor.name, visitor_email=visitor.email, visitor_locale=visitor.locale)
    if request.is_instant:
        return new
    start, end = read_window(lot, request.reserved_start, request.reserved_end, now)
    return over_window(new, lot, start, end)


def over_window(new: NewBooking, lot: Any, start: datetime, end: datetime) -> NewBooking:
    """Returns the booking as a reservation of [start, end)."""
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
