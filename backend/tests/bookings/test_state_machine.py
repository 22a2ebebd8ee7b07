"""Any sequence of actions keeps the invariants: Hypothesis books, parks, moves the clock, resizes, closes spots and
changes prices, and after every step the rows are judged by rules written down here once more, in plain Python."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import ClassVar

import pytest
from flask import current_app
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from parking import clock
from parking.bookings import expiry, occupancy, service
from parking.bookings.models import Booking
from parking.database import db
from parking.errors import Conflict, Problem
from parking.lot_admin import service as lots
from parking.lots.models import Lot, Spot
from parking.pricing import Tariff
from parking.spot_features import ordered, required
from tests.bookings.helpers import furnish, identity_of, text
from tests.bookings.life_series import SeriesRules
from tests.conftest import START, make_user
from tests.waitlist.machine import Waiting
from tests.waitlist.stage import offer_nothing

LIVE = ("Reserved", "Active")
MINUTE = timedelta(minutes=1)
minutes = st.integers(1, 600)
feature = st.sampled_from(["accessible", "ev", "covered"])
needed = st.just(()) | st.lists(feature, max_size=2, unique=True).map(ordered)
which = st.integers(0, 50)


class Life(Waiting, SeriesRules, RuleBasedStateMachine):
    """One lot of a few spots, three drivers and an administrator."""

    people: ClassVar[list] = []
    lot_count = 0

    @initialize(
        capacity=st.integers(1, 4),
        checkin=st.booleans(),
        price=st.integers(0, 999),
        closes=st.booleans(),
        currency=st.sampled_from(["EUR", "JPY"]),
        features=st.lists(st.sets(feature), min_size=4, max_size=4),
    )
    def open(self, capacity, checkin, price, closes, currency, features):
        Life.lot_count += 1
        extensions = current_app.extensions
        extensions["settings"] = replace(extensions["settings"], currency=currency)
        self.unit = 100 if currency == "JPY" else 1
        self.closes = closes
        self.now = clock.set_to(START)
        self.now.__enter__()
        self.admin = identity_of(self.people[-1])
        fields = {"name": f"Lot {Life.lot_count}", "capacity": capacity, "price_per_hour": price * self.unit}
        changes = lots.LotChanges({**fields, "require_checkin": checkin, "checkin_grace_minutes": 20})
        self.lot = lots.create_many([changes], self.admin.id)[0]["id"]
        self.final: dict[int, tuple] = {}
        self.named: set[int] = set()
        furnish({"id": self.lot}, {n: sorted(has) for n, has in enumerate(features, 1)})

    def teardown(self):
        if hasattr(self, "lot"):
            self.everybody_leaves()
        if hasattr(self, "now"):
            self.now.__exit__(None, None, None)
        db.session.remove()

    # ---- what people and time do

    @rule(driver=st.integers(0, 2), spot=st.none() | which, needs=needed)
    def park(self, driver, spot, needs):
        self.book(driver, spot, needs, None)

    @rule(driver=st.integers(0, 2), spot=st.none() | which, needs=needed, start=st.integers(0, 900), length=minutes)
    def reserve(self, driver, spot, needs, start, length):
        begins = clock.now() + start * MINUTE
        self.book(driver, spot, needs, (begins, begins + length * MINUTE))

    def book(self, driver, spot, needs, window):
        """The best spot that could be held is given; where there is none, the booking is refused."""
        self.settle_if_somebody_waits()
        spots = self.spots()
        spot_id = None if spot is None else spots[spot % len(spots)].id
        times = {} if window is None else {"reserved_start": text(window[0]), "reserved_end": text(window[1])}
        best = self.best_spot(spot_id, needs, window)
        request = service.BookRequest(self.lot, self.people[driver].id, spot_id=spot_id, needs=needs, **times)
        try:
            booking = service.book(request)["booking"]
        except Conflict as refusal:
            booking, code = None, refusal.code
        if booking is None:
            assert best is None, "10"
            assert code in ("lot_full", "spot_taken"), "10"
            return
        assert booking["spot_id"] == best, "10"
        if spot_id is not None:
            self.named.add(booking["id"])

    @rule(n=which)
    def release(self, n):
        self.on_booking(n, service.release)

    @rule(n=which)
    def cancel(self, n):
        self.on_booking(n, service.cancel)

    @rule(n=which)
    def check_in(self, n):
        """Where it is offered it succeeds, also early and beside somebody else's booking."""
        rows = self.rows()
        if rows:
            row = rows[n % len(rows)]
            actions = service.get(row.id, row.user_id)["actions"]
            self.attempt(lambda: service.check_in(row.id, row.user_id))
            if "check_in" in actions:
                assert db.session.get(Booking, row.id, populate_existing=True).status == "Active", "11"

    @rule(n=which)
    def move_the_clock_of_the_lot(self, n):
        """Another time zone moves no instant and no cost; only with a confirmation where reservations are to come."""
        zones = ["Europe/Berlin", "America/New_York", "Asia/Tokyo"]
        changes = lots.LotChanges({"timezone": zones[n % 3]})
        self.attempt(lambda: lots.update_lot(self.lot, changes, self.admin, None, confirm_timezone=n % 2 == 0))

    @rule(n=which, by=minutes)
    def extend(self, n, by):
        self.on_booking(n, service.extend, minutes=by)

    @rule(n=which)
    def force_release(self, n):
        self.on_booking(n, lambda i, _user: service.release(i, None, reason="Because"))

    def on_booking(self, n, action, **more):
        rows = self.rows()
        if rows:
            row = rows[n % len(rows)]
            self.attempt(lambda: action(row.id, row.user_id, **more))

    @rule(capacity=st.integers(1, 6))
    def resize(self, capacity):
        self.attempt(lambda: lots.update_lot(self.lot, lots.LotChanges({"capacity": capacity}), self.admin, None))

    @rule(n=which, closed=st.booleans())
    def close_spot(self, n, closed):
        spots = self.spots()
        spot_id = spots[n % len(spots)].id
        self.attempt(lambda: lots.update_spot(spot_id, {"out_of_service": closed}, self.admin))

    @rule(n=which, start=st.integers(0, 900), length=st.none() | minutes, move=st.booleans())
    def block_window(self, n, start, length, move):
        """A window in which nothing is, or from which everything can be moved, is closed; no booking is lost by it."""
        spots, begins = self.spots(), clock.now() + start * MINUTE
        spot_id = spots[n % len(spots)].id
        fields = {"out_of_service": True, "from": text(begins), "until": None}
        if length is not None:
            fields["until"] = text(begins + length * MINUTE)
        expiry.apply_due_transitions(self.lot)
        db.session.remove()
        end = begins + length * MINUTE if length else clock.FOREVER
        there = [b for b in self.everything() if b.spot_id == spot_id and b.status in LIVE and b.booking_type != "hold"]
        there = [b for b in there if b.start_time < end and b.held_until > begins]
        promised = {b.id: (b.reference, b.tariff_id, b.start_time, b.held_until) for b in there}
        try:
            moved, code = lots.update_spot(spot_id, fields, self.admin, move=move)["moved"], None
        except Conflict as refusal:
            moved, code = 0, refusal.code
        if code is not None:
            assert there, "15"
            assert code in ("closure_overlaps", "cannot_move" if move else "spot_in_use"), "15"
            return
        assert moved == len(there), "15"
        assert move or not there, "15"
        db.session.remove()
        for b in self.everything():
            if b.id in promised:
                assert promised[b.id] == (b.reference, b.tariff_id, b.start_time, b.held_until), "15"
                assert (b.status, b.spot_id != spot_id) == ("Reserved", True), "15"
                self.named.discard(b.id)

    @rule(n=which)
    def withdraw(self, n):
        closures = [b for b in self.everything() if b.booking_type == "block" and b.status in LIVE]
        if closures:
            closure = closures[n % len(closures)]
            self.attempt(lambda: lots.withdraw_closure(closure.spot_id, closure.id, self.admin))

    @rule(price=st.integers(0, 999), step=st.sampled_from([1, 60, 3600]))
    def change_price(self, price, step):
        changes = lots.LotChanges({"price_per_hour": price * self.unit, "billing_step_seconds": step})
        lots.update_lot(self.lot, changes, self.admin, None)

    @rule(by=minutes, seconds=st.integers(0, 59))
    def time_passes(self, by, seconds):
        clock.travel(by * 60 + seconds)

    @rule()
    def sweep(self):
        expiry.apply_all_due_transitions()

    @precondition(lambda self: getattr(self, "closes", False))
    @rule()
    def the_lot_closes_and_opens(self):
        self.attempt(lambda: lots.delete(self.lot, self.admin, None, cancel_reservations=True))
        self.attempt(lambda: lots.restore(self.lot))

    def attempt(self, action):
        """Refusals are part of life; anything else that is raised fails the run."""
        try:
            action()
        except Problem:
            db.session.rollback()

    # ---- what must always be true

    def rows(self):
        db.session.remove()
        stays = Booking.booking_type.in_(("instant", "reserved"))
        query = select(Booking).where(Booking.lot_id == self.lot, stays)
        return db.session.scalars(query.order_by(Booking.id)).all()

    def everything(self):
        return db.session.scalars(select(Booking).where(Booking.lot_id == self.lot)).all()

    def spots(self):
        db.session.remove()
        query = select(Spot).where(Spot.lot_id == self.lot, Spot.retired_at.is_(None)).order_by(Spot.spot_number)
        return db.session.scalars(query).all()

    def true_status(self, b):
        """The status by the clock, said again."""
        now = clock.now()
        if b.booking_type == "hold":
            return "Lapsed" if b.status == "Reserved" and now >= b.claim_by else b.status
        if b.reserved_end is not None and b.status in LIVE:
            if b.checkin_grace_s is not None:
                late = now >= b.reserved_start + timedelta(seconds=b.checkin_grace_s)
                return "No-show" if b.status == "Reserved" and late else b.status
            if now >= b.reserved_end:
                return "Completed"
            if now >= b.reserved_start:
                return "Active"
        return b.status

    def best_spot(self, spot_id, needs, window):
        """The spot that a booking must get: the named one, or the plainest with the needs; it carries nothing then."""
        every = sorted(self.spots(), key=lambda s: (s.accessible, s.ev, s.covered, s.spot_number))
        spots = [s.id for s in every if spot_id == s.id or (spot_id is None and self.has(s, needs))]
        hold = db.session.get(Lot, self.lot).instant_hold_s
        start, end = window or (clock.now(), clock.now() + timedelta(seconds=hold))
        for one in spots:
            there = [b for b in self.everything() if b.spot_id == one and self.true_status(b) in LIVE]
            clash = [b for b in there if b.start_time < end and b.held_until > start]
            car = [b for b in there if b.status == "Active"] if window is None else []
            if not clash and not car:
                return one
        return None

    def has(self, spot, needs):
        return all(getattr(spot, name) for name, needed in required(needs).items() if needed)

    @invariant()
    def the_rows_are_right(self):
        if not hasattr(self, "lot"):
            return
        db.session.remove()
        rows = self.everything()
        self.claims_are_disjoint(rows)
        self.stays_are_disjoint(rows)
        self.final_rows_stay(rows)
        self.costs_are_right([b for b in rows if b.status == "Completed" and b.booking_type != "block"])
        self.counts_are_right(rows)
        self.needs_are_met(rows)

    def claims_are_disjoint(self, rows):
        live = [b for b in rows if b.status in LIVE]
        for b in live:
            assert b.end_time is None, "4"
            assert b.status != "Active" or b.checked_in_at is not None, "7"
            for other in live:
                if other.id < b.id and other.spot_id == b.spot_id:
                    assert b.held_until <= other.start_time or other.held_until <= b.start_time, "2"
                    assert (b.status, other.status) != ("Active", "Active"), "1"
        assert all(b.end_time is not None for b in rows if b.status not in LIVE), "4"

    def needs_are_met(self, rows):
        """Also of a reservation that was moved, as another car still stood on its spot."""
        spots = {s.id: s for s in db.session.scalars(select(Spot).where(Spot.lot_id == self.lot))}
        assert all(self.has(spots[b.spot_id], b.needs) for b in rows if b.id not in self.named), "14"

    def stays_are_disjoint(self, rows):
        stays = [(b.spot_id, b.checked_in_at, b.end_time or clock.now()) for b in rows if b.checked_in_at]
        stays = sorted(s for s in stays if s[2] > s[1])
        for (spot, _, end), (next_spot, begin, _) in pairwise(stays):
            assert spot != next_spot or end <= begin, "3"

    def final_rows_stay(self, rows):
        for b in rows:
            if b.status not in LIVE:
                now = (b.status, b.spot_id, b.end_time, b.total_cost_minor)
                assert self.final.setdefault(b.id, now) == now, "8"

    def costs_are_right(self, done):
        for b in done:
            tariff = db.session.get(Tariff, b.tariff_id)
            start, end = b.start_time, b.end_time
            if b.booking_type == "reserved":
                start, end = min(start, b.reserved_start), max(end, b.reserved_end)
            steps = -(-int((end - start).total_seconds()) // tariff.step_s)
            exact = Fraction(steps * tariff.step_s * tariff.hourly_minor, 3600 * self.unit)
            assert b.total_cost_minor == self.unit * int(exact + Fraction(1, 2)), "9"

    def counts_are_right(self, rows):
        lot, now = db.session.get(Lot, self.lot), clock.now()
        hold, seen = timedelta(seconds=lot.instant_hold_s), {}
        for spot in self.spots():
            mine = [b for b in rows if b.spot_id == spot.id and b.status in LIVE]
            by_type = {(b.booking_type == "block", self.true_status(b)) for b in mine}
            near = any(self.true_status(b) == "Reserved" and b.start_time < now + hold for b in mine)
            seen[spot.id] = (
                "Occupied"  # also when a closure is due and waits for the car
                if (False, "Active") in by_type
                else "Out of service"
                if (True, "Active") in by_type
                else "Reserved"
                if near
                else "Available"
            )
        lot = db.session.get(Lot, self.lot)
        assert len(seen) == lot.capacity, "13"
        states = occupancy.spot_states(db.session(), now, self.lot)
        assert {i: states.get(i, "Available") for i in seen} == seen, "6"
        counted = occupancy.counts_by_lot(db.session(), now, [self.lot]).get(self.lot, occupancy.SpotCounts())
        assert counted.taken == sum(s != "Available" for s in seen.values()), "6"


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_any_sequence_of_actions_keeps_the_invariants(app):
    live_lives(list(Phase))


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_control_where_freeing_offers_nothing_somebody_waits_beside_a_free_spot(app, monkeypatch):
    offer_nothing(monkeypatch)
    with pytest.raises(AssertionError, match="18"):
        live_lives([Phase.generate])


def live_lives(phases) -> None:
    Life.people = [make_user(name, "user") for name in ("ann", "ben", "cleo")] + [make_user("dora", "user", "admin")]
    for person in Life.people:
        identity_of(person)
    db.session.remove()
    profile = settings(
        max_examples=200,
        stateful_step_count=40,
        phases=phases,
        deadline=None,
        derandomize=True,  # the same lives every time: what fails here fails everywhere
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=profile)
