"""Many people at once over offers, and processes that are killed in the middle of making one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.accounts import profile
from parking.audit.models import AuditEntry
from parking.bookings import locked_booking, transitions
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.database import db, is_sqlite, transaction
from parking.errors import NotFound
from parking.mail import OutboxMail
from parking.waitlist import offers, service
from parking.waitlist.models import WaitlistEntry
from tests.bookings.helpers import identity_of, make_lot, park, reserve, row, wait_until_somebody_waits
from tests.bookings.test_races import (  # noqa: F401 - fixtures
    all_at_once,
    bearer,
    double_bookings,
    drop_guards,
    present,
    serve,
)
from tests.conftest import PASSWORD, make_user
from tests.threads import at_once
from tests.waitlist.stage import HOUR, count, holds, statuses, wait, wait_for
from tests.waitlist.test_turns import in_thread

CLIENTS, CLAIMS = 64, 200


def test_two_hundred_claims_at_once_make_one_booking(app, carol, alice, bob, present, serve):  # noqa: F811 - a fixture from elsewhere
    lot = make_lot(carol, capacity=1)
    stay = park(alice, lot)
    waiting = wait(bob, lot)
    bookings.release(stay["id"], alice.id)
    [hold] = holds()
    hold_id, server = hold.id, serve()
    claim = ("POST", f"/api/waitlist/{waiting['id']}/claim", {}, bearer(bob))
    answers, rounds = all_at_once(server, [claim] * CLAIMS), 0
    while busy := [status for status, _ in answers if status == 503]:  # who is told to try again does so
        answers = [one for one in answers if one[0] != 503] + all_at_once(server, [claim] * len(busy))
        rounds += 1
        assert rounds < 20
    assert Counter(status for status, _ in answers) == {200: CLAIMS}
    assert {body["booking"]["id"] for _, body in answers} == {hold_id}
    db.session.remove()
    mails = select(func.count()).where(OutboxMail.kind == "booking_confirmation", OutboxMail.user_id == bob.id)
    assert db.session.scalar(mails) == 1
    bookings_made = select(func.count()).where(AuditEntry.action == "booking.created", AuditEntry.entity_id == hold_id)
    assert db.session.scalar(bookings_made) == 1
    assert db.session.scalar(select(func.count()).where(Booking.user_id == bob.id)) == 1


def test_control_claims_that_read_before_they_write_book_several_times(app, carol, alice, bob, present, serve):  # noqa: F811 - a fixture from elsewhere
    lot = make_lot(carol, capacity=1)
    stay = park(alice, lot)
    waiting = wait(bob, lot)
    bookings.release(stay["id"], alice.id)
    drop_guards()
    all_at_once(serve("claim"), [("POST", f"/api/waitlist/{waiting['id']}/claim", {}, bearer(bob))] * 16)
    db.session.remove()
    assert db.session.scalar(select(func.count()).where(AuditEntry.action == "waitlist.claimed")) > 1


def test_a_storm_over_offers(app, carol, present, serve):  # noqa: F811 - a fixture from elsewhere
    """64 clients release, claim, decline, leave and try to book without waiting, in six waves."""
    storm(make_lot(carol, capacity=8), serve())
    assert count(WaitlistEntry.status == "Claimed") > 0


def test_control_a_storm_without_offers_and_guards_books_twice(app, carol, present, serve):  # noqa: F811 - a fixture from elsewhere
    drop_guards()
    with pytest.raises(AssertionError):
        storm(make_lot(carol, capacity=8), serve("book,offers"))
    db.session.remove()
    assert double_bookings() > 0


def storm(lot, server) -> None:
    """Raises AssertionError where the answers or the rows after a wave are wrong."""
    people = [make_user(f"driver{n}", "user") for n in range(24)]
    parked = {park(person, lot)["id"]: person for person in people[:8]}
    entries = {wait(person, lot)["id"]: person for person in people[8:]}
    dice = random.Random(7)
    for _ in range(6):
        requests = [("POST", f"/api/release/{i}", {}, bearer(person)) for i, person in parked.items()]
        for entry_id, person in entries.items():
            way = dice.choice(["claim", "claim", "claim", "decline"])
            requests.append(("POST", f"/api/waitlist/{entry_id}/{way}", {}, bearer(person)))
        outsiders = [dice.choice(people) for _ in range(CLIENTS - len(requests))]
        body = {"lot_id": lot["id"], "booking_type": "instant"}
        requests += [("POST", "/api/book", body, bearer(person)) for person in outsiders]
        dice.shuffle(requests)
        answers = all_at_once(server, requests)
        assert {status for status, _ in answers} <= {200, 201, 409}, Counter(status for status, _ in answers)
        db.session.remove()
        running = select(Booking).where(Booking.lot_id == lot["id"], Booking.status == "Active")
        by_id = {person.id: person for person in people}
        parked = {b.id: by_id[b.user_id] for b in db.session.scalars(running)}
        everything_holds(lot)


def everything_holds(lot) -> None:
    """No two live claims of a spot overlap; each offer has its hold and each person one offer; and after a sweep (for
    what two transactions were working on at once) nobody waits for a spot that is free."""
    assert double_bookings() == 0
    offers.offer_everywhere()
    db.session.remove()
    offered = db.session.scalars(select(WaitlistEntry).where(WaitlistEntry.status == "Offered")).all()
    assert sorted(entry.booking_id for entry in offered) == [hold.id for hold in holds()]
    assert len({entry.user_id for entry in offered}) == len(offered)
    taken = select(func.count()).where(Booking.lot_id == lot["id"], Booking.status.in_(("Reserved", "Active")))
    if count(WaitlistEntry.status == "Waiting"):
        assert db.session.scalar(taken) == lot["capacity"]


def test_nobody_who_joins_beside_a_release_is_overlooked(app, carol, alice, bob):
    """Either the release sees who joins and makes the offer, or who joins is told that a spot is free."""
    lot = make_lot(carol, capacity=1)
    for n in range(20):
        stay = reserve(alice, lot, timedelta(days=1), HOUR)
        acts = {
            "join": lambda: wait_for(bob, lot, start=timedelta(days=1)),
            "cancel": lambda stay=stay: bookings.cancel(stay["id"], alice.id),
        }
        outcome = dict(zip(acts, at_once(acts.values(), catch=Exception), strict=True))
        assert isinstance(outcome["cancel"], dict), outcome
        if isinstance(outcome["join"], dict):
            assert statuses(outcome["join"]) == ["Offered"], n
            service.leave(outcome["join"]["id"], bob.id)
        else:
            assert outcome["join"].code == "spot_free", outcome


@pytest.mark.parametrize("guarded", [True, False])
def test_who_joins_waits_for_a_cancellation_that_is_not_committed(app, carol, alice, bob, monkeypatch, guarded):
    """It has seen nobody who waits. The control, which does not look at what it ends, is overlooked until the sweep."""
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    if not guarded:
        monkeypatch.setattr(service.queries, "lock_what_may_end", lambda *_: None)
    lot = make_lot(carol, capacity=1)
    stay = reserve(alice, lot, timedelta(days=1), HOUR)
    errors: list[Exception] = []
    ended, done = threading.Event(), threading.Event()

    def cancel():
        with transaction() as session:
            transitions.cancel(session, locked_booking(session, stay["id"], alice.id), clock.now(), by="user")
            ended.set()
            assert done.wait(60)

    cancels = in_thread(app, cancel, errors)
    assert ended.wait(60)
    joins = in_thread(app, lambda: wait_for(bob, lot, start=timedelta(days=1)), errors)
    if guarded:
        wait_until_somebody_waits()
    else:
        joins.join(60)
    done.set()
    cancels.join(60)
    joins.join(60)
    assert [getattr(error, "code", error) for error in errors] == (["spot_free"] if guarded else [])
    assert offers.offer_everywhere() == (0 if guarded else 1)


@pytest.mark.parametrize("guarded", [True, False])
def test_nobody_joins_whose_account_is_just_being_deleted(app, carol, alice, bob, monkeypatch, guarded):
    """What they wait for would stay behind the deletion, with their plate. The control does."""
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    if not guarded:
        monkeypatch.setattr(service, "keep_accounts", lambda _session, _ids: None)
    lot = make_lot(carol, capacity=1)
    park(alice, lot)
    caller, errors = identity_of(bob), list[Exception]()
    erased, done = threading.Event(), threading.Event()
    erase = profile.hooks.erase

    def held_up(session, user_id):
        erase(session, user_id)
        erased.set()
        assert done.wait(60)

    monkeypatch.setattr(profile.hooks, "erase", held_up)
    deletion = in_thread(app, lambda: profile.delete_account(caller, PASSWORD), errors)
    assert erased.wait(60)
    joins = in_thread(app, lambda: wait(bob, lot, vehicle_plate="B-PW 1"), errors)
    wait_until_somebody_waits()
    done.set()
    deletion.join(60)
    joins.join(60)
    assert [type(error) for error in errors] == ([NotFound] if guarded else [])
    assert count(WaitlistEntry.vehicle_plate.is_not(None)) == (0 if guarded else 1)


KILLED = """
import os, signal, sys
from parking import clock, create_app
from parking.bookings import service
from parking.database import db
from parking.database import session as transactions
from parking.waitlist import offers
from tests.conftest import make_settings
from pathlib import Path
from datetime import datetime

