"""One's own account: changed, and given up."""

import pytest

from parking.accounts import hooks
from parking.accounts.models import LoginSession, SingleUse, User
from parking.audit import AuditEntry
from parking.database import db
from parking.idempotency.models import IdempotencyKey
from parking.mail.models import MailPreference, OutboxMail

PASSWORD = "correct horse battery"


def change(client, headers, **body):
    return client.patch("/auth/me", json=body, headers=headers)


def test_me_and_verify_say_the_same(client, alice, auth):
    me = client.get("/auth/me", headers=auth(alice))
    assert me.json == client.get("/auth/verify", headers=auth(alice)).json
    account_fields = {"id", "email", "email_confirmed", "username", "roles", "lot_roles", "active", "created_at"}
    own_fields = {
        "must_set_up_second_factor",
        "timezone",
        "locale",
        "theme",
        "csv_format",
        "plates",
        "needs",
        "mail_preferences",
    }
    assert set(me.json["user"]) == account_fields | own_fields


def test_only_what_is_named_changes(client, alice, auth, rows):
    answer = change(client, auth(alice), timezone="Europe/Berlin", locale="de", theme="dark", plates=["b-ab 1"])
    assert answer.status_code == 200
    answer = change(client, auth(alice), username="Alice A.")
    user = answer.json["user"]
    assert (user["username"], user["timezone"], user["locale"], user["theme"], user["plates"]) == (
        "Alice A.", "Europe/Berlin", "de", "dark", ["B-AB 1"],
    )  # fmt: skip
    assert client.get("/auth/me", headers=auth(alice)).json["user"] == user
    assert [entry.after for entry in rows(AuditEntry)] == [
        {"fields": ["timezone", "locale", "theme", "plates"]},
        {"fields": ["username"]},
    ]


def test_null_goes_back_to_the_default(client, alice, auth):
    change(client, auth(alice), timezone="Asia/Tokyo", locale="de")
    user = change(client, auth(alice), timezone=None, locale=None).json["user"]
    assert (user["timezone"], user["locale"]) == (None, "en")


def test_nothing_changed_leaves_no_trace(client, alice, auth, actions):
    assert change(client, auth(alice)).status_code == 200
    assert change(client, auth(alice), username="alice", locale="en", mail_preferences={}).status_code == 200
    assert actions() == []


def test_mail_preferences_are_ones_own_choices(client, alice, carol, auth, rows, actions):
    choices = {"inactivity_reminder": False}
    answer = change(client, auth(alice), mail_preferences=choices)
    assert answer.json["user"]["mail_preferences"]["inactivity_reminder"] is False
    assert change(client, auth(alice), mail_preferences=choices).status_code == 200
    assert [(row.user_id, row.enabled) for row in db.session.query(MailPreference)] == [(alice.id, False)]
    assert actions() == ["user.profile_changed"]
    assert "admin_daily_report" not in answer.json["user"]["mail_preferences"]
    assert "admin_daily_report" in client.get("/auth/me", headers=auth(carol)).json["user"]["mail_preferences"]
    for unknown in ({"password_reset": False}, {"admin_daily_report": False}, {"x": True}):
        refused = change(client, auth(alice), mail_preferences=unknown)
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["mail_preferences"])


REFUSED = [
    {"username": ""},
    {"username": None},
    {"timezone": "Mars/Base"},
    {"locale": "xx"},
    {"theme": "pink"},
    {"csv_format": "xlsx"},
    {"csv_format": None},
    {"plates": "B-1"},
    {"plates": ["?"]},
    {"plates": [f"A{n}" for n in range(11)]},
    {"mail_preferences": {"inactivity_reminder": 1}},
    {"email": "x@example.com"},
    {"roles": ["admin"]},
    {"active": False},
    {"id": 9},
    {"password": "x"},
    {"created_at": None},
]


def test_what_cannot_be_is_refused_and_nothing_changes(client, alice, auth, rows, actions):
    for body in REFUSED:
        assert change(client, auth(alice), **{"theme": "dark", **body}).status_code == 422, body
    assert rows(User)[0].theme == "system"
    assert actions() == []


def test_a_name_in_use_is_refused(client, alice, bob, auth, rows):
    taken = change(client, auth(alice), username="BOB")
    assert (taken.status_code, taken.json["code"]) == (409, "username_taken")
    assert change(client, auth(alice), username="ALICE").status_code == 200, "one's own name in other letters is free"


# giving it up


