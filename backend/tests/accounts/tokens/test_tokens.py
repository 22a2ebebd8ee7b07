"""API tokens: created, shown once, listed, used, expired, revoked; what ends them and what is stored of them."""

import base64
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from parking import clock
from parking.accounts import account_changes
from parking.accounts.admin import service as admin_service
from parking.accounts.models import User
from parking.accounts.service import delete_old
from parking.accounts.setup import create_admin
from parking.accounts.tokens import store
from parking.accounts.tokens.models import ApiToken
from parking.database import db, transaction
from parking.timestamps import to_rfc3339
from tests.accounts.tokens.conftest import URL, with_settings
from tests.conftest import PASSWORD

SAYS = {"name": "Gate", "scopes": ["lots:read"]}


def in_a_day():
    return to_rfc3339(clock.now() + timedelta(days=1))


# created


def test_a_token_is_shown_once_and_works(client, auth, alice, program, mails, actions, rows):
    one = program(alice, "stats:read", "lots:read", "lots:read", name="  Gate   display ", expires_at=in_a_day())
    assert re.fullmatch(r"pw_[A-Za-z0-9_-]{43}", one.token)
    assert len(base64.urlsafe_b64decode(one.token[3:] + "=")) == 32
    assert one.created["scopes"] == ["lots:read", "stats:read"], "each once, in the order of the documentation"
    [listed] = client.get(URL, headers=auth(alice)).json["tokens"]
    assert listed == {name: value for name, value in one.created.items() if name != "token"}
    assert (listed["name"], listed["lot_ids"], listed["last_used_at"]) == ("Gate display", None, None)
    assert (listed["created_at"], listed["expires_at"]) == (to_rfc3339(clock.now()), in_a_day())
    assert one.get("/api/lots").status_code == 200
    assert actions()[-1] == "token.created"
    [mail] = mails("api_token_created")
    assert (mail.email, mail.facts["name"]) == ("alice@example.com", "Gate display")
    assert one.token not in str(vars(mail))


def test_only_a_hash_is_in_the_database(alice, program):
    one = program(alice)
    secret = one.token[3:]
    db.session.close()
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            assert secret not in str(connection.execute(table.select()).all()), table.name
        stored = connection.scalar(text("SELECT token_hash FROM api_token"))
    assert stored == store.hash_of(one.token) != one.token


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "see www.example.com"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["accounts:write"]}, "scopes"),
        ({"lot_ids": []}, "lot_ids"),
        ({"lot_ids": [10**9]}, "lot_ids"),
        ({"lot_ids": list(range(1, 102))}, "lot_ids"),
        ({"expires_at": "2026-03-02T12:00:00Z"}, "expires_at"),
        ({"expires_at": "2020-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": 1893456000}, "expires_at"),
        ({"admin": True}, "admin"),
    ],
)
def test_what_cannot_be_is_refused_and_named(client, auth, alice, rows, wrong, field):
    answer = client.post(URL, json=SAYS | wrong, headers=auth(alice))
    assert answer.status_code == 422, answer.json
    assert any(name == field or name.startswith(field) for name in answer.json["errors"]), answer.json
    assert rows(ApiToken) == []


def test_a_name_of_sixty_characters_is_one(program, alice):
    assert len(program(alice, name="x" * 60).created["name"]) == 60


def test_a_name_is_given_once_by_each_person(client, auth, alice, bob, program):
    program(alice, name="Straße")
    again = client.post(URL, json=SAYS | {"name": "STRASSE"}, headers=auth(alice))
    assert (again.status_code, again.json["code"]) == (409, "name_taken")
    program(bob, name="Straße")


def test_an_expired_token_gives_its_name_and_its_place_away(client, auth, alice, program, rows):
    old = program(alice, name="Gate", expires_at=in_a_day())
    for number in range(19):
        program(alice, name=f"another {number}")
    full = client.post(URL, json=SAYS | {"name": "one more"}, headers=auth(alice))
    assert (full.status_code, full.json["code"]) == (409, "too_many_tokens")
    clock.travel(86_400)
    new = program(alice, name="gate")
    assert old.get("/api/lots").status_code == 401
    assert new.get("/api/lots").status_code == 200
    assert [row.name for row in rows(ApiToken) if "ate" in row.name] == ["gate"]


