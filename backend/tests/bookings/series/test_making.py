"""The dates that were too far ahead are booked later, day by day: once each, whatever kills the job."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from parking import clock
from parking.accounts import User
from parking.audit import AuditEntry
from parking.bookings import Visitor
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.bookings.series import making, service
from parking.bookings.series.models import Series
from parking.database import db, transaction
from parking.lot_admin import service as lots
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from parking.mail.rendering import render
from parking.notices.models import Notice
from parking.settings import current
from tests.bookings.helpers import identity_of, make_lot, reserve
from tests.bookings.series.stage import book_series, day

H, D = timedelta(hours=1), timedelta(days=1)
WEEK = ("mo", "tu", "we", "th", "fr", "sa", "su")


@pytest.fixture
def lot(carol):
    return make_lot(carol, capacity=2)


def mails(kind: str) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(OutboxMail).where(OutboxMail.kind == kind))


def days_booked(series_id: int) -> list[str]:
    db.session.rollback()
    starts = select(Booking.reserved_start).where(Booking.series_id == series_id, Booking.status != "Cancelled")
    return [f"{start:%m-%d}" for start in db.session.scalars(starts.order_by(Booking.reserved_start))]


def the_series(series_id: int) -> Series:
    db.session.rollback()
    return db.session.get_one(Series, series_id, populate_existing=True)


def test_dates_are_booked_day_by_day_as_soon_as_they_can_be(app, alice, lot):
    """Sixty days ahead are allowed, to the minute of the start."""
    more = {"days": WEEK, "first": day(59), "count": 5, "vehicle_plate": "B-PW 1", "needs": ()}
    series = book_series(alice, lot, **more)["series"]
    assert days_booked(series["id"]) == ["04-30", "05-01"]
    assert series["next_date"] == "2026-05-02"
    assert making.book_due_dates() == 0
    clock.travel(20 * 3600 - 1)  # it is one second to eight
    assert making.book_due_dates() == 0
    clock.travel(1)
    assert making.book_due_dates() == 1
    assert making.book_due_dates() == 0
    assert days_booked(series["id"])[-1] == "05-02"
    assert mails("booking_confirmation") == 1
    clock.travel(9 * 86400)  # no worker for days
    assert making.book_due_dates() == 2
    assert days_booked(series["id"]) == ["04-30", "05-01", "05-02", "05-03", "05-04"]
    stored = the_series(series["id"])
    assert (stored.next_day, stored.vehicle_plate) == (None, None)
    plates = set(db.session.scalars(select(Booking.vehicle_plate)))
    assert plates == {"B-PW 1"}


def test_a_series_that_is_all_too_far_ahead_is_confirmed_too(app, alice, lot):
    book_series(alice, lot, days=WEEK, first=day(61), count=3)
    (queued,) = db.session.scalars(select(OutboxMail).where(OutboxMail.kind == "series_booked"))
    assert queued.subject == "Repeating booking at Harbour"
    words = render.render(delivery.draft(queued, current()), delivery.site(current())).text
    assert "Dates from Sat 2 May 2026 on are too far ahead" in " ".join(words.split())
    assert "Dates:" not in words


def test_only_the_accepted_dates_are_booked_later(app, alice, lot):
    series = book_series(alice, lot, days=WEEK, first=day(60), count=4, accept=[day(60), day(63)])["series"]
    assert series["next_date"] == day(63).isoformat()
    clock.travel(9 * 86400)
    making.book_due_dates()
    assert days_booked(series["id"]) == ["05-01", "05-04"]


def test_the_spot_stays_the_same_where_it_can(app, alice, bob, lot):
    book_series(bob, lot, days=WEEK, first=day(58), count=2)
    mine = book_series(alice, lot, days=WEEK, first=day(59), count=6)
    assert {one["spot_number"] for one in mine["bookings"]} == {2}
    clock.travel(9 * 86400)
    making.book_due_dates()
    view = service.get(mine["series"]["id"], alice.id)
    assert {one["spot_number"] for one in view["bookings"]} == {2}


def test_one_mail_and_notice_tell_of_a_date_that_could_not_be_had(client, alice, bob, carol, auth):
    lot = make_lot(carol, capacity=1)
    series = book_series(alice, lot, days=WEEK, first=day(60), count=4)["series"]
    clock.travel(86400)
    making.book_due_dates()
    start = clock.now().replace(hour=9) + 61 * D
    clock.travel(86400)
    reserve(bob, lot, start - clock.now(), H)  # before the job runs
    clock.travel(5 * 86400)
    making.book_due_dates()
    making.book_due_dates()
    booked = days_booked(series["id"])
    assert len(booked) == 3
    assert mails("series_date_missed") == 1
    assert db.session.query(Notice).filter_by(kind="series_date_missed", user_id=alice.id).count() == 1
    (missed,) = reasons()
    assert missed["why"] == "full"
    assert missed["date"][5:] not in booked
    (notice,) = client.get("/api/notices", headers=auth(alice)).json["notices"]
    assert (notice["kind"], notice["booking_id"], notice["series_id"]) == ("series_date_missed", None, series["id"])


def reasons() -> list[dict]:
    db.session.rollback()
    entries = select(AuditEntry.after).where(AuditEntry.action == "series.date_missed").order_by(AuditEntry.id)
    return list(db.session.scalars(entries))


def test_a_date_that_passed_while_no_worker_ran_is_told_and_the_series_goes_on(app, alice, lot):
    series = book_series(alice, lot, days=("mo",), first=date(2026, 5, 4), count=2)["series"]
    clock.travel(65 * 86400)
    making.book_due_dates()
    assert reasons() == [{"date": "2026-05-04", "why": "too_late"}]
    assert days_booked(series["id"]) == ["05-11"]


def test_a_time_that_a_new_zone_of_the_lot_leaves_out_is_told(app, alice, lot, carol):
    with clock.set_to(datetime(2026, 1, 2, 12, tzinfo=UTC)):
        more = {"days": ("su",), "first": date(2026, 3, 29), "start": "02:30", "end": "03:00", "count": 2}
        series = book_series(alice, lot, **more)["series"]
        lots.update_lot(lot["id"], lots.LotChanges({"timezone": "Europe/Berlin"}), identity_of(carol), None)
    making.book_due_dates()
    assert reasons() == [{"date": "2026-03-29", "why": "clock_change"}]
    assert days_booked(series["id"]) == ["04-05"]


def test_a_booking_of_ones_own_at_the_time_is_an_obstacle(app, alice, lot):
    series = book_series(alice, lot, days=WEEK, first=day(61), count=2)["series"]
    clock.travel(86400)
    reserve(alice, lot, clock.now().replace(hour=9) + 60 * D - clock.now(), H)
    clock.travel(86400)
    making.book_due_dates()
    assert days_booked(series["id"]) == ["05-03"]
    (missed,) = reasons()
    assert missed == {"date": "2026-05-02", "why": "yours_already"}


def test_a_guest_at_the_time_is_none(app, alice, lot):
    series = book_series(alice, lot, days=WEEK, first=day(61), count=1)["series"]
    clock.travel(86400)
    guest = Visitor("Vera", is_guest=True)
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], guests_per_user=1)
    reserve(alice, lot, clock.now().replace(hour=9) + 60 * D - clock.now(), H, visitor=guest)
    making.book_due_dates()
    assert (days_booked(series["id"]), reasons()) == (["05-02"], [])


def test_the_limit_of_open_bookings_is_an_obstacle(app, alice, lot):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], max_open_bookings_per_user=2)
    series = book_series(alice, lot, days=WEEK, first=day(59), count=3)["series"]
    clock.travel(2 * 86400)
    making.book_due_dates()
    assert reasons() == [{"date": "2026-05-02", "why": "limit"}]
    assert days_booked(series["id"]) == ["04-30", "05-01"]


def test_a_closed_lot_ends_the_series_with_one_mail(app, alice, lot, carol):
    series = book_series(alice, lot, days=WEEK, first=day(61), count=5)["series"]
    lots.delete(lot["id"], identity_of(carol), None, cancel_reservations=False)
    clock.travel(9 * 86400)
    making.book_due_dates()
    making.book_due_dates()
    stored = the_series(series["id"])
    assert (stored.next_day, bool(stored.ended_at)) == (None, True)
    assert mails("series_date_missed") == 1
    assert days_booked(series["id"]) == []


def test_a_disabled_account_gets_no_booking_and_no_mail(app, alice, lot):
    series = book_series(alice, lot, days=WEEK, first=day(61), count=3)["series"]
    with transaction() as session:
        session.get_one(User, alice.id).active = False
    clock.travel(2 * 86400)
    making.book_due_dates()
    with transaction() as session:
        session.get_one(User, alice.id).active = True
    clock.travel(9 * 86400)
    making.book_due_dates()
    assert days_booked(series["id"]) == ["05-04"]
    assert mails("series_date_missed") == 0


def test_what_is_given_up_is_not_booked_later(app, alice, lot):
    series = book_series(alice, lot, days=WEEK, first=day(59), count=8)["series"]
    answer = service.end(series["id"], alice.id, day(63))
    assert (answer["count"], answer["series"]["until"]) == (0, day(62).isoformat())
    clock.travel(20 * 86400)
    making.book_due_dates()
    assert days_booked(series["id"]) == ["04-30", "05-01", "05-02", "05-03"]


def test_a_cancelled_date_is_not_booked_again(app, alice, lot):
    booked = book_series(alice, lot, days=WEEK, first=day(59), count=4)["bookings"]
    bookings.cancel(booked[1]["id"], alice.id)
    clock.travel(9 * 86400)
    making.book_due_dates()
    assert days_booked(booked[0]["series_id"]) == ["04-30", "05-02", "05-03"]


# killed in the middle -------------------------------------------------------------------------

KILLED = """
import datetime, os, signal, sys, json
sys.path[:0] = [{backend!r}]
from tests.conftest import make_settings
import pathlib
from parking import clock, create_app
from parking.bookings.series import making
app = create_app(make_settings(pathlib.Path({folder!r}), database_url={url!r}))
left = {kill_at}

