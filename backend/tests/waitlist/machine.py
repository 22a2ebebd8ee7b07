"""The waitlist in the state machine of bookings: people join, leave, claim and decline, and no spot is free for
somebody who waits."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import or_, select

from parking import clock
from parking.bookings import expiry
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.database import db
from parking.spot_features import ordered
from parking.waitlist import offers, service
from parking.waitlist.models import WaitlistEntry, WaitlistLot
from tests.bookings.helpers import text

MINUTE = timedelta(minutes=1)
needed = st.just(()) | st.lists(st.sampled_from(["accessible", "ev"]), max_size=1).map(ordered)
which = st.integers(0, 50)


class Waiting:
    """Rules and invariants beside those of the life of bookings, which has `lot`, `people` and `attempt`."""

    @rule(driver=st.integers(0, 2), needs=needed, minutes=st.integers(5, 300))
    def wait(self, driver, needs, minutes):
        self.join(driver, for_minutes=minutes, needs=needs)

    @rule(driver=st.integers(0, 2), n=which, reserved=st.booleans())
    def somebody_leaves_a_full_lot(self, driver, n, reserved):
        """The lot fills up, for now or for a window, two people wait, and one of the bookings is given up."""
        begins, window = clock.now() + 60 * MINUTE, {}
        if reserved:
            window = {"reserved_start": text(begins), "reserved_end": text(begins + 60 * MINUTE)}
        request = bookings.BookRequest(self.lot, self.people[driver].id, **window)
        for _ in range(8):
            self.attempt(lambda: bookings.book(request))
        for one in (driver, (driver + 1) % 3):
            self.join(one, **window or {"for_minutes": 120})
        status, give_up = ("Reserved", bookings.cancel) if reserved else ("Active", bookings.release)
        rows = [b for b in self.rows() if b.status == status]
        if rows:
            row = rows[n % len(rows)]
            self.attempt(lambda: give_up(row.id, row.user_id))

    def join(self, driver, **wishes):
        request = service.JoinRequest(self.people[driver].id, (self.lot,), **wishes)
        self.attempt(lambda: service.join(request))

    @rule(driver=st.integers(0, 2), needs=needed, start=st.integers(5, 600), length=st.integers(1, 300))
    def wait_for_a_window(self, driver, needs, start, length):
        begins = clock.now() + start * MINUTE
        window = {"reserved_start": text(begins), "reserved_end": text(begins + length * MINUTE)}
        self.join(driver, **window, needs=needs)

    @rule(n=which)
    def claim(self, n):
        """An offer that stands is claimed: the same row becomes the booking, at the same spot and price."""
        for entry in self.picked(n, WaitlistEntry.status == "Offered"):
            hold = db.session.get_one(Booking, entry.booking_id)
            stands, offered = clock.now() < hold.claim_by, (hold.spot_id, hold.tariff_id, hold.created_at)
            self.attempt(lambda entry=entry: service.claim(entry.id, entry.user_id))
            db.session.remove()
            if stands:
                row = db.session.get_one(Booking, entry.booking_id)
                assert (row.spot_id, row.tariff_id, row.created_at) == offered, "16"
                assert row.booking_type == entry.booking_type, "16"
                assert row.status in ("Active", "Reserved"), "16"

    @rule(n=which)
    def decline(self, n):
        for entry in self.picked(n, WaitlistEntry.status == "Offered"):
            self.attempt(lambda entry=entry: service.decline(entry.id, entry.user_id))

    @rule(n=which)
    def leave(self, n):
        for entry in self.picked(n, WaitlistEntry.ended_at.is_(None)):
            self.attempt(lambda entry=entry: service.leave(entry.id, entry.user_id))

    @rule()
    def sweep_the_waitlist(self):
        offers.expire()
        offers.offer_everywhere()

    def everybody_leaves(self):
        """The next life, which begins at the same moment, has the same people: what is left of this one would be in
        their way."""
        offers.expire()
        for entry in self.entries(WaitlistEntry.ended_at.is_(None)):
            service.leave(entry.id, entry.user_id)

    def settle_if_somebody_waits(self):
        """What is due by the clock may free a spot for whoever waits: it is theirs before it is anybody else's."""
        if self.entries(WaitlistEntry.ended_at.is_(None)):
            expiry.apply_due_transitions(self.lot)

    def picked(self, n, *where):
        entries = self.entries(*where)
        return [entries[n % len(entries)]] if entries else []

    def entries(self, *where):
        db.session.remove()
        of_lot = select(WaitlistLot.entry_id).where(WaitlistLot.lot_id == self.lot)
        query = select(WaitlistEntry).where(WaitlistEntry.id.in_(of_lot), *where)
        return db.session.scalars(query.order_by(WaitlistEntry.created_at, WaitlistEntry.id)).all()

    @invariant()
    def nobody_waits_for_a_spot_that_is_free(self):
        """Once what is due by the clock is written: that transaction makes the offers."""
        if not hasattr(self, "lot"):
            return
        db.session.remove()
        if any(self.true_status(b) != b.status for b in self.everything()):
            return
        now = clock.now()
        live = self.entries(or_(WaitlistEntry.status == "Waiting", WaitlistEntry.status == "Offered"))
        offered = {entry.user_id for entry in live if entry.status == "Offered"}
        assert len(offered) == sum(entry.status == "Offered" for entry in live), "17"
        holds = {b.id: b for b in self.everything() if b.booking_type == "hold" and b.status == "Reserved"}
        assert {entry.booking_id for entry in live if entry.status == "Offered"} == set(holds), "17"
        for entry in live:
            if entry.status == "Offered":
                hold = holds[entry.booking_id]
                assert hold.user_id == entry.user_id, "17"
                assert hold.reserved_start is None or hold.claim_by <= hold.reserved_start, "17"
                continue
            start, soon = entry.reserved_start, now + 5 * MINUTE
            if entry.user_id in offered or entry.waits_until <= now or (start is not None and start < soon):
                continue
            window = None if start is None else (start, entry.reserved_end)
            assert self.best_spot(None, entry.needs, window) is None, "18"
