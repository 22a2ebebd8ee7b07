"""A spot that becomes free is offered, in the same transaction, to the first whose whole window fits."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from parking import clock
from parking.bookings import expiry
from parking.bookings import service as bookings
from parking.database import db
from parking.errors import Conflict, Invalid
from parking.lot_admin import service as lots
from parking.mail import OutboxMail
from parking.notices import Notice
from parking.waitlist import offers, service
from tests.bookings.helpers import furnish, identity_of, make_lot, park, reserve, row
from tests.waitlist import stage
from tests.waitlist.stage import HOUR, entry, holds, people, spot_ids, statuses, wait, wait_for


@pytest.fixture
def lot(app, carol):
    return make_lot(carol, capacity=1)


@pytest.fixture
def crowd(app):
    return people("dora", "emil", "fred", "gina")


def test_a_release_holds_the_spot_for_the_first_who_waits(lot, alice, crowd, at):
    stay = park(alice, lot)
    first, second = wait(crowd[0], lot), wait(crowd[1], lot)
    assert (first["position"], second["position"]) == (1, 2)
    bookings.release(stay["id"], alice.id)
    assert statuses(first, second) == ["Offered", "Waiting"]
    [hold] = holds()
    assert (hold.user_id, hold.spot_id, hold.claim_by) == (crowd[0].id, stay["spot_id"], at + timedelta(minutes=15))
    view = service.own(crowd[0].id)["entries"][0]
    assert view["offer"]["spot_number"] == 1
    assert view["offer"]["price_per_hour"] == 2
    assert service.own(crowd[1].id)["entries"][0]["position"] == 1


def test_an_outsider_cannot_take_a_spot_that_is_held(lot, alice, bob, crowd):
    stay = park(alice, lot)
    wait(crowd[0], lot)
    bookings.release(stay["id"], alice.id)
    with pytest.raises(Conflict) as refusal:
        park(bob, lot)
    assert refusal.value.code == "lot_full"
    assert refusal.value.members["waitlist"] == {"position": 1, "entry_id": None}


def test_without_the_hold_an_outsider_wins(lot, alice, bob, crowd, monkeypatch):
    """The control: with offers switched off, the next who asks gets the spot, and who waits gets nothing."""
    stage.offer_nothing(monkeypatch)
    stage.look_at_no_line(monkeypatch)
    stay = park(alice, lot)
    waiting = wait(crowd[0], lot)
    bookings.release(stay["id"], alice.id)
    assert park(bob, lot)["status"] == "Active"
    assert statuses(waiting) == ["Waiting"]


def test_two_spots_are_freed_and_three_people_wait(app, carol, alice, bob, crowd):
    lot = make_lot(carol, "Station", capacity=2)
    stays = [park(alice, lot), park(bob, lot)]
    entries = [wait(person, lot) for person in crowd[:3]]
    for stay, user in zip(stays, (alice, bob), strict=True):
        bookings.release(stay["id"], user.id)
    assert statuses(*entries) == ["Offered", "Offered", "Waiting"]
    assert {hold.spot_id for hold in holds()} == {stay["spot_id"] for stay in stays}


def test_a_claim_makes_the_same_row_the_booking_at_the_price_that_was_offered(lot, carol, alice, crowd):
    stay = park(alice, lot)
    waiting = wait(crowd[0], lot, vehicle_plate="B-X 1")
    bookings.release(stay["id"], alice.id)
    [hold] = holds()
    hold_id = hold.id
    lots.update_lot(lot["id"], lots.LotChanges({"price_per_hour": 900}), identity_of(carol), None)
    clock.travel(60)
    booking = service.claim(waiting["id"], crowd[0].id)["booking"]
    assert (booking["id"], booking["status"], booking["spot_number"]) == (hold_id, "Active", 1)
    assert (booking["price_per_hour"], booking["vehicle_plate"]) == (2, "B-X 1")
    stored = row(hold_id)
    assert stored.start_time == stored.checked_in_at == clock.now()
    assert stored.held_until == clock.now() + 4 * HOUR
    assert stored.plate_key
    assert statuses(waiting) == ["Claimed"]
    assert service.claim(waiting["id"], crowd[0].id)["booking"]["id"] == hold_id
    kinds = db.session.scalars(select(OutboxMail.kind).where(OutboxMail.user_id == crowd[0].id)).all()
    assert sorted(kinds) == ["booking_confirmation", "waitlist_joined", "waitlist_offer"]
    clock.travel(3600)
    assert bookings.release(hold_id, crowd[0].id)["total_cost"] == 2


def test_a_window_is_held_up_to_its_start_and_claimed_as_a_reservation(lot, alice, crowd, at):
    stay = reserve(alice, lot, 8 * timedelta(minutes=1), HOUR)
    waiting = wait_for(crowd[0], lot, start=8 * timedelta(minutes=1))
    bookings.cancel(stay["id"], alice.id)
    offer = service.own(crowd[0].id)["entries"][0]["offer"]
    assert offer["claim_by"] == offer["reserved_start"]
    assert offer["total_cost"] == 2
    booking = service.claim(waiting["id"], crowd[0].id)["booking"]
    assert (booking["booking_type"], booking["status"], booking["total_cost"]) == ("reserved", "Reserved", 2)


def test_those_whose_window_does_not_fit_keep_their_place(lot, alice, bob, crowd):
    reserve(alice, lot, 2 * HOUR, HOUR)
    short = reserve(bob, lot, 4 * HOUR, HOUR)
    long = wait_for(crowd[0], lot, start=2 * HOUR, length=4 * HOUR)
    fits = wait_for(crowd[1], lot, start=4 * HOUR)
    assert (long["position"], fits["position"]) == (1, 2)
    bookings.cancel(short["id"], bob.id)
    assert statuses(long, fits) == ["Waiting", "Offered"]


def test_one_freed_time_serves_two_windows_that_fit_into_it(lot, alice, crowd):
    stay = reserve(alice, lot, 2 * HOUR, 4 * HOUR)
    early = wait_for(crowd[0], lot, start=2 * HOUR)
    late = wait_for(crowd[1], lot, start=4 * HOUR)
    middle = wait_for(crowd[2], lot, start=2 * HOUR, length=4 * HOUR)
    bookings.cancel(stay["id"], alice.id)
    assert statuses(early, late, middle) == ["Offered", "Offered", "Waiting"]


def test_a_spot_must_have_what_the_person_needs(app, carol, alice, bob, crowd):
    lot = make_lot(carol, "Station", capacity=2)
    furnish(lot, {2: ["ev"]})
    plain, electric = park(alice, lot), park(bob, lot)
    needs_ev = wait(crowd[0], lot, needs=("ev",))
    bookings.release(plain["id"], alice.id)
    assert statuses(needs_ev) == ["Waiting"]
    bookings.release(electric["id"], bob.id)
    assert statuses(needs_ev) == ["Offered"]
    assert holds()[0].spot_id == electric["spot_id"]


def test_who_waits_for_two_lots_gets_the_first_spot_of_either_and_then_waits_for_none(app, carol, alice, bob, crowd):
    one, two = make_lot(carol, "Station", capacity=1), make_lot(carol, "Old Town", capacity=1)
    stays = [park(alice, one), park(bob, two)]
    both, only = wait(crowd[0], one, two), wait(crowd[1], one)
    bookings.release(stays[1]["id"], bob.id)
    assert statuses(both, only) == ["Offered", "Waiting"]
    bookings.release(stays[0]["id"], alice.id)
    assert statuses(both, only) == ["Offered", "Offered"]


def test_one_person_has_one_live_offer_and_then_the_next(app, carol, alice, bob, crowd):
    lot = make_lot(carol, "Station", capacity=2)
    stays = [reserve(alice, lot, 2 * HOUR, HOUR), reserve(bob, lot, 2 * HOUR, HOUR)]
    later = [reserve(alice, lot, 5 * HOUR, HOUR), reserve(bob, lot, 5 * HOUR, HOUR)]
    one, two = wait_for(crowd[0], lot, start=2 * HOUR), wait_for(crowd[0], lot, start=5 * HOUR)
    bookings.cancel(stays[0]["id"], alice.id)
    bookings.cancel(later[0]["id"], alice.id)
    assert statuses(one, two) == ["Offered", "Waiting"]
    service.claim(one["id"], crowd[0].id)
    assert statuses(one, two) == ["Claimed", "Offered"]
    service.decline(two["id"], crowd[0].id)
    assert statuses(two) == ["Declined"]
    assert not holds()


def test_who_cannot_book_is_passed_over_and_served_when_they_can(app, carol, alice, bob, crowd):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], max_open_bookings_per_user=1)
    lot, other = make_lot(carol, "Station", capacity=2), make_lot(carol, "Old Town", capacity=1)
    stays = [park(alice, lot), park(bob, lot)]
    elsewhere = park(crowd[0], other)
    first, second = wait(crowd[0], lot), wait(crowd[1], lot)
    for stay, user in zip(stays, (alice, bob), strict=True):
        bookings.release(stay["id"], user.id)
    assert statuses(first, second) == ["Waiting", "Offered"]
    bookings.release(elsewhere["id"], crowd[0].id)  # in another lot
    assert statuses(first, second) == ["Offered", "Offered"]


def test_the_last_five_minutes_bring_a_notice_and_no_hold(lot, alice, bob, crowd):
    stay = reserve(alice, lot, timedelta(minutes=10), HOUR)
    waiting = wait_for(crowd[0], lot, start=timedelta(minutes=10))
    clock.travel(6 * 60)
    bookings.cancel(stay["id"], alice.id)
    assert not holds()
    assert statuses(waiting) == ["Waiting"]
    assert entry(waiting["id"]).told_at == clock.now()
    assert db.session.scalars(select(Notice.kind).where(Notice.user_id == crowd[0].id)).all() == ["waitlist_free"]
    assert reserve(bob, lot, timedelta(minutes=1), HOUR)["status"] == "Reserved"


def test_decline_and_leave_give_the_spot_to_the_next(lot, alice, crowd):
    stay = park(alice, lot)
    entries = [wait(person, lot) for person in crowd[:3]]
    bookings.release(stay["id"], alice.id)
    service.decline(entries[0]["id"], crowd[0].id)
    assert statuses(*entries) == ["Declined", "Offered", "Waiting"]
    service.leave(entries[1]["id"], crowd[1].id)
    assert statuses(*entries) == ["Declined", "Left", "Offered"]
    open_notices = select(Notice.user_id).where(Notice.kind == "waitlist_offer", Notice.dismissed_at.is_(None))
    assert db.session.scalars(open_notices).all() == [crowd[2].id]


def test_every_way_in_which_a_spot_is_freed_makes_the_offer(app, carol, alice, crowd):
    """No-show, the end of a window, and what administrators do: unblock, capacity, a withdrawn closure."""
    who = identity_of(carol)

    def full(name: str, **fields) -> dict:
        return make_lot(carol, name, capacity=1, **fields)

    missed = full("A", require_checkin=True)
    reserve(alice, missed, timedelta(0), 6 * HOUR)
    one = wait(crowd[0], missed)
    ended = full("B")
    reserve(alice, ended, timedelta(0), timedelta(minutes=20))
    expiry.apply_due_transitions(ended["id"])
    two = wait(crowd[1], ended)
    blocked = full("C")
    [spot] = spot_ids(blocked)
    lots.update_spot(spot, {"out_of_service": True}, who)
    three = wait(crowd[2], blocked)
    small = full("D")
    park(alice, small)
    four = wait(crowd[3], small)
    lots.update_spot(spot, {"out_of_service": False}, who)
    lots.update_lot(small["id"], lots.LotChanges({"capacity": 2}), who, None)
    assert statuses(one, two, three, four) == ["Waiting", "Waiting", "Offered", "Offered"]
    clock.travel(21 * 60)
    expiry.apply_all_due_transitions()
    assert statuses(one, two) == ["Offered", "Offered"]


def test_a_closure_withdraws_the_offer_and_its_person_keeps_the_place(app, carol, alice, bob, crowd):
    lot = make_lot(carol, "Station", capacity=2)
    stays = [park(alice, lot), park(bob, lot)]
    first, second = wait(crowd[0], lot), wait(crowd[1], lot)
    bookings.release(stays[0]["id"], alice.id)
    lots.update_spot(stays[0]["spot_id"], {"out_of_service": True}, identity_of(carol))
    assert statuses(first, second) == ["Waiting", "Waiting"]
    assert [hold.status for hold in holds("Cancelled")] == ["Cancelled"]
    assert "waitlist_withdrawn" in db.session.scalars(select(Notice.kind)).all()
    bookings.release(stays[1]["id"], bob.id)
    assert statuses(first, second) == ["Offered", "Waiting"]


@pytest.mark.parametrize("deleted", [False, True])
def test_who_loses_an_offer_gets_the_spot_that_was_freed_elsewhere_meanwhile(app, carol, alice, bob, crowd, deleted):
    """Nobody else waits for that other lot, and one person has one offer at a time, so the spot stayed free."""
    one, two = make_lot(carol, "Station", capacity=1), make_lot(carol, "Old Town", capacity=1)
    stays = [park(alice, one), park(bob, two)]
    both = wait(crowd[0], one, two)
    bookings.release(stays[0]["id"], alice.id)
    bookings.release(stays[1]["id"], bob.id)
    assert [hold.lot_id for hold in holds()] == [one["id"]]
    if deleted:
        lots.delete(one["id"], identity_of(carol), None, cancel_reservations=False)
    else:
        lots.update_spot(stays[0]["spot_id"], {"out_of_service": True}, identity_of(carol))
    assert statuses(both) == ["Offered"]
    assert [hold.lot_id for hold in holds()] == [two["id"]]


def test_a_smaller_capacity_withdraws_offers_where_it_must(app, carol, alice, bob, crowd):
    lot = make_lot(carol, "Station", capacity=2)
    stays = [park(alice, lot), park(bob, lot)]
    first = wait(crowd[0], lot)
    bookings.release(stays[1]["id"], bob.id)
    lots.update_lot(lot["id"], lots.LotChanges({"capacity": 1}), identity_of(carol), None)
    assert statuses(first) == ["Waiting"]
    lots.update_lot(lot["id"], lots.LotChanges({"capacity": 2}), identity_of(carol), None)
    assert statuses(first) == ["Offered"]


def test_a_smaller_capacity_leaves_the_offers_of_spots_that_stay(app, carol, alice, bob, crowd):
    lot = make_lot(carol, "Station", capacity=3)
    stays = [park(user, lot) for user in (alice, bob, crowd[3])]
    first, second = wait(crowd[0], lot), wait(crowd[1], lot)
    bookings.release(stays[0]["id"], alice.id)
    bookings.release(stays[1]["id"], bob.id)
    assert [hold.user_id for hold in holds()] == [crowd[0].id, crowd[1].id]
    lots.update_lot(lot["id"], lots.LotChanges({"capacity": 2}), identity_of(carol), None)
    assert statuses(first, second) == ["Offered", "Waiting"]
    assert [hold.spot_id for hold in holds()] == spot_ids(lot)[:1]
    assert [hold.user_id for hold in holds("Cancelled")] == [crowd[1].id], (
        "the other one was not withdrawn and made anew"
    )


def told_that_it_closed() -> dict[int, str]:
    """Person -> the notice, which the mail agrees with."""
    db.session.expire_all()
    kind = "waitlist_withdrawn"
    sent = db.session.scalars(select(OutboxMail).where(OutboxMail.kind == kind)).all()
    noted = db.session.scalars(select(Notice).where(Notice.kind == kind)).all()
    assert sorted(mail.user_id for mail in sent) == sorted(notice.user_id for notice in noted)
    return {mail.user_id: mail.subject for mail in sent}


def test_whoever_waits_for_a_lot_is_told_that_it_has_closed(app, client, auth, carol, alice, bob, crowd):
    one, two = make_lot(carol, "Station", capacity=1), make_lot(carol, "Old Town", capacity=1)
    stay = park(alice, one)
    park(bob, two)
    offered, only, both, elsewhere = (
        wait(crowd[0], one),
        wait(crowd[1], one),
        wait(crowd[2], two, one),
        wait(crowd[3], two),
    )
    bookings.release(stay["id"], alice.id)
    lots.delete(one["id"], identity_of(carol), None, cancel_reservations=False)
    assert statuses(offered, only, both, elsewhere) == ["Expired", "Expired", "Waiting", "Waiting"]
    closed = "No longer on the waitlist: Station has closed"
    assert told_that_it_closed() == {
        crowd[0].id: "Your offer of spot 1 was withdrawn: Station", crowd[1].id: closed, crowd[2].id: closed,
    }  # fmt: skip
    [notice] = client.get("/api/notices", headers=auth(crowd[1])).json["notices"]
    assert "Station has closed, so you are no longer waiting for a spot there." in str(notice)


def test_an_account_that_is_enabled_again_is_offered_a_free_spot_at_once(app, client, auth, carol, alice, lot, crowd):
    stay = park(alice, lot)
    waiting = wait(crowd[0], lot)

    def switch(active: bool) -> None:
        path = f"/api/users/{crowd[0].id}"
        assert client.patch(path, json={"active": active}, headers=auth(carol)).status_code == 200
        db.session.rollback()  # what the test reads next is the present

    switch(False)
    bookings.release(stay["id"], alice.id)
    assert statuses(waiting) == ["Waiting"]
    switch(True)
    assert statuses(waiting) == ["Offered"]


def test_a_lot_that_closes_ends_the_wait_for_it_alone(app, carol, alice, bob, crowd):
    one, two = make_lot(carol, "Station", capacity=1), make_lot(carol, "Old Town", capacity=1)
    stay = park(alice, one)
    park(bob, two)
    only, both = wait(crowd[0], one), wait(crowd[1], one, two)
    bookings.release(stay["id"], alice.id)
    lots.delete(one["id"], identity_of(carol), None, cancel_reservations=False)
    assert statuses(only, both) == ["Expired", "Waiting"]
    assert not holds()
    lots.restore(one["id"])
    assert statuses(only, both) == ["Expired", "Offered"]


def test_nothing_is_offered_twice_by_the_sweep(lot, alice, crowd):
    stay = park(alice, lot)
    first, second = wait(crowd[0], lot), wait(crowd[1], lot)
    bookings.release(stay["id"], alice.id)
    assert [offers.offer_everywhere(), offers.offer_everywhere()] == [0, 0]
    assert statuses(first, second) == ["Offered", "Waiting"]
    assert len(holds()) == 1


def test_the_sweep_offers_what_was_left(lot, alice, crowd, monkeypatch):
    """Freed while offers were switched off: the worker killed half-way, or a program that knows no waitlist."""
    with monkeypatch.context() as patch:
        stage.offer_nothing(patch)
        stay = park(alice, lot)
        waiting = wait(crowd[0], lot)
        bookings.release(stay["id"], alice.id)
    assert offers.offer_everywhere() == 1
    assert statuses(waiting) == ["Offered"]


# joining -----------------------------------------------------------------------------------


def test_nobody_waits_where_a_spot_is_free(lot, crowd):
    with pytest.raises(Conflict) as refusal:
        wait(crowd[0], lot)
    assert refusal.value.code == "spot_free"
    assert refusal.value.members["lot_id"] == lot["id"]


def test_nobody_waits_twice_for_the_same_time_or_for_too_much(lot, alice, crowd):
    reserve(alice, lot, HOUR, 20 * HOUR)
    first = wait_for(crowd[0], lot, start=HOUR)
    with pytest.raises(Conflict) as refusal:
        wait_for(crowd[0], lot, start=1.5 * HOUR)
    assert (refusal.value.code, refusal.value.members["entry_id"]) == ("already_waiting", first["id"])
    for n in range(2, 6):
        wait_for(crowd[0], lot, start=n * HOUR)
    with pytest.raises(Conflict) as refusal:
        wait_for(crowd[0], lot, start=10 * HOUR)
    assert refusal.value.code == "too_many_entries"


def test_a_window_that_begins_in_a_moment_cannot_be_waited_for(lot, alice, crowd):
    reserve(alice, lot, timedelta(0), 20 * HOUR)
    with pytest.raises(Invalid) as refusal:
        wait_for(crowd[0], lot, start=timedelta(minutes=4))
    assert "5 minutes" in refusal.value.errors["reserved_start"][0]
