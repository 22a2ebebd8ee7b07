"""“I'm away”: all reservations that begin within a time are cancelled, or none."""

from __future__ import annotations

import contextlib
import dataclasses
import email
import email.policy
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event
from sqlalchemy import func, select, update

from parking import clock
from parking.bookings import locked_booking, transitions
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.bookings.reading import queries
from parking.bookings.series import cancelling
from parking.database import db, is_sqlite, transaction
from parking.errors import Conflict
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from parking.mail.rendering import render
from parking.notices.models import Notice
from parking.settings import current
from parking.waitlist import service
from tests.bookings.helpers import make_lot, park, reserve, row, text, wait_until_somebody_waits
from tests.bookings.test_races import drop_guards
from tests.threads import at_once
from tests.waitlist.stage import holds, spot_ids, statuses, wait_for
from tests.waitlist.test_turns import in_thread, open_transaction

H, D = timedelta(hours=1), timedelta(days=1)
URL = "/api/bookings/cancel-range"


@pytest.fixture
def lot(carol):
    return make_lot(carol)


@pytest.fixture
def booked(alice, bob, lot):
    """alice's reservations of four days, a stay of hers, and a reservation of bob."""
    mine = [reserve(alice, lot, n * D, 2 * H)["id"] for n in (1, 2, 3, 4)]
    return {"mine": mine, "stay": park(alice, lot)["id"], "other": reserve(bob, lot, 2 * D, H)["id"]}


def body(start: timedelta, end: timedelta, **more):
    return {"from": text(clock.now() + start), "until": text(clock.now() + end), **more}


def test_a_dry_run_only_says_which(client, auth, alice, booked):
    period = body(2 * D, 4 * D, dry_run=True)
    answer = client.post(URL, json=period, headers=auth(alice))
    assert answer.status_code == 200
    assert (answer.json["count"], answer.json["dry_run"]) == (2, True)
    assert [one["id"] for one in answer.json["bookings"]] == booked["mine"][1:3]
    assert {row(one).status for one in booked["mine"]} == {"Reserved"}


def test_those_that_begin_in_the_range_are_cancelled_and_no_others(client, auth, alice, booked):
    answer = client.post(URL, json=body(-2 * D, 3 * D), headers=auth(alice))
    assert answer.json["message"] == "2 bookings cancelled."
    assert [row(one).status for one in booked["mine"]] == ["Cancelled", "Cancelled", "Reserved", "Reserved"]
    assert (row(booked["stay"]).status, row(booked["other"]).status) == ("Active", "Reserved")
    assert [mail.kind for mail in mails()] == ["bookings_cancelled"]
    assert client.post(URL, json=body(-2 * D, 3 * D), headers=auth(alice)).json["count"] == 0


def mails() -> list[OutboxMail]:
    """Those of cancellations."""
    db.session.rollback()
    kinds = ("booking_cancelled", "bookings_cancelled")
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.kind.in_(kinds)).order_by(OutboxMail.id)))


def test_one_mail_lists_all_dates_and_its_file_cancels_them(client, auth, alice, carol, booked):
    """Also where they are of several lots; nothing of it is said of the others."""
    elsewhere = reserve(alice, make_lot(carol, "City", timezone="Asia/Tokyo"), 2 * D, H)
    ids = [*booked["mine"], elsewhere["id"]]
    confirmed = {entry["UID"]: int(entry["SEQUENCE"]) for one in confirmations(alice) for entry in entries(one)}
    client.post(URL, json=body(0 * D, 9 * D), headers=auth(alice))
    [mail] = mails()
    assert (mail.user_id, mail.booking_id, mail.subject) == (alice.id, None, "Cancelled: 5 bookings")
    words = render.render(delivery.draft(mail, current()), delivery.site(current())).text
    assert all(words.count(row(one).reference) == 1 for one in ids)
    assert row(booked["other"]).reference not in words
    assert all(name in words for name in ("HARBOUR", "CITY", "Asia/Tokyo"))
    cancelled = entries(mail)
    assert {str(entry["STATUS"]) for entry in cancelled} == {"CANCELLED"}
    assert {entry["UID"]: int(entry["SEQUENCE"]) - 1 for entry in cancelled} == confirmed
    assert db.session.query(Notice).count() == 0


