"""A place on a waitlist that has ended says why, and so does one that lost its offer or one of its lots."""

from __future__ import annotations

from datetime import timedelta

import pytest

from parking import clock
from parking.accounts import profile
from parking.bookings import expiry
from parking.bookings import service as bookings
from parking.lot_admin import service as lots
from parking.waitlist import offers, rules, service
from tests.bookings.helpers import identity_of, make_lot, park
from tests.conftest import PASSWORD
from tests.waitlist.stage import HOUR, entry, people, wait, wait_for

QUARTER = 15 * 60


@pytest.fixture
def lot(app, carol):
    return make_lot(carol, capacity=1)


@pytest.fixture
def dora(app):
    return people("dora")[0]


@pytest.fixture
def offered(lot, alice, dora):
    stay = park(alice, lot)
    waiting = wait(dora, lot)
    bookings.release(stay["id"], alice.id)
    return waiting["id"]


def why(entry_id: int, user) -> tuple[str, str | None]:
    view = service.one(entry_id, user.id)["entry"]
    [listed] = [one for one in service.own(user.id)["entries"] if one["id"] == entry_id]
    assert listed["reason"] == view["reason"]
    return view["status"], view["reason"]


def test_an_offer_and_a_claim_have_no_reason(offered, dora):
    assert why(offered, dora) == ("Offered", None)
    service.claim(offered, dora.id)
    assert why(offered, dora) == ("Claimed", None)


def test_what_the_person_does(offered, lot, dora, bob):
    waiting = wait(bob, lot)
    assert why(waiting["id"], bob) == ("Waiting", None)
    service.leave(waiting["id"], bob.id)
    assert why(waiting["id"], bob) == ("Left", "left")
    service.decline(offered, dora.id)
    assert why(offered, dora) == ("Declined", "declined")


@pytest.mark.parametrize("written", [True, False])
def test_what_the_clock_does_whether_or_not_a_worker_runs(offered, lot, alice, bob, dora, written):
    now, window = wait(bob, lot, minutes=30), wait_for(alice, lot, start=timedelta(minutes=20))
    clock.travel(QUARTER)
    if written:
        expiry.apply_all_due_transitions()
    assert entry(offered).status == ("Lapsed" if written else "Offered")
    assert why(offered, dora) == ("Lapsed", "not_claimed")
    clock.travel(4 * QUARTER)
    if written:
        offers.expire()
    for waiting, user in ((now, bob), (window, alice)):
        if entry(waiting["id"]).status != "Offered":
            assert why(waiting["id"], user) in [("Expired", "time_over"), ("Lapsed", "not_claimed")]


def test_what_expired_by_the_clock_had_no_time_left(app, carol, alice, bob, dora, lot):
    park(alice, lot)
    waiting = wait(dora, lot, minutes=30)
    clock.travel(2 * QUARTER)
    assert why(waiting["id"], dora) == ("Expired", "time_over")
    offers.expire()
    assert (entry(waiting["id"]).status, entry(waiting["id"]).reason) == ("Expired", None)
    assert why(waiting["id"], dora) == ("Expired", "time_over")


def test_a_spot_that_is_closed(client, auth, offered, lot, carol, dora):
    [spot] = client.get(f"/api/spots/{lot['id']}", headers=auth(carol)).json["spots"]
    lots.update_spot(spot["id"], {"out_of_service": True}, identity_of(carol))
    assert why(offered, dora) == ("Waiting", "spot_closed")
    answer = client.get(f"/api/admin/waitlist?lot_id={lot['id']}", headers=auth(carol)).json
    assert [(one["status"], one["reason"]) for one in answer["entries"]] == [("Waiting", "spot_closed")]
    lots.update_spot(spot["id"], {"out_of_service": False}, identity_of(carol))
    assert why(offered, dora) == ("Offered", None)
    lots.update_spot(spot["id"], {"out_of_service": True}, identity_of(carol))
    clock.travel(40 * QUARTER)  # it waited for ten hours
    assert why(offered, dora) == ("Expired", "time_over"), "not for the spot that was closed"
    offers.expire()
    assert why(offered, dora) == ("Expired", "time_over")


def test_a_lot_that_is_deleted(client, auth, offered, lot, alice, bob, carol, dora):
    other = make_lot(carol, "Station", capacity=1)
    park(alice, other)
    only, both = wait(bob, lot), wait(carol, lot, other)
    lots.delete(lot["id"], identity_of(carol), None, cancel_reservations=False)
    assert why(offered, dora) == ("Expired", "lot_closed")
    assert why(only["id"], bob) == ("Expired", "lot_closed")
    assert why(both["id"], carol) == ("Waiting", "lot_closed")
    with clock.set_to(clock.now() + HOUR):
        lots.restore(lot["id"])
        assert why(both["id"], carol) == ("Offered", None)


def test_a_lot_that_opens_again_is_waited_for_without_a_reason(offered, lot, alice, carol, dora):
    other = make_lot(carol, "Station", capacity=1)
    park(alice, other)
    both = wait(carol, lot, other)
    lots.delete(lot["id"], identity_of(carol), None, cancel_reservations=False)
    first = wait_for(dora, other, start=timedelta(0) + HOUR / 6)
    lots.restore(lot["id"])
    assert entry(both["id"]).reason is None
    assert entry(first["id"]).reason is None


def test_an_account_that_is_deleted(client, auth, offered, lot, carol, dora):
    profile.delete_account(identity_of(dora), PASSWORD)
    answer = client.get(f"/api/admin/waitlist?lot_id={lot['id']}&status=Left", headers=auth(carol)).json
    assert [(one["user_id"], one["reason"]) for one in answer["entries"]] == [(None, "account_deleted")]


def test_every_way_to_end_has_a_reason_but_the_claim():
    for status in rules.STATUSES:
        reason = rules.reason_at(status, None)
        assert (reason is None) == (status in (*rules.LIVE, "Claimed")), status
