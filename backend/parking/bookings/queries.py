"""Reading bookings: one joined query, narrowed and paged by key."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session, lazyload

from parking.accounts.models import User
from parking.bookings import local_days
from parking.bookings.local_days import LocalDays
from parking.bookings.models import Booking
from parking.bookings.states import is_block
from parking.db import plus_seconds
from parking.errors import Invalid
from parking.lots.models import Lot, Spot, Tariff

STATUSES = ("Active", "Reserved", "Completed", "Cancelled", "No-show")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None narrows nothing. `from_`/`to` are the instants a booking overlaps."""

    status: str | None = None
    lot_id: int | None = None
    spot_id: int | None = None
    user_id: int | None = None
    booking_type: str | None = None
    from_: datetime | None = None
    to: datetime | None = None
    q: str | None = None
    days: LocalDays | None = None


def bookings(*, with_user: bool = False) -> Select[Any]:
    """Bookings with their lot, spot number and tariff (and user), blocks left out."""
    columns: list[Any] = [Booking, Lot, Spot.spot_number, Tariff] + ([User] if with_user else [])
    query = (
        select(*columns)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(~is_block)
        .options(lazyload(Lot.tariff))
    )
    if with_user:
        query = query.join(User, User.id == Booking.user_id).options(lazyload(User.roles))
    return query


def one(session: Session, booking_id: int, *, user_id: int | None = None, with_user: bool = False) -> Row[Any] | None:
    """The booking, if it exists and (where `user_id` is given) is theirs."""
    query = bookings(with_user=with_user).where(Booking.id == booking_id)
    if user_id is not None:
        query = query.where(Booking.user_id == user_id)
    return session.execute(query).one_or_none()


def narrowed(query: Select[*tuple[Any, ...]], chosen: Filters, now: datetime) -> Select[*tuple[Any, ...]]:
    """The query with the filters on it; the status is the one true at `now`."""
    for column, value in (
        (Booking.lot_id, chosen.lot_id),
        (Booking.spot_id, chosen.spot_id),
        (Booking.user_id, chosen.user_id),
        (Booking.booking_type, chosen.booking_type),
    ):
        if value is not None:
            query = query.where(column == value)
    if chosen.status:
        query = query.where(_status_is(chosen.status, now))
    if chosen.from_:
        query = query.where(func.coalesce(Booking.end_time, Booking.held_until) > chosen.from_)
    if chosen.to:
        query = query.where(Booking.start_time < chosen.to)
    if chosen.days:
        query = query.where(local_days.clause(chosen.days))
    return query.where(_mentions(chosen.q)) if chosen.q else query


def _status_is(status: str, now: datetime) -> Any:
    """The status at `now` in SQL; the same cases as lifecycle.status_at."""
    by_itself = and_(Booking.booking_type == "reserved", Booking.checkin_grace_s.is_(None))
    deadline = plus_seconds(Booking.reserved_start, func.coalesce(Booking.checkin_grace_s, 0))
    missed = and_(Booking.status == "Reserved", Booking.checkin_grace_s.is_not(None), deadline <= now)
    over = and_(Booking.status.in_(("Reserved", "Active")), by_itself, Booking.reserved_end <= now)
    begun = and_(Booking.status == "Reserved", by_itself, Booking.reserved_start <= now, Booking.reserved_end > now)
    stored = and_(Booking.status == status, ~or_(missed, over, begun))
    turned = {"No-show": missed, "Completed": over, "Active": begun}.get(status)
    return stored if turned is None else or_(stored, turned)


def _mentions(text: str) -> Any:
    """A search over what an administrator has in hand: reference, plate, address, name, lot."""
    pattern = "%" + text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    columns = (Booking.reference, Booking.vehicle_plate, User.email, User.username, Lot.name)
    return or_(*(func.lower(column).like(pattern, escape="\\") for column in columns))


def page(session: Session, query: Select[Any], limit: int, cursor: str | None) -> tuple[list[Row[Any]], str | None]:
    """One page, newest first, and the cursor of the next (None at the end). Raises Invalid for a made-up cursor."""
    if cursor:
        query = query.where(Booking.id < read_cursor(cursor))
    rows = list(session.execute(query.order_by(Booking.id.desc()).limit(limit + 1)))
    more = len(rows) > limit
    return rows[:limit], make_cursor(rows[limit - 1].Booking.id) if more else None


def make_cursor(last_id: int) -> str:
    return base64.urlsafe_b64encode(str(last_id).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> int:
    """The id a cursor stands for. Raises Invalid for anything `make_cursor` did not make."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        value = int(text)
    except (ValueError, binascii.Error):
        value = -1
    if not 0 <= value < 2**63:
        raise Invalid.field("cursor", "This cursor was not given out by this list.")
    return value


def totals(session: Session, chosen: Filters, now: datetime) -> dict[str, Any]:
    """Number, cost and seconds of the finished bookings a filter finds, summed by the database."""
    final = Booking.end_time.is_not(None)
    query = narrowed(
        select(
            func.count().label("count"),
            func.coalesce(func.sum(Booking.total_cost_minor).filter(final), 0).label("cost"),
            func.min(Tariff.currency).label("currency"),
            func.count(Tariff.currency.distinct()).label("currencies"),
        )
        .select_from(Booking)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(~is_block),
        chosen,
        now,
    )
    return dict(session.execute(query).one()._mapping)
