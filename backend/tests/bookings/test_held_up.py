"""A request that took the time and was then held up: its booking begins after the car before it has left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from parking import clock
from parking.bookings import allocation, service
from parking.database import db, transaction
from tests.bookings.helpers import make_lot, park, reserve, row


def _release_after(monkeypatch, name: str, bookings: list[dict], seconds: int) -> None:
    """The next call of `service.<name>` is held up after it: meanwhile these stays end, so many seconds later."""
    original = getattr(service, name)

    def held_up(*arguments, **more):
        result = original(*arguments, **more)
        if bookings:
            clock.travel(seconds)
            while bookings:
                ended = bookings.pop()
                service.release(ended["id"], ended["user_id"])
        return result

    monkeypatch.setattr(service, name, held_up)


@pytest.fixture
def lot(carol):
    return make_lot(carol, capacity=2)


def _stay(user, lot) -> dict:
    return park(user, lot) | {"user_id": user.id}


def _overlap(earlier: int, later: int) -> bool:
    return row(earlier).spot_id == row(later).spot_id and row(earlier).end_time > row(later).start_time


@pytest.mark.parametrize("named", [False, True], ids=["any spot", "this spot"])
def test_a_spot_that_was_left_meanwhile_is_given_from_then_on(lot, alice, bob, monkeypatch, named):
    stay = _stay(alice, lot)
    spot_id = stay["spot_id"] if named else None
    if named:  # the spot is free when it is looked at, taken and left before it is held
        service.release(stay["id"], alice.id)
        clock.travel(60)
    original, began = service._look, clock.now()

    def held_up(request):
        result = original(request)
        monkeypatch.setattr(service, "_look", original)
        again = _stay(alice, lot) if named else stay
        clock.travel(7)
        service.release(again["id"], alice.id)
        held_up.ended = again["id"]
        return result

    monkeypatch.setattr(service, "_look", held_up)
    booking = park(bob, lot, spot_id=spot_id)
    assert not _overlap(held_up.ended, booking["id"])
    assert (booking["spot_id"] == stay["spot_id"]) is named, "another spot is free from the time of the request on"
    assert row(booking["id"]).start_time == began + timedelta(seconds=7 if named else 0)


def test_control_without_that_condition_the_two_overlap(lot, alice, bob, monkeypatch):
    monkeypatch.setattr(service, "OVERLAPPING_AFTER", 0)
    stay = _stay(alice, lot)
    _release_after(monkeypatch, "_look", [stay], 7)
    booking = park(bob, lot)
    assert _overlap(stay["id"], booking["id"])


def test_a_clock_that_was_set_back_keeps_nobody_out(lot, alice, bob):
    """The last stays ended at a time that has not come yet: the machine's clock was wrong."""
    stays = [_stay(alice, lot), _stay(alice, lot)]
    clock.travel(3600)
    for stay in stays:
        service.release(stay["id"], alice.id)
    clock.travel(-3600)
    assert park(bob, lot)["status"] == "Active"


def test_an_early_check_in_begins_when_the_car_before_has_left(lot, alice, bob, monkeypatch):
    first, second = _stay(alice, lot), _stay(alice, lot)
    clock.travel(4 * 3600 - 1200)
    reserved = reserve(bob, lot, timedelta(minutes=25), timedelta(hours=1))
    stay = first if row(first["id"]).spot_id == row(reserved["id"]).spot_id else second
    with transaction() as session:
        session.execute(text("UPDATE booking SET checkin_grace_s = 900 WHERE id = :id"), {"id": reserved["id"]})
    service.release(stay["id"], alice.id)
    left = clock.now()
    with clock.set_to(left - timedelta(seconds=5)):  # this machine's clock is behind the one that released
        service.check_in(reserved["id"], bob.id)
    assert row(reserved["id"]).start_time == left
    assert not _overlap(stay["id"], reserved["id"])


def test_the_condition_reads_an_index(app, lot):
    """It costs a look at the end of an index: there are no stays that end after now."""
    statement = str(allocation._LEFT_LATER.compile(dialect=db.engine.dialect))
    assert "end_time >" in statement
    if db.engine.dialect.name == "sqlite":
        sql = "EXPLAIN QUERY PLAN SELECT spot_id FROM booking WHERE lot_id = 1 AND checked_in_at IS NOT NULL"
        plan = db.session.execute(text(f"{sql} AND end_time > 5")).all()
        assert any("booking_ended (lot_id=? AND end_time>?)" in str(line) for line in plan)
