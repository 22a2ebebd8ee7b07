"""The limit on all requests of an account and of an address together."""

from __future__ import annotations

import dataclasses
import threading
import time

import pytest

from parking import create_app
from parking.web import rate_limits
from parking.web.request_counter import RequestCounter
from tests.conftest import Client

MINUTE = 60


@pytest.fixture
def now(monkeypatch):
    """A clock that stands at the beginning of a minute; `now[0]` is its time."""
    moment = [60_000_000.0]
    monkeypatch.setattr(time, "time", lambda: moment[0])
    return moment


@pytest.fixture
def ask(town, monkeypatch, now):
    """A request to an application with limits of 5 and 8 a minute: its answer."""
    monkeypatch.setattr(rate_limits, "OF_ACCOUNT", 5)
    monkeypatch.setattr(rate_limits, "OF_ADDRESS", 8)
    app = create_app(dataclasses.replace(town.app.extensions["settings"], rate_limits=True))
    app.test_client_class = Client

    def ask(path: str, who: str | None = None, address: str = "203.0.113.7"):
        return app.test_client().get(path, headers=town.head(who), environ_base={"REMOTE_ADDR": address})

    yield ask
    rate_limits.limiter.reset()


def statuses(ask, count: int, *request) -> list[int]:
    return [ask(*request).status_code for _ in range(count)]


@pytest.mark.parametrize("path", ["/api/lots", "/auth/me", "/api/admin/search?q=x", "/api/users", "/api/stats/admin"])
def test_an_account_has_a_limit_on_every_route(ask, path):
    assert statuses(ask, 6, path, "carol") == [200] * 5 + [429]
    assert ask("/auth/me", "carol").status_code == 429, "all routes together"
    assert ask("/auth/me", "alice").status_code == 200


def test_an_address_has_a_limit_whoever_asks(ask):
    assert statuses(ask, 9, "/api/public/site") == [200] * 8 + [429]
    assert ask("/auth/me", "alice").status_code == 429
    assert ask("/auth/me", "alice", "203.0.113.8").status_code == 200


def test_the_refusal_says_when_to_come_back(ask, now):
    statuses(ask, 5, "/auth/me", "alice")
    now[0] += 10
    refused = ask("/auth/me", "alice")
    wait = int(refused.headers["Retry-After"])
    assert (refused.json["code"], refused.json["retry_after"], wait) == ("too_many_requests", 51, 51)
    assert refused.json["detail"] == "Too many requests. Please try again in 51 seconds."
    now[0] += wait - 1
    assert ask("/auth/me", "alice").status_code == 429
    now[0] += 1
    assert ask("/auth/me", "alice").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/api/stream", "/", "/assets/index.js"])
def test_what_machines_ask_streams_and_files_are_not_counted(ask, path):
    assert 429 not in statuses(ask, 12, path)
    assert ask("/api/public/site").status_code == 200


def test_without_rate_limits_nothing_is_counted(town):
    assert "request_counter" not in town.app.extensions


def test_eight_tabs_that_poll_and_an_administrator_who_clicks_fast_stay_below(now):
    """Without the stream a tab asks for ten things every ten seconds; a click asks for four, twice a second."""
    counter, start = RequestCounter(), now[0]
    for second in range(5 * MINUTE):
        now[0] = start + second
        requests = 8 + (8 * 10 if second % 10 == 0 else 0)
        assert [counter.take("user 1", rate_limits.OF_ACCOUNT) for _ in range(requests)] == [0] * requests


def test_no_minute_has_more_than_the_limit_and_a_sixth_however_requests_come(now):
    """Two fixed windows stand for a moving one; at the worst, requests come at the two ends of a window."""
    counter, start, taken = RequestCounter(), now[0], []
    for tenth in range(40 * MINUTE):
        now[0] = start + tenth / 10
        rush = tenth // 10 % MINUTE in (0, 30, 59)
        taken += [now[0] for _ in range(40 if rush else 1) if counter.take("a", 100) == 0]
    most = max(sum(1 for at in taken if first <= at < first + MINUTE) for first in taken)
    assert 90 <= most <= 125


def test_whoever_waits_as_long_as_they_are_told_passes(now):
    counter, waits = RequestCounter(), []
    for _ in range(200):
        wait = counter.take("a", 90)
        while not wait:
            now[0] += 0.3
            wait = counter.take("a", 90)
        now[0] += wait
        assert counter.take("a", 90) == 0
        waits.append(wait)
    assert max(waits) > 20
    assert min(waits) == 1


def test_threads_lose_no_request(now):
    counter = RequestCounter()
    passed = []

    def run() -> None:
        passed.extend(counter.take("a", 1_000) for _ in range(500))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(0) == 1_000
