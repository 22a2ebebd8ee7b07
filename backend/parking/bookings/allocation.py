"""Finds a free spot and holds it with a booking, in one attempt that is one transaction.

PostgreSQL: the first spot by number that no live booking covers is locked, skipping those that others are taking; the
booking is then inserted by a statement that checks again, because it sees what was committed since. Nobody waits for
one spot while they have locked another. SQLite: there is one writer. In both a constraint decides.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from parking.bookings.models import Booking
from parking.bookings.status_sql import is_active, is_live
from parking.database import UTCDateTime, is_sqlite, upsert
from parking.lots import Spot
from parking.text import names

BOOKING: Any = Booking.__table__
SPOT: Any = Spot.__table__
"""The tables: a statement on them runs in a third of the time of one on the mapped classes."""
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class NewBooking:
    """A booking to be inserted, without its spot."""

    lot_id: int
    user_id: int
    tariff_id: int | None
    booking_type: str
    status: str
    start_time: datetime
    held_until: datetime
    reserved_start: datetime | None = None
    reserved_end: datetime | None = None
    checked_in_at: datetime | None = None
    checkin_grace_s: int | None = None
    vehicle_plate: str | None = None
    reference: str = ""
    reason: str | None = None
    sequence: int = 0
    created_at: datetime | None = None


def new_reference() -> str:
    """Returns a random booking reference: eight characters that are not mistaken for one another."""
    characters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{characters[:4]}-{characters[4:]}"


def _overlapping() -> tuple[Any, ...]:
    """Conditions for live bookings of the lot that overlap [start_time, held_until)."""
    start, until = bindparam("start_time", type_=UTCDateTime()), bindparam("held_until", type_=UTCDateTime())
    return is_live, BOOKING.c.lot_id == bindparam("lot_id"), BOOKING.c.start_time < until, BOOKING.c.held_until > start


def _free_spots(*, for_a_car_now: bool) -> Select[Any]:
    """Selects the lot's spots without such a booking; for a car that comes now, also without an overstaying car."""
    live, of_lot, starts_before, ends_after = _overlapping()
    covered = or_(ends_after, is_active) if for_a_car_now else ends_after
    taken = select(BOOKING.c.spot_id).where(live, of_lot, starts_before, covered)
    return (
        select(SPOT.c.id, SPOT.c.spot_number)
        .where(SPOT.c.lot_id == bindparam("lot_id"), SPOT.c.retired_at.is_(None), SPOT.c.id.not_in(taken))
        .order_by(SPOT.c.spot_number)
    )


_FREE = {kind: _free_spots(for_a_car_now=kind == "instant") for kind in ("instant", "reserved")}
_UNLOCKED = {k: q.limit(1).with_for_update(key_share=True, skip_locked=True, of=SPOT) for k, q in _FREE.items()}
_WAITING = {k: q.limit(1).with_for_update(key_share=True, of=SPOT) for k, q in _FREE.items()}
_THIS = (
    select(SPOT.c.id, SPOT.c.spot_number)
    .where(SPOT.c.id == bindparam("spot_id"), SPOT.c.lot_id == bindparam("lot_id"), SPOT.c.retired_at.is_(None))
    .with_for_update(key_share=True)
)
_TYPES: dict[str, Any] = {
    "lot_id": BigInteger(),
    "spot_id": BigInteger(),
    "user_id": BigInteger(),
    "tariff_id": BigInteger(),
    "checkin_grace_s": BigInteger(),
    "sequence": Integer(),
}
_COLUMNS = [
    *("lot_id", "spot_id", "user_id", "tariff_id", "booking_type", "status", "start_time", "held_until"),
    *("reserved_start", "reserved_end", "checked_in_at", "checkin_grace_s", "vehicle_plate", "plate_key"),
    *("reference", "reason", "sequence", "created_at"),
]


def _insert_if_free(dialect: str) -> ReturningInsert[Any]:
    """INSERT … SELECT of the parameters, only if no live booking overlaps when the statement runs."""
    times = {c.name for c in BOOKING.columns if isinstance(c.type, UTCDateTime)}
    values = [
        cast(bindparam(name), _TYPES.get(name, Text()))
        if name not in times
        else cast(bindparam(name, type_=UTCDateTime()), UTCDateTime())
        for name in _COLUMNS
    ]
    clash = exists().where(*_overlapping(), BOOKING.c.spot_id == bindparam("spot_id"))
    parked = exists().where(
        is_active, BOOKING.c.lot_id == bindparam("lot_id"), BOOKING.c.spot_id == bindparam("spot_id")
    )
    runs_now = bindparam("status") == literal_column("'Active'")
    source = select(*values).where(~clash, or_(~runs_now, ~parked))
    if dialect == "sqlite":
        return insert(BOOKING).from_select(_COLUMNS, source, include_defaults=False).returning(*BOOKING.c)
    return (
        upsert.insert(BOOKING, dialect)
        .from_select(_COLUMNS, source, include_defaults=False)
        .on_conflict_do_nothing()
        .returning(*BOOKING.c)
    )


