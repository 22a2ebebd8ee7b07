"""A reservation ends earlier: it costs less, the spot is free for others from then on, and the calendar hears of it."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, timedelta
from itertools import permutations
from random import Random

import pytest
from sqlalchemy import select, text, update

from parking import clock, realtime
from parking.audit import AuditEntry
from parking.bookings import allocation, expiry, service, transitions
from parking.bookings.reading import queries
from parking.database import db, transaction
from parking.errors import Conflict, Invalid, Problem
from parking.lots.models import Lot
from parking.statistics.daily import check, refresh
from tests.bookings.helpers import make_lot, park, reserve, row
from tests.bookings.helpers import text as rfc3339
from tests.bookings.reading.test_calendar_file import mailed, sent
from tests.bookings.test_races import double_bookings, drop_guards
from tests.statistics.test_oracle import compare

H = timedelta(hours=1)


@pytest.fixture
def lot(carol):
    return make_lot(carol, capacity=1)


def allow_running(lot) -> None:
    with transaction() as session:
        session.execute(update(Lot).where(Lot.id == lot["id"]).values(shorten_running=True))


def in_hours(hours: float) -> str:
    return rfc3339(clock.now() + hours * H)


def test_the_price_falls_and_the_rest_is_free_at_once(client, auth, alice, bob, lot, monkeypatch):
    published = []
    monkeypatch.setattr(realtime, "publish", lambda kind, data, **_: published.append((kind, data.get("id"))))
    booking = reserve(alice, lot, H, 4 * H)
    sent(booking)
    half = row(booking["id"]).reserved_start + 2 * H
    rest = half - clock.now(), 2 * H
    with pytest.raises(Conflict):
        reserve(bob, lot, *rest)
    assert "shorten" in booking["actions"]
    published.clear()
    url = f"/api/bookings/{booking['id']}/shorten"
    answer = client.post(url, json={"until": rfc3339(half)}, headers=auth(alice))
    assert answer.status_code == 200, answer.json
    view = answer.json["booking"]
    assert (booking["total_cost"], view["total_cost"]) == (8, 4)
    assert view["reserved_end"] == view["held_until"] == rfc3339(half)
    assert ("booking", booking["id"]) in published
    assert ("lot", lot["id"]) in published
    entries = mailed(booking["id"])
    assert [kind for kind, _ in entries] == ["booking_confirmation"] * 2
    assert [(entry.method, entry.sequence) for _, entry in entries] == [("REQUEST", 0), ("REQUEST", 1)]
    assert entries[1][1].end == half
    (change,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "booking.shortened"))
    assert change.before.keys() == change.after.keys() == {"held_until", "reserved_end"}
    assert reserve(bob, lot, *rest)["spot_number"] == 1


def test_a_naive_time_is_the_lots(app, alice, carol):
    lot = make_lot(carol, timezone="Asia/Tokyo")
    booking = reserve(alice, lot, H, 4 * H)
    local = (clock.now() + 11 * H).replace(tzinfo=None).isoformat()
    assert service.shorten(booking["id"], alice.id, local)["booking"]["reserved_end"] == in_hours(2)


def test_one_key_shortens_once(client, auth, alice, lot):
    booking = reserve(alice, lot, H, 4 * H)
    headers = auth(alice, **{"Idempotency-Key": "short"})
    url, body = f"/api/bookings/{booking['id']}/shorten", {"until": in_hours(2)}
    first, second = (client.post(url, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, second.json) == (200, first.json)
    assert row(booking["id"]).sequence == 1


def code_of(booking_id: int, user, until: str) -> str:
    with pytest.raises(Conflict) as refusal:
        service.shorten(booking_id, user.id, until)
    return refusal.value.code


def test_what_cannot_be_shortened_is_told(app, alice, lot):
    booking = reserve(alice, lot, 5 * H, 4 * H)
    stay = park(alice, make_lot_of(alice))
    assert code_of(booking["id"], alice, in_hours(9)) == "not_earlier"
    assert code_of(booking["id"], alice, in_hours(12)) == "not_earlier"
    assert code_of(booking["id"], alice, in_hours(5)) == "not_after"
    assert code_of(stay["id"], alice, in_hours(1)) == "no_end"
    assert "shorten" not in stay["actions"]
    with pytest.raises(Invalid):
        service.shorten(booking["id"], alice.id, "later")
    service.cancel(booking["id"], alice.id)
    assert code_of(booking["id"], alice, in_hours(6)) == "already_ended"


def make_lot_of(user):
    return make_lot(user, "Other")


@pytest.mark.parametrize("written", [False, True])
def test_a_running_one_only_where_the_lot_allows_it(app, alice, bob, lot, written):
    booking = reserve(alice, lot, H, 4 * H)
    clock.travel(2 * 3600)
    if written:
        expiry.apply_all_due_transitions()
    assert "shorten" not in service.get(booking["id"], alice.id)["actions"]
    assert code_of(booking["id"], alice, in_hours(1)) == "already_started"
    allow_running(lot)
    assert "shorten" in service.get(booking["id"], alice.id)["actions"]
    assert code_of(booking["id"], alice, in_hours(-0.5)) == "already_passed"
    view = service.shorten(booking["id"], alice.id, in_hours(1))["booking"]
    assert (view["status"], view["reserved_end"]) == ("Active", in_hours(1))
    later = reserve(bob, lot, H, H)
    clock.travel(3600)
    expiry.apply_all_due_transitions()
    stored = row(booking["id"])
    assert (stored.status, stored.end_time, stored.total_cost_minor) == ("Completed", stored.reserved_end, 400)
    assert row(later["id"]).status in ("Reserved", "Active")


def test_the_rest_stays_free_where_drivers_check_in(app, alice, bob, carol):
    """No job holds the spot longer again before the shorter window is over; then it does, while the car stays."""
    lot = make_lot(carol, capacity=1, require_checkin=True, checkin_grace_minutes=30)
    allow_running(lot)
    booking = reserve(alice, lot, H, 8 * H)
    clock.travel(3600)
    service.check_in(booking["id"], alice.id)
    service.shorten(booking["id"], alice.id, in_hours(2))
    clock.travel(60)
    expiry.apply_all_due_transitions()
    assert row(booking["id"]).held_until == row(booking["id"]).reserved_end
    assert reserve(bob, lot, 3 * H, H)["spot_number"] == 1
    clock.travel(2 * 3600)
    expiry.apply_all_due_transitions()
    stored = row(booking["id"])
    assert stored.status == "Active"
    assert stored.held_until == row(2).reserved_start


def test_statistics_are_those_of_the_shorter_window(app, alice, bob, carol):
    """Written down before the change and after it: the days are counted again where it matters."""
    lot = make_lot(carol, timezone="Europe/Berlin", capacity=2)
    allow_running(lot)
    early, running = reserve(alice, lot, H, 4 * H), reserve(bob, lot, H, 20 * H)
    first, last = date(2026, 3, 2), date(2026, 3, 4)
    refresh.roll_up()
    service.shorten(early["id"], alice.id, in_hours(2))
    clock.travel(15 * 3600)  # it is 4 o'clock there, the next day
    expiry.apply_all_due_transitions()
    refresh.roll_up()
    service.shorten(running["id"], bob.id, in_hours(1))
    compare(first, last)
    refresh.roll_up()
    compare(first, last)
    clock.travel(2 * 3600)
    expiry.apply_all_due_transitions()
    compare(first, last)
    refresh.roll_up()
    compare(first, last)
    assert check.find_differences() == []


# against extend and a newcomer -----------------------------------------------------------------

ROUNDS = 1_000
LONG = timedelta(hours=6)


class Rounds:
    """In each round alice has a spot for six hours. At once she shortens by two hours and extends by one, and bob
    wants the spot for the last two hours."""

    def __init__(self, app, alice, bob, lot, rounds: int) -> None:
        self.app, self.alice, self.bob, self.lot = app, alice.id, bob.id, lot
        begins = clock.now() + timedelta(days=1)
        self.cases = []
        spots = db.session.execute(text("SELECT id FROM parking_spot ORDER BY id")).scalars().all()
        for n in range(rounds):
            start = begins + timedelta(hours=9) * (n // len(spots))
            self.cases.append((spots[n % len(spots)], start))
        self.seed = Random(7)
        self.now = clock.now()

    def play(self, number: int, extend) -> tuple[dict[str, bool], timedelta]:
        """What succeeded, and how long alice's booking is."""
        spot, start = self.cases[number]
        window = {"reserved_start": rfc3339(start), "reserved_end": rfc3339(start + LONG)}
        request = service.BookRequest(self.lot["id"], self.alice, spot_id=spot, **window)
        booking = service.book(request)["booking"]["id"]
        db.session.remove()
        late = {"reserved_start": rfc3339(start + 4 * H), "reserved_end": rfc3339(start + LONG)}
        acts = {
            "shorten": lambda: service.shorten(booking, self.alice, rfc3339(start + 4 * H)),
            "extend": lambda: extend(booking, self.alice),
            "newcomer": lambda: service.book(service.BookRequest(self.lot["id"], self.bob, spot_id=spot, **late)),
        }
        done: dict[str, bool] = {}
        ready = threading.Barrier(len(acts))
        pauses = {name: self.seed.random() / 500 for name in acts}

        def run(name: str) -> None:
            with self.app.app_context(), clock.set_to(self.now):
                ready.wait()
                threading.Event().wait(pauses[name])
                try:
                    acts[name]()
                    done[name] = True
                except Problem:
                    done[name] = False
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=run, args=(name,)) for name in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stored = row(booking)
        return done, stored.reserved_end - stored.reserved_start


