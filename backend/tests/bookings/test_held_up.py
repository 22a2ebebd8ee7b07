"""Requests that took the time and were then held up, and transitions that are applied late."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from parking import clock
from parking.bookings import allocation, expiry, service
from parking.bookings.models import Booking
from parking.database import db, transaction
from tests.bookings.helpers import make_lot, park, reserve, row

H = timedelta(hours=1)


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


@pytest.fixture
def small_lot(carol):
    return make_lot(carol, capacity=1)


def _late(booking: dict, user, by_sweep: bool) -> Booking:
    """The reservation once a sweep, or its driver's release, has ended it."""
    if by_sweep:
        expiry.apply_all_due_transitions()
    else:
        service.release(booking["id"], user.id)
    return row(booking["id"])


@pytest.mark.parametrize("by_sweep", [False, True], ids=["release", "sweep"])
@pytest.mark.parametrize("still_there", [True, False], ids=["still there", "gone"])
def test_a_car_that_came_after_a_reservation_is_no_reason_to_cancel_it(small_lot, alice, bob, by_sweep, still_there):
    """No sweep ran during the window, in which the spot was free; then the next driver took it."""
    reserved = reserve(alice, small_lot, H, H)
    clock.travel(2 * 3600)
    car = park(bob, small_lot)
    if not still_there:
        clock.travel(60)
        service.release(car["id"], bob.id)
    clock.travel(60)
    stored = _late(reserved, alice, by_sweep)
    assert (stored.status, stored.total_cost_minor) == ("Completed", 200)
    assert (stored.checked_in_at, stored.end_time) == (stored.reserved_start, stored.reserved_end)


@pytest.mark.parametrize("by_sweep", [False, True], ids=["release", "sweep"])
def test_the_next_reservation_is_no_reason_to_cancel_one(small_lot, alice, bob, by_sweep):
    """The later one was made first, so a sweep begins it first."""
    later = reserve(bob, small_lot, 2 * H, H)
    earlier = reserve(alice, small_lot, H, H)
    clock.travel(2 * 3600 + 60)
    assert _late(earlier, alice, by_sweep).status == "Completed"
    expiry.apply_all_due_transitions()
    assert row(later["id"]).status == "Active"


@pytest.fixture
def held_up_release(small_lot, alice, bob):
    """A car that stays into a reservation, and the connection of a request that releases it and is held up; PostgreSQL
    alone: SQLite has one writer. Returns the reservation and what completes the release, at the time before."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    car, reserved = park(bob, small_lot), reserve(alice, small_lot, 5 * H, H)
    left = clock.travel(5 * 3600 + 600)
    with db.engine.connect() as other:
        other.execute(select(Booking.id).where(Booking.id == car["id"]).with_for_update())

        def complete() -> None:
            changes = {"status": "Completed", "end_time": left, "held_until": left, "total_cost_minor": 1034}
            other.execute(update(Booking).where(Booking.id == car["id"]).values(**changes, ended_by="user"))
            other.commit()

        yield reserved, left, complete


@pytest.mark.parametrize("late", [False, True], ids=["within the window", "after it"])
def test_a_release_waits_for_that_of_the_car_before(app, held_up_release, alice, late):
    reserved, left, complete = held_up_release
    at = clock.travel(2 * 3600 if late else 60)
    thread = threading.Thread(target=_at, args=(app, at, lambda: service.release(reserved["id"], alice.id)))
    thread.start()
    thread.join(1)  # without the wait it has cancelled the reservation by now
    complete()
    thread.join()
    assert (row(reserved["id"]).status, row(reserved["id"]).checked_in_at) == ("Completed", left)


def test_a_sweep_leaves_a_reservation_whose_car_before_is_being_released(held_up_release):
    reserved, left, complete = held_up_release
    clock.travel(2 * 3600)
    expiry.apply_all_due_transitions()
    assert row(reserved["id"]).status == "Reserved"
    complete()
    expiry.apply_all_due_transitions()
    assert (row(reserved["id"]).status, row(reserved["id"]).checked_in_at) == ("Completed", left)


def test_control_without_the_locks_the_reservation_is_cancelled(held_up_release, alice, monkeypatch):
    def read(session, *arguments, **more):
        query = select(Booking.spot_id, Booking.start_time).where(Booking.status == "Active")
        return {one.spot_id: one.start_time for one in session.execute(query)}

    reserved, _, _ = held_up_release
    monkeypatch.setattr(expiry, "_parked", read)
    clock.travel(60)
    assert _late(reserved, alice, by_sweep=False).status == "Cancelled"


@pytest.mark.parametrize("by_sweep", [False, True], ids=["release", "sweep"])
def test_a_window_that_has_ended_is_no_car(small_lot, alice, bob, monkeypatch, by_sweep):
    """The reservation before has ended, which the sweep has not written yet, when the next one is due."""
    first, second = reserve(bob, small_lot, H, H), reserve(alice, small_lot, 2 * H, H)
    clock.travel(3600)
    expiry.apply_all_due_transitions()
    clock.travel(3660)
    with monkeypatch.context() as patched:  # another process has locked it
        patched.setattr(expiry, "_TRANSITIONS", expiry._TRANSITIONS[1:])
        stored = _late(second, alice, by_sweep)
    assert stored.status == ("Reserved" if by_sweep else "Completed")
    assert row(first["id"]).status == ("Active" if by_sweep else "Completed")
    expiry.apply_all_due_transitions()
    assert row(second["id"]).status == ("Active" if by_sweep else "Completed")
    assert row(first["id"]).end_time == row(first["id"]).reserved_end


def _at(app, moment, act) -> None:
    with app.app_context(), clock.set_to(moment):
        act()