def test_of_many_at_one_moment_twenty_are_made(app, auth, alice, together, rows):
    headers = auth(alice)

    def create(number):
        body = SAYS | {"name": f"token {number}"}
        return app.test_client().post(URL, json=body, headers=headers).status_code

    assert sorted(together(24, create)) == [201] * 20 + [409] * 4
    assert len(rows(ApiToken)) == 20


def test_of_many_with_one_name_one_is_made(app, auth, alice, together):
    headers = auth(alice)
    statuses = together(6, lambda _: app.test_client().post(URL, json=SAYS, headers=headers).status_code)
    assert sorted(statuses) == [201] + [409] * 5


def test_a_second_factor_is_asked_for(client, alice, app):
    from parking.accounts.second_factor import codes

    login = {"email": "alice@example.com", "password": PASSWORD}

    def bearer(answer):
        return {"Authorization": f"Bearer {answer.json['token']}"}

    headers = bearer(client.post("/auth/login", json=login))
    answer = client.post("/auth/second-factor", json={"password": PASSWORD}, headers=headers)
    begun, headers = answer.json, bearer(answer)
    key = base64.b32decode(begun["secret"].replace(" ", ""))
    given = {"code": codes.code_at(key, clock.now())}
    headers = bearer(client.post("/auth/second-factor/confirm", json=given, headers=headers))
    clock.travel(601)
    refusal = client.post(URL, json=SAYS, headers=headers)
    assert (refusal.status_code, refusal.json["code"]) == (401, "second_factor_required")
    given = {"code": codes.code_at(key, clock.now())}
    headers = bearer(client.post("/auth/second-factor/verify", json=given, headers=headers))
    assert client.post(URL, json=SAYS, headers=headers).status_code == 201


def test_who_must_set_up_a_factor_is_not_spared_by_a_token(app, carol, program):
    one = program(carol)
    with_settings(app, require_totp="admins")
    answer = one.get("/api/lots")
    assert (answer.status_code, answer.json["code"]) == (403, "second_factor_setup_required")


# revoked


def test_a_revoked_token_is_dead_at_once(client, auth, alice, bob, program, actions, rows):
    one, other = program(alice), program(alice)
    assert client.delete(f"{URL}/{one.id}", headers=auth(bob)).status_code == 404
    assert one.get("/api/lots").status_code == 200
    answer = client.delete(f"{URL}/{one.id}", headers=auth(alice))
    assert (answer.status_code, answer.data) == (204, b"")
    assert [one.get("/api/lots").status_code, other.get("/api/lots").status_code] == [401, 200]
    missing = client.delete(f"{URL}/{one.id}", headers=auth(alice))
    foreign = client.delete(f"{URL}/{other.id}", headers=auth(bob))
    assert {**missing.json, "request_id": ""} == {**foreign.json, "request_id": ""}
    assert actions().count("token.revoked") == 1
    assert [row.id for row in rows(ApiToken)] == [other.id]


def test_of_many_revocations_one_is_written_down(app, auth, alice, program, together, actions):
    one, headers = program(alice), auth(alice)
    statuses = together(8, lambda _: app.test_client().delete(f"{URL}/{one.id}", headers=headers).status_code)
    assert sorted(statuses) == [204] + [404] * 7
    assert actions().count("token.revoked") == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite never has two writers
def test_control_a_revocation_that_looks_first_is_written_down_often(
    app, auth, alice, program, together, actions, monkeypatch
):
    import threading

    barrier = threading.Barrier(8)

    def looks(session, user_id, token_id):
        there = session.scalar(select(ApiToken.id).where(ApiToken.id == token_id)) is not None
        barrier.wait(30)
        session.execute(text("DELETE FROM api_token WHERE id = :id"), {"id": token_id})
        return there

    one, headers = program(alice), auth(alice)
    monkeypatch.setattr(store, "delete_one", looks)
    statuses = together(8, lambda _: app.test_client().delete(f"{URL}/{one.id}", headers=headers).status_code)
    assert statuses.count(204) > 1


def test_it_ends_at_its_end(alice, program):
    one = program(alice, expires_at=in_a_day())
    clock.travel(86_399)
    assert one.get("/api/lots").status_code == 200
    clock.travel(1)
    assert one.get("/api/lots").status_code == 401