def serial_outcomes() -> set[tuple]:
    """What the three may lead to: that of one of their six orders."""
    outcomes = set()
    for order in permutations(("shorten", "extend", "newcomer")):
        length, taken, done = 6, False, {}
        for name in order:
            if name == "shorten":
                done[name], length = True, 4
            elif name == "extend":
                done[name] = not (taken and length + 1 > 4)
                length += done[name]
            else:
                done[name] = taken = length <= 4
        outcomes.add((done["shorten"], done["extend"], done["newcomer"], length))
    return outcomes


def outcome_of(played) -> tuple:
    done, length = played
    return done["shorten"], done["extend"], done["newcomer"], length // H


def extend_by_an_hour(booking_id: int, user_id: int) -> None:
    service.extend(booking_id, user_id, minutes=60)


@pytest.mark.slow
def test_shorten_against_extend_against_a_newcomer(app, alice, bob, carol):
    """A thousand times, each as if one had come after the other."""
    lot = make_lot(carol, capacity=200)
    rounds = Rounds(app, alice, bob, lot, ROUNDS)
    seen = Counter(outcome_of(rounds.play(number, extend_by_an_hour)) for number in range(ROUNDS))
    assert set(seen) <= serial_outcomes(), seen
    assert len(seen) > 1, "they never met in another order"
    assert double_bookings() == 0


@pytest.mark.slow
def test_control_an_extension_that_checks_before_it_writes(app, alice, bob, carol):
    lot = make_lot(carol, capacity=200)
    drop_guards()

    def naive(booking_id: int, user_id: int) -> None:
        stale = queries.one(booking_id, user_id)
        end = stale.booking.held_until + H
        other = allocation.next_hold_start(db.session(), stale.booking, stale.booking.start_time)
        if other is not None and other < end:
            raise Conflict("Taken.")
        db.session.close()
        threading.Event().wait(0.02)
        with transaction() as session:
            transitions.extend(session, stale, end)

    rounds = Rounds(app, alice, bob, lot, 200)
    for number in range(200):
        outcome = outcome_of(rounds.play(number, naive))
        if outcome not in serial_outcomes() or double_bookings():
            return
    pytest.fail("nothing went wrong without the guards")
