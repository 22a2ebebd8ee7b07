"""An address is one account in whichever spelling it comes: in Unicode, or with its domain in punycode."""

import dataclasses

import pytest

from parking import create_app
from parking.accounts import routes, setup
from parking.accounts.models import User
from parking.accounts.sessions import cookies
from parking.database import db
from parking.mail.smtp.addresses import addr_spec, header_text, mailbox
from parking.web.logs import security_log
from tests.conftest import PASSWORD, Client

SPELLINGS = [
    ("bob@xn--bcher-kva.example", "bob@bücher.example"),
    ("bob@xn--strae-oqa.example", "bob@straße.example"),
    ("bob@xn--nxasmm1c.com", "bob@βόλος.com"),
    ("bob@xn--fiq228c.com", "bob@中文.com"),
]
BOTH_WAYS = [*SPELLINGS, *(pair[::-1] for pair in SPELLINGS)]


def register(client, email: str, username: str = "bob"):
    return client.post("/auth/register", json={"email": email, "username": username, "password": PASSWORD})


def login(client, email: str):
    return client.post("/auth/login", json={"email": email, "password": PASSWORD})


@pytest.mark.parametrize(("given", "other"), BOTH_WAYS)
def test_a_user_who_registers_in_one_spelling_signs_in_with_the_other(client, mails, given, other):
    answer = register(client, given)
    assert answer.status_code == 201
    assert answer.json["user"]["email"] == next(one for one in (given, other) if not one.isascii())
    for spelling in (given, other, given.title() if given.isascii() else f" {given} "):
        assert login(client, spelling).status_code == 200, spelling
        assert client.post("/auth/password/forgot", json={"email": spelling}).status_code == 202
    assert len(mails("password_reset")) == 3
    again = register(client, other, "bobby")
    assert (again.status_code, again.json["code"]) == (409, "email_taken")


def test_strasse_and_straße_are_two_accounts_and_two_mailboxes(client, mails):
    for n, email in enumerate(("vera@straße.example", "vera@strasse.example")):
        assert register(client, email, f"v{n}").status_code == 201
        client.post("/auth/password/forgot", json={"email": email})
    assert [addr_spec(mail.email) for mail in mails("password_reset")] == [
        "vera@xn--strae-oqa.example",
        "vera@strasse.example",
    ]


def test_an_address_in_punycode_belongs_to_its_account(client, auth, alice, mails, secret_of):
    register(client, "bob@bücher.example")
    body = {"email": "bob@xn--bcher-kva.example", "password": PASSWORD}
    assert client.post("/auth/email/change", json=body, headers=auth(alice)).json["code"] == "email_taken"
    body["email"] = "alice@xn--mller-kva.example"
    assert client.post("/auth/email/change", json=body, headers=auth(alice)).status_code == 202
    assert mails("email_confirm")[-1].email == "alice@müller.example"
    assert client.post("/auth/email/confirm", json={"token": secret_of("email_confirm")}).status_code == 200
    assert login(client, "alice@xn--mller-kva.example").status_code == 200
    assert login(client, "alice@müller.example").status_code == 200


@pytest.mark.parametrize(
    "q", ["xn--bcher", "bücher", "BÜCHER", "bucher", "bob@bücher.example", "bob@xn--bcher-kva.example"]
)
def test_an_administrator_finds_an_account_by_either_spelling(client, auth, carol, q):
    register(client, "bob@bücher.example")
    answer = client.get("/api/users", query_string={"q": q}, headers=auth(carol)).json
    assert [user["username"] for user in answer["users"]] == ["bob"]


@pytest.mark.parametrize("email", ["boss@xn--bcher-kva.example", "boss@bücher.example"])
def test_the_operator_may_write_the_first_administrator_in_either_spelling(settings, at, email):
    app = create_app(dataclasses.replace(settings, admin_email=email, admin_password=PASSWORD))
    app.test_client_class = Client
    with app.app_context():
        assert "boss@bücher.example" in setup.ensure_first_admin()[0]
        for spelling in ("boss@xn--bcher-kva.example", "boss@bücher.example"):
            assert login(app.test_client(), spelling).status_code == 200
        db.engine.dispose()


