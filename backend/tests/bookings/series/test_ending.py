"""The end of a series is one act with the waits for its dates, also beside their claims."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import false, select

from parking import clock
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.bookings.series import cancelling, making
from parking.bookings.series import service as series_service
from parking.database import db, is_sqlite
from parking.waitlist import service
from tests.bookings.helpers import reserve, row, wait_until_somebody_waits
from tests.bookings.series.stage import book_series, day
from tests.bookings.series.test_waiting import WEEK, H, entries, lot, offered, to_the_day
from tests.waitlist.stage import entry
from tests.waitlist.test_turns import in_thread

__all__ = ["lot", "offered"]


def test_the_end_of_a_series_is_one_act(app, alice, bob, lot, monkeypatch):
    """Where a wait cannot be given up, no booking is cancelled, and the series goes on."""
    booked = book_series(alice, lot, days=WEEK, first=day(60), count=2, wait_if_full=True)
    series_id, [one] = booked["series"]["id"], booked["bookings"]
    reserve(bob, lot, to_the_day(), 2 * H)
    making.book_due_dates()
    [waiting] = entries()

    def fails(*_args):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(service, "_leave", fails)
        with pytest.raises(RuntimeError):
            series_service.end(series_id, alice.id, None)
    assert (row(one["id"]).status, entry(waiting.id).status) == ("Reserved", "Waiting")
    assert series_service.get(series_id, alice.id)["series"]["ended_at"] is None
    series_service.end(series_id, alice.id, None)
    assert (row(one["id"]).status, entry(waiting.id).status) == ("Cancelled", "Left")


@pytest.mark.parametrize("guarded", [True, False])
def test_a_date_that_is_claimed_while_its_series_ends_is_cancelled_with_it(app, alice, offered, monkeypatch, guarded):
    """The end waits for the claim. The control locks neither the driver nor the spot of the offer, and overlooks it."""
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    if not guarded:
        monkeypatch.setattr(cancelling, "lock_user", lambda *_: None)
        monkeypatch.setattr(cancelling, "is_hold", false())
    series_id, entry_id = offered
    claimed, done, errors = threading.Event(), threading.Event(), list[Exception]()
    view = service.entry_view

    def held_up(session, one, now):
        answer = view(session, one, now)
        if answer["status"] == "Claimed":
            claimed.set()
            assert done.wait(60)
        return answer

    monkeypatch.setattr(service, "entry_view", held_up)
    claims = in_thread(app, lambda: service.claim(entry_id, alice.id), errors)
    assert claimed.wait(60)
    ends = in_thread(app, lambda: series_service.end(series_id, alice.id, None), errors)
    wait_until_somebody_waits()
    done.set()
    claims.join(60)
    ends.join(60)
    assert errors == []
    db.session.rollback()
    [booking] = db.session.scalars(select(Booking).where(Booking.series_id == series_id))
    assert booking.status == ("Cancelled" if guarded else "Reserved")


def test_a_claim_does_not_wait_for_the_job_that_books_another_date(app, alice, bob, lot, monkeypatch):
    """The job may wait for the driver, whom the claim has locked."""
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    book_series(alice, lot, days=WEEK, first=day(61), count=2, wait_if_full=True)
    stay = reserve(bob, lot, to_the_day(), 2 * H)
    making.book_due_dates()
    clock.travel(86400)
    bookings.cancel(stay["id"], bob.id)
    entry_id, errors = entries()[0].id, list[Exception]()
    begun, done, book = threading.Event(), threading.Event(), making._Making._book

    def held_up(*args, **more):
        begun.set()
        assert done.wait(60)
        book(*args, **more)

    monkeypatch.setattr(making._Making, "_book", held_up)
    job = in_thread(app, making.book_due_dates, errors)
    assert begun.wait(60)
    claim = in_thread(app, lambda: service.claim(entry_id, alice.id), errors)
    claim.join(30)
    waited = claim.is_alive()
    done.set()
    job.join(60)
    claim.join(60)
    assert (waited, errors) == (False, [])
