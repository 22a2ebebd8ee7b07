"""The application without one of its guards, for control runs: a test of a race must fail against it.

`CONTROL` names the missing guard: `book` (checks, then inserts), `idempotency` (ignores keys), `release` (checks, then
writes), `series` (plans, then inserts), `limit` (counts a user's open bookings before it begins alone), `claim` (reads
an offer, then claims it), `offers` (offers nothing to those who wait, and does not look whether anybody does).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
import time
from typing import Any

from sqlalchemy import insert

from parking import bookings, clock, create_app, idempotency
from parking.bookings import allocation, service, transitions
from parking.bookings.holds import hooks
from parking.bookings.models import Booking
from parking.bookings.new_booking import NewBooking
from parking.bookings.reading import queries
from parking.bookings.series import service as series
from parking.database import db, transaction
from parking.errors import Conflict
from parking.lots.queries import open_lot
from parking.waitlist import WaitlistEntry, offers
from parking.waitlist import service as waitlist

PAUSE_SECONDS = 0.05
_met = threading.Event()
_two_have_checked = threading.Barrier(2, action=_met.set)


def _wait_for_a_second_request() -> None:
    """Between check and write: the first request of this process waits until a second one has checked too."""
    if _met.is_set():
        time.sleep(PAUSE_SECONDS)
        return
    with contextlib.suppress(threading.BrokenBarrierError):
        _two_have_checked.wait(10)


def _book(order: service.BookRequest) -> dict[str, Any]:
    """Check, then act: the first free spot by number, and a row for it."""
    lot, now = open_lot(db.session(), order.lot_id), clock.now()
    new = service.new_booking(order, lot, now)
    free = allocation.free_spot_ids(
        db.session(), lot.id, new.start_time, new.held_until, kind=new.booking_type, limit=1
    )
    if not free:
        raise Conflict("Full.", code="lot_full", alternatives=[])
    _wait_for_a_second_request()
    with transaction() as session:
        values = allocation.insert_values(new) | {"spot_id": free[0]}
        booking_id = session.scalar(insert(Booking.__table__).values(values).returning(Booking.id))
        return {"message": "Yours.", "booking": {"id": booking_id, "spot_id": free[0]}}


def _release(booking_id: int, user_id: int | None, *, reason: str | None = None) -> dict[str, Any]:
    """Check, then act: reads the booking, and writes its end later."""
    row = queries.one(booking_id, user_id)
    running = row is not None and row.booking.end_time is None
    _wait_for_a_second_request()
    with transaction() as session:
        row = queries.locked(session, booking_id, user_id)
        if running and row is not None:
            transitions.complete(session, row, clock.now(), by="user")
    return {"message": "Released.", "booking": {"id": booking_id}, "total_cost": 0}


def _hold(session: Any, new: NewBooking, spot_id: int | None = None, **_: Any) -> allocation.HeldSpot:
    """Inserts the booking on the spot of the plan, whatever stands there by now."""
    values = allocation.insert_values(new) | {"spot_id": spot_id}
    row = session.execute(insert(Booking.__table__).values(values).returning(*Booking.__table__.c)).one()
    return allocation.HeldSpot(row, 0)


def _plan_then_wait(request: Any, look: Any = series._look) -> Any:
    dates = look(request)
    _wait_for_a_second_request()
    return dates


def _claim(entry_id: int, user_id: int) -> dict[str, Any]:
    """Check, then act: reads the offer, and makes the booking of its hold later."""
    entry = db.session().get_one(WaitlistEntry, entry_id)
    stands, query = entry.status == "Offered", queries.select_holds().where(Booking.id == entry.booking_id)
    rows = queries.read(db.session(), query)
    _wait_for_a_second_request()
    with transaction() as session:
        if stands and rows:
            bookings.claim_hold(session, rows[0], clock.now(), plate=None, needs=(), series_id=None)
            offers.end(session, session.get_one(WaitlistEntry, entry_id), "Claimed", clock.now())
    return {"message": "Yours.", "booking": {"id": entry.booking_id}}


_real_look = service._look


def _look(order: service.BookRequest) -> Any:
    """Check, then act: the limit of a user is counted here alone."""
    seen = _real_look(order)
    _wait_for_a_second_request()
    return seen


def create() -> Any:
    """The application of a control run."""
    naive = os.environ["CONTROL"].split(",")
    if "book" in naive:
        service.book = bookings.book = _book
    if "limit" in naive:
        service._look, service._check_limit = _look, lambda session, request: None
    if "release" in naive:
        service.release = _release
    if "series" in naive:
        allocation.hold, series._look = _hold, _plan_then_wait
    if "idempotency" in naive:
        idempotency.begin = lambda session: None
    if "claim" in naive:
        waitlist.claim = _claim
    app = create_app()
    if "offers" in naive:
        without = {"offer": lambda *_: 0, "is_in_line": lambda *_, **_more: False}
        hooks.waitlist = dataclasses.replace(hooks.waitlist, **without)
    return app
