"""Signing in, and out again."""

import pytest

from parking import clock
from parking.accounts.models import LoginSession, User
from parking.accounts.sessions import access_tokens
from tests.accounts.conftest import OWN_PAGE

RIGHT = {"email": "alice@example.com", "password": "correct horse battery"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_signing_in_gives_a_token_and_a_cookie_no_script_can_read(client, alice, actions):
    answer = client.post("/auth/login", json=RIGHT)
    assert answer.status_code == 200
    assert answer.json["user"]["email"] == "alice@example.com"
    assert client.get("/auth/me", headers=bearer(answer.json["token"])).status_code == 200
    cookie = client.get_cookie("parking_refresh", path="/auth")
    assert cookie.http_only
    assert cookie.same_site == "Strict"
    assert cookie.max_age == 30 * 24 * 3600
    assert cookie.value not in answer.text
    assert actions() == ["session.started"]


@pytest.mark.parametrize("email", ["ALICE@Example.com", "  alice@example.com "])
def test_an_address_is_known_in_any_spelling(client, alice, email):
    assert client.post("/auth/login", json={**RIGHT, "email": email}).status_code == 200


@pytest.fixture
def disabled(bob, app):
    from parking.database import db

    bob.active = False
    db.session.commit()
    return bob


def test_whatever_was_wrong_the_answer_is_the_same(client, alice, disabled):
    """Nobody learns which addresses have an account (ASVS 6.3.8)."""
    attempts = [
        {**RIGHT, "password": "wrong"},
        {"email": "nobody@example.com", "password": "wrong"},
        {"email": "no address at all", "password": "wrong"},
        {"email": "bob@example.com", "password": "wrong"},
        {"email": "bob@example.com", "password": "correct horse battery"},
        {"email": "", "password": ""},
    ]
    answers = [client.post("/auth/login", json=body, headers={"X-Request-Id": "same"}) for body in attempts]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert len({str(answer.headers) for answer in answers}) == 1
    assert answers[0].json["detail"] == "The address or the password is wrong."


def test_an_anonymised_account_has_no_password_to_guess(client, alice, auth, rows):
    assert client.delete("/auth/me", json={"password": RIGHT["password"]}, headers=auth(alice)).status_code == 200
    user = rows(User)[0]
    assert user.password is None
    for password in ("", "None", RIGHT["password"]):
        assert client.post("/auth/login", json={"email": user.email, "password": password}).status_code == 401


def test_a_password_that_changes_while_it_is_compared_does_not_sign_in(client, alice, monkeypatch, rows):
    from parking.accounts.passwords import hashing
    from parking.database import db

    real = hashing.matches

    def slow(password, hashed):
        good = real(password, hashed)
        db.session.get(User, alice.id).password = hashing.hash_of("another one")
        db.session.commit()
        return good

    monkeypatch.setattr(hashing, "matches", slow)
    assert client.post("/auth/login", json=RIGHT).status_code == 401
    assert rows(LoginSession) == []


def test_no_database_connection_is_held_while_a_password_is_compared(app, alice, client, monkeypatch):
    from parking.accounts.passwords import hashing
    from parking.database import db

    db.session.close()
    held = []
    real = hashing.matches
    monkeypatch.setattr(
        hashing,
        "matches",
        lambda *a: held.append(db.session.connection is None or db.session().in_transaction()) or real(*a),
    )
    assert client.post("/auth/login", json=RIGHT).status_code == 200
    assert held == [False]


def test_signing_in_again_on_a_browser_ends_its_old_session(client, alice, rows):
    first = client.post("/auth/login", json=RIGHT).json["token"]
    second = client.post("/auth/login", json=RIGHT).json["token"]
    assert [bool(row.ended_at) for row in rows(LoginSession)] == [True, False]
    assert client.get("/auth/me", headers=bearer(first)).status_code == 401
    assert client.get("/auth/me", headers=bearer(second)).status_code == 200


def test_a_token_runs_out_after_its_minutes(app_with, alice):
    client = app_with(token_minutes=15).test_client()
    token = client.post("/auth/login", json=RIGHT).json["token"]
    clock.travel(15 * 60 - 1)
    assert client.get("/auth/me", headers=bearer(token)).status_code == 200
    clock.travel(1 + access_tokens.LEEWAY.total_seconds())
    assert client.get("/auth/me", headers=bearer(token)).status_code == 401


def test_signing_out_stops_the_access_token_at_once(app, client, alice, sign_in, actions):
    _, other = sign_in("alice@example.com")
    browser, mine = sign_in("alice@example.com")
    answer = browser.post("/auth/logout", json={}, headers={**mine, **OWN_PAGE})
    assert answer.status_code == 200
    assert browser.get_cookie("parking_refresh", path="/auth") is None
    assert client.get("/auth/me", headers=mine).status_code == 401
    assert client.get("/auth/me", headers=other).status_code == 200
    assert browser.post("/auth/refresh", headers=OWN_PAGE).status_code == 401
    assert actions()[2:] == ["session.ended"]


def test_a_program_signs_out_with_its_token_only(app, client, alice, sign_in):
    _, mine = sign_in("alice@example.com")
    assert client.post("/auth/logout", headers=mine).status_code == 200
    assert client.get("/auth/me", headers=mine).status_code == 401
    assert client.post("/auth/logout", headers=mine).status_code == 401


def test_a_page_whose_token_ran_out_signs_out_with_its_cookie(client, alice, sign_in, rows):
    browser, mine = sign_in("alice@example.com")
    clock.travel(25 * 3600)
    assert browser.post("/auth/logout", headers={**mine, **OWN_PAGE}).status_code == 200
    assert rows(LoginSession)[0].ended_at is not None


def test_signing_out_without_a_session_succeeds(client, alice):
    assert client.post("/auth/logout", json={}).status_code == 401
    client.set_cookie("parking_refresh", "made.up", path="/auth")
    assert client.post("/auth/logout", json={}, headers=OWN_PAGE).status_code == 401


def test_signing_out_everywhere(client, alice, bob, sign_in, actions):
    browsers = [sign_in("alice@example.com") for _ in range(3)]
    _, bobs = sign_in("bob@example.com")
    assert client.post("/auth/logout-all", headers=browsers[0][1]).status_code == 200
    for browser, headers in browsers:
        assert client.get("/auth/me", headers=headers).status_code == 401
        assert browser.post("/auth/refresh", headers=OWN_PAGE).status_code == 401
    assert client.get("/auth/me", headers=bobs).status_code == 200
    assert actions()[-1] == "session.all_ended"


def test_the_list_of_browsers_and_ending_one(client, alice, bob, sign_in, actions):
    _, first = sign_in("alice@example.com", **{"User-Agent": "Firefox/140"})
    clock.travel(60)
    _, second = sign_in("alice@example.com", **{"User-Agent": "Chrome/150"})
    _, bobs = sign_in("bob@example.com")
    listed = client.get("/auth/sessions", headers=second).json["sessions"]
    assert [(s["user_agent"], s["current"]) for s in listed] == [("Chrome/150", True), ("Firefox/140", False)]
    assert listed[0]["ip"] == "127.0.0.1"
    target = f"/auth/sessions/{listed[1]['id']}"
    foreign, missing = client.delete(target, headers=bobs), client.delete("/auth/sessions/999", headers=bobs)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json["detail"] == missing.json["detail"]
    assert client.delete(target, headers=second).status_code == 200
    assert client.delete(target, headers=second).status_code == 404
    assert client.get("/auth/me", headers=first).status_code == 401
    assert len(client.get("/auth/sessions", headers=second).json["sessions"]) == 1
    assert actions()[-1] == "session.ended"


@pytest.mark.parametrize("request_of", ["POST /auth/logout-all", "DELETE /auth/sessions/{id}"])
def test_ending_sessions_asks_for_the_password_ten_minutes_after_it(client, alice, sign_in, rows, request_of):
    browser, mine = sign_in("alice@example.com")
    clock.travel(601)
    _, other = sign_in("alice@example.com")
    session_id = rows(LoginSession)[1].id
    method, path = request_of.format(id=session_id).split(" ")
    refused = browser.open(path, method=method, headers=mine)
    assert (refused.status_code, refused.json["code"]) == (401, "password_required")
    assert client.get("/auth/me", headers=other).status_code == 200
    wrong = browser.post("/auth/password/verify", json={"password": "wrong"}, headers=mine)
    assert (wrong.status_code, wrong.json["code"]) == (403, "wrong_password")
    assert browser.open(path, method=method, headers=mine).status_code == 401
    answer = browser.post("/auth/password/verify", json={"password": RIGHT["password"]}, headers=mine)
    assert client.get("/auth/me", headers=mine).status_code == 401, "the session has been renewed"
    clock.travel(600)
    assert browser.open(path, method=method, headers=bearer(answer.json["token"])).status_code == 200
    assert client.get("/auth/me", headers=other).status_code == 401


def test_the_password_in_one_browser_says_nothing_of_another(client, alice, sign_in):
    _, mine = sign_in("alice@example.com")
    clock.travel(601)
    sign_in("alice@example.com")
    assert client.post("/auth/logout-all", headers=mine).json["code"] == "password_required"


def test_what_the_database_says_counts_not_the_token(client, alice, carol, auth):
    """A role taken away in the database is gone at the next request, with the same token."""
    from parking.database import db

    headers = auth(carol)
    assert client.get("/api/users", headers=headers).status_code == 200
    db.session.get(User, carol.id).roles = [role for role in carol.roles if role.name != "admin"]
    db.session.commit()
    assert client.get("/api/users", headers=headers).status_code == 403


def test_authentication_takes_one_query(app, client, alice, sign_in, monkeypatch):
    from sqlalchemy import event

    from parking.database import Read, db

    _, headers = sign_in("alice@example.com")
    seen, rows = [], Read.rows

    def count(read, *arguments, **parameters):
        seen.append(str(read.statement))
        return rows(read, *arguments, **parameters)

    monkeypatch.setattr(Read, "rows", count)
    event.listen(db.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    client.get("/auth/sessions", headers=headers)
    assert len([statement for statement in seen if "app_user" in statement]) == 1


def test_a_strangers_cookie_does_not_hide_the_token(client, alice, auth):
    """Other programs on this host may set cookies of the names that flask-login and Flask know."""
    client.set_cookie("remember_token", "5|abc")
    client.set_cookie("session", "junk")
    assert client.get("/auth/me", headers=auth(alice)).status_code == 200