def confirmations(user) -> list[OutboxMail]:
    """Those of reservations."""
    kind = OutboxMail.kind == "booking_confirmation"
    rows = db.session.scalars(select(OutboxMail).where(kind, OutboxMail.user_id == user.id))
    return [mail for mail in rows if mail.facts["booking"]["booking_type"] == "reserved"]


def entries(mail: OutboxMail) -> list[Event]:
    """The entries of its calendar file."""
    raw = render.wire(delivery.draft(mail, current()), delivery.site(current()))
    message = email.message_from_bytes(raw, policy=email.policy.default)
    [file] = [part for part in message.iter_attachments() if part.get_content_type() == "text/calendar"]
    return Calendar.from_ical(file.get_payload(decode=True)).walk("VEVENT")


def test_a_single_date_is_told_as_ever(client, auth, alice, booked):
    client.post(URL, json=body(2 * D, 3 * D), headers=auth(alice))
    [mail] = mails()
    assert (mail.kind, mail.booking_id) == ("booking_cancelled", booked["mine"][1])


def test_a_guest_gets_the_mail_about_theirs(app, client, auth, alice, lot, booked):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], guests_per_user=1)
    visitor = {"name": "Vera", "email": "vera@example.org", "reserved_start": text(clock.now() + 5 * D)}
    visitor["reserved_end"] = text(clock.now() + 5 * D + H)
    guest = client.post(f"/api/lots/{lot['id']}/visitors", json=visitor, headers=auth(alice)).json["booking"]
    dry = client.post(URL, json=body(0 * D, 9 * D, dry_run=True), headers=auth(alice)).json
    assert dry["message"] == "5 bookings would be cancelled, 1 of them for a guest."
    assert [one["visitor_name"] for one in dry["bookings"]] == [None, None, None, None, "Vera"]
    done = client.post(URL, json=body(0 * D, 9 * D), headers=auth(alice)).json
    assert (done["count"], done["message"]) == (5, "5 bookings cancelled, 1 of them for a guest.")
    to_guest, to_alice = mails()
    assert (to_guest.kind, to_guest.email, to_guest.booking_id) == ("booking_cancelled", visitor["email"], guest["id"])
    assert (to_alice.kind, len(to_alice.facts["dates"])) == ("bookings_cancelled", 5)
    assert "Vera" not in str(to_alice.facts), "it would outlast the deletion of her name"


def test_confirmations_that_wait_are_not_sent_after_the_cancellation(client, auth, alice, booked):
    db.session.execute(update(OutboxMail).values(state="sent", sent_at=clock.now()))
    db.session.commit()
    for one in booked["mine"][:2]:  # the second mail about it within a minute
        until = {"until": text(row(one).reserved_end + H)}
        assert client.post(f"/api/bookings/{one}/extend", json=until, headers=auth(alice)).status_code == 200
    client.post(URL, json=body(0 * D, 9 * D), headers=auth(alice))
    db.session.rollback()
    changed = select(OutboxMail.state).where(OutboxMail.kind == "booking_confirmation", OutboxMail.state != "sent")
    assert db.session.scalars(changed).all() == ["discarded", "discarded"]


def test_what_has_begun_by_the_clock_stays(client, auth, alice, booked):
    clock.travel(86400 + 60)
    answer = client.post(URL, json=body(-2 * D, 9 * D), headers=auth(alice))
    assert [one["id"] for one in answer.json["bookings"]] == booked["mine"][1:]
    assert row(booked["mine"][0]).status == "Reserved"  # it runs; no job has written it yet


@pytest.fixture
def waiting(alice, bob, carol):
    """alice's places: for the second day in a lot, for the fifth in two lots; an offer for the third; bob's for the
    second."""
    lots = [make_lot(carol, name, capacity=1) for name in ("Station", "Old Town", "City")]
    for lot in lots[:2]:
        for day in (2, 5):
            reserve(carol, lot, day * D, 2 * H)
    given_up = reserve(carol, lots[2], 3 * D, 2 * H)
    second = wait_for(alice, lots[0], start=2 * D)
    fifth = wait_for(alice, *lots[:2], start=5 * D)
    offered = wait_for(alice, lots[2], start=3 * D)
    other = wait_for(bob, lots[0], start=2 * D)
    last = wait_for(bob, lots[2], start=3 * D)
    bookings.cancel(given_up["id"], carol.id)
    assert statuses(second, fifth, offered, other, last) == ["Waiting", "Waiting", "Offered", "Waiting", "Waiting"]
    return second, fifth, offered, other, last


