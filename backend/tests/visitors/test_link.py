"""The link in a visitor's mail: it shows the booking, and cancels it on a press alone."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from parking import clock, signing
from parking.audit.models import AuditEntry
from parking.bookings.emails import read_token
from parking.database import db
from parking.mail import unsubscribe
from parking.settings import current
from tests.bookings.helpers import reserve, row
from tests.visitors.conftest import ADDRESS, mails, rendered, token_of

SHOW, CANCEL = "/api/visitors/booking", "/api/visitors/booking/cancel"
H = timedelta(hours=1)


@pytest.fixture
def booking(invite, arno):
    return invite(arno, email=ADDRESS, vehicle_plate="B-VI 1")


@pytest.fixture
def token(booking):
    return token_of(mails()[0])


def test_it_shows_what_the_visitor_needs_to_know(ask, booking, token):
    seen = ask(None, "POST", SHOW, 200, json={"token": token})["booking"]
    assert seen == {
        "reference": booking["reference"],
        "visitor_name": "Vera Visitor",
        "lot_name": "Harbour",
        "lot_address": None,
        "lot_timezone": "Europe/Berlin",
        "spot_number": 1,
        "booking_type": "reserved",
        "status": "Reserved",
        "start_time": booking["start_time"],
        "end_time": None,
        "reserved_start": booking["reserved_start"],
        "reserved_end": booking["reserved_end"],
        "held_until": booking["held_until"],
        "checkin_deadline": None,
        "vehicle_plate": "B-VI 1",
        "currency": "EUR",
        "tariff": booking["tariff"],
        "total_cost": booking["total_cost"],
        "host_name": None,
        "can_cancel": True,
    }


def test_a_mail_scanner_that_follows_it_cancels_nothing(ask, client, booking, token):
    """It gets the page of the site, whatever it asks for; the token is behind the # and is not even sent."""
    text = rendered(mails()[0]).text
    assert f"/visit#token={token}" in text
    assert text.count("token=") == 1, "in no other link"
    for method in ("GET", "HEAD"):
        assert client.open("/visit", method=method).status_code in (200, 404)  # 404: no page is built here
        for path in (SHOW, CANCEL):
            assert client.open(f"{path}?token={token}", method=method).status_code == 405
    assert row(booking["id"]).status == "Reserved"


def test_a_press_cancels_and_a_second_one_is_told_so(ask, booking, token):
    answer = ask(None, "POST", CANCEL, 200, json={"token": token})
    assert (answer["booking"]["status"], answer["booking"]["can_cancel"]) == ("Cancelled", False)
    assert (row(booking["id"]).ended_by, row(booking["id"]).total_cost_minor) == ("user", 0)
    again = ask(None, "POST", CANCEL, 409, json={"token": token})
    assert again["code"] == "already_ended"
    assert ask(None, "POST", SHOW, 200, json={"token": token})["booking"]["status"] == "Cancelled"
    assert [mail.kind for mail in mails()] == ["booking_confirmation", "booking_cancelled"]


def test_the_log_names_nobody_for_a_press_on_the_link(ask, alice, booking, token):
    """Whoever holds the link acts, also where a driver is signed in on the same browser."""
    ask(alice, "POST", CANCEL, 200, json={"token": token})
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "booking.cancelled")).one()
    assert (entry.actor_id, entry.entity_id, entry.after["status"]) == (None, booking["id"], "Cancelled")
    assert entry.request_id, "which tells the visitor from the clock"


def test_what_has_begun_is_not_cancelled_by_it(ask, booking, token):
    clock.travel(3601)
    refused = ask(None, "POST", CANCEL, 409, json={"token": token})
    assert refused["code"] == "already_started"
    assert refused["detail"] == "This booking is active. Please ask the staff of the lot."
    seen = ask(None, "POST", SHOW, 200, json={"token": token})["booking"]
    assert (seen["status"], seen["can_cancel"]) == ("Active", False)


def test_it_leads_to_its_booking_alone(ask, alice, lot, booking, token):
    other = reserve(alice, lot, 5 * H, H)
    salt = "visitor-booking"
    mine = signing.serializer(current(), salt)
    assert read_token(token) == (booking["id"], booking["reference"])
    foreign = signing.serializer(dataclasses.replace(current(), secret_key="another key of this length"), salt)
    of_driver = mine.dumps([other["id"], other["reference"]])
    wrong_reference = mine.dumps([booking["id"], other["reference"]])
    for bad in (
        "",
        "guess",
        token[:-1],
        f"{token}x",
        foreign.dumps([booking["id"], booking["reference"]]),
        unsubscribe.make(current(), booking["id"], booking["reference"]),
        of_driver,
        wrong_reference,
        mine.dumps([999, booking["reference"]]),
        mine.dumps("text"),
        mine.dumps(["a", "b"]),
        mine.dumps(["a", "b", "c"]),
        mine.dumps([None, None]),
    ):
        for path in (SHOW, CANCEL):
            assert ask(None, "POST", path, 404, json={"token": bad})["code"] == "link_invalid", bad
    for body in ({}, {"token": 7}, {"token": "x" * 201}, {"token": None}):
        ask(None, "POST", SHOW, 422, json=body)
    assert {row(one["id"]).status for one in (booking, other)} == {"Reserved"}


def test_a_token_of_the_link_opens_nothing_else(client, token):
    for headers in ({"Authorization": f"Bearer {token}"}, {}):
        assert client.get("/api/bookings", headers=headers).status_code == 401
    assert client.get(f"/unsubscribe/{token}").status_code != 200 or "does not work" in client.get(
        f"/unsubscribe/{token}"
    ).get_data(as_text=True)
