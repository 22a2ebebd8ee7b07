"""Making an account."""

import pytest

from parking.accounts.models import LoginSession, User

DAVE = {"email": "dave@example.com", "username": "Dave", "password": "password123"}


def test_registering_answers_as_the_client_knows_it(client, rows, actions):
    answer = client.post("/auth/register", json=DAVE)
    assert answer.status_code == 201
    assert answer.json["message"] == "User registered successfully"
    user = answer.json["user"]
    assert {k: user[k] for k in ("email", "username", "roles")} == {
        "email": "dave@example.com",
        "username": "Dave",
        "roles": ["user"],
    }
    assert answer.json["expires_in"] == 86_400  # a local run; TOKEN_MINUTES
    me = client.get("/auth/me", headers={"Authorization": f"Bearer {answer.json['token']}"})
    assert me.json == {"user": user}
    assert actions() == ["user.registered"]
    assert rows(User)[0].password.startswith("$2b$04$")


def test_the_answer_holds_no_hash_and_no_uniquifier(client, rows):
    text = client.post("/auth/register", json=DAVE).text
    assert "$2b$" not in text
    assert rows(User)[0].fs_uniquifier not in text


@pytest.mark.parametrize(("sent", "locale"), [({}, "en"), ({"locale": "de"}, "de")])
def test_an_account_begins_in_the_language_of_the_form(client, rows, actions, sent, locale):
    assert client.post("/auth/register", json={**DAVE, **sent}).json["user"]["locale"] == locale
    assert rows(User)[0].locale == locale
    assert actions() == ["user.registered"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "DAVE@example.COM", "username": "Other"}, "email"),
        ({"email": "other@example.com", "username": "dAVE"}, "username"),
    ],
)
def test_taken_is_409_and_says_what(client, rows, actions, change, field):
    client.post("/auth/register", json=DAVE)
    answer = client.post("/auth/register", json={**DAVE, **change})
    assert answer.status_code == 409
    assert answer.json["code"] == f"{field}_taken"
    assert list(answer.json["errors"]) == [field]
    assert len(rows(User)) == len(rows(LoginSession)) == len(actions()) == 1
    assert "Set-Cookie" not in answer.headers


def test_one_of_many_concurrent_registrations_gets_the_address(app, together, rows):
    def register(number: int) -> int:
        body = {**DAVE, "username": f"Dave {number}"}
        return app.test_client().post("/auth/register", json=body).status_code

    assert sorted(together(8, register)) == [201] + [409] * 7
    assert len(rows(User)) == 1


WRONG = [
    ({"locale": "tlh"}, "locale"),
    ({"email": "not an address"}, "email"),
    ({"email": 5}, "email"),
    ({"email": {"a": 1}}, "email"),
    ({"username": "a\nb"}, "username"),
    ({"password": "12345"}, "password"),
    ({"password": "x" * 5000}, "password"),
    ({"password": "ä" * 2100}, "password"),
    ({"password": ["x"]}, "password"),
]


def test_wrong_fields_are_named(client, rows):
    for change, field in WRONG:
        answer = client.post("/auth/register", json={**DAVE, **change})
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field]), change
    assert rows(User) == []


EXTRA = [
    {"roles": ["admin"]},
    {"role": "admin"},
    {"active": True},
    {"id": 1},
    {"created_at": "2020-01-01T00:00:00Z"},
    {"fs_uniquifier": "x"},
    {"confirmed_at": "2020-01-01T00:00:00Z"},
]


def test_a_registration_with_extra_fields_gets_no_extra_rights(client, rows):
    for extra in EXTRA:
        assert client.post("/auth/register", json={**DAVE, **extra}).status_code == 422, extra
    assert rows(User) == []


def test_a_form_is_not_json(client):
    assert client.post("/auth/register", data=DAVE).status_code == 415
    assert client.post("/auth/register", data="{", content_type="application/json").status_code == 400
