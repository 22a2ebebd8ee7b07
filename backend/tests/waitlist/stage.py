"""Filling lots and waiting for them, through the product's own services."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.bookings.holds import hooks
from parking.bookings.models import Booking
from parking.database import db
from parking.lots import Spot
from parking.waitlist import service
from parking.waitlist.models import WaitlistEntry
from tests.bookings.helpers import text
from tests.conftest import make_user

HOUR = timedelta(hours=1)


def people(*names: str) -> list:
    return [make_user(name, "user") for name in names]


def wait(user, *lots, minutes: int = 600, **more) -> dict:
    """The view of an entry for a spot from now on."""
    ids = tuple(lot["id"] for lot in lots)
    return service.join(service.JoinRequest(user.id, ids, for_minutes=minutes, **more))["entry"]


def wait_for(user, *lots, start: timedelta, length: timedelta = HOUR, **more) -> dict:
    """The view of an entry for a window; `start` from now."""
    begins = clock.now() + start
    window = {"reserved_start": text(begins), "reserved_end": text(begins + length)}
    return service.join(service.JoinRequest(user.id, tuple(lot["id"] for lot in lots), **window, **more))["entry"]


def entry(entry_id: int) -> WaitlistEntry:
    """The row as it stands in the database now."""
    db.session.expire_all()
    return db.session.get_one(WaitlistEntry, entry_id)


def statuses(*entries: dict) -> list[str]:
    return [entry(one["id"]).status for one in entries]


def holds(status: str = "Reserved") -> list[Booking]:
    db.session.expire_all()
    query = select(Booking).where(Booking.booking_type == "hold", Booking.status == status)
    return list(db.session.scalars(query.order_by(Booking.id)))


def spot_ids(lot: dict) -> list[int]:
    return list(db.session.scalars(select(Spot.id).where(Spot.lot_id == lot["id"]).order_by(Spot.spot_number)))


def count(*where) -> int:
    db.session.expire_all()
    return db.session.scalar(select(func.count()).select_from(WaitlistEntry).where(*where)) or 0


def offer_nothing(patch: pytest.MonkeyPatch) -> None:
    """What is freed from here on is offered to nobody, as by a program that knows no waitlist."""
    patch.setattr(hooks, "waitlist", dataclasses.replace(hooks.waitlist, offer=lambda *_: 0))


def look_at_no_line(patch: pytest.MonkeyPatch) -> None:
    """Whoever books from here on does not look who waits: the control."""
    patch.setattr(hooks, "waitlist", dataclasses.replace(hooks.waitlist, is_in_line=lambda *_, **_more: False))