def dies(act):
    def wrapped(*args, **more):
        global left
        left -= 1
        if left == 0 and {before}:
            os.kill(os.getpid(), signal.SIGKILL)
        result = act(*args, **more)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped

making.{step} = dies(making.{step})
{control}
with clock.set_to(datetime.datetime.fromisoformat({now!r})), app.app_context():
    making.book_due_dates()
"""
CONTROL = """
def naive(series_id):  # books in one transaction, and writes how far it is in another one
    with making.transaction() as session:
        series = session.get_one(making.Series, series_id)
        if series.next_day is None:
            return False
        step = making._Making(session, series)
        one = making.recurrence.occurrence(step.rule, series.next_day, step.lot.timezone)
        step._book(one, patient=False)
    wrote(session)
    with making.transaction() as session:
        series = session.get_one(making.Series, series_id)
        return making._Making(session, series)._go_on_from(series.next_day)
def wrote(session):
    pass
wrote = dies(wrote)
making._next_date = naive
"""


def run_and_kill(settings, tmp_path, *, kill_at: int, step: str, before: bool, control: str = "") -> int:
    """Runs the job in a process of its own, which kills itself; returns its exit code."""
    code = KILLED.format(
        backend=os.getcwd(),
        folder=str(tmp_path),
        url=settings.database_url,
        now=clock.now().isoformat(),
        kill_at=kill_at,
        step=step,
        before=before,
        control=control,
    )
    return subprocess.run([sys.executable, "-c", code], cwd=os.getcwd(), check=False, timeout=300).returncode


def doubles() -> int:
    db.session.rollback()
    starts = select(Booking.reserved_start).where(Booking.series_id.is_not(None)).group_by(Booking.reserved_start)
    return len(db.session.scalars(starts.having(func.count() > 1)).all())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "before"), [("publish_events", True), ("publish_events", False), ("_next_date", False)]
)
def test_a_run_that_is_killed_books_nothing_twice(app, settings, tmp_path, alice, lot, step, before):
    """Before its commit the date is not booked, after it the series is a date further."""
    series = book_series(alice, lot, days=WEEK, first=day(61), count=10)["series"]
    clock.travel(20 * 86400)
    db.session.remove()
    for kill_at in (1, 3):
        code = run_and_kill(settings, tmp_path, kill_at=kill_at, step=step, before=before)
        assert code == -signal.SIGKILL
    making.book_due_dates()
    assert len(days_booked(series["id"])) == 10
    assert doubles() == 0
    assert mails("booking_confirmation") == 10


@pytest.mark.slow
def test_control_progress_in_a_transaction_of_its_own_books_twice(app, settings, tmp_path, alice, lot):
    book_series(alice, lot, days=WEEK, first=day(61), count=4)
    with transaction() as session:
        session.execute(text("DROP INDEX booking_of_series"))
    clock.travel(20 * 86400)
    db.session.remove()
    more = {"kill_at": 2, "step": "replace", "before": False, "control": CONTROL}
    assert run_and_kill(settings, tmp_path, **more) == -signal.SIGKILL
    assert run_and_kill(settings, tmp_path, **{**more, "kill_at": 1_000}) == 0
    assert doubles() > 0