def test_who_is_away_waits_no_longer(client, auth, alice, booked, waiting):
    """An offer goes to the next; of what lies outside nothing changes."""
    dry = client.post(URL, json=body(2 * D, 4 * D, dry_run=True), headers=auth(alice)).json
    assert statuses(*waiting) == ["Waiting", "Waiting", "Offered", "Waiting", "Waiting"]
    answer = client.post(URL, json=body(2 * D, 4 * D), headers=auth(alice)).json
    assert answer["message"] == "2 bookings cancelled. 2 places on the waitlist given up."
    assert dry["message"] == "2 bookings would be cancelled. 2 places on the waitlist would be given up."
    assert answer["waits"] == dry["waits"]
    first, place = waiting[0], answer["waits"][0]
    assert (place["lot_name"], place["lot_timezone"]) == ("Station", first["lots"][0]["timezone"])
    assert (place["reserved_start"], place["reserved_end"]) == (first["reserved_start"], first["reserved_end"])
    assert [one["entry_id"] for one in answer["waits"]] == [waiting[0]["id"], waiting[2]["id"]]
    db.session.rollback()  # what the test reads next is the present
    assert statuses(*waiting) == ["Left", "Waiting", "Left", "Waiting", "Offered"]
    assert client.post(URL, json=body(2 * D, 4 * D), headers=auth(alice)).json["waits"] == []


def test_a_naive_time_is_that_of_each_lot_of_a_place(client, auth, alice, carol):
    """It is 21:00 in Tokyo and 13:00 in Berlin: the wait for either lot is given up only where both are meant."""
    lots = [make_lot(carol, zone, capacity=1, timezone=zone) for zone in ("Asia/Tokyo", "Europe/Berlin")]
    for lot in lots:
        reserve(carol, lot, 3 * D, 2 * H)
    wait_for(alice, *lots, start=3 * D)
    local = (clock.now() + 3 * D).astimezone(ZoneInfo("Asia/Tokyo"))
    period = {"from": f"{local:%Y-%m-%dT%H}:00", "until": f"{local:%Y-%m-%dT}23:59", "dry_run": True}
    assert client.post(URL, json=period, headers=auth(alice)).json["waits"] == []
    period["from"] = f"{local:%Y-%m-%d}T00:00"
    assert [one["lot_name"] for one in client.post(URL, json=period, headers=auth(alice)).json["waits"]] == [
        "Asia/Tokyo, Europe/Berlin"
    ]


def test_a_failure_at_the_last_place_leaves_all_of_it(app, alice, booked, waiting, monkeypatch):
    leave = service._leave

    def fails(session, entry, *more):
        if entry.status == "Offered":
            raise RuntimeError
        leave(session, entry, *more)

    monkeypatch.setattr(service, "_leave", fails)
    period = body(0 * D, 9 * D)
    with pytest.raises(RuntimeError):
        cancelling.cancel_range(alice.id, period["from"], period["until"], dry_run=False)
    assert {row(one).status for one in booked["mine"]} == {"Reserved"}
    assert statuses(*waiting[:3]) == ["Waiting", "Waiting", "Offered"]
    assert not any(mail.user_id == alice.id for mail in mails())


def test_a_failure_in_the_middle_leaves_all_of_them(app, alice, booked, monkeypatch):
    cancel, calls = transitions._cancel, []

    def fails(*args, **more):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError
        return cancel(*args, **more)

    monkeypatch.setattr(transitions, "_cancel", fails)
    period = body(0 * D, 9 * D)
    with pytest.raises(RuntimeError):
        cancelling.cancel_range(alice.id, period["from"], period["until"], dry_run=False)
    assert {row(one).status for one in booked["mine"]} == {"Reserved"}
    assert db.session.scalar(select(func.count()).select_from(Booking).where(Booking.status == "Cancelled")) == 0
    assert mails() == []


def cancelled_ids() -> list[int]:
    """The bookings that the mails name, each as often as they do."""
    lists = [mail.facts.get("dates") or [mail.facts["booking"]] for mail in mails()]
    return sorted(one["id"] for dates in lists for one in dates)


