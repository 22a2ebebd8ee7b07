"""API tokens in use: what counts as one, what is written of it and what it cannot do."""

import logging

from parking import clock
from parking.accounts.tokens import store
from parking.accounts.tokens.models import ApiToken
from tests.accounts.tokens.conftest import URL, with_settings


def test_the_last_use_is_written_once_an_hour(client, auth, alice, program, monkeypatch):
    from parking.accounts.tokens import bearer

    writes = []
    original = bearer._note_use
    monkeypatch.setattr(bearer, "_note_use", lambda *args: (writes.append(args), original(*args)))
    one = program(alice)
    used = []
    for seconds in (0, 1, 3598, 1, 1800, 1800):
        clock.travel(seconds)
        assert one.get("/api/lots").status_code == 200
        used.append(client.get(URL, headers=auth(alice)).json["tokens"][0]["last_used_at"])
    assert [at[11:19] for at in used] == ["12:00:00"] * 3 + ["13:00:00"] * 2 + ["14:00:00"]
    assert len(writes) == 3


def test_a_request_goes_on_when_the_last_use_cannot_be_written(alice, program, monkeypatch):
    from parking.accounts.tokens import bearer
    from parking.database.outages import Busy

    def busy():
        raise Busy("another writer")

    one = program(alice)
    monkeypatch.setattr(bearer, "transaction", busy)
    assert one.get("/api/lots").status_code == 200


def test_many_first_uses_at_one_moment_all_pass(alice, program, together, rows):
    one = program(alice)
    assert together(8, lambda _: one.get("/api/lots").status_code) == [200] * 8
    assert rows(ApiToken)[0].last_used_at == clock.now()


def test_it_counts_in_its_header_alone_and_signs_nobody_in(app, alice, program):
    one = program(alice)
    client = app.test_client()
    for path in (f"/api/lots?token={one.token}", f"/api/lots?access_token={one.token}", f"/api/lots?jwt={one.token}"):
        assert client.get(path).status_code == 401
    for name in ("parking_refresh", "token", "access_token"):
        client.set_cookie(name, one.token)
    assert client.get("/api/lots").status_code == 401
    refreshed = client.post("/auth/refresh", headers={"X-Requested-With": "parkwell"})
    assert refreshed.status_code == 401
    answer = one.ask("POST", "/auth/refresh", headers={"X-Requested-With": "parkwell"})
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (401, [])
    assert one.get("/api/lots").headers.getlist("Set-Cookie") == []
    assert one.ask("GET", "/api/lots", headers={"Authorization": f"Basic {one.token}"}).status_code == 401


def test_it_acts_without_proof_that_a_page_of_ours_asks(alice, lots, program):
    """No cookie counts, so a foreign page has nothing to abuse."""
    one = program(alice, "bookings:write")
    answer = one.ask("POST", "/api/book", json={"lot_id": lots[0], "booking_type": "instant"})
    assert answer.status_code == 201
    booking = answer.json["booking"]["id"]
    assert one.ask("POST", f"/api/release/{booking}").status_code == 200


def test_it_cannot_sign_its_owner_out(client, auth, alice, program, sign_in):
    _, headers = sign_in("alice@example.com")
    one = program(alice)
    for path in ("/auth/logout", "/auth/logout-all"):
        answer = one.ask("POST", path, json={})
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert client.get("/auth/me", headers=headers).status_code == 200


def test_no_token_is_in_the_log_or_an_answer(app, alice, program, caplog, monkeypatch):
    one = program(alice, "lots:read")
    caplog.set_level(logging.DEBUG)
    assert [one.get(path).status_code for path in ("/api/lots", "/api/bookings", "/auth/me")] == [200, 403, 403]
    assert one.get("/nowhere/at/all").status_code in (200, 404)
    broken = app.test_client().get("/api/lots", headers={"Authorization": f"Bearer {one.token}x"})
    from parking.availability import service

    monkeypatch.setattr(service, "list_lots", lambda *_: 1 / 0)
    failed = one.get("/api/lots")
    assert (broken.status_code, failed.status_code) == (401, 500)
    lines = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "parking.access" in lines
    assert f"'api_token_id': {one.id}" in lines
    assert one.token[3:] not in lines
    assert store.hash_of(one.token) not in lines
    assert one.token[3:] not in failed.text + broken.text


def test_a_guess_counts_as_a_failed_sign_in_of_its_address(app, alice, program):
    with_settings(app, rate_limits=True)
    one = program(alice)
    client = app.test_client()

    def guess(number):
        return client.get("/api/lots", headers={"Authorization": f"Bearer pw_{number:043}"}).status_code

    assert [guess(0) for _ in range(15)] == [401] * 15, "a program that repeats a revoked token guesses once"
    assert [guess(number) for number in range(1, 12)] == [401] * 9 + [429] * 2
    login = client.post("/auth/login", json={"email": "bob@example.com", "password": "wrong"})
    assert login.status_code == 429, "they are counted together"
    assert one.get("/api/lots").status_code == 200, "what is right passes"


def test_the_requests_of_all_tokens_count_for_their_owner(app, client, auth, alice, lots, program):
    from parking.web import rate_limits

    one, other = program(alice), program(alice)
    assert rate_limits.BOOK.startswith("10 per minute")
    with app.test_request_context("/api/bookings", headers={"Authorization": f"Bearer {one.token}"}):
        first = rate_limits.by_user()
    with app.test_request_context("/api/bookings", headers={"Authorization": f"Bearer {other.token}"}):
        second = rate_limits.by_user()
    assert first == second == f"user {alice.id}"


def test_the_page_may_name_the_account_and_a_foreign_one_is_refused(alice, bob, program):
    one = program(alice)
    assert one.get("/api/lots", headers={"X-Account": str(alice.id)}).status_code == 200
    assert one.get("/api/lots", headers={"X-Account": str(bob.id)}).json["code"] == "other_account"


def test_ones_own_data_name_the_tokens_without_their_secrets(client, auth, alice, program):
    one = program(alice, "lots:read", name="Gate")
    answer = client.get("/api/me/data", headers=auth(alice))
    [listed] = answer.json["api_tokens"]
    assert (listed["name"], listed["scopes"]) == ("Gate", ["lots:read"])
    assert one.token not in answer.text
    assert store.hash_of(one.token) not in answer.text
