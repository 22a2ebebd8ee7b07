"""Demand turned away, counted per lot and local day; and a claimed hold in the statistics of bookings."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from parking import clock
from parking.bookings import expiry
from parking.bookings import service as bookings
from parking.database import db
from parking.statistics.daily import refresh
from parking.statistics.service import turned_away
from parking.waitlist import offers, service
from tests.bookings.helpers import make_lot, park, reserve
from tests.statistics.test_oracle import compare
from tests.waitlist.stage import HOUR, people, wait, wait_for

TODAY = date(2026, 3, 2)


def counted(first=TODAY, last=TODAY, scope=None) -> dict[str, int]:
    """Without those that are 0."""
    db.session.rollback()
    return {name: number for name, number in turned_away(db.session(), first, last, scope).items() if number}


@pytest.fixture
def crowd(app):
    return people("dora", "emil", "fred", "gina", "hugo")


def test_each_way_to_end_is_counted_on_its_day_and_in_its_lot(app, carol, alice, bob, crowd):
    one, two = make_lot(carol, "Harbour", capacity=1), make_lot(carol, "Station", capacity=1)
    stay = park(alice, one)
    park(bob, two)
    entries = [wait(person, one, minutes=1440) for person in crowd[:4]]
    both = wait(crowd[4], two, one, minutes=30)
    assert counted() == {"joined": 5}
    assert counted(scope=one["id"]) == {"joined": 5}
    assert counted(scope=two["id"]) == {"joined": 1}
    bookings.release(stay["id"], alice.id)
    service.decline(entries[0]["id"], crowd[0].id)
    clock.travel(15 * 60)
    expiry.apply_all_due_transitions()
    service.claim(entries[2]["id"], crowd[2].id)
    service.leave(entries[3]["id"], crowd[3].id)
    clock.travel(15 * 60)
    offers.expire()
    ways = {"claimed": 1, "lapsed": 1, "declined": 1, "left": 1, "expired": 1}
    assert counted() == {"joined": 5, **ways}
    assert counted(scope=one["id"]) == {"joined": 5, **ways}
    assert counted(scope=two["id"]) == {"joined": 1, "expired": 1}
    assert counted(scope=frozenset()) == {}
    assert counted(TODAY + timedelta(days=1), TODAY + timedelta(days=1)) == {}
    assert service.one(both["id"], crowd[4].id)["entry"]["status"] == "Expired"


def test_days_are_those_of_each_lots_own_calendar(app, carol, alice, bob, crowd):
    """At noon in UTC on 2 March it is that day in Kiritimati only until ten in the morning."""
    far = make_lot(carol, "Atoll", capacity=1, timezone="Pacific/Kiritimati")
    near = make_lot(carol, "Harbour", capacity=1, timezone="Europe/Berlin")
    park(alice, far)
    park(bob, near)
    wait(crowd[0], far)
    wait(crowd[1], near)
    tomorrow = TODAY + timedelta(days=1)
    assert counted(tomorrow, tomorrow) == {"joined": 1}
    assert counted(TODAY, TODAY) == {"joined": 1}
    assert counted(TODAY, tomorrow) == {"joined": 2}
    assert counted(tomorrow, tomorrow, far["id"]) == {"joined": 1}


def test_a_hold_counts_as_nothing_and_its_claim_as_a_booking_from_then_on(app, carol, alice, bob, crowd):
    """Also where the day was rolled up while it was a hold."""
    lot = make_lot(carol, capacity=2)
    stay, later = park(alice, lot), reserve(bob, lot, 5 * HOUR, HOUR)
    park(bob, lot)
    reserve(alice, lot, 5 * HOUR, HOUR)
    now, window = wait(crowd[0], lot), wait_for(crowd[1], lot, start=5 * HOUR)
    bookings.release(stay["id"], alice.id)
    bookings.cancel(later["id"], bob.id)
    refresh.roll_up()
    compare(TODAY, TODAY)
    clock.travel(60)
    for entry, person in ((now, crowd[0]), (window, crowd[1])):
        service.claim(entry["id"], person.id)
        compare(TODAY, TODAY)
    refresh.roll_up()
    compare(TODAY, TODAY)
    clock.travel(86_400)
    expiry.apply_all_due_transitions()
    refresh.roll_up()
    compare(TODAY, TODAY + timedelta(days=1))
