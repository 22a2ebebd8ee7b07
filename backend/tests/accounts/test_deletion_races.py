"""An account is deleted while a job or the same person works on their series and their places on waitlists. All of them
lock the account first: nobody waits for somebody who waits for them. The control run, without that lock, ends with a
deadlock (PostgreSQL)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from parking import audit, clock
from parking.accounts import profile
from parking.bookings import allocation, expiry
from parking.bookings import service as bookings
from parking.bookings.series import making
from parking.database import db, is_sqlite
from tests.bookings.helpers import identity_of, make_lot, park, text, wait_until_somebody_waits
from tests.bookings.series.stage import book_series, day
from tests.conftest import PASSWORD
from tests.waitlist.stage import entry, wait

USERS_OF_KEEP = (
    "parking.bookings.series.making",
    "parking.bookings.series.service",
    "parking.bookings.series.skipping",
    "parking.bookings.holds.by_clock",
    "parking.waitlist.service",
)
WEEK = ("mo", "tu", "we", "th", "fr", "sa", "su")


@pytest.fixture(autouse=True)
def postgresql(app):
    if is_sqlite():
        pytest.skip("SQLite has one writer")


class Pause:
    """Stops the thread that is named "work" in the middle, once it has locked what it changes."""

    def __init__(self, monkeypatch, where: str, real) -> None:
        self.reached, self.go_on, self._real = threading.Event(), threading.Event(), real
        monkeypatch.setattr(where, self)

    def __call__(self, *args, **more):
        if threading.current_thread().name == "work":
            self.reached.set()
            assert self.go_on.wait(60)
        return self._real(*args, **more)


def series_to_come(user, lot) -> int:
    """A series with one date, which can be booked from tomorrow on."""
    return book_series(user, lot, days=WEEK, first=day(61), count=1)["series"]["id"]


def offered(alice, bob, lot) -> int:
    """The id of alice's entry, which has an offer."""
    stay, waiting = park(bob, lot), wait(alice, lot)
    bookings.release(stay["id"], bob.id)
    assert entry(waiting["id"]).status == "Offered"
    return waiting["id"]


def book_date(client, auth, alice, bob, lot):
    series_to_come(alice, lot)
    clock.travel(86400)
    return making.book_due_dates


def end_series(client, auth, alice, bob, lot):
    path, headers = f"/api/series/{series_to_come(alice, lot)}", auth(alice)
    return lambda: client.application.test_client().delete(path, headers=headers)


def skip_dates(client, auth, alice, bob, lot):
    series_to_come(alice, lot)
    body, headers = {"from": text(clock.now()), "until": text(clock.now() + timedelta(days=90))}, auth(alice)
    body = {**body, "dry_run": False}
    return lambda: client.application.test_client().post("/api/bookings/cancel-range", json=body, headers=headers)


def decline(client, auth, alice, bob, lot):
    path, headers = f"/api/waitlist/{offered(alice, bob, lot)}/decline", auth(alice)
    return lambda: client.application.test_client().post(path, json={}, headers=headers)


def lapse(client, auth, alice, bob, lot):
    offered(alice, bob, lot)
    clock.travel(20 * 60)
    return expiry.apply_all_due_transitions


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("prepare", [book_date, end_series, skip_dates, decline, lapse])
def test_an_account_is_deleted_while_something_of_it_changes(
    app, client, auth, alice, bob, carol, monkeypatch, prepare, guarded
):
    lot = make_lot(carol, capacity=1)
    work = prepare(client, auth, alice, bob, lot)
    if not guarded:
        for module in USERS_OF_KEEP:
            monkeypatch.setattr(f"{module}.keep_accounts", lambda session, ids, **_: set(ids))
    if prepare is book_date:
        pause = Pause(monkeypatch, "parking.bookings.allocation.hold", allocation.hold)
    else:
        pause = Pause(monkeypatch, "parking.audit.record", audit.record)
    who, moment, outcome = identity_of(alice), clock.now(), {}

    def run(act):
        with app.app_context(), clock.set_to(moment):
            try:
                answer = act()
                outcome[threading.current_thread().name] = getattr(answer, "status_code", None)
            except Exception as error:
                outcome[threading.current_thread().name] = error
            finally:
                db.session.remove()

    db.session.remove()
    working = threading.Thread(target=run, args=(work,), name="work")
    deleting = threading.Thread(target=run, args=(lambda: profile.delete_account(who, PASSWORD),), name="delete")
    working.start()
    assert pause.reached.wait(60)
    deleting.start()
    wait_until_somebody_waits()
    assert deleting.is_alive()
    pause.go_on.set()
    for thread in (working, deleting):
        thread.join(60)
    failed = [name for name, one in outcome.items() if isinstance(one, OperationalError) or one == 503]
    assert bool(failed) is not guarded, outcome
    if guarded and prepare is book_date:
        assert outcome["delete"].code == "account_in_use"
    elif guarded:
        assert outcome["delete"] is None
        assert outcome["work"] in (None, 200)
