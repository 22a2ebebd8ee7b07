"""Visitors and drivers at once on the last spots, and one driver's guests; each once more without its guard."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.bookings.models import Booking
from parking.database import db
from tests.bookings.helpers import make_lot
from tests.bookings.test_races import all_at_once, bearer, double_bookings, drop_guards, serve
from tests.conftest import make_user
from tests.staff.conftest import hire
from tests.visitors.conftest import window

__all__ = ["serve"]  # a fixture
CLIENTS, SPOTS = 32, 3


@pytest.fixture
def present():
    """These tests live in the present, like the processes they start."""
    with clock.set_to(datetime.now(UTC)):
        yield clock.now()


@pytest.fixture
def scene(app, present, carol):
    """A lot with few spots, its attendant and some drivers."""
    lot = make_lot(carol, capacity=SPOTS)
    arno = make_user("arno", "user")
    hire(arno, lot["id"], "attendant")
    return lot, arno, [make_user(f"driver{n}", "user") for n in range(4)]


def requests_of(scene, kind: str) -> list:
    """Half of them for visitors, half of drivers."""
    lot, arno, drivers = scene
    times = window() if kind == "reserved" else {}
    visitors = [
        ("POST", f"/api/lots/{lot['id']}/visitors", {"name": f"Visitor {n}", **times}, bearer(arno))
        for n in range(CLIENTS // 2)
    ]
    own = {"lot_id": lot["id"], "booking_type": kind, **times}
    return visitors + [("POST", "/api/book", own, bearer(drivers[n % 4])) for n in range(CLIENTS // 2)]


@pytest.mark.parametrize("kind", ["instant", "reserved"])
def test_visitors_and_drivers_on_the_last_spots(serve, scene, kind):
    answers = all_at_once(serve(), requests_of(scene, kind))
    assert Counter(status for status, _ in answers) == {201: SPOTS, 409: CLIENTS - SPOTS}
    assert {body["code"] for status, body in answers if status == 409} == {"lot_full"}
    assert double_bookings() == 0
    accounts = db.session.scalars(select(Booking.user_id).where(Booking.visitor_name.is_not(None)).distinct()).all()
    assert len(accounts) <= 1, "the account of the visitors was made once, though many needed it at once"


def test_control_without_the_guards_they_get_the_same_spots(serve, scene):
    drop_guards()
    all_at_once(serve("book"), requests_of(scene, "reserved"))
    assert double_bookings() > 0


def invitations(scene) -> list:
    lot, _, [driver, *_] = scene
    path = f"/api/lots/{lot['id']}/visitors"
    return [("POST", path, {"name": f"Guest {n}", **window(1 + 3 * n)}, bearer(driver)) for n in range(8)]


def test_a_driver_who_asks_many_times_at_once_has_no_more_guests_than_allowed(serve, scene):
    answers = all_at_once(serve(GUESTS_PER_USER="2"), invitations(scene))
    assert Counter(status for status, _ in answers) == {201: 2, 409: 6}
    assert {body["code"] for status, body in answers if status == 409} == {"too_many_guests"}


def test_control_without_the_lock_there_are_more_guests(serve, scene):
    all_at_once(serve("limit", GUESTS_PER_USER="1"), invitations(scene))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).where(Booking.visitor_name.is_not(None))) > 1