def test_limits_and_devices_know_an_account_by_its_address_not_by_the_spelling(app):
    seen = set()
    for email in (
        "bob@xn--bcher-kva.example",
        "BOB@bücher.example ",
        "bob@bu\u0308cher.example",
        "bob@bücher。example",
    ):
        with app.test_request_context(json={"email": email}):
            seen.add((routes._named_account(), cookies._device_value(email), security_log.account_hash(email)))
    assert len(seen) == 1
    with app.test_request_context(json={"email": "bob@buecher.example"}):
        assert routes._named_account() not in {one for one, *_ in seen}


def test_a_name_is_taken_once_in_every_alphabet(client):
    pairs = (("Özgür Çelik", "özgür çelik"), ("ΣΟΦΟΣ", "σοφος"), ("Иван", "ИВАН"), ("Straßer", "STRASSER"))
    for n, (name, other) in enumerate(pairs):
        assert register(client, f"a{n}@example.com", name).status_code == 201
        assert register(client, f"b{n}@example.com", other).json["code"] == "username_taken", other


@pytest.mark.parametrize("name", ["see http://evil.example", "www.evil.example", "Free evil.com"])
def test_a_name_with_a_link_is_refused_with_a_sentence(client, auth, alice, name):
    for answer in (
        register(client, "x@example.com", name),
        client.patch("/auth/me", json={"username": name}, headers=auth(alice)),
    ):
        assert answer.status_code == 422
        assert "A name must not contain a link" in answer.json["errors"]["username"][0]


@pytest.mark.parametrize(
    "name",
    [
        "Mia \U0001fa77",
        "Ola \U0001fae8",
        "\U000323b0",
        "Flag 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
def test_a_name_newer_than_python_is_accepted_and_searchable(client, auth, carol, name):
    assert register(client, "x@example.com", name).json["user"]["username"] == name
    matches = client.get("/api/users", query_string={"q": name}, headers=auth(carol)).json["users"]
    assert [user["username"] for user in matches] == [name]
    assert str(mailbox("x@example.com", name)).startswith((name, f'"{name}"'))
    assert header_text(name) == name


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("Mia \U0001fa77", "Mia \U0001fa77"),
        ("\U0001fae8 Ola", "\U0001fae8 Ola"),
        ("Flag 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", None),
        ("عمر\u200f", "عمر"),
        ("\u200eאבי\u200f", "אבי"),
    ],
)
def test_such_a_name_is_taken_by_the_profile_too(client, auth, alice, name, stored):
    answer = client.patch("/auth/me", json={"username": name}, headers=auth(alice))
    assert (answer.status_code, answer.json["user"]["username"]) == (200, stored or name)
    assert register(client, "other@example.com", name).json["code"] == "username_taken"


def test_profile_and_booking_have_one_rule_for_plates(client, auth, alice, carol):
    lot = client.post("/api/lots", json={"name": "L", "capacity": 3, "price_per_hour": 1}, headers=auth(carol)).json[
        "lot"
    ]
    for plate in ("=1+2", "+49", "@x", "-A", "A" * 16, "http://a"):
        body = {"lot_id": lot["id"], "booking_type": "instant", "vehicle_plate": plate}
        booked = client.post("/api/book", json=body, headers=auth(alice))
        profile = client.patch("/auth/me", json={"plates": [plate]}, headers=auth(alice))
        assert (booked.status_code, profile.status_code) == (422, 422), plate
        assert "A number plate must have" in booked.json["detail"]
        assert "A number plate must have" in profile.json["detail"]
    body = {"lot_id": lot["id"], "booking_type": "instant", "vehicle_plate": " gö-ab  123 "}
    assert client.post("/api/book", json=body, headers=auth(alice)).json["booking"]["vehicle_plate"] == "GÖ-AB 123"
    profile = client.patch("/auth/me", json={"plates": ["gö-ab  123", "GÖ AB 123"]}, headers=auth(alice))
    assert profile.json["user"]["plates"] == ["GÖ-AB 123"]


def test_a_link_in_a_user_agent_does_not_reach_a_mail(client, auth, alice, mails):
    body = {"current_password": PASSWORD, "new_password": "another-Good-9"}
    headers = auth(alice) | {"User-Agent": "evil.example/free money"}
    assert client.post("/auth/password/change", json=body, headers=headers).status_code == 200
    assert mails("password_changed")[-1].facts["device"] is None


def test_one_of_many_concurrent_requests_gets_the_name(app, together, rows):
    names = ["Ärztin", "ärztin", "A\u0308RZTIN", "ÄRZTIN"] * 2
    answers = together(len(names), lambda n: register(app.test_client(), f"p{n}@example.com", names[n]))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len(rows(User)) == 1
