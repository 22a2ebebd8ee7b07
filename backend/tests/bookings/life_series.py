"""The part of the state machine (test_state_machine.py) that shortens, cancels a range, and books and ends series."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select, update

from parking import clock
from parking.bookings import service
from parking.bookings.models import Booking
from parking.bookings.rules.recurrence import WEEKDAYS, Recurrence
from parking.bookings.series import cancelling, making
from parking.bookings.series import service as series
from parking.bookings.series.models import Series
from parking.bookings.series.requests import SeriesRequest
from parking.database import db, transaction
from parking.errors import Conflict, Invalid
from parking.lots.models import Lot
from tests.bookings.helpers import text

MINUTE = timedelta(minutes=1)
which = st.integers(0, 50)


class SeriesRules:
    """Rules of the class Life, which has the lot, its people and the invariants."""

    @rule(n=which, by=st.integers(-30, 600))
    def shorten(self, n, by):
        """A window to come can always end earlier; nothing else about the booking changes, but its price."""
        rows = [b for b in self.rows() if b.reserved_end is not None]
        if not rows:
            return
        b = rows[n % len(rows)]
        until = b.reserved_end - by * MINUTE
        may = b.status == "Reserved" and clock.now() < b.reserved_start < until < b.reserved_end
        before = (b.status, b.spot_id, b.reserved_start, b.tariff_id, b.sequence + 1)
        try:
            view = service.shorten(b.id, b.user_id, text(until))["booking"]
        except Conflict:
            db.session.rollback()
            assert not may, "16"
            return
        assert view["reserved_end"] == view["held_until"] == text(until), "16"
        db.session.remove()
        after = db.session.get(Booking, b.id)
        if may:
            assert before == (after.status, after.spot_id, after.reserved_start, after.tariff_id, after.sequence), "16"

    @rule(allowed=st.booleans())
    def allow_to_shorten_what_runs(self, allowed):
        with transaction() as session:
            session.execute(update(Lot).where(Lot.id == self.lot).values(shorten_running=allowed))

    @rule(
        driver=st.integers(0, 2),
        days=st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True),
        ahead=st.integers(0, 62),
        hours=st.tuples(st.integers(0, 23), st.integers(0, 23)),
        count=st.integers(1, 4),
        every=st.integers(1, 2),
        waits=st.booleans(),
    )
    def book_series(self, driver, days, ahead, hours, count, every, waits):
        """What the preview says can be had is had, on the spot and at the price that it says; nothing else is."""
        if hours[0] == hours[1]:
            return
        zone = ZoneInfo(self.zone())
        first = clock.now().astimezone(zone).date() + timedelta(days=ahead)
        repeats = Recurrence(time(hours[0]), time(hours[1]), tuple(days), every, first, count=count)
        request = SeriesRequest(self.lot, self.people[driver].id, repeats)
        dates = series.preview(request)["dates"]
        accept = [one for one in dates if one["available"]]
        db.session.remove()
        if not accept:
            return
        days_of = frozenset(repeats.first.fromisoformat(one["date"]) for one in accept)
        answer = series.create(replace(request, accept=days_of, wait_if_full=waits))
        near = [one for one in accept if one["spot_number"] is not None]
        names = ("reserved_start", "reserved_end", "spot_number", "total_cost")
        assert [[b[x] for x in names] for b in answer["bookings"]] == [[one[x] for x in names] for one in near], "17"
        assert (answer["series"]["next_date"] is not None) == (len(near) < len(accept)), "17"

    @rule(n=which, ahead=st.integers(-3, 62))
    def end_series(self, n, ahead):
        """What is to come from that day on is cancelled, and nothing else."""
        db.session.remove()
        every = db.session.scalars(select(Series).where(Series.lot_id == self.lot).order_by(Series.id)).all()
        if not every:
            return
        one, zone = every[n % len(every)], ZoneInfo(self.zone())
        first = clock.now().astimezone(zone).date() + timedelta(days=ahead)
        from_day = max(first, clock.now().astimezone(zone).date())
        mine = [b for b in self.rows() if b.series_id == one.id]
        expected = {
            b.id
            for b in mine
            if self.true_status(b) == "Reserved" and b.reserved_start.astimezone(zone).date() >= from_day
        }
        answer = series.end(one.id, one.user_id, first)
        assert {b["id"] for b in answer["bookings"]} == expected, "18"

    @rule(driver=st.integers(0, 2), start=st.integers(-600, 3000), length=st.integers(-10, 6000))
    def cancel_range(self, driver, start, length):
        begin = clock.now() + start * MINUTE
        end, who = begin + length * MINUTE, self.people[driver].id
        expected = {
            b.id
            for b in self.rows()
            if b.user_id == who
            and b.booking_type == "reserved"
            and self.true_status(b) == "Reserved"
            and begin <= b.reserved_start < end
        }
        later = []
        for dry_run in (True, False):
            try:
                answer = cancelling.cancel_range(who, text(begin), text(end), dry_run=dry_run)
            except Invalid:
                assert end <= begin, "19"
                return
            db.session.remove()
            assert {b["id"] for b in answer["bookings"] if b["lot_id"] == self.lot} == expected, "19"
            later.append((answer["series_dates"], answer["waits"]))
        assert later[0] == later[1], "19"
        again = cancelling.cancel_range(who, text(begin), text(end), dry_run=True)
        assert (again["count"], again["series_dates"], again["waits"]) == (0, [], []), "19"
        db.session.remove()

    @rule()
    def book_dates_that_are_due(self):
        """No date is booked twice, and none that is due is left."""
        making.book_due_dates()
        assert making.book_due_dates() == 0, "20"

    def zone(self) -> str:
        db.session.remove()
        zone: str = db.session.get(Lot, self.lot).timezone
        return zone
