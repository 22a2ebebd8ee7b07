"""A later date of a series on which no spot is free: its driver waits for one, if they wished so."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.accounts import User
from parking.audit import AuditEntry
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.bookings.series import cancelling, making, planning
from parking.bookings.series import personal_data as series_data
from parking.bookings.series import service as series_service
from parking.database import db, transaction
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from parking.mail.rendering import render
from parking.notices.models import Notice
from parking.settings import current
from parking.timestamps import to_rfc3339
from parking.waitlist import WaitlistEntry, service
from parking.waitlist import personal_data as waitlist_data
from tests.bookings.helpers import furnish, make_lot, reserve, text
from tests.bookings.series.stage import book_series, day
from tests.bookings.series.test_making import days_booked, reasons, run_and_kill
from tests.threads import at_once
from tests.waitlist.stage import entry, holds, statuses, wait_for

H, D = timedelta(hours=1), timedelta(days=1)
WEEK = ("mo", "tu", "we", "th", "fr", "sa", "su")
PLAIN = "no spot is free at that time. The other dates"


@pytest.fixture
def lot(carol):
    """One spot, with EV charging."""
    view = make_lot(carol, capacity=1)
    furnish(view, {1: ["ev"]})
    return view


def book_later(user, lot, **more) -> dict:
    """A series of one date, 2 May from 8 to 10, which can be booked from tomorrow on."""
    return book_series(user, lot, days=WEEK, first=day(61), count=1, **more)["series"]


def to_the_day() -> timedelta:
    """Goes on to the day on which the date can be booked. Returns the time from then to its start."""
    clock.travel(86400)
    return clock.now().replace(hour=8) + 60 * D - clock.now()


def entries() -> list[WaitlistEntry]:
    db.session.rollback()
    return list(db.session.scalars(select(WaitlistEntry).order_by(WaitlistEntry.id)))


def mails(kind: str) -> list[str]:
    """The words of the mails of this kind."""
    db.session.rollback()
    rows = db.session.scalars(select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)).all()
    site = delivery.site(current())
    return [" ".join(render.render(delivery.draft(row, current()), site).text.split()) for row in rows]


def only_told(why: str = PLAIN) -> bool:
    """Whether the driver was told of the date in one mail that says nothing of a waitlist."""
    [words] = mails("series_date_missed")
    return why in words and "waitlist" not in words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "no spot is free at that time. You are on the waitlist: place 2. As soon as a spot is free, we"
            " will hold it for you and write to you. The other dates",
        ),
        (
            "de",
            "Zu dieser Zeit ist kein Stellplatz frei. Sie stehen an 2. Stelle auf der Warteliste. Sobald ein Stellplatz"
            " frei ist, halten wir ihn für Sie frei und schreiben Ihnen. Die anderen Termine",
        ),
    ],
)
def test_a_full_date_is_waited_for_and_one_mail_says_so(app, alice, bob, carol, lot, language, words):
    with transaction() as session:
        session.get_one(User, alice.id).locale = language
    series = book_later(alice, lot, vehicle_plate="B-PW 1", needs=("ev",), wait_if_full=True)
    assert series["wait_if_full"]
    ahead = to_the_day()
    start = clock.now() + ahead
    reserve(bob, lot, ahead + H, H)
    first = wait_for(carol, lot, start=ahead + H)
    assert making.book_due_dates() == 1
    waiting = entries()[-1]
    assert (waiting.user_id, waiting.status, waiting.booking_type) == (alice.id, "Waiting", "reserved")
    assert (waiting.reserved_start, waiting.reserved_end, waiting.waits_until) == (start, start + 2 * H, start)
    assert (waiting.needs, waiting.vehicle_plate) == (("ev",), "B-PW 1")
    view = service.one(waiting.id, alice.id)["entry"]
    assert (view["position"], [one["id"] for one in view["lots"]]) == (2, [lot["id"]])
    joined = select(AuditEntry).where(AuditEntry.action == "waitlist.joined").order_by(AuditEntry.id.desc())
    record = db.session.scalars(joined).first()
    assert (record.entity_id, record.actor_id, record.request_id) == (waiting.id, None, None)
    assert record.after["lot_ids"] == [lot["id"]]
    assert record.after["reserved_start"] == to_rfc3339(start)
    [sent] = mails("series_date_missed")
    assert words in sent
    assert f"/waitlist/{waiting.id}" in sent
    assert len(mails("waitlist_joined")) == 1, "that of the other one"
    notice = db.session.scalars(select(Notice).where(Notice.user_id == alice.id)).one()
    assert notice.context["place"] == {"position": 2, "entry_id": waiting.id}
    assert statuses(first) == ["Waiting"]


def test_a_spot_that_is_freed_is_offered_and_claimed(app, alice, bob, lot):
    book_later(alice, lot, vehicle_plate="B-PW 1", wait_if_full=True)
    ahead = to_the_day()
    start = clock.now() + ahead
    stay = reserve(bob, lot, ahead, 2 * H)
    making.book_due_dates()
    bookings.cancel(stay["id"], bob.id)
    [waiting] = entries()
    assert waiting.status == "Offered"
    assert [hold.user_id for hold in holds()] == [alice.id]
    booked = service.claim(waiting.id, alice.id)["booking"]
    assert (booked["status"], booked["vehicle_plate"]) == ("Reserved", "B-PW 1")
    assert (booked["reserved_start"], booked["reserved_end"]) == (to_rfc3339(start), to_rfc3339(start + 2 * H))


@pytest.fixture
def offered(app, alice, bob, lot):
    """The series, and the entry of its date, which has an offer."""
    series = book_later(alice, lot, wait_if_full=True)
    stay = reserve(bob, lot, to_the_day(), 2 * H)
    making.book_due_dates()
    bookings.cancel(stay["id"], bob.id)
    [waiting] = entries()
    assert service.one(waiting.id, alice.id)["entry"]["series_id"] == series["id"]
    return series["id"], waiting.id


def cancel_by_range(series_id: int, user) -> list[dict]:
    return cancelling.cancel_range(user.id, text(clock.now()), text(clock.now() + 70 * D), dry_run=False)["bookings"]


def cancel_by_end(series_id: int, user) -> list[dict]:
    return series_service.end(series_id, user.id, None)["bookings"]


@pytest.mark.parametrize("cancel", [cancel_by_range, cancel_by_end])
def test_a_date_that_is_claimed_belongs_to_its_series(alice, offered, cancel):
    series_id, entry_id = offered
    booked = service.claim(entry_id, alice.id)["booking"]
    assert booked["series_id"] == series_id
    view = series_service.get(series_id, alice.id)
    assert [one["id"] for one in view["bookings"]] == [booked["id"]]
    assert view["series"]["open_bookings"] == 1
    assert [(one["id"], one["status"]) for one in cancel(series_id, alice)] == [(booked["id"], "Cancelled")]


@pytest.mark.parametrize("has_offer", [True, False])
def test_whoever_ends_the_series_waits_for_its_dates_no_longer(app, alice, bob, carol, lot, offered, has_offer):
    series_id, entry_id = offered
    start = entry(entry_id).reserved_start - clock.now()
    if not has_offer:
        service.decline(entry_id, alice.id)
        series_id = book_later(alice, lot, wait_if_full=True)["id"]
        reserve(bob, lot, to_the_day(), 2 * H)
        making.book_due_dates()
        entry_id, start = entries()[-1].id, to_the_day()
    series_service.end(series_id, alice.id, day(70))
    assert entry(entry_id).status == ("Offered" if has_offer else "Waiting"), "its date comes before"
    series_service.end(series_id, alice.id, None)
    view = service.one(entry_id, alice.id)["entry"]
    assert (view["status"], view["reason"]) == ("Left", "series_ended")
    assert holds() == []
    if has_offer:
        assert reserve(carol, lot, start, H)["status"] == "Reserved", "its spot is free again"


def test_a_series_stays_while_an_entry_names_it(alice, offered):
    """None of its dates was booked. Ninety days after the entry has ended it loses its person and its series."""
    series_id, entry_id = offered
    service.decline(entry_id, alice.id)

    def delete_empty() -> list[int]:
        with transaction() as session:
            return series_data.delete_empty(session, alice.id)

    assert delete_empty() == []
    clock.travel(91 * 86400)
    assert waitlist_data.take_people_off() == 1
    assert delete_empty() == [series_id]


def test_without_the_wish_nobody_waits(app, alice, bob, lot):
    assert not book_later(alice, lot)["wait_if_full"]
    reserve(bob, lot, to_the_day(), H)
    making.book_due_dates()
    assert entries() == []
    assert only_told()


def test_whoever_waits_for_five_already_is_only_told(app, alice, bob, carol, lot):
    other = make_lot(carol, "Station", capacity=1)
    reserve(bob, other, H, 10 * H)
    five = [wait_for(alice, other, start=n * H) for n in range(1, 6)]
    book_later(alice, lot, wait_if_full=True)
    with transaction() as session:  # they still wait when the date comes
        for one in five:
            session.get_one(WaitlistEntry, one["id"]).waits_until = clock.now() + 70 * D
    reserve(bob, lot, to_the_day(), H)
    making.book_due_dates()
    assert [one.id for one in entries()] == [one["id"] for one in five]
    assert only_told()


def test_whoever_waits_for_this_already_is_only_told(app, alice, bob, lot):
    book_later(alice, lot, wait_if_full=True)
    ahead = to_the_day()
    reserve(bob, lot, ahead, 2 * H)
    own = wait_for(alice, lot, start=ahead + H)
    making.book_due_dates()
    assert [one.id for one in entries()] == [own["id"]]
    assert only_told()


@pytest.mark.parametrize(("before", "number"), [(299, 0), (300, 1)])
def test_nobody_waits_for_a_time_that_begins_in_a_moment(app, alice, bob, lot, before, number):
    """No worker ran for two months."""
    book_later(alice, lot, wait_if_full=True)
    ahead = to_the_day()
    reserve(bob, lot, ahead, H)
    clock.travel(int(ahead.total_seconds()) - before)
    making.book_due_dates()
    assert len(entries()) == number
    assert only_told() is (number == 0)


def test_other_obstacles_are_not_waited_for(app, alice, lot):
    book_later(alice, lot, wait_if_full=True)
    reserve(alice, lot, to_the_day(), H)
    making.book_due_dates()
    assert entries() == []
    assert only_told("you already have a booking at that time")


def test_a_spot_that_became_free_meanwhile_is_booked(app, alice, lot, monkeypatch):
    """The waitlist looks once more, with what may end locked; the next attempt books the spot."""
    series = book_later(alice, lot, wait_if_full=True)
    to_the_day()
    looks, real = [], planning.candidates

    def look(*args):
        looks.append(args)
        return [] if len(looks) == 1 else real(*args)

    monkeypatch.setattr(planning, "candidates", look)
    assert making.book_due_dates() == 1
    assert len(looks) == 2
    assert days_booked(series["id"]) == ["05-02"]
    assert (entries(), mails("series_date_missed")) == ([], [])


def test_control_without_that_look_the_driver_waits_for_a_spot_that_is_free(app, alice, lot, monkeypatch):
    book_later(alice, lot, wait_if_full=True)
    to_the_day()
    monkeypatch.setattr(planning, "candidates", lambda *_: [])
    monkeypatch.setattr(service, "_check_full", lambda *_: None)
    making.book_due_dates()
    assert [one.status for one in entries()] == ["Waiting"]


def test_a_spot_that_is_freed_beside_the_job_is_booked_or_offered(app, alice, bob, lot):
    """Either the job sees it free, or whoever frees it sees who waits."""
    for n in range(20):
        series = book_later(alice, lot, wait_if_full=True)
        stay = reserve(bob, lot, to_the_day(), 2 * H)
        at_once([making.book_due_dates, lambda stay=stay: bookings.cancel(stay["id"], bob.id)])
        if days_booked(series["id"]):
            assert all(one.ended_at for one in entries()), n
        else:
            assert entries()[-1].status == "Offered", n
            service.leave(entries()[-1].id, alice.id)


# killed in the middle -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("step", "before"), [("_Making._wait", True), ("_Making._wait", False), ("_next_date", False)])
def test_a_run_that_is_killed_lets_nobody_wait_twice(app, settings, tmp_path, alice, bob, lot, step, before):
    book_later(alice, lot, wait_if_full=True)
    reserve(bob, lot, to_the_day(), 2 * H)
    db.session.remove()
    assert run_and_kill(settings, tmp_path, kill_at=1, step=step, before=before) == -signal.SIGKILL
    making.book_due_dates()
    [waiting] = entries()
    assert entry(waiting.id).status == "Waiting"
    assert len(mails("series_date_missed")) == 1
    assert len(reasons()) == 1
    assert db.session.scalar(select(func.count()).select_from(Booking)) == 1
