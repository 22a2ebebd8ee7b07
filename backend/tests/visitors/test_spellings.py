"""Visitors and staff of every alphabet: what holds for accounts, names and plates holds for them too."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from parking.database import db
from parking.mail.models import MailToUnconfirmed
from parking.mail.smtp.addresses import addr_spec
from tests.conftest import PASSWORD
from tests.staff.conftest import hire
from tests.visitors.conftest import mails, set_up, window

SPELLINGS = [
    ("vera@xn--strae-oqa.example", "vera@straße.example"),
    ("vera@xn--fa-hia.example", "vera@faß.example"),
    ("vera@xn--nxasmm1c.com", "vera@βόλος.com"),
    ("vera@xn--fiq228c.com", "vera@中文.com"),
]


@pytest.mark.parametrize(("ascii_form", "unicode_form"), SPELLINGS)
def test_a_visitors_address_is_one_mailbox_in_both_spellings(app, ask, invite, arno, ascii_form, unicode_form):
    set_up(app, rate_limits=True)
    for n, spelling in enumerate((ascii_form, unicode_form)):
        booking = invite(arno, email=spelling, **window(1 + 3 * n))
        assert booking["visitor_email"] == unicode_form
    assert [addr_spec(mail.email) for mail in mails(unicode_form)] == [ascii_form] * 2
    hashes = select(func.count(), func.count(MailToUnconfirmed.address_hash.distinct()))
    assert db.session.execute(hashes).one() == (2, 1), "both count for one address"
    for words in (ascii_form, unicode_form):
        listed = ask(arno, "GET", "/api/admin/bookings", 200, query_string={"q": words})["bookings"]
        assert len(listed) == 2, words


def test_strasse_and_straße_are_two_mailboxes_for_visitors_too(invite, arno):
    for n, email in enumerate(("vera@strasse.example", "vera@straße.example")):
        invite(arno, email=email, **window(1 + 3 * n))
    assert [addr_spec(mail.email) for mail in mails(None)] == ["vera@strasse.example", "vera@xn--strae-oqa.example"]


@pytest.mark.parametrize(
    ("name", "stored", "searched"),
    [
        ("Mia \U0001fa77", "Mia \U0001fa77", ["mia", "\U0001fa77"]),
        ("عمر\u200f", "عمر", ["عمر"]),
        ("Özgür Çelik", "Özgür Çelik", ["ÖZGÜR", "ozgur", "celik", "O\u0308zgu\u0308r"]),
        ("Ο ΣΟΦΟΣ", "Ο ΣΟΦΟΣ", ["σοφος", "σοφοσ"]),
    ],
)
def test_a_visitors_name_of_every_alphabet_is_kept_and_searched(ask, invite, arno, name, stored, searched):
    booking = invite(arno, name=name, vehicle_plate="gö-ab  12")
    assert (booking["visitor_name"], booking["vehicle_plate"]) == (stored, "GÖ-AB 12")
    for words in (*searched, "GÖ-AB", "göab12", "goab"):
        [one] = ask(arno, "GET", "/api/admin/bookings", 200, query_string={"q": words})["bookings"]
        assert one["id"] == booking["id"], words
    [match] = ask(arno, "GET", "/api/admin/search", 200, query_string={"q": searched[0]})["bookings"]
    assert match["visitor_name"] == stored


@pytest.mark.parametrize("name", ["\u200b", "a\u202eb", "see evil.com", "x\nBcc: a@b.example"])
def test_a_name_that_is_none_is_refused_with_a_sentence(ask, arno, lot, name):
    answer = ask(arno, "POST", f"/api/lots/{lot['id']}/visitors", 422, json={"name": name, **window()})
    assert list(answer["errors"]) == ["name"]


@pytest.mark.parametrize(("ascii_form", "unicode_form"), SPELLINGS)
def test_a_manager_adds_somebody_by_either_spelling(client, ask, lot, bob, ascii_form, unicode_form):
    hire(bob, lot["id"], "manager")
    person = {"email": unicode_form, "username": "vera", "password": PASSWORD}
    vera = client.post("/auth/register", json=person).json["user"]["id"]
    for spelling in (ascii_form, unicode_form, ascii_form.upper()):
        answer = ask(bob, "POST", f"/api/lots/{lot['id']}/staff/person", 200, json={"email": spelling})
        assert answer["user"]["id"] == vera, spelling
        role = {"role": "viewer", "email": spelling}
        saved = ask(bob, "PUT", f"/api/lots/{lot['id']}/staff/{vera}", 200, json=role)
        assert unicode_form in {member["email"] for member in saved["staff"]}
