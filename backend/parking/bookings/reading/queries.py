"""Statements that read bookings with their lot, spot, tariff and user."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Label, Select, and_, bindparam, case, func, literal, null, select
from sqlalchemy.orm import Session

from parking.accounts import User
from parking.bookings.models import Booking
from parking.bookings.reading.views import INSTANTS
from parking.bookings.status_sql import is_block, is_hold, is_live_in, is_stay
from parking.clock import FOREVER
from parking.database import ColumnGroups, Prepared, Read, UTCDateTime, rfc3339
from parking.lots import Lot, Spot
from parking.pricing import Tariff


def _taken_until() -> Label[datetime | None]:
    """Until when an earlier booking or block has the spot of one that waits for its check-in: FOREVER while a car is
    there, NULL without an earlier one. Not evaluated for other bookings, so a list of past ones costs no more."""
    other = Booking.__table__.alias("other")
    car = and_(other.c.status == "Active", other.c.booking_type != "block")
    until = case((car, literal(FOREVER, UTCDateTime())), else_=other.c.held_until)
    latest = (
        select(func.max(until, type_=UTCDateTime()))
        .where(other.c.lot_id == Booking.lot_id, other.c.spot_id == Booking.spot_id, other.c.id != Booking.id)
        .where(is_live_in("other"), other.c.start_time < Booking.start_time)
        .correlate(Booking)
        .scalar_subquery()
    )
    waits = and_(Booking.status == "Reserved", Booking.checkin_grace_s.is_not(None))
    return case((waits, latest)).label("taken_until")


_TAKEN_UNTIL = _taken_until()


def spot_taken_until(session: Session, booking_id: int) -> datetime | None:
    """Returns until when an earlier booking or block has the spot of a reservation that waits for its check-in:
    clock.FOREVER while a car stands there; None without an earlier one."""
    return session.scalar(select(_TAKEN_UNTIL).where(Booking.id == booking_id))


class BookingRow(NamedTuple):
    """A booking with its lot, tariff and driver, each a named tuple of columns, as they were read."""

    booking: Any
    lot: Any
    tariff: Any
    user: Any
    spot_number: int
    taken_until: datetime | None


_DRIVER = ("id", "email", "username", "locale", "timezone", "deleted_at", "confirmed_at")
_LOT = ("id", "name", "address", "calendar", "timezone", "instant_hold_s", "shorten_running")
_GROUPS = ColumnGroups(
    Booking.__table__.c,
    [Lot.__table__.c[name] for name in _LOT],
    Tariff.__table__.c,
    [User.__table__.c[name] for name in _DRIVER],
)


_LOT_OF = Read(select(Booking.lot_id).where(Booking.id == bindparam("booking_id", type_=BigInteger())))


def lot_of_booking(booking_id: int) -> int | None:
    """Returns the lot of a booking; None where there is no such booking."""
    return next((row.lot_id for row in _LOT_OF.rows(booking_id=booking_id)), None)


@functools.cache
def select_bookings() -> Select[Any]:
    """Selects stays with their lot, spot number, tariff and driver: see `read` and `booking_row`."""
    return _joined([*_GROUPS.columns, Spot.spot_number, _TAKEN_UNTIL], with_user=True)


@functools.cache
def select_blocks() -> Select[Any]:
    """Selects blocks in the same way; the columns of their tariff are NULL, and the user is who set the block."""
    return _unlisted().where(is_block)


@functools.cache
def select_holds() -> Select[Any]:
    """Selects the holds that nobody has claimed in the same way; the user is whom the spot is held for."""
    return _unlisted().where(is_hold)


def _unlisted() -> Select[Any]:
    return (
        select(*_GROUPS.columns, Spot.spot_number, null().label("taken_until"))
        .join_from(Booking, Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .outerjoin(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .join(User, User.id == Booking.user_id)
    )


def read(session: Session, query: Select[Any]) -> list[BookingRow]:
    """Runs a query made of `select_bookings()`, `select_blocks()` or `select_holds()`."""
    return [booking_row(row) for row in session.execute(query)]


def booking_row(row: Any) -> BookingRow:
    """Returns a row of `select_bookings()` with one named tuple per table."""
    return BookingRow(*_GROUPS.split(row), *row[-2:])


def _joined(columns: list[Any], *, with_user: bool) -> Select[Any]:
    query = (
        select(*columns)
        .join_from(Booking, Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(is_stay)
    )
    return query.join(User, User.id == Booking.user_id) if with_user else query


@functools.cache
def listed(*, with_user: bool = False) -> Select[Any]:
    """Selects the same for a list: plain columns, instants as text (see views.list_view)."""
    columns: list[Any] = [
        *(Booking.id, Booking.reference, Booking.lot_id, Booking.spot_id, Booking.booking_type, Booking.status),
        *(rfc3339(getattr(Booking, name)).label(name) for name in INSTANTS),
        *(Booking.ended_by, Booking.reason, Booking.vehicle_plate, Booking.visitor_name, Booking.visitor_email),
        *(Booking.needs, Booking.series_id, Spot.spot_number),
        *(Lot.name.label("lot_name"), Lot.calendar.label("lot_timezone"), Lot.address.label("lot_address")),
        *([Booking.user_id, User.email.label("user_email"), User.username] if with_user else ()),
        *(Booking.total_cost_minor, Booking.checkin_grace_s, Booking.tariff_id, Tariff.currency, Tariff.hourly_minor),
        *(Tariff.step_s, Tariff.free_s, Tariff.day_cap_minor, Tariff.cap_day, Tariff.timezone.label("tariff_timezone")),
        Lot.shorten_running,
        _TAKEN_UNTIL,
    ]
    return _joined(columns, with_user=with_user)


def one(booking_id: int, user_id: int | None) -> BookingRow | None:
    """Returns the booking, or None if it does not exist or (with `user_id`) belongs to another user."""
    rows = (_ONE if user_id is None else _OWN).rows(booking_id=booking_id, owner_id=user_id)
    return booking_row(rows[0]) if rows else None


def locked(session: Session, booking_id: int, user_id: int | None) -> BookingRow | None:
    """Locks the booking until the commit and returns it, or None as `one` does."""
    rows = (_LOCKED if user_id is None else _OWN_LOCKED).run(session, booking_id=booking_id, owner_id=user_id)
    return booking_row(rows[0]) if rows else None


def _by_id(*, own: bool, lock: bool) -> Select[Any]:
    query = select_bookings().where(Booking.__table__.c.id == bindparam("booking_id"))
    if own:
        query = query.where(Booking.__table__.c.user_id == bindparam("owner_id"))
    return query.with_for_update(of=Booking.__table__) if lock else query


_ONE, _OWN = (Read(_by_id(own=own, lock=False)) for own in (False, True))
_LOCKED, _OWN_LOCKED = (Prepared(_by_id(own=own, lock=True)) for own in (False, True))


def joined(columns: list[Any]) -> Select[Any]:
    """Selects columns of stays with their lot and tariff."""
    return (
        select(*columns)
        .select_from(Booking)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(is_stay)
    )
