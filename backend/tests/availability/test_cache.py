"""The list that everybody loads: kept in memory, and never behind a booking. On a real Valkey."""

import dataclasses
import threading

import pytest

from parking import clock, create_app, realtime
from parking.availability import cache, queries
from parking.bookings import service as bookings
from parking.database import db
from tests.bookings.helpers import make_lot, park
from tests.conftest import Client


@pytest.fixture
def two(app, settings, valkey, patient):
    """Two processes' worth of applications on one database and one Valkey."""
    changed = dataclasses.replace(settings, redis_url=valkey.url)
    apps = [create_app(changed), create_app(changed)]
    for one in apps:
        one.test_client_class = Client
    yield apps
    for one in apps:
        with one.app_context():
            db.engine.dispose()


def free(app, headers):
    return [lot["available_spots"] for lot in app.test_client().get("/api/lots", headers=headers).json["lots"]]


def test_a_booking_is_visible_at_once_in_every_process(two, carol, alice, auth):
    first, second = two
    lot = make_lot(carol, capacity=3)
    headers = auth(alice)
    assert free(first, headers) == free(second, headers) == [3]
    for left in (2, 1, 0):
        with first.app_context():
            park(alice, lot)
        assert free(second, headers) == [left]
        assert free(first, headers) == [left]
    with second.app_context():
        bookings.release(1, alice.id)
    assert free(first, headers) == [1]


def test_only_changed_lots_are_read_again(two, carol, alice, auth, monkeypatch):
    monkeypatch.setattr(cache, "LIFETIME_SECONDS", 600)
    lots = [make_lot(carol, f"Lot {n}") for n in range(4)]
    headers, read = auth(alice), []
    whole = queries.lot_views
    monkeypatch.setattr(queries, "lot_views", lambda *given: read.append(given[2]) or whole(*given))
    free(two[0], headers)
    free(two[0], headers)
    assert len(read) == 1
    with two[1].app_context():
        park(alice, lots[2])
    assert free(two[0], headers) == [3, 3, 2, 3]
    assert read[1:] == [[lots[2]["id"]]]


def test_new_renamed_and_deleted_lots_are_visible_at_once(two, carol, auth, client, alice):
    headers, admin = auth(alice), auth(carol)

    def names():
        return [lot["name"] for lot in two[1].test_client().get("/api/lots", headers=headers).json["lots"]]

    web = two[0].test_client()
    assert names() == []
    new_lot = web.post("/api/lots", json={"name": "B", "capacity": 1, "price_per_hour": 1}, headers=admin).json["lot"]
    assert names() == ["B"]
    web.put(f"/api/lots/{new_lot['id']}", json={"name": "C"}, headers=admin)
    assert names() == ["C"]
    web.delete(f"/api/lots/{new_lot['id']}", headers=admin)
    assert names() == []


def test_an_empty_or_missing_valkey_never_shows_a_taken_spot_as_free(two, carol, alice, auth, valkey):
    lot, headers = make_lot(carol, capacity=3), auth(alice)
    assert free(two[0], headers) == [3]
    valkey.wipe()
    with two[1].app_context():
        park(alice, lot)
    assert free(two[0], headers) == [2]
    valkey.stop()
    with two[1].app_context():
        park(alice, lot)
    assert free(two[0], headers) == [1]


@pytest.mark.parametrize("redis_answers", [True, False])
def test_requests_that_wait_for_one_reading_share_the_next(two, carol, alice, auth, monkeypatch, valkey, redis_answers):
    lot, headers, first = make_lot(carol, capacity=3), auth(alice), two[0]
    assert free(first, headers) == [3]
    if not redis_answers:
        valkey.stop()
    whole, began, go_on, read = queries.page, threading.Event(), threading.Event(), []

    def slow_page(*arguments):
        read.append(whole(*arguments))  # read before the booking below
        began.set()
        assert go_on.wait(60)
        return read[-1]

    monkeypatch.setattr(queries, "page", slow_page)
    arrivals, last_change = threading.Semaphore(0), realtime.last_change

    def counted_last_change():
        change = last_change()
        arrivals.release()
        return change

    monkeypatch.setattr(realtime, "last_change", counted_last_change)
    monkeypatch.setattr(first.extensions["lot_lists"][()], "_expires", 0.0)
    with first.app_context():
        realtime.changed_lots([lot["id"]])
    answers, now = [], clock.now()

    def ask():
        with clock.set_to(now):
            answers.append(free(first, headers))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    threads[0].start()
    assert began.wait(60)
    assert arrivals.acquire(timeout=60)
    with two[1].app_context():
        park(alice, lot)
    for thread in threads[1:]:
        thread.start()
    for _ in threads[1:]:
        assert arrivals.acquire(timeout=60)  # the others have arrived, after the booking
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [[2], [2], [2], [3]]  # nobody who came after the booking is told of before
    assert len(read) <= 2  # and the three of them read once
