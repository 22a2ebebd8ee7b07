"""How often one may ask, whom a limit hits, and that Redis being away locks nobody out and lets nobody through."""

from __future__ import annotations

import time

import pytest
from apiflask import APIBlueprint, APIFlask
from flask import request

from parking import create_app
from parking.web import headers, rate_limits
from parking.web.rate_limits import by_address, limiter
from tests.conftest import make_settings
from tests.realtime.waits import Waits

probe = APIBlueprint("limit_probe", __name__)


def by_named_account() -> str:
    return "account " + request.get_json()["email"].strip().lower() if "email" in request.get_json() else by_address()


@probe.post("/api/probe")
@limiter.limit("3 per 2 minutes", key_func=by_named_account)
@limiter.limit("6 per 2 minutes", key_func=by_address)
def probed() -> dict[str, str]:
    return {"address": request.remote_addr or ""}


@pytest.fixture
def app_with(tmp_path):
    def make(**changes) -> APIFlask:
        app = create_app(make_settings(tmp_path, **{"rate_limits": True, **changes}))
        app.register_blueprint(probe)
        return app

    return make


def tries(app, email: str, count: int, **head: str) -> list[int]:
    client = app.test_client()
    return [client.post("/api/probe", json={"email": email}, headers=head).status_code for _ in range(count)]


def test_one_account_is_limited_and_another_is_not(app_with):
    app = app_with()
    assert tries(app, "a@example.com", 4) == [200, 200, 200, 429]
    assert tries(app, " A@Example.COM ", 1) == [429], "the same account, written otherwise"
    assert tries(app, "b@example.com", 1) == [200]


def test_one_address_is_limited_whatever_accounts_it_names(app_with):
    app = app_with()
    statuses = [tries(app, f"{n}@example.com", 1)[0] for n in range(8)]
    assert statuses == [200] * 6 + [429] * 2


def test_the_refusal_has_the_right_time_to_wait(app_with, monkeypatch):
    app, now = app_with(), time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    tries(app, "a@example.com", 3)
    refused = app.test_client().post("/api/probe", json={"email": "a@example.com"})
    assert refused.status_code == 429
    assert refused.content_type == "application/problem+json"
    assert refused.json["code"] == "too_many_requests"
    wait = int(refused.headers["Retry-After"])
    assert 119 <= wait <= 121
    assert rate_limits.in_words(wait) in refused.json["detail"]
    now += wait - 2
    assert tries(app, "a@example.com", 1) == [429]
    now += 2
    assert tries(app, "a@example.com", 1) == [200]


def test_an_app_counts_in_its_own_storage_after_another_app_lost_its_redis(app_with):
    tries(app_with(redis_url="redis://127.0.0.1:1/0"), "a@example.com", 1)
    tries(app_with(), "a@example.com", 3)
    storage = rate_limits.limiter.storage
    assert [len(counted) for counted in storage.events.values()] == [3, 3], "per account and per address"


def test_off_means_off(app_with):
    assert set(tries(app_with(rate_limits=False), "a@example.com", 30)) == {200}


def test_a_forged_forwarded_address_counts_for_nothing(app_with):
    app = app_with()
    statuses = [tries(app, f"{n}@example.com", 1, **{"X-Forwarded-For": f"10.0.0.{n}"})[0] for n in range(7)]
    assert statuses == [200] * 6 + [429]


def test_behind_one_named_proxy_only_what_that_proxy_says_counts(app_with):
    app = app_with(trusted_proxies=1)
    client = app.test_client()
    seen = client.post("/api/probe", json={}, headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.9"})
    assert seen.json == {"address": "10.0.0.9"}


def test_an_ipv6_household_counts_as_one(app_with):
    app = app_with()
    client = app.test_client()
    statuses = [
        client.post("/api/probe", json={"email": f"{n}@example.com"}, environ_base={"REMOTE_ADDR": f"2001:db8::{n}"})
        for n in range(7)
    ]
    assert [answer.status_code for answer in statuses] == [200] * 6 + [429]
    other = client.post("/api/probe", json={}, environ_base={"REMOTE_ADDR": "2001:db8:0:1::1"})
    assert other.status_code == 200


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis://10.255.255.1:6379/0"])
def test_without_redis_each_process_counts_by_itself_without_waiting(app_with, url, monkeypatch):
    app = app_with(redis_url=url)
    waits, statuses = Waits(monkeypatch), []
    _, held = waits.of(lambda: statuses.extend(tries(app, "a@example.com", 5)))
    assert statuses == [200, 200, 200, 429, 429]
    assert held <= 5 * rate_limits.REDIS_SECONDS


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2, "2 seconds"), (61, "2 minutes"), (121, "3 minutes"), (3600, "60 minutes"), (86_400, "24 hours")],
)
def test_a_wait_is_written_in_readable_units(seconds, text):
    assert rate_limits.in_words(seconds) == text


def test_every_limited_route_is_documented_as_such(plain):
    spec = plain().get("/api/openapi.json").json
    limited = ("post /api/book", "post /auth/login", "get /api/public/site", "post /api/admin/export-all-data")
    for method, path in map(str.split, limited):
        assert "429" in spec["paths"][path][method]["responses"], path
    assert "Retry-After" in headers.EXPOSED