_INSERT = {dialect: _insert_if_free(dialect) for dialect in ("sqlite", "postgresql")}


@dataclass(frozen=True, slots=True)
class HeldSpot:
    """A new booking (a row of the table, with the attributes of Booking) and the number of its spot."""

    booking: Any
    spot_number: int


def hold(session: Session, new: NewBooking, spot_id: int | None = None, *, patient: bool = False) -> HeldSpot | None:
    """Holds a spot with the booking: this one, or the first free by number.

    None: the spot is taken, or another transaction is taking it. `patient` waits for the latter instead of skipping it.
    """
    parameters = insert_values(new)
    if spot_id is not None:
        spot = session.execute(_THIS, {**parameters, "spot_id": spot_id}).one_or_none()
    else:
        spot = session.execute((_WAITING if patient else _UNLOCKED)[new.booking_type], parameters).one_or_none()
    if spot is None:
        return None
    statement = _INSERT["sqlite" if is_sqlite() else "postgresql"]
    booking = session.execute(statement, {**parameters, "spot_id": spot.id}).one_or_none()
    return None if booking is None else HeldSpot(booking, spot.spot_number)


def free_spot(session: Session, lot_id: int, start: datetime, until: datetime) -> Row[Any] | None:
    """Returns and locks a spot (id, spot_number) that is free over the window, to move a reservation; never waits."""
    parameters = {"lot_id": lot_id, "start_time": start, "held_until": until}
    return session.execute(_UNLOCKED["instant"], parameters).one_or_none()


def next_hold_start(session: Session, booking: Booking, after: datetime) -> datetime | None:
    """Returns the start of the next live booking of the booking's spot, `after` or later; None if there is none."""
    return session.scalar(
        select(func.min(Booking.start_time)).where(
            is_live,
            Booking.lot_id == booking.lot_id,
            Booking.spot_id == booking.spot_id,
            Booking.start_time >= after,
            Booking.id != booking.id,
        )
    )


def first_hold(session: Session, spot: Spot, start: datetime, until: datetime) -> Row[datetime, datetime] | None:
    """Returns (start_time, held_until) of the first live booking that prevents one over [start, until).

    A car that has stayed past its hold prevents it too, and is returned where no hold overlaps.
    """
    return session.execute(
        select(Booking.start_time, Booking.held_until)
        .where(is_live, Booking.lot_id == spot.lot_id, Booking.spot_id == spot.id, Booking.start_time < until)
        .where(or_(Booking.held_until > start, is_active))
        .order_by((Booking.held_until > start).desc(), Booking.start_time)
        .limit(1)
    ).one_or_none()


def left_at(session: Session, booking: Booking) -> datetime:
    """Returns the instant from which the booking's spot was free for it: its start, or when the car before it left."""
    last = session.scalar(
        select(func.max(Booking.end_time)).where(
            Booking.lot_id == booking.lot_id,
            Booking.spot_id == booking.spot_id,
            Booking.end_time > booking.start_time,
            Booking.checked_in_at.is_not(None),
            Booking.id != booking.id,
        )
    )
    return max(booking.start_time, last) if last else booking.start_time


def lock_spot(session: Session, lot_id: int, spot_id: int) -> None:
    """Waits for the transaction that is taking this spot, and locks it until the end of this one."""
    session.execute(_THIS, {"lot_id": lot_id, "spot_id": spot_id})


def insert_values(new: NewBooking) -> dict[str, Any]:
    values = {name: getattr(new, name) for name in new.__slots__}
    values["plate_key"] = names.plate_key(new.vehicle_plate)
    values["reference"] = new.reference or new_reference()
    values["created_at"] = new.created_at or new.start_time
    return values


def free_spot_ids(
    session: Session, lot_id: int, start: datetime, until: datetime, *, kind: str = "reserved", limit: int = 10_000
) -> list[int]:
    """Returns the spots that a booking of this type could hold over [start, until), by number, read without a lock."""
    parameters = {"lot_id": lot_id, "start_time": start, "held_until": until}
    return [spot.id for spot in session.execute(_FREE[kind].limit(limit), parameters)]


def lock_lot(session: Session, lot_id: int) -> None:
    """Makes other transactions that call this for the lot wait until the end of this one (PostgreSQL)."""
    if not is_sqlite():
        session.execute(select(func.pg_advisory_xact_lock(lot_id)))