def test_who_cancels_the_same_dates_several_times_at_once_is_told_of_each_once(app, alice, booked):
    """Ranges that overlap, and one of the dates alone."""
    ranges = [body(first * D, last * D) for first, last in ((0, 3), (1, 9), (0, 9), (2, 5))]
    cancel = [partial(cancelling.cancel_range, alice.id, one["from"], one["until"], dry_run=False) for one in ranges]

    def alone():
        with contextlib.suppress(Conflict):
            bookings.cancel(booked["mine"][1], alice.id)

    db.session.remove()
    at_once([*cancel, alone])
    assert {row(one).status for one in booked["mine"]} == {"Cancelled"}
    assert cancelled_ids() == booked["mine"]


def test_control_rows_that_were_read_before_the_lock_are_told_twice(app, alice, booked):
    drop_guards()
    rows = [queries.one(one, alice.id) for one in booked["mine"]]
    for some in (rows[:3], rows[1:]):
        with transaction() as session:
            transitions.cancel_together(session, some, clock.now())
    assert len(cancelled_ids()) > len(booked["mine"])


@pytest.mark.parametrize("guarded", [True, False])
def test_it_and_who_joins_a_waitlist_lock_the_same_bookings_in_one_order(app, alice, bob, carol, monkeypatch, guarded):
    """In the control one of them is rolled back by the database."""
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    if not guarded:
        monkeypatch.setattr(cancelling, "_IN_ORDER", (Booking.id,))
    lot = make_lot(carol, capacity=2)
    first, second = [reserve(alice, lot, D, H, spot_id=spot)["id"] for spot in reversed(spot_ids(lot))]
    errors: list[Exception] = []
    period = body(0 * D, 2 * D)
    with open_transaction(app, lambda session: locked_booking(session, second, alice.id), errors):
        joins = in_thread(app, lambda: wait_for(bob, lot, start=D), errors)
        wait_until_somebody_waits()
        cancels = in_thread(
            app, lambda: cancelling.cancel_range(alice.id, period["from"], period["until"], dry_run=False), errors
        )
        wait_until_somebody_waits(2)
    joins.join(60)
    cancels.join(60)
    assert len(errors) == (0 if guarded else 1), errors
    if guarded:
        assert [row(one).status for one in (first, second)] == ["Cancelled", "Cancelled"]
        assert [hold.user_id for hold in holds()] == [bob.id]


def test_naive_times_are_those_of_each_lot(client, auth, alice, carol):
    """At 08:00 of each lot's own clock."""
    ids = {}
    for zone in ("Asia/Tokyo", "Europe/Berlin", "America/New_York"):
        lot = make_lot(carol, zone, timezone=zone)
        for hour in (7, 8, 9):
            window = {"reserved_start": f"2026-03-05T0{hour}:00", "reserved_end": f"2026-03-05T0{hour}:30"}
            order = {"lot_id": lot["id"], "booking_type": "reserved", **window}
            ids[zone, hour] = client.post("/api/book", json=order, headers=auth(alice)).json["booking"]["id"]
    period = {"from": "2026-03-05T08:00", "until": "2026-03-05T09:00"}
    answer = client.post(URL, json=period, headers=auth(alice))
    assert {one["id"] for one in answer.json["bookings"]} == {ids[zone, 8] for zone, _ in ids}


def test_one_key_cancels_once(client, auth, alice, booked):
    headers, period = auth(alice, **{"Idempotency-Key": "away"}), body(0 * D, 9 * D)
    first, second = (client.post(URL, json=period, headers=headers) for _ in range(2))
    assert (first.json["count"], second.json) == (4, first.json)
    assert len(mails()) == 1


@pytest.mark.parametrize(
    ("period", "field"),
    [
        ({"from": "2026-03-05T08:00", "until": "2026-03-05T08:00"}, "until"),
        ({"from": "yesterday", "until": "2026-03-05T08:00"}, "from"),
        ({"until": "2026-03-05T08:00"}, "from"),
        ({"from": "2026-03-05T08:00", "until": "2026-03-06T08:00", "dry_run": "yes"}, "dry_run"),
        ({"from": "0001-01-01T00:00", "until": "9999-12-31T23:59"}, "from"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_bad_input_is_told_at_its_field(client, auth, alice, period, field, dry_run):
    answer = client.post(URL, json={"dry_run": dry_run} | period, headers=auth(alice))
    assert answer.status_code == 422
    assert field in answer.json["errors"]
