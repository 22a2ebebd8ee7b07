"""Making lots and bookings in tests, through the product's own services."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import sqlalchemy
from sqlalchemy import select

from parking import clock
from parking.bookings import service
from parking.bookings.models import Booking
from parking.database import db, transaction
from parking.lot_admin import service as lots
from parking.lots import Spot
from parking.web import Identity


def identity_of(user) -> Identity:
    return Identity(
        id=user.id, email=user.email, username=user.username, roles=frozenset(role.name for role in user.roles)
    )


def make_lot(admin, name: str = "Harbour", capacity: int = 3, **fields):
    """A lot's view; price 2.00 an hour unless said otherwise (in cents)."""
    body = {"name": name, "capacity": capacity, "price_per_hour": 200, **fields}
    view = lots.create_many([lots.LotChanges(body)], admin.id)[0]
    db.session.rollback()  # what the test reads next is the present
    return view


def furnish(lot, kinds: dict[int, list[str]]) -> None:
    """Gives the spots of the lot, by number, these features."""
    with transaction() as session:
        for spot in session.scalars(select(Spot).where(Spot.lot_id == lot["id"])):
            for name in kinds.get(spot.spot_number, []):
                setattr(spot, name, True)


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def park(user, lot, **more):
    """An instant booking's view."""
    return service.book(service.BookRequest(lot_id=lot["id"], user_id=user.id, **more))["booking"]


def reserve(user, lot, start: timedelta, length: timedelta, **more):
    """A reservation's view; `start` from now."""
    begins = clock.now() + start
    order = service.BookRequest(
        lot_id=lot["id"],
        user_id=user.id,
        reserved_start=text(begins),
        reserved_end=text(begins + length),
        **more,
    )
    return service.book(order)["booking"]


def row(booking_id: int) -> Booking:
    """The row as it stands in the database now."""
    db.session.expire_all()
    return db.session.get_one(Booking, booking_id)


def wait_until_somebody_waits(number: int = 1) -> None:
    """Returns when another connection to this database waits for a lock, or so many do (PostgreSQL)."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    until = time.monotonic() + 60
    while (db.session.scalar(sqlalchemy.text(waiting)) or 0) < number:
        db.session.rollback()
        assert time.monotonic() < until, "nobody waits"
        time.sleep(0.02)
    db.session.rollback()
