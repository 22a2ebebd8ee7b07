"""The status of an entry by the clock is the same in SQL as by the rules. Lists, numbers and files follow it: no job
writes what is due in these tests, unless they say so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from parking import clock
from parking.bookings import expiry
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.database import db
from parking.lot_admin import service as lots
from parking.mail import OutboxMail
from parking.statistics.service import turned_away
from parking.timestamps import to_rfc3339
from parking.waitlist import offers, queries, rules, service
from parking.waitlist.models import WaitlistEntry
from parking.waitlist.views import entry_views
from tests.bookings.helpers import identity_of, make_lot, park, reserve
from tests.waitlist.stage import HOUR, entry, people, statuses, wait, wait_for

SECOND, QUARTER, HALF = timedelta(seconds=1), 15 * 60, 30 * 60
TODAY = date(2026, 3, 2)


@pytest.fixture
def lot(app, carol):
    return make_lot(carol, capacity=1)


@pytest.fixture
def crowd(app):
    return people("dora", "emil", "fred", "gina", "hugo", "ivan", "jana", "kim")


@pytest.fixture
def every_kind(lot, alice, bob, crowd):
    """An entry of each stored status, two of them with an offer, and one that waits for a window."""
    stay = reserve(bob, lot, 9 * HOUR, HOUR)
    window = wait_for(crowd[7], lot, start=9 * HOUR)
    second = wait_for(crowd[6], lot, start=9 * HOUR)
    car = park(alice, lot)
    entries = [wait(person, lot, minutes=5 if person is crowd[5] else 600) for person in crowd[:6]]
    bookings.release(car["id"], alice.id)
    taken = service.claim(entries[0]["id"], crowd[0].id)["booking"]
    clock.travel(5 * 60)
    offers.expire()
    bookings.release(taken["id"], crowd[0].id)
    service.decline(entries[1]["id"], crowd[1].id)
    clock.travel(QUARTER)
    expiry.apply_all_due_transitions()
    service.leave(entries[4]["id"], crowd[4].id)
    again = wait(alice, lot, minutes=45)
    clock.travel(60)
    bookings.cancel(stay["id"], bob.id)
    all_of_them = [window, second, *entries, again]
    assert set(statuses(*all_of_them)) == set(rules.STATUSES)
    return all_of_them


def moments() -> list:
    """Those at which an entry ends by itself, and a second before and after them."""
    claim_by = select(Booking.claim_by).where(Booking.claim_by.is_not(None))
    ends = {*db.session.scalars(select(WaitlistEntry.waits_until)), *db.session.scalars(claim_by), clock.now()}
    return sorted({end + near for end in ends for near in (-SECOND, timedelta(0), SECOND)} - {None})


def test_status_and_end_in_sql_are_those_of_the_rules_at_every_moment(every_kind):
    rows = db.session.scalars(select(WaitlistEntry).order_by(WaitlistEntry.id)).all()
    seen = set()
    for now in moments():
        views = {view["id"]: (view["status"], view["ended_at"]) for view in entry_views(db.session(), rows, now)}
        query = select(WaitlistEntry.id, queries.status_at(now), queries.ended_at(now))
        assert {i: (status, to_rfc3339(end)) for i, status, end in db.session.execute(query)} == views, now
        for status in rules.STATUSES:
            of_status = {i for i, (is_, _) in views.items() if is_ == status}
            assert ids(queries.status_is(status, now)) == of_status, (now, status)
        assert ids(queries.is_live_at(now)) == {i for i, (status, _) in views.items() if status in rules.LIVE}
        seen |= {(row.status, views[row.id][0]) for row in rows}
    assert {("Waiting", "Waiting"), ("Waiting", "Expired"), ("Offered", "Offered"), ("Offered", "Lapsed")} <= seen


def test_what_ended_in_a_time_is_found_by_the_same_end(every_kind):
    rows = db.session.scalars(select(WaitlistEntry)).all()
    to_come = [now for now in moments() if now >= clock.now()]
    ends = {view["id"]: view["ended_at"] for view in entry_views(db.session(), rows, to_come[-1])}
    for now in to_come:
        over = {i for i, end in ends.items() if end is not None and end <= to_rfc3339(now)}
        assert ids(queries.has_ended(clock.now() - 24 * HOUR, None, now)) == over
        within = {i for i in over if to_rfc3339(now - HOUR) <= ends[i] < to_rfc3339(now)}
        assert ids(queries.has_ended(now - HOUR, now, now)) == within


def ids(condition) -> set[int]:
    return set(db.session.scalars(select(WaitlistEntry.id).where(condition)))


# who follows it -----------------------------------------------------------------------------


@pytest.fixture
def over(lot, alice, crowd):
    """An offer that ran out, a wait whose time is over, and one that goes on. Nothing of that is written."""
    car = park(alice, lot)
    offered, short, long = wait(crowd[0], lot), wait(crowd[1], lot, minutes=30), wait(crowd[2], lot)
    clock.travel(QUARTER)
    bookings.release(car["id"], alice.id)
    clock.travel(QUARTER)
    yield offered, short, long
    assert statuses(offered, short, long) == ["Offered", "Waiting", "Waiting"]


def test_an_administrator_filters_by_it(client, auth, carol, over):
    offered, short, long = (one["id"] for one in over)

    def listed(query: str = "") -> tuple[list[int], int]:
        answer = client.get(f"/api/admin/waitlist{query}", headers=auth(carol)).json
        return [one["id"] for one in answer["entries"]], answer["total"]

    assert listed() == ([long], 1)
    expected = {"Waiting": [long], "Offered": [], "Lapsed": [offered], "Expired": [short], "Left": []}
    for status, entries in expected.items():
        assert listed(f"?status={status}") == (entries, len(entries)), status


def test_the_file_of_ones_data_says_it(client, auth, crowd, over):
    for person, one, status, reason in (
        (crowd[0], over[0], "Lapsed", "not_claimed"),
        (crowd[1], over[1], "Expired", "time_over"),
        (crowd[2], over[2], "Waiting", None),
    ):
        [mine] = client.get("/api/me/data", headers=auth(person)).json["waitlist"]
        ended = None if reason is None else to_rfc3339(clock.now())
        assert (mine["id"], mine["status"], mine["reason"], mine["ended_at"]) == (one["id"], status, reason, ended)


def test_it_counts_as_demand_turned_away_and_the_job_changes_no_number(lot, alice, crowd):
    car = park(alice, lot)
    wait(crowd[0], lot)
    wait(crowd[1], lot, minutes=30)
    clock.travel(QUARTER)
    bookings.release(car["id"], alice.id)
    clock.travel(QUARTER)
    numbers = [turned_away(db.session(), TODAY, TODAY, scope) for scope in (None, lot["id"])]
    assert [(one["joined"], one["lapsed"], one["expired"]) for one in numbers] == [(2, 1, 1)] * 2
    offers.expire()
    expiry.apply_all_due_transitions()
    db.session.rollback()
    assert [turned_away(db.session(), TODAY, TODAY, scope) for scope in (None, lot["id"])] == numbers


def test_whoever_has_waited_in_vain_may_wait_once_more_at_once(lot, alice, crowd):
    park(alice, lot)
    first = wait(crowd[0], lot, minutes=30)
    clock.travel(HALF)
    assert statuses(first) == ["Waiting"], "no job has written its end"
    assert wait(crowd[0], lot)["position"] == 1


def test_what_ended_a_day_ago_has_left_ones_list(lot, alice, crowd):
    park(alice, lot)
    first = wait(crowd[0], lot, minutes=30)
    clock.travel(HALF + 24 * 3600 - 1)
    assert [one["status"] for one in service.own(crowd[0].id)["entries"]] == ["Expired"]
    clock.travel(1)
    assert service.own(crowd[0].id)["entries"] == []
    assert statuses(first) == ["Waiting"]


def test_nobody_leaves_what_is_over(lot, alice, crowd):
    park(alice, lot)
    first = wait(crowd[0], lot, minutes=30)
    clock.travel(HALF)
    answer = service.leave(first["id"], crowd[0].id)["entry"]
    assert (answer["status"], answer["ended_at"]) == ("Expired", to_rfc3339(clock.now()))
    offers.expire()
    assert entry(first["id"]).status == "Expired"


def test_who_waits_no_longer_is_not_told_that_the_lot_closes_or_has_another_zone(lot, alice, carol, crowd):
    car = reserve(alice, lot, HOUR, HOUR)
    over, now = wait_for(crowd[0], lot, start=HOUR), wait_for(crowd[1], lot, start=1.5 * HOUR)
    clock.travel(3600)
    changes = lots.LotChanges({"timezone": "Asia/Tokyo"})
    lots.update_lot(lot["id"], changes, identity_of(carol), None, confirm_timezone=True)
    bookings.release(car["id"], alice.id)
    service.decline(now["id"], crowd[1].id)
    reserve(alice, lot, 3 * HOUR, HOUR)
    again = wait_for(crowd[2], lot, start=3 * HOUR)
    lots.delete(lot["id"], identity_of(carol), None, cancel_reservations=True)
    messages = select(OutboxMail.kind, OutboxMail.user_id).where(
        OutboxMail.kind.in_(["waitlist_zone", "waitlist_withdrawn"])
    )
    assert sorted(map(tuple, db.session.execute(messages))) == [
        ("waitlist_withdrawn", crowd[2].id),
        ("waitlist_zone", crowd[1].id),
    ]
    assert (entry(over["id"]).status, entry(again["id"]).reason) == ("Waiting", "lot_closed")
