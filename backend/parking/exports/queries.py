"""The queries of the exported files. Each selects the fields of its row type (rows.py) by name.

Instants are read as unix seconds, which is faster than converting to and from datetime.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, cast, func, select

from parking.accounts import Role, User, user_roles
from parking.bookings import (
    Booking,
    Filters,
    end_and_cost,
    filtered,
    is_stay,
    state_of,
    status_at,
    stay_hours,
    total_cost,
)
from parking.database.functions import unix_seconds
from parking.exports.columns import Live, LiveValues
from parking.exports.rows import BookingRow, LotRow, SpotRow, UserRow
from parking.lots import Lot, Spot
from parking.pricing import Tariff

Rows = Select[*tuple[Any, ...]]


def _fields(row_type: type[BookingRow | UserRow | LotRow | SpotRow], **columns: Any) -> tuple[ColumnElement[Any], ...]:
    """The columns in the order of the row type's fields, each with the name of its field. Fields with a default may be
    left out."""
    missing = set(row_type._fields) - columns.keys() - row_type._field_defaults.keys()
    assert not missing, missing
    return tuple(columns[name].label(name) for name in row_type._fields if name in columns)


_BOOKING: dict[str, Any] = {
    "id": Booking.id,
    "reference": Booking.reference,
    "lot_name": Lot.name,
    "calendar": Lot.calendar,
    "spot_number": Spot.spot_number,
    "booking_type": Booking.booking_type,
    "status": Booking.status,
    "start": unix_seconds(Booking.start_time),
    "end": unix_seconds(Booking.end_time),
    "reserved_start": unix_seconds(Booking.reserved_start),
    "reserved_end": unix_seconds(Booking.reserved_end),
    "checked_in": unix_seconds(Booking.checked_in_at),
    "hourly_minor": Tariff.hourly_minor,
    "cost_minor": Booking.total_cost_minor,
    "currency": Tariff.currency,
    "plate": Booking.vehicle_plate,
    "created": unix_seconds(Booking.created_at),
    "checkin_grace_s": Booking.checkin_grace_s,
    "step_s": Tariff.step_s,
    "free_s": Tariff.free_s,
    "day_cap_minor": Tariff.day_cap_minor,
    "cap_day": Tariff.cap_day,
    "tariff_zone": Tariff.timezone,
    "series_id": Booking.series_id,
    "visitor_name": Booking.visitor_name,
    "visitor_email": Booking.visitor_email,
}
_WITH_USER: dict[str, Any] = _BOOKING | {
    "lot_id": Booking.lot_id,
    "spot_id": Booking.spot_id,
    "user_id": Booking.user_id,
    "user_email": User.email,
    "username": User.username,
    "ended_by": Booking.ended_by,
    "reason": Booking.reason,
    "needs": Booking.needs,
}


def booking_rows(filters: Filters, now: datetime, *, with_user: bool = False) -> Rows:
    """Selects BookingRows, newest first like the page; blocks are left out."""
    query = (
        select(*_fields(BookingRow, **(_WITH_USER if with_user else _BOOKING)))
        .select_from(Booking)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(is_stay)
    )
    if with_user:
        query = query.join(User, User.id == Booking.user_id)
    return filtered(query, filters, now).order_by(Booking.start_time.desc(), Booking.id.desc())


def booking_count(filters: Filters, now: datetime) -> Select[int]:
    """Counts the rows of `bookings`."""
    query = select(func.count()).select_from(Booking).where(is_stay)
    return filtered(query, filters, now)


def live_values_at(now: datetime) -> Live:
    """Returns the function that completes the rows of bookings that have not ended, by the rules of the page."""

    def live(row: BookingRow) -> LiveValues:
        booking, tariff = _booking(row), _tariff(row)
        status = status_at(state_of(booking), now)
        end, cost = end_and_cost(booking, tariff, status)
        total = total_cost(booking, tariff, status, cost)
        return LiveValues(status, _second(end), total, stay_hours(booking, status, end, now))

    return live


def _booking(row: BookingRow) -> Booking:
    return Booking(
        booking_type=row.booking_type,
        status=row.status,
        start_time=_moment(row.start),
        end_time=None,
        reserved_start=_moment(row.reserved_start),
        reserved_end=_moment(row.reserved_end),
        checkin_grace_s=row.checkin_grace_s,
    )


def _tariff(row: BookingRow) -> Tariff:
    return Tariff(
        hourly_minor=row.hourly_minor,
        currency=row.currency,
        step_s=row.step_s,
        free_s=row.free_s,
        day_cap_minor=row.day_cap_minor,
        cap_day=row.cap_day,
        timezone=row.tariff_zone,
    )


def _moment(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)


def _second(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def user_rows(*where: ColumnElement[bool]) -> Rows:
    """Selects UserRows that match the conditions. Every column is named, so that no secret is exported by accident."""
    booked = (
        select(
            Booking.user_id,
            func.count().label("count"),
            func.sum(Booking.total_cost_minor).label("spent"),
            func.max(Booking.start_time).label("last"),
        )
        .where(is_stay)
        .group_by(Booking.user_id)
        .subquery()
    )
    role_names = func.aggregate_strings(Role.name, " ").aggregate_order_by(Role.name)
    named = (
        select(user_roles.c.user_id, role_names.label("roles"))
        .join(Role, Role.id == user_roles.c.role_id)
        .group_by(user_roles.c.user_id)
        .subquery()
    )
    return (
        select(
            *_fields(
                UserRow,
                id=User.id,
                email=User.email,
                username=User.username,
                roles=cast(named.c.roles, String),
                active=User.active,
                zone=User.timezone,
                locale=User.locale,
                created=unix_seconds(User.created_at),
                deleted=unix_seconds(User.deleted_at),
                bookings=func.coalesce(booked.c.count, 0),
                spent_minor=cast(func.coalesce(booked.c.spent, 0), BigInteger),
                last_booking=unix_seconds(booked.c.last),
            )
        )
        .join(named, named.c.user_id == User.id, isouter=True)
        .join(booked, booked.c.user_id == User.id, isouter=True)
        .where(*where)
        .order_by(User.id)
    )


def lot_rows(*where: ColumnElement[bool]) -> Rows:
    """Selects LotRows, deleted lots too, unless a condition leaves them out."""
    return (
        select(
            *_fields(
                LotRow,
                id=Lot.id,
                name=Lot.name,
                capacity=Lot.capacity,
                hourly_minor=Tariff.hourly_minor,
                currency=Tariff.currency,
                zone=Lot.timezone,
                address=Lot.address,
                latitude=Lot.latitude,
                longitude=Lot.longitude,
                description=Lot.description,
                require_checkin=Lot.require_checkin,
                shorten_running=Lot.shorten_running,
                checkin_grace_s=Lot.checkin_grace_s,
                instant_hold_s=Lot.instant_hold_s,
                step_s=Tariff.step_s,
                free_s=Tariff.free_s,
                day_cap_minor=Tariff.day_cap_minor,
                cap_day=Tariff.cap_day,
                created=unix_seconds(Lot.created_at),
                updated=unix_seconds(Lot.updated_at),
                deleted=unix_seconds(Lot.deleted_at),
            )
        )
        .join(Tariff, and_(Tariff.lot_id == Lot.id, Tariff.id == Lot.tariff_id), isouter=True)
        .where(*where)
        .order_by(Lot.id)
    )


def spot_rows() -> Rows:
    """Selects SpotRows."""
    return (
        select(
            *_fields(
                SpotRow,
                id=Spot.id,
                lot_id=Spot.lot_id,
                lot_name=Lot.name,
                zone=Lot.timezone,
                spot_number=Spot.spot_number,
                level=Spot.level,
                ev=Spot.ev,
                accessible=Spot.accessible,
                covered=Spot.covered,
                retired=unix_seconds(Spot.retired_at),
            )
        )
        .join(Lot, Lot.id == Spot.lot_id)
        .order_by(Spot.lot_id, Spot.spot_number)
    )


def row_count(model: type[Any]) -> Select[int]:
    """Counts the rows of a table."""
    return select(func.count()).select_from(model)