def test_an_end_without_an_offset_is_in_utc(alice, program):
    assert program(alice, expires_at="2026-03-03T01:00:00").created["expires_at"] == "2026-03-03T01:00:00Z"
    assert program(alice, expires_at="2026-03-03T01:00:00+02:00").created["expires_at"] == "2026-03-02T23:00:00Z"


def test_expired_tokens_are_listed_for_thirty_days(client, auth, alice, program):
    program(alice, expires_at=in_a_day())
    program(alice)
    clock.travel(31 * 86_400 + 1)
    assert delete_old() == 1
    assert len(client.get(URL, headers=auth(alice)).json["tokens"]) == 1


# the owner


def test_it_is_dead_once_its_owner_is_disabled_and_stays_so(alice, carol, program):
    one = program(alice)
    admin_service.change(alice.id, False, None)
    assert one.get("/api/lots").status_code == 401
    admin_service.change(alice.id, True, None)
    assert one.get("/api/lots").status_code == 401


def test_the_token_of_an_administrator_is_dead_once_they_are_none(client, auth, alice, carol, program):
    admin_service.change(alice.id, None, ["user", "admin"])
    db.session.close()
    person = db.session.get_one(User, alice.id)
    one = program(person, "bookings:read")
    assert one.get("/api/admin/bookings").status_code == 200
    admin_service.change(alice.id, None, ["user"])
    assert one.get("/api/bookings").status_code == 401
    admin_service.change(alice.id, None, ["user", "admin"])
    assert one.get("/api/bookings").status_code == 401, "and it does not come back"


def test_it_is_dead_even_if_the_role_was_taken_in_the_database(carol, program):
    one = program(carol, "lots:read")
    db.session.close()
    with transaction() as session:
        session.execute(text("DELETE FROM app_user_role WHERE role_id = (SELECT id FROM role WHERE name = 'admin')"))
    assert one.get("/api/lots").status_code == 401


def test_a_driver_who_becomes_an_administrator_keeps_a_token_and_is_one_with_it(alice, carol, program):
    one = program(alice)
    admin_service.change(alice.id, None, ["user", "admin"])
    assert one.get("/api/admin/bookings").status_code == 200
    admin_service.change(alice.id, None, ["user"])
    assert [one.get(path).status_code for path in ("/api/bookings", "/api/admin/bookings")] == [200, 403]


def test_a_deleted_account_leaves_no_token(client, auth, alice, program, rows):
    one = program(alice)
    assert client.delete("/auth/me", json={"password": PASSWORD}, headers=auth(alice)).status_code == 200
    assert rows(ApiToken) == []
    assert one.get("/api/lots").status_code == 401


def test_what_ends_the_tokens_of_an_account_and_what_does_not(client, auth, alice, carol, program, sign_in, secret_of):
    one = program(alice)
    _, headers = sign_in("alice@example.com")
    passwords = {"current_password": PASSWORD, "new_password": "another horse"}
    assert client.post("/auth/password/change", json=passwords, headers=headers).status_code == 200
    _, headers = sign_in("alice@example.com", "another horse")
    assert client.post("/auth/logout-all", json={}, headers=headers).status_code == 200
    assert one.get("/api/lots").status_code == 200, "the owner's own doing leaves programs alone"
    assert client.post("/auth/password/forgot", json={"email": "alice@example.com"}).status_code == 202
    reset = {"token": secret_of("password_reset"), "password": "a third horse"}
    assert client.post("/auth/password/reset", json=reset).status_code == 200
    assert one.get("/api/lots").status_code == 401, "who has lost the password may have lost more"


def test_an_administrator_ends_them_with_the_sessions(client, auth, alice, carol, program):
    one = program(alice)
    assert client.delete(f"/api/users/{alice.id}/sessions", headers=auth(carol)).status_code == 200
    assert one.get("/api/lots").status_code == 401


def test_an_account_that_is_taken_over_and_a_restored_backup_have_none(app, alice, bob, program, rows):
    program(alice)
    create_admin("alice@example.com", None, PASSWORD)
    assert rows(ApiToken) == []
    program(bob)
    db.session.close()
    with transaction() as session:
        account_changes.sign_everybody_out(session)
    assert rows(ApiToken) == []