point, url, folder, moment, stay, user = sys.argv[1:]

def die(*_arguments, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

app = create_app(make_settings(Path(folder), database_url=url))
if point == "before the offer":
    offers.queries.next_in_line = die
elif point == "after the hold":
    offers.emails.offered = die
else:
    transactions._commit = die
with app.app_context(), clock.set_to(datetime.fromisoformat(moment)):
    service.release(int(stay), int(user))
"""


@pytest.mark.parametrize("point", ["before the offer", "after the hold", "before the commit"])
def test_a_release_that_is_killed_changes_nothing_and_the_next_makes_one_offer(
    app, settings, tmp_path, carol, alice, bob, point
):
    lot = make_lot(carol, capacity=1)
    stay = park(alice, lot)
    waiting = wait(bob, lot)
    arguments = [point, settings.database_url, str(tmp_path), clock.now().isoformat(), str(stay["id"]), str(alice.id)]
    db.session.remove()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=environment, timeout=120, check=False)
    assert process.returncode == -signal.SIGKILL
    assert (row(stay["id"]).status, statuses(waiting), holds()) == ("Active", ["Waiting"], [])
    for _ in range(2):
        bookings.release(stay["id"], alice.id)
        offers.offer_everywhere()
    assert (row(stay["id"]).status, statuses(waiting), len(holds())) == ("Completed", ["Offered"], 1)
    mails = select(func.count()).where(OutboxMail.kind == "waitlist_offer")
    assert db.session.scalar(mails) == 1
