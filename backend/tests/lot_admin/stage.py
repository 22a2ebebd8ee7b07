"""Closures as tests ask for and read them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from parking import clock
from parking.audit import AuditEntry
from parking.bookings.models import Booking
from parking.database import db
from parking.lots.models import Spot
from tests.bookings.helpers import row as row_now
from tests.bookings.helpers import text as rfc3339

H = timedelta(hours=1)


def row(booking_id: int) -> Booking:
    """The row as it is stored, past the transaction in which the test has read before."""
    db.session.rollback()
    return row_now(booking_id)


def spot_id(lot, number: int = 1) -> int:
    query = select(Spot.id).where(Spot.lot_id == lot["id"], Spot.spot_number == number)
    with db.engine.connect() as connection:  # what the test's session holds stays as it is
        return connection.scalars(query).one()


def window(start: timedelta, length: timedelta | None = None, reason: str | None = None) -> dict:
    begins = clock.now() + start
    body = {"out_of_service": True, "from": rfc3339(begins), "reason": reason}
    return body if length is None else body | {"until": rfc3339(begins + length)}


def state(admin, lot, number: int = 1) -> dict:
    spots = admin("GET", f"/api/spots/{lot['id']}").json["spots"]
    return next(spot for spot in spots if spot["spot_number"] == number)


def closures(admin, lot, number: int = 1) -> list[tuple[str, str, str | None]]:
    return [(one["state"], one["start"], one["end"]) for one in state(admin, lot, number)["closures"]]


def audited(action: str) -> list[AuditEntry]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))
