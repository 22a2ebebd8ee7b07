"""A spot that was freed without an offer, because another transaction was working on it or on the first in line, is
booked by nobody else before it is offered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from parking import clock
from parking.accounts import User
from parking.bookings import service as bookings
from parking.database import db, is_sqlite, transaction
from parking.errors import Conflict
from parking.waitlist import offers, queries, service
from tests.bookings.helpers import furnish, make_lot, park, reserve, wait_until_somebody_waits
from tests.bookings.series.stage import book_series
from tests.waitlist.stage import HOUR, look_at_no_line, offer_nothing, people, statuses, wait, wait_for

WEEK = ("mo", "tu", "we", "th", "fr", "sa", "su")


@pytest.fixture
def crowd(app):
    return people("dora", "emil", "fred")


@pytest.fixture
def left_over(carol, alice, crowd, monkeypatch):
    """A function: a lot with one free spot that was not offered, and the entry of the first in line."""

    def make(**window) -> tuple[dict, dict]:
        lot = make_lot(carol, "Station", capacity=1)
        with monkeypatch.context() as patch:
            offer_nothing(patch)
            if window:
                stay, waiting = reserve(alice, lot, 2 * HOUR, 20 * HOUR), wait_for(crowd[0], lot, **window)
                bookings.cancel(stay["id"], alice.id)
            else:
                stay, waiting = park(alice, lot), wait(crowd[0], lot)
                bookings.release(stay["id"], alice.id)
        assert statuses(waiting) == ["Waiting"]
        return lot, waiting

    return make


def test_nobody_books_it_before_those_who_wait_for_it(left_over, bob):
    lot, waiting = left_over()
    with pytest.raises(Conflict) as refusal:
        park(bob, lot)
    assert refusal.value.code == "lot_full"
    assert statuses(waiting) == ["Offered"]


def test_control_without_looking_at_the_line_an_outsider_gets_it(left_over, bob, monkeypatch):
    look_at_no_line(monkeypatch)
    lot, waiting = left_over()
    assert park(bob, lot)["status"] == "Active"
    assert statuses(waiting) == ["Waiting"]


def test_nor_a_time_that_overlaps_the_window_that_they_wait_for(left_over, bob):
    lot, waiting = left_over(start=2 * HOUR)
    with pytest.raises(Conflict):
        reserve(bob, lot, 2.5 * HOUR, HOUR)
    assert statuses(waiting) == ["Offered"]
    assert reserve(bob, lot, 3 * HOUR, HOUR)["status"] == "Reserved"


def test_nor_a_date_of_a_series(left_over, bob):
    lot, waiting = left_over(start=2 * HOUR, length=20 * HOUR)
    with pytest.raises(Conflict) as refusal:
        book_series(bob, lot, days=WEEK, count=1, start="00:00", end="04:00")
    assert refusal.value.code == "series_dates"
    assert statuses(waiting) == ["Offered"]


@pytest.fixture
def left_over_beside(carol, alice, bob, crowd, monkeypatch):
    """A lot of one spot, bob's reservation there from 2 to 4, the time after it, which was freed and not offered, and
    the entry of whoever waits for it."""
    lot = make_lot(carol, "Station", capacity=1)
    mine, next_one = reserve(bob, lot, 2 * HOUR, 2 * HOUR), reserve(alice, lot, 4 * HOUR, 2 * HOUR)
    waiting = wait_for(crowd[0], lot, start=4 * HOUR, length=2 * HOUR)
    with monkeypatch.context() as patch:
        offer_nothing(patch)
        bookings.cancel(next_one["id"], alice.id)
    assert statuses(waiting) == ["Waiting"]
    return mine, waiting


def test_nor_does_anybody_extend_into_it(left_over_beside, bob):
    mine, waiting = left_over_beside
    with pytest.raises(Conflict) as refusal:
        bookings.extend(mine["id"], bob.id, minutes=60)
    assert refusal.value.code == "spot_promised"
    assert refusal.value.members["max_until"] == mine["reserved_end"]
    assert statuses(waiting) == ["Offered"]


def test_control_without_looking_at_the_line_an_extension_gets_it(left_over_beside, bob, monkeypatch):
    look_at_no_line(monkeypatch)
    mine, waiting = left_over_beside
    assert bookings.extend(mine["id"], bob.id, minutes=60)["booking"]["reserved_end"] > mine["reserved_end"]
    assert statuses(waiting) == ["Waiting"]


def test_whoever_cannot_have_it_whole_stops_no_extension(carol, alice, bob, crowd):
    """The time after bob's reservation is shorter than what is waited for."""
    lot = make_lot(carol, "Station", capacity=1)
    mine = reserve(bob, lot, 2 * HOUR, 2 * HOUR)
    reserve(alice, lot, 6 * HOUR, HOUR)
    waiting = wait_for(crowd[0], lot, start=4 * HOUR, length=3 * HOUR)
    assert bookings.extend(mine["id"], bob.id, minutes=60)["booking"]["reserved_end"] > mine["reserved_end"]
    assert statuses(waiting) == ["Waiting"]