def give_up(client, headers, password=PASSWORD):
    return client.delete("/auth/me", json={"password": password}, headers=headers)


@pytest.fixture
def lived(client, alice, auth, sign_in):
    """alice has left traces everywhere."""
    browser, headers = sign_in("alice@example.com", **{"User-Agent": "alice@example.com's browser"})
    change(client, headers, plates=["AL-1"], timezone="Europe/Berlin", mail_preferences={"inactivity_reminder": False})
    client.post("/auth/password/forgot", json={"email": "alice@example.com"})
    new_address = {"email": "alice.new@example.com", "password": PASSWORD}
    renewed = browser.post("/auth/email/change", json=new_address, headers=headers)
    headers = {"Authorization": f"Bearer {renewed.json['token']}"}
    db.session.add(
        IdempotencyKey(
            user_id=alice.id,
            key="k",
            request_hash="h",
            status=201,
            body='"alice@example.com"',
            created_at=alice.created_at,
        )
    )
    db.session.commit()
    return browser, headers


def dump() -> str:
    """Every value of every table."""
    db.session.close()
    with db.engine.connect() as connection:
        return "\n".join(str(tuple(row)) for t in db.metadata.sorted_tables for row in connection.execute(t.select()))


def test_a_deleted_account_is_anonymised(client, lived, bob, rows, actions):
    browser, headers = lived
    assert "alice" in dump()
    assert give_up(browser, headers).status_code == 200
    assert "alice" not in dump().lower()
    assert "AL-1" not in dump()
    [deleted] = [user for user in rows(User) if user.deleted_at]
    assert (deleted.active, deleted.password, deleted.roles, deleted.plates) == (False, None, [], [])
    assert rows(LoginSession) == rows(SingleUse) == rows(OutboxMail) == []
    assert client.get("/auth/me", headers=headers).status_code == 401
    assert browser.get_cookie("parking_refresh", path="/auth") is None
    assert client.post("/auth/login", json={"email": "alice@example.com", "password": PASSWORD}).status_code == 401
    assert actions()[-1] == "user.deleted"


def test_the_address_and_name_are_free_again(client, alice, auth):
    give_up(client, auth(alice))
    body = {"email": "alice@example.com", "username": "alice", "password": PASSWORD}
    assert client.post("/auth/register", json=body).status_code == 201


def test_an_administrator_no_longer_sees_it(client, alice, carol, auth):
    give_up(client, auth(alice))
    assert [user["username"] for user in client.get("/api/users", headers=auth(carol)).json["users"]] == ["carol"]
    assert client.get(f"/api/users/{alice.id}", headers=auth(carol)).status_code == 404
    assert client.patch(f"/api/users/{alice.id}", json={"active": True}, headers=auth(carol)).status_code == 404


def test_deleting_requires_the_password(client, alice, auth, rows):
    wrong = give_up(client, auth(alice), "wrong")
    assert (wrong.status_code, wrong.json["code"]) == (403, "wrong_password")
    assert client.delete("/auth/me", headers=auth(alice)).status_code in (400, 415)
    assert client.delete("/auth/me", json={}, headers=auth(alice)).status_code == 422
    assert rows(User)[0].deleted_at is None


def test_a_domain_above_can_say_no_and_forget(client, alice, bob, auth, monkeypatch, rows):
    erased = []
    monkeypatch.setattr(
        hooks, "_blockers", [lambda session, user_id: "You are still parked." if user_id == alice.id else None]
    )
    monkeypatch.setattr(hooks, "_erasers", [lambda session, user_id: erased.append(user_id)])
    refused = give_up(client, auth(alice))
    assert (refused.status_code, refused.json["code"], refused.json["detail"]) == (
        409,
        "account_in_use",
        "You are still parked.",
    )
    assert rows(User, username="alice")[0].deleted_at is None
    assert give_up(client, auth(bob)).status_code == 200
    assert erased == [bob.id]


def test_of_many_deletions_at_one_moment_one_counts(app, alice, auth, together, actions):
    headers = auth(alice)
    statuses = together(4, lambda n: give_up(app.test_client(), headers).status_code)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 403, 404}
    assert actions() == ["user.deleted"]


def test_one_may_come_and_go_many_times(client, auth, rows):
    for _ in range(3):
        body = {"email": "eve@example.com", "username": "Eve", "password": PASSWORD}
        token = client.post("/auth/register", json=body).json["token"]
        assert give_up(client, {"Authorization": f"Bearer {token}"}).status_code == 200
    assert len(rows(User)) == 3
