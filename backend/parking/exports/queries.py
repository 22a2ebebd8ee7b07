"""The rows of each file, as plain values in a fixed order: no objects are built for what is only passed on.

Instants are read as unix seconds (`epoch`), which costs less than making and taking apart a datetime.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, cast, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from parking.accounts.models import Role, User, user_roles
from parking.bookings.models import Booking
from parking.bookings.reading import queries as booking_queries
from parking.bookings.reading import views
from parking.bookings.reading.queries import Filters
from parking.bookings.rules import lifecycle
from parking.bookings.status_sql import is_block
from parking.lots.models import Lot, Spot
from parking.pricing import Tariff

Rows = Select[*tuple[Any, ...]]


class epoch(FunctionElement[int]):
    """`epoch(instant)`: unix seconds in SQL, on both databases."""

    type = BigInteger()
    inherit_cache = True
    name = "epoch"


@compiles(epoch, "sqlite")
def _epoch_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **kw))


@compiles(epoch, "postgresql")
def _epoch_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST(EXTRACT(epoch FROM {compiler.process(next(iter(element.clauses)), **kw)}) AS bigint)"


_SHOWN: tuple[ColumnElement[Any] | Any, ...] = (
    Booking.id,
    Booking.reference,
    Lot.name,
    Lot.calendar,
    Spot.spot_number,
    Booking.booking_type,
    Booking.status,
    epoch(Booking.start_time),
    epoch(Booking.end_time),
    epoch(Booking.reserved_start),
    epoch(Booking.reserved_end),
    epoch(Booking.checked_in_at),
    Tariff.hourly_minor,
    Booking.total_cost_minor,
    Tariff.currency,
    Booking.vehicle_plate,
    epoch(Booking.created_at),
)
_PRICED = (
    Booking.checkin_grace_s,
    Tariff.step_s,
    Tariff.free_s,
    Tariff.day_cap_minor,
    Tariff.cap_day,
    Tariff.timezone.label("tariff_zone"),
)
_WHOSE = (
    Booking.lot_id,
    Booking.spot_id,
    Booking.user_id,
    User.email,
    User.username,
    Booking.ended_by,
    Booking.reason,
)


def bookings(chosen: Filters, now: datetime, *, with_user: bool = False) -> Rows:
    """Bookings as columns.bookings() takes them, newest first like the page; blocks are left out."""
    query = (
        select(*_SHOWN, *_PRICED, *(_WHOSE if with_user else ()))
        .select_from(Booking)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(~is_block)
    )
    if with_user:
        query = query.join(User, User.id == Booking.user_id)
    return booking_queries.narrowed(query, chosen, now).order_by(Booking.start_time.desc(), Booking.id.desc())


def booking_count(chosen: Filters, now: datetime) -> Select[int]:
    """How many rows `bookings` gives."""
    query = select(func.count()).select_from(Booking).where(~is_block)
    return booking_queries.narrowed(query, chosen, now)


def as_of(now: datetime) -> Any:
    """Completes rows of `bookings` that are not over, by the rules the page uses (see columns.Live)."""

    def live(row: Sequence[Any]) -> tuple[str, int | None, int, float | None]:
        booking, tariff = _booking(row), _tariff(row)
        status = lifecycle.status_at(views.claim_of(booking), now)
        end, cost = views.ended(booking, tariff, status)
        total = views.total_cost(booking, tariff, status, cost)
        return status, _second(end), total, views.hours(booking, status, end, now)

    return live


def _booking(row: Sequence[Any]) -> Booking:
    return Booking(
        booking_type=row[5],
        status=row[6],
        start_time=_moment(row[7]),
        end_time=None,
        reserved_start=_moment(row[9]),
        reserved_end=_moment(row[10]),
        checkin_grace_s=row[17],
    )


def _tariff(row: Sequence[Any]) -> Tariff:
    return Tariff(
        hourly_minor=row[12],
        currency=row[14],
        step_s=row[18],
        free_s=row[19],
        day_cap_minor=row[20],
        cap_day=row[21],
        timezone=row[22],
    )


def _moment(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)


def _second(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def users() -> Rows:
    """Accounts with their roles and the sum of their bookings. Columns are named one by one: never a secret."""
    booked = (
        select(
            Booking.user_id,
            func.count().label("count"),
            func.sum(Booking.total_cost_minor).label("spent"),
            func.max(Booking.start_time).label("last"),
        )
        .where(~is_block)
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
            User.id,
            User.email,
            User.username,
            cast(named.c.roles, String),
            User.active,
            User.timezone,
            User.locale,
            epoch(User.created_at),
            epoch(User.deleted_at),
            func.coalesce(booked.c.count, 0),
            cast(func.coalesce(booked.c.spent, 0), BigInteger),
            epoch(booked.c.last),
        )
        .join(named, named.c.user_id == User.id, isouter=True)
        .join(booked, booked.c.user_id == User.id, isouter=True)
        .order_by(User.id)
    )


def lots() -> Rows:
    """Every lot with its present price, deleted ones too."""
    return (
        select(
            Lot.id,
            Lot.name,
            Lot.capacity,
            Tariff.hourly_minor,
            Tariff.currency,
            Lot.timezone,
            Lot.address,
            Lot.latitude,
            Lot.longitude,
            Lot.description,
            Lot.require_checkin,
            Lot.checkin_grace_s,
            Lot.instant_hold_s,
            Tariff.step_s,
            Tariff.free_s,
            Tariff.day_cap_minor,
            Tariff.cap_day,
            epoch(Lot.created_at),
            epoch(Lot.updated_at),
            epoch(Lot.deleted_at),
        )
        .join(Tariff, and_(Tariff.lot_id == Lot.id, Tariff.id == Lot.tariff_id), isouter=True)
        .order_by(Lot.id)
    )


def spots() -> Rows:
    return (
        select(
            Spot.id,
            Spot.lot_id,
            Lot.name,
            Lot.timezone,
            Spot.spot_number,
            Spot.level,
            Spot.ev,
            Spot.accessible,
            Spot.covered,
            epoch(Spot.retired_at),
        )
        .join(Lot, Lot.id == Spot.lot_id)
        .order_by(Spot.lot_id, Spot.spot_number)
    )


def count_of(model: type[Any]) -> Select[int]:
    return select(func.count()).select_from(model)