def test_whoever_is_in_line_may_book_it(left_over, crowd):
    lot, _ = left_over()
    assert park(crowd[0], lot)["status"] == "Active"


def test_nobody_gives_way_to_those_who_cannot_have_it(app, carol, alice, bob, crowd):
    """One needs another spot, another one's account is disabled, and the window of the third does not fit."""
    lot = make_lot(carol, "Station", capacity=2)
    furnish(lot, {2: ["ev"]})
    plain, _ = park(alice, lot), park(alice, lot, needs=("ev",))
    reserve(carol, lot, 24 * HOUR, HOUR)
    reserve(carol, lot, 24 * HOUR, HOUR)
    entries = [
        wait(crowd[0], lot, needs=("ev",)),
        wait(crowd[1], lot),
        wait_for(crowd[2], lot, start=23 * HOUR, length=2 * HOUR),
    ]
    with transaction() as session:
        session.get_one(User, crowd[1].id).active = False
    bookings.release(plain["id"], alice.id)
    assert park(bob, lot)["spot_id"] == plain["spot_id"]
    assert statuses(*entries) == ["Waiting", "Waiting", "Waiting"]


# what leaves it over, on PostgreSQL ----------------------------------------------------------


def in_thread(app, act, errors: list) -> threading.Thread:
    moment = clock.now()

    def work():
        with app.app_context(), clock.set_to(moment):
            try:
                act()
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@contextmanager
def open_transaction(app, act, errors: list) -> Iterator[None]:
    """Another transaction has done `act` and stays open until the end of the block."""
    ready, done = threading.Event(), threading.Event()

    def other():
        with transaction() as session:
            act(session)
            ready.set()
            assert done.wait(60)

    thread = in_thread(app, other, errors)
    assert ready.wait(60)
    try:
        yield
    finally:
        done.set()
        thread.join(60)


def work_on(how: str, session, person, entry_id: int) -> None:
    """What another transaction does with the first in line: joins another waitlist, changes their account, leaves."""
    if how == "joins":
        queries.lock_person(session, person.id)
    elif how == "account":
        session.get_one(User, person.id, with_for_update={"of": User})
    else:
        service._locked(session, entry_id, person.id)


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("how", ["joins", "account", "leaves"])
def test_a_spot_freed_while_another_transaction_works_on_the_first_in_line(
    app, carol, alice, bob, crowd, monkeypatch, how, guarded
):
    """The release passes the first in line over; whoever wants to book waits for that transaction, and the first in
    line gets the offer. The control: an outsider has the spot at once."""
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    if not guarded:
        look_at_no_line(monkeypatch)
    lot = make_lot(carol, "Station", capacity=1)
    stay, waiting = park(alice, lot), wait(crowd[0], lot)
    errors: list[Exception] = []
    with open_transaction(app, lambda session: work_on(how, session, crowd[0], waiting["id"]), errors):
        bookings.release(stay["id"], alice.id)
        assert statuses(waiting) == ["Waiting"]
        outsider = in_thread(app, lambda: park(bob, lot), errors)
        if guarded:
            wait_until_somebody_waits()
        else:
            outsider.join(60)
        assert outsider.is_alive() is guarded
    outsider.join(60)
    if guarded:
        assert [getattr(error, "code", error) for error in errors] == ["lot_full"]
        assert statuses(waiting) == ["Offered"]
    else:
        assert errors == []
        assert statuses(waiting) == ["Waiting"]
    assert offers.offer_everywhere() == 0


def test_a_spot_freed_while_another_transaction_has_locked_it(app, carol, alice, bob, crowd):
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    lot = make_lot(carol, "Station", capacity=1)
    stay, waiting = park(alice, lot), wait(crowd[0], lot)
    errors: list[Exception] = []
    with open_transaction(
        app, lambda session: bookings.allocation.lock_spot(session, lot["id"], stay["spot_id"]), errors
    ):
        bookings.release(stay["id"], alice.id)
        assert statuses(waiting) == ["Waiting"]
        outsider = in_thread(app, lambda: park(bob, lot), errors)
        wait_until_somebody_waits()
        assert outsider.is_alive()
    outsider.join(60)
    assert [getattr(error, "code", error) for error in errors] == ["lot_full"]
    assert statuses(waiting) == ["Offered"]
