"""The security log: what an attack leaves behind, with address, account and request, and without a secret."""

from __future__ import annotations

import dataclasses
import json

import pytest

from parking import create_app
from parking.accounts.sessions import browser_sessions
from parking.clock import now, set_to
from parking.web import rate_limits
from parking.web.logs import security_log
from tests.accounts.conftest import OWN_PAGE
from tests.web.logs.test_request_log import lines, written

__all__ = ["written"]
FROM = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
LOGIN = {"email": "alice@example.com", "password": "correct horse battery"}


@pytest.fixture
def events(written):
    def read(name: str | None = None) -> list[dict]:
        events = [line for line in lines(written) if line["logger"] == "parking.security"]
        return [line for line in events if name in (None, line["event"])]

    return read


def test_a_refused_sign_in_names_account_address_and_request(town, events):
    for email in ("alice@example.com", " ALICE@example.com", "nobody@example.com"):
        body = {"email": email, "password": "CANARY"}
        town.ask("POST", "/auth/login", json=body, headers={"X-Request-Id": "rid-1"}, **FROM)
    first, same, other = events("sign_in_refused")
    assert (first["address"], first["request_id"]) == ("203.0.113.7", "rid-1")
    assert first["time"].endswith("+00:00")
    assert first["account"] == same["account"] != other["account"]
    output = json.dumps(events())
    assert "alice" not in output.lower()
    assert "CANARY" not in output


def test_the_name_of_an_account_depends_on_the_key(town, plain):
    other = plain(secret_key="another key of at least thirty-two bytes")
    with town.app.app_context():
        mine = security_log.account_hash("alice@example.com")
    with other.application.app_context():
        assert security_log.account_hash("alice@example.com") != mine


def test_a_reached_limit_is_logged(town, events, tmp_path):
    town_settings = town.app.extensions["settings"]
    client = create_app(dataclasses.replace(town_settings, rate_limits=True)).test_client()
    for _ in range(6):
        client.post("/auth/password/reset", json={"token": "guess", "password": "a new password"}, **FROM)
        client.post("/auth/password/forgot", json={"email": "nobody@example.com"}, **FROM)
    for _ in range(5):
        client.post("/auth/password/reset", json={"token": "guess", "password": "a new password"}, **FROM)
    logged = events("limit_reached")
    assert {line["address"] for line in logged} == {"203.0.113.7"}
    assert any("link from 203.0.113.7" in key for line in logged for key in line["keys"])
    assert any("forgot" in key for line in logged for key in line["keys"])
    assert "nobody" not in json.dumps(logged)
    assert len(events("link_refused")) == 10
    rate_limits.limiter.reset()


def test_the_reuse_of_a_token_is_logged(town, events):
    client = town.app.test_client()
    client.post("/auth/login", json=LOGIN)
    stolen = client.get_cookie("parking_refresh", path="/auth").value
    client.post("/auth/refresh", headers=OWN_PAGE)
    thief = town.app.test_client()
    thief.set_cookie("parking_refresh", stolen, path="/auth")
    with set_to(now() + 2 * browser_sessions.GRACE):
        assert thief.post("/auth/refresh", headers=OWN_PAGE, **FROM).status_code == 401
    [logged] = events("session.token_reused")
    assert (logged["address"], logged["actor_id"]) == ("203.0.113.7", town.ids["alice"])
    assert stolen not in json.dumps(events())


def test_changes_of_roles_and_disabled_accounts_are_logged_with_their_actor(town, events):
    path = f"/api/users/{town.ids['bob']}"
    town.ask("PATCH", path, "carol", json={"roles": ["user", "admin"]}, **FROM)
    town.ask("PATCH", path, "carol", json={"active": False}, **FROM)
    promoted, disabled = events("user.updated")
    assert promoted["changes"]["roles"] == ["admin", "user"]
    assert disabled["changes"]["active"] is False
    for line in (promoted, disabled):
        assert (line["user_id"], line["actor_id"]) == (town.ids["bob"], town.ids["carol"])
        assert line["address"] == "203.0.113.7"


