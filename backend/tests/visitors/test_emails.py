"""Which mails a visitor gets and what they say; snapshots in both languages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from parking import clock
from parking.bookings import apply_all_due_transitions
from parking.database import db
from parking.mail import TEMPLATES
from parking.mail.models import OutboxMail
from parking.mail.rendering import render
from parking.notices.models import Notice
from tests.bookings.helpers import row, text
from tests.mail.drafts import SITE, draft, parsed
from tests.visitors.conftest import ADDRESS, mails, rendered, set_up, token_of

SNAPSHOTS = Path(__file__).with_name("snapshots")
KINDS = (
    *("booking_confirmation", "booking_cancelled", "booking_moved", "booking_no_show"),
    *("booking_force_released", "release_receipt"),
)
VISITOR = {"name": "Vera Visitor", "email": ADDRESS, "locale": "en"}


def to_visitor(kind: str, **more) -> dict:
    """The sample of a mail as its visitor gets it."""
    context = TEMPLATES[kind].sample()
    return {**context, "booking": {**context["booking"], "visitor": VISITOR, "to_visitor": True, **more}}


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_to_a_visitor_matches_its_snapshot(app, kind, lang):
    """Delete a file under snapshots/ and run the test to approve a new wording."""
    set_up(app, secret_key="the key of the snapshots, which is long enough")
    message = render.render(draft(kind, lang, to_visitor(kind), name="Vera Visitor"), SITE)
    seen = f"Subject: {message.subject}\nPreheader: {message.message.preheader}\n\n{message.text}"
    file = SNAPSHOTS / f"{kind}.{lang}.txt"
    if not file.exists():
        SNAPSHOTS.mkdir(exist_ok=True)
        file.write_text(seen, encoding="utf-8")
        pytest.fail("it was not there and has been written: look at it and run again")
    assert seen == file.read_text(encoding="utf-8")
    assert "/bookings/" not in seen, "a page for which the visitor would have to sign in"


@pytest.mark.parametrize("kind", KINDS)
def test_the_calendar_entry_leads_to_the_visitors_page(app, kind):
    message = parsed(kind, context=to_visitor(kind))
    files = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    assert files
    for part in files:
        text = part.get_content().replace("\r\n ", "").replace("\n ", "")
        assert "URL:https://park.example.com/visit#token=" in text
        assert "UID:booking-4711-PW-7K3M-Q2@park.example.com" in text


def test_the_confirmation_has_the_calendar_file_and_the_link(invite, arno):
    booking = invite(arno, email=ADDRESS, locale="de", vehicle_plate="B-VI 1")
    [sent] = mails()
    assert (sent.kind, sent.locale, sent.timezone, sent.name) == (
        "booking_confirmation", "de", "Europe/Berlin", "Vera Visitor",
    )  # fmt: skip
    assert (sent.user_id, sent.booking_id) == (None, booking["id"])
    message = rendered(sent)
    assert "Bei Harbour ist ein Stellplatz für Sie gebucht." in message.text
    assert message.message.calendar.method == "REQUEST"
    assert token_of(sent) not in str(sent.facts), "whoever reads the database cannot cancel"


def test_the_confirmation_says_who_pays(ask, invite, guests, arno, bob):
    def text(booking):
        return " ".join(rendered([one for one in mails() if one.booking_id == booking["id"]][-1]).text.split())

    visitor, guest = invite(arno, email=ADDRESS, locale="en"), invite(bob, email=ADDRESS, locale="en")
    assert "The staff of the lot tell you how to pay." in text(visitor)
    assert "The person who booked it for you pays for it." in text(guest)
    seen = ask(None, "POST", "/api/visitors/booking", 200, json={"token": token_of(mails()[-1])})["booking"]
    assert seen["host_name"] == "bob"


def test_without_a_language_the_mail_has_that_of_who_books(invite, arno):
    arno.locale = "de"
    db.session.commit()
    invite(arno, email=ADDRESS)
    invite(arno, email="otto@example.org", locale="en")
    assert [one.locale for one in mails(None)] == ["de", "en"]


def kinds(to: str) -> list[str]:
    return [one.kind for one in mails(to)]


def test_what_happens_to_the_booking_is_told_to_the_visitor(ask, arno, invite):
    """Ended by staff with a reason; the receipt of a window that has passed."""
    walk_in = invite(arno, now=True, email=ADDRESS)
    ask(arno, "POST", f"/api/admin/bookings/{walk_in['id']}/release", 200, json={"reason": "The lot closes"})
    assert "The lot closes" in rendered(mails()[-1]).text
    invite(arno, email=ADDRESS)
    clock.travel(4 * 3600)
    apply_all_due_transitions()
    assert kinds(ADDRESS) == [
        "booking_confirmation", "booking_force_released", "booking_confirmation", "release_receipt",
    ]  # fmt: skip
    assert "/receipt" not in rendered(mails()[-1]).text


def test_a_visitor_who_does_not_come_is_told(ask, carol, lot, invite):
    ask(carol, "PUT", f"/api/lots/{lot['id']}", 200, json={"require_checkin": True})
    booking = invite(carol, email=ADDRESS, name="Otto")
    clock.travel(2 * 3600)
    apply_all_due_transitions()
    assert row(booking["id"]).status == "No-show"
    assert kinds(ADDRESS) == ["booking_confirmation", "booking_no_show"]


# a driver's guest ------------------------------------------------------------------------------


def test_driver_and_guest_get_a_mail_each(guests, invite, bob):
    booking = invite(bob, email=ADDRESS)
    own, guests_mail = (rendered(one) for one in mails(None))
    assert "For: Vera Visitor" in own.text
    assert f"/bookings/{booking['id']}" in own.text
    assert "For: Vera Visitor" not in guests_mail.text
    assert "somebody booked a parking spot for you" in " ".join(guests_mail.text.split())


def test_a_change_within_a_minute_is_one_mail_for_each_of_them(ask, guests, invite, bob):
    booking = invite(bob, email=ADDRESS)
    for _ in range(3):
        ask(bob, "POST", f"/api/bookings/{booking['id']}/extend", 200, json={"minutes": 10})
    for to in (ADDRESS, bob.email):
        [only] = mails(to)
        assert only.facts["booking"]["sequence"] == 3
        assert bool(only.facts["booking"].get("to_visitor")) is (to == ADDRESS)


@pytest.mark.parametrize(("change", "hours"), [("extend", 4), ("shorten", 2)])
def test_a_change_once_the_confirmation_is_sent_is_told_to_both(ask, guests, invite, bob, change, hours):
    """With the new calendar file."""
    booking = invite(bob, email=ADDRESS)
    db.session.execute(update(OutboxMail).values(state="sent", sent_at=clock.now()))
    db.session.commit()
    until = clock.now() + timedelta(hours=hours)
    ask(bob, "POST", f"/api/bookings/{booking['id']}/{change}", 200, json={"until": text(until)})
    for to in (ADDRESS, bob.email):
        _, newer = mails(to)
        assert (newer.kind, newer.state, newer.due_at) == (
            "booking_confirmation", "queued", clock.now() + timedelta(minutes=1),
        )  # fmt: skip
        calendar = rendered(newer).message.calendar
        assert (calendar.sequence, calendar.end) == (1, until)


def test_who_cancelled_is_said_to_each_in_their_words(ask, guests, invite, bob):
    first = invite(bob, email=ADDRESS)
    ask(bob, "POST", f"/api/bookings/{first['id']}/cancel", 200, json={})
    assert "The person who made this booking for you cancelled it." in rendered(mails()[-1]).text
    assert "You cancelled this booking." in rendered(mails(bob.email)[-1]).text
    assert db.session.query(Notice).count() == 0, "who cancels needs no notice"
    second = invite(bob, email=ADDRESS)
    token = token_of(mails()[-1])
    ask(None, "POST", "/api/visitors/booking/cancel", 200, json={"token": token})
    assert row(second["id"]).status == "Cancelled"
    assert "You cancelled this booking." in rendered(mails()[-1]).text
    assert "Your guest cancelled this booking." in rendered(mails(bob.email)[-1]).text
    [notice] = ask(bob, "GET", "/api/notices", 200)["notices"]
    assert "guest" in str(notice)


def test_a_guest_without_an_address_leaves_the_driver_their_own(guests, invite, bob):
    invite(bob)
    assert [one.email for one in mails(None)] == [bob.email]
