"""Offers lapse and waits end by the clock, whether or not a worker runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking import clock, realtime
from parking.accounts.admin import service as accounts
from parking.bookings import expiry, occupancy
from parking.bookings import service as bookings
from parking.database import db
from parking.errors import Conflict
from parking.mail import OutboxMail
from parking.notices import Notice
from parking.waitlist import offers, personal_data, service
from parking.waitlist.models import WaitlistEntry
from tests.bookings.helpers import make_lot, park, reserve, row
from tests.waitlist.stage import HOUR, entry, holds, people, statuses, wait, wait_for

QUARTER = 15 * 60


@pytest.fixture
def lot(app, carol):
    return make_lot(carol, capacity=1)


@pytest.fixture
def crowd(app):
    return people("dora", "emil", "fred")


@pytest.fixture
def offered(lot, alice, crowd):
    """Three people wait, and the first has an offer."""
    stay = park(alice, lot)
    entries = [wait(person, lot) for person in crowd]
    bookings.release(stay["id"], alice.id)
    return entries


def test_an_offer_that_nobody_claims_lapses_and_goes_to_the_next(offered, at):
    clock.travel(QUARTER)
    expiry.apply_all_due_transitions()
    assert statuses(*offered) == ["Lapsed", "Offered", "Waiting"]
    first = entry(offered[0]["id"])
    assert first.ended_at == at + timedelta(minutes=15)
    assert [(h.status, h.end_time) for h in holds("Lapsed")] == [("Lapsed", first.ended_at)]
    kinds = select(OutboxMail.kind).where(OutboxMail.user_id == first.user_id).order_by(OutboxMail.id)
    assert db.session.scalars(kinds).all() == ["waitlist_joined", "waitlist_offer", "waitlist_lapsed"]
    open_notices = select(Notice.kind).where(Notice.user_id == first.user_id, Notice.dismissed_at.is_(None))
    assert db.session.scalars(open_notices).all() == ["waitlist_lapsed"]
    assert expiry.apply_all_due_transitions() == 0
    clock.travel(2 * QUARTER)
    expiry.apply_all_due_transitions()
    expiry.apply_all_due_transitions()
    assert statuses(*offered) == ["Lapsed", "Lapsed", "Offered"]


def test_it_can_be_claimed_until_the_last_second_and_not_later(offered, crowd):
    clock.travel(QUARTER - 1)
    assert service.one(offered[0]["id"], crowd[0].id)["entry"]["status"] == "Offered"
    assert service.claim(offered[0]["id"], crowd[0].id)["booking"]["status"] == "Active"


def test_without_a_worker_whoever_looks_or_claims_brings_the_next_offer_about(offered, crowd):
    clock.travel(QUARTER)
    with pytest.raises(Conflict) as refusal:
        service.claim(offered[0]["id"], crowd[0].id)
    assert refusal.value.code == "offer_lapsed"
    assert refusal.value.members["entry"]["status"] == "Lapsed"
    assert statuses(*offered) == ["Lapsed", "Offered", "Waiting"]
    clock.travel(QUARTER)
    assert service.own(crowd[2].id)["entries"][0]["status"] == "Offered"
    assert statuses(*offered) == ["Lapsed", "Lapsed", "Offered"]


def test_without_a_worker_whoever_books_gets_a_spot_for_which_nobody_waits_any_more(offered, lot, bob, crowd):
    for one, person in zip(offered[1:], crowd[1:], strict=True):
        service.leave(one["id"], person.id)
    clock.travel(QUARTER)
    assert park(bob, lot)["status"] == "Active"
    assert statuses(*offered) == ["Lapsed", "Left", "Left"]


def test_a_hold_that_has_lapsed_is_not_shown_as_taken(offered, lot, crowd):
    clock.travel(QUARTER)
    assert occupancy.counts_by_lot(db.session(), clock.now(), [lot["id"]])[lot["id"]].taken == 0


def test_the_start_of_the_window_ends_the_wait_for_it(lot, alice, crowd):
    reserve(alice, lot, HOUR, HOUR)
    waiting = wait_for(crowd[0], lot, start=HOUR)
    clock.travel(3600)
    assert service.own(crowd[0].id)["entries"][0]["status"] == "Expired"
    assert (offers.expire(), offers.expire()) == (1, 0)
    assert statuses(waiting) == ["Expired"]
    assert entry(waiting["id"]).ended_at == clock.now()


def test_who_waits_for_so_many_minutes_is_offered_nothing_after_them(lot, alice, crowd):
    stay = park(alice, lot)
    waiting = wait(crowd[0], lot, minutes=30)
    clock.travel(30 * 60)
    bookings.release(stay["id"], alice.id)
    assert not holds()
    offers.expire()
    assert statuses(waiting) == ["Expired"]


def test_an_account_that_is_deleted_gives_its_offer_to_the_next(app, client, auth, offered, crowd):
    answer = client.delete("/auth/me", headers=auth(crowd[0]), json={"password": "correct horse battery"})
    assert answer.status_code == 200, answer.text
    assert statuses(*offered) == ["Left", "Offered", "Waiting"]
    ended = entry(offered[0]["id"])
    assert (ended.user_id, ended.vehicle_plate) == (None, None)
    assert len(holds()) == 1


def test_a_disabled_account_is_passed_over(lot, alice, crowd):
    stay = park(alice, lot)
    entries = [wait(person, lot) for person in crowd]
    accounts.change(crowd[0].id, False, None)
    bookings.release(stay["id"], alice.id)
    assert statuses(*entries) == ["Waiting", "Offered", "Waiting"]


def test_the_person_is_taken_off_an_entry_ninety_days_after_it_ended(offered, crowd):
    service.leave(offered[2]["id"], crowd[2].id)
    clock.travel(90 * 86_400)
    assert personal_data.take_people_off() == 0
    clock.travel(1)
    assert (personal_data.take_people_off(), personal_data.take_people_off()) == (1, 0)
    assert entry(offered[2]["id"]).user_id is None
    named = select(func.count()).where(WaitlistEntry.user_id.is_not(None))
    assert db.session.scalar(named) == 2


def test_the_person_of_an_offer_hears_of_it_on_the_open_page(lot, alice, crowd, monkeypatch):
    sent = []
    monkeypatch.setattr(realtime, "publish", lambda event, data, **to: sent.append((event, data, to)))
    stay = park(alice, lot)
    waiting = wait(crowd[0], lot)
    sent.clear()
    bookings.release(stay["id"], alice.id)
    mine = [(data, to) for event, data, to in sent if event == "offer"]
    assert mine == [({"id": waiting["id"], "status": "Offered"}, {"user_id": crowd[0].id})]
    assert not [data for event, data, to in sent if event == "booking" and to["user_id"] == crowd[0].id]


def test_a_claimed_reservation_is_an_ordinary_one(lot, alice, crowd):
    stay = reserve(alice, lot, HOUR, HOUR)
    waiting = wait_for(crowd[0], lot, start=HOUR)
    bookings.cancel(stay["id"], alice.id)
    booking = service.claim(waiting["id"], crowd[0].id)["booking"]
    clock.travel(3600)
    expiry.apply_all_due_transitions()
    assert row(booking["id"]).status == "Active"
    clock.travel(3600)
    expiry.apply_all_due_transitions()
    assert (row(booking["id"]).status, row(booking["id"]).total_cost_minor) == ("Completed", 200)
