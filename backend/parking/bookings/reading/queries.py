"""Statements that read bookings with their lot, spot, tariff and user."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Any

from sqlalchemy import Label, Row, Select, and_, bindparam, case, func, literal, select
from sqlalchemy.orm import Session, lazyload

from parking.accounts import User
from parking.bookings.models import Booking
from parking.bookings.reading.views import INSTANTS
from parking.bookings.status_sql import is_block, is_live_in
from parking.clock import FOREVER
from parking.database import UTCDateTime, rfc3339
from parking.lots import Lot, Spot
from parking.pricing import Tariff


def _taken_until() -> Label[datetime | None]:
    """Until when an earlier booking has the spot of one that waits for its check-in: FOREVER while its car is there,
    NULL without an earlier one. Not evaluated for other bookings, so a list of past ones costs no more."""
    other = Booking.__table__.alias("other")
    until = case((other.c.status == "Active", literal(FOREVER, UTCDateTime())), else_=other.c.held_until)
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
    """Returns until when an earlier booking has the spot of a reservation that waits for its check-in: clock.FOREVER
    while a car stands there; None without an earlier one."""
    return session.scalar(select(_TAKEN_UNTIL).where(Booking.id == booking_id))


def select_bookings(*, with_user: bool = False) -> Select[Any]:
    """Selects bookings with their lot, spot number and tariff (and user), without blocks."""
    columns: list[Any] = [Booking, Lot, Spot.spot_number, Tariff, _TAKEN_UNTIL] + ([User] if with_user else [])
    query = _joined(columns, with_user=with_user).options(lazyload(Lot.tariff))
    return query.options(lazyload(User.roles)) if with_user else query


def _joined(columns: list[Any], *, with_user: bool) -> Select[Any]:
    query = (
        select(*columns)
        .join_from(Booking, Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(~is_block)
    )
    return query.join(User, User.id == Booking.user_id) if with_user else query


@functools.cache
def listed(*, with_user: bool = False) -> Select[Any]:
    """Selects the same for a list: plain columns, instants as text (see views.list_view)."""
    columns: list[Any] = [
        *(Booking.id, Booking.reference, Booking.lot_id, Booking.spot_id, Booking.booking_type, Booking.status),
        *(rfc3339(getattr(Booking, name)).label(name) for name in INSTANTS),
        *(Booking.ended_by, Booking.reason, Booking.vehicle_plate, Booking.needs, Spot.spot_number),
        *(Lot.name.label("lot_name"), Lot.calendar.label("lot_timezone"), Lot.address.label("lot_address")),
        *([Booking.user_id, User.email.label("user_email"), User.username] if with_user else ()),
        *(Booking.total_cost_minor, Booking.checkin_grace_s, Booking.tariff_id, Tariff.currency, Tariff.hourly_minor),
        *(Tariff.step_s, Tariff.free_s, Tariff.day_cap_minor, Tariff.cap_day, Tariff.timezone.label("tariff_timezone")),
        _TAKEN_UNTIL,
    ]
    return _joined(columns, with_user=with_user)


def one(session: Session, booking_id: int, *, user_id: int | None = None, with_user: bool = False) -> Row[Any] | None:
    """Returns the booking, or None if it does not exist or (with `user_id`) belongs to another user."""
    query = select_bookings(with_user=with_user).where(Booking.id == booking_id)
    if user_id is not None:
        query = query.where(Booking.user_id == user_id)
    return session.execute(query).one_or_none()


def locked(session: Session, booking_id: int, user_id: int | None) -> Row[Any] | None:
    """Locks the booking until the commit and returns it with its driver, or None as `one` does."""
    parameters = {"booking_id": booking_id, "owner_id": user_id}
    return session.execute(_locked(own=user_id is not None), parameters).one_or_none()


@functools.cache
def _locked(*, own: bool) -> Select[Any]:
    query = select_bookings(with_user=True).where(Booking.id == bindparam("booking_id")).with_for_update(of=Booking)
    if own:
        query = query.where(Booking.user_id == bindparam("owner_id"))
    return query.execution_options(populate_existing=True)


def joined(columns: list[Any]) -> Select[Any]:
    """Selects columns of bookings with their lot and tariff, without blocks."""
    return (
        select(*columns)
        .select_from(Booking)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(~is_block)
    )