def test_a_request_of_a_user_to_an_administrators_route_is_logged(town, events):
    assert town.ask("GET", "/api/users", "alice", **FROM).status_code == 403
    [logged] = events("access_refused")
    assert (logged["user_id"], logged["route"], logged["address"]) == (town.ids["alice"], "/api/users", "203.0.113.7")


FOREIGN = {
    "/api/bookings/{booking}": ("GET", "booking"),
    "/api/bookings/{booking}/receipt": ("GET", "booking"),
    "/api/release/{booking}": ("POST", "booking"),
    "/api/exports/{export}": ("GET", "export"),
    "/api/exports/{export}/download": ("GET", "export"),
    "/api/notices/{notice}/dismiss": ("POST", "notice"),
    "/auth/sessions/{login_session}": ("DELETE", "login_session"),
    "/api/tokens/{api_token}": ("DELETE", "api_token"),
}


@pytest.fixture
def things(town):
    """Ids of what belongs to alice."""
    stay = town.bookings[0]["id"]
    town.ask("POST", f"/api/admin/bookings/{stay}/release", "carol", json={"reason": "Towed away"})
    export = town.ask("POST", "/api/exports", "alice", json={"kind": "bookings"}).json["export"]["id"]
    token = town.ask("POST", "/api/tokens", "alice", json={"name": "t", "scopes": ["lots:read"]}).json["id"]
    town.app.test_client().post("/auth/login", json=LOGIN)
    return {
        "booking": stay,
        "export": export,
        "notice": town.ask("GET", "/api/notices", "alice").json["notices"][0]["id"],
        "login_session": town.ask("GET", "/auth/sessions", "alice").json["sessions"][0]["id"],
        "api_token": token,
    }


def test_a_request_for_what_belongs_to_somebody_else_is_logged(town, things, events):
    bob = town.app.test_client().post("/auth/login", json=LOGIN | {"email": "bob@example.com"}).json["token"]
    headers = {"Authorization": f"Bearer {bob}"}
    for path, (method, entity) in FOREIGN.items():
        answer = town.ask(method, path.format_map(things), headers=headers, **FROM)
        assert answer.status_code == 404, path
        logged = events("access_refused")[-1]
        assert (logged["user_id"], logged["address"]) == (town.ids["bob"], "203.0.113.7")
        assert (logged["entity"], logged["entity_id"], logged["method"]) == (entity, things[entity], method)
    assert len(events("access_refused")) == len(FOREIGN)


def test_what_is_not_there_and_what_is_ones_own_is_not_logged_as_refused(town, things, events):
    for path, (method, _) in FOREIGN.items():
        town.ask(method, path.format_map(dict.fromkeys(things, 10**9)), "bob")
    town.ask("GET", f"/api/bookings/{things['booking']}", "alice")
    town.ask("GET", f"/api/bookings/{things['booking']}")
    town.ask("DELETE", f"/api/tokens/{things['api_token']}", "alice")
    town.ask("DELETE", f"/api/tokens/{things['api_token']}", "alice")
    assert events("access_refused") == []


def test_only_an_answer_of_404_runs_a_query_for_the_log(town, things, events, monkeypatch):
    from parking.web.logs import foreign_access

    queries = []

    def count(**parameters):
        queries.append(parameters)
        return []

    for _, owner in foreign_access._OWNERS.values():
        monkeypatch.setattr(owner, "rows", count)
    assert town.ask("GET", f"/api/bookings/{things['booking']}", "alice").status_code == 200
    assert town.ask("GET", "/api/bookings/1").status_code == 401
    assert queries == []
    assert town.ask("GET", f"/api/bookings/{things['booking']}", "bob").status_code == 404
    assert queries == [{"row_id": things["booking"]}]


def test_a_change_that_was_rolled_back_publishes_no_event(town, events):
    town.ask("PATCH", f"/api/users/{town.ids['carol']}", "carol", json={"active": False})
    assert events("user.updated") == [], "she is the last administrator"


def test_a_forged_address_stands_in_no_line(town, events, written):
    town.ask("POST", "/auth/login", json=LOGIN | {"password": "x"}, headers={"X-Forwarded-For": "6.6.6.6"}, **FROM)
    assert "6.6.6.6" not in written["json"].getvalue()
    assert "sign_in_refused address=203.0.113.7" in written["text"].getvalue()
