"""Hundreds of guesses at one moment: few are evaluated, the processor stays free, and the owner gets in."""

import contextvars
import dataclasses
import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress

import pytest

from parking.accounts import guess_limits, routes
from parking.accounts.passwords import hashing
from parking.database import db
from tests.conftest import make_user
from tests.services import Gunicorn, patience, patient, valkey, valkey_server  # noqa: F401  # fixtures

LOGIN = {"email": "alice@example.com", "password": "correct horse battery"}
WRONG = {**LOGIN, "password": "wrong"}
PATIENCE = 600


@pytest.fixture
def settings(settings):
    return dataclasses.replace(settings, rate_limits=True)


@pytest.fixture
def evaluated(monkeypatch):
    """How often a hash was computed, and how many at one time."""

    class Watch:
        def __init__(self) -> None:
            self.lock, self.total, self.now, self.peak = threading.Lock(), 0, 0, 0
            self.hold = lambda: None

        def __call__(self, password, hashed):
            with self.lock:
                self.total, self.now = self.total + 1, self.now + 1
                self.peak = max(self.peak, self.now)
            try:
                self.hold()
                return verify(password, hashed)
            finally:
                with self.lock:
                    self.now -= 1

    verify = hashing.verify_password
    watch = Watch()
    monkeypatch.setattr(hashing, "verify_password", watch)
    return watch


def guess(app, number, body=WRONG, path="/auth/login", method="POST", headers=None):
    address = f"198.51.{number // 250}.{number % 250}"
    answer = app.test_client().open(
        path, method=method, json=body, headers=headers, environ_base={"REMOTE_ADDR": address}
    )
    return answer.status_code


def test_of_300_guesses_at_one_moment_ten_are_evaluated(app, alice, evaluated, together):
    statuses = together(300, lambda number: guess(app, number))
    assert evaluated.total <= 10
    assert set(statuses) <= {401, 429, 503}
    assert statuses.count(401) == evaluated.total
    assert evaluated.peak <= hashing.MAX_RUNNING


def test_without_counting_first_more_are_evaluated(app, alice, evaluated, monkeypatch, together):
    """The control run: an attempt that is counted only when it has been answered stops nobody who came before."""
    monkeypatch.setattr(guess_limits.Counter, "take", lambda counter, rules: "not counted before the answer")
    monkeypatch.setattr(hashing, "_slots", _Unlimited())
    crowd = threading.Barrier(11)

    def hold():
        with suppress(threading.BrokenBarrierError):
            crowd.wait(60)

    evaluated.hold = hold
    together(22, lambda number: guess(app, number))
    assert evaluated.total > 10


class _Unlimited:
    def acquire(self):
        return nullcontext()


def test_without_slots_more_are_computed_at_a_time(app, alice, evaluated, monkeypatch, together):
    """The control run of the bound on the processor."""
    monkeypatch.setattr(hashing, "_slots", _Unlimited())
    crowd = threading.Barrier(hashing.MAX_RUNNING + 1)
    evaluated.hold = lambda: crowd.wait(PATIENCE)
    together(2 * (hashing.MAX_RUNNING + 1), lambda number: guess(app, number))
    assert evaluated.peak > hashing.MAX_RUNNING


@pytest.mark.parametrize("away", [False, True], ids=["redis", "redis away"])
def test_with_redis_and_with_redis_away(app_with, valkey, patient, alice, evaluated, away, together):  # noqa: F811 - a fixture from elsewhere
    other = app_with(redis_url=valkey.url)
    if away:
        valkey.stop()
    statuses = together(60, lambda number: guess(other, number))
    assert evaluated.total <= 10
    assert 429 in statuses


def test_redis_that_goes_away_forgets_no_guess_of_this_process(app_with, valkey, patient, alice, evaluated):  # noqa: F811 - a fixture from elsewhere
    other = app_with(redis_url=valkey.url)
    assert [guess(other, number) for number in range(10)] == [401] * 10
    valkey.stop()
    assert guess(other, 11, LOGIN) == 429


def test_the_right_password_among_the_allowed_tries_signs_in_and_is_given_back(app, alice, evaluated):
    assert [guess(app, number) for number in range(9)] == [401] * 9
    assert [guess(app, 100 + number, LOGIN) for number in range(5)] == [200] * 5
    assert guess(app, 200) == 401
    assert guess(app, 201, LOGIN) == 429


def test_the_owners_device_stays_usable_while_strangers_guess(app, alice, evaluated, together):
    owner = app.test_client()
    assert owner.post("/auth/login", json=LOGIN).status_code == 200
    results = []

    def work(number):
        if number:
            return guess(app, number)
        results.append(owner.post("/auth/login", json=LOGIN).status_code)
        return None

    together(100, work)
    results.append(owner.post("/auth/login", json=LOGIN).status_code)
    assert results == [200, 200]


def test_a_crowd_from_everywhere_locks_no_known_device_out(app, alice, monkeypatch):
    monkeypatch.setattr(routes, "GUESSES_OF_ALL", 5)
    owner = app.test_client()
    owner.post("/auth/login", json=LOGIN)
    for number in range(6):
        guess(app, number, {**WRONG, "email": f"{number}@example.com"})
    assert guess(app, 7, LOGIN) == 429
    assert owner.post("/auth/login", json=LOGIN).status_code == 200


CHECKS = [
    ("POST", "/auth/password/change", {"current_password": "wrong", "new_password": "a new password"}),
    ("POST", "/auth/email/change", {"email": "new@example.com", "password": "wrong"}),
    ("POST", "/auth/password/verify", {"password": "wrong"}),
    ("DELETE", "/auth/me", {"password": "wrong"}),
    ("POST", "/auth/second-factor", {"password": "wrong"}),
    ("POST", "/auth/second-factor/off", {"password": "wrong", "code": "000000"}),
]


@pytest.mark.parametrize(("method", "path", "body"), CHECKS)
def test_every_password_check_counts_first(app, alice, auth, evaluated, method, path, body, together):
    headers = auth(alice)
    statuses = together(60, lambda number: guess(app, number, body, path, method, headers))
    assert evaluated.total <= 10
    assert set(statuses) <= {403, 429, 503}


def test_the_password_checks_share_one_count(app, alice, auth, evaluated):
    headers = auth(alice)
    for number in range(12):
        method, path, body = CHECKS[number % len(CHECKS)]
        guess(app, number, body, path, method, headers)
    assert evaluated.total == 10


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/password/reset", {"token": "guess", "password": "a new password"}),
        ("/auth/email/confirm", {"token": "guess"}),
        ("/auth/setup", {"token": "guess", "email": "x@example.com", "username": "x", "password": "a new password"}),
    ],
)
def test_links_are_counted_first(app, path, body, together):
    def work(_number):
        return app.test_client().post(path, json=body, environ_base={"REMOTE_ADDR": "203.0.113.1"}).status_code

    statuses = together(40, work)
    assert (statuses.count(404), statuses.count(429)) == (10, 30)


def test_an_invalid_body_is_no_guess(app, alice):
    for number in range(15):
        assert guess(app, number, {**LOGIN, "password": 5}) == 422
    assert guess(app, 20, LOGIN) == 200


def test_an_account_written_otherwise_has_the_same_count(app, alice, evaluated):
    spellings = ("alice@example.com", " ALICE@example.com", "Alice@Example.Com ", "aliCe@example.com")
    for number in range(12):
        guess(app, number, {**WRONG, "email": spellings[number % 4]})
    assert evaluated.total == 10


def test_a_request_that_waits_too_long_for_the_gate_gets_retry_after(app, alice, monkeypatch, evaluated):
    monkeypatch.setattr(hashing, "MAX_WAIT_SECONDS", 0.01)
    first_in, go_on = threading.Barrier(hashing.MAX_RUNNING + 1), threading.Event()

    def hold():
        first_in.wait(PATIENCE)
        go_on.wait(PATIENCE)

    evaluated.hold = hold
    with ThreadPoolExecutor(hashing.MAX_RUNNING) as pool:
        jobs = [
            pool.submit(contextvars.copy_context().run, guess, app, number) for number in range(hashing.MAX_RUNNING)
        ]
        first_in.wait(PATIENCE)
        refused = app.test_client().post("/auth/login", json=LOGIN)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        go_on.set()
        assert [job.result(PATIENCE) for job in jobs] == [401] * hashing.MAX_RUNNING
    evaluated.hold = lambda: None
    assert guess(app, 50, LOGIN) == 200


def test_several_processes_count_together(settings, app, valkey, tmp_path, together):  # noqa: F811 - a fixture from elsewhere
    make_user("alice", "user")
    db.session.remove()
    server = Gunicorn(
        tmp_path,
        "app:create_app()",
        *("--workers", "3"),
        RATE_LIMITS="on",
        DATABASE_URL=settings.database_url,
        REDIS_URL=valkey.url,
        TRUSTED_PROXIES="1",
        SECURITY_PASSWORD_SALT=settings.security_password_salt,
        SECRET_KEY=settings.secret_key,
        JWT_SECRET=settings.jwt_secret,
    )

    def post(number):
        request = urllib.request.Request(
            "http://{}:{}/auth/login".format(*server.address),
            json.dumps(WRONG).encode(),
            {"Content-Type": "application/json", "X-Forwarded-For": f"198.51.100.{number}"},
        )
        try:
            return urllib.request.urlopen(request, timeout=PATIENCE).status
        except urllib.error.HTTPError as refusal:
            return refusal.code

    try:
        statuses = together(100, post)
    finally:
        server.kill()
    assert statuses.count(401) <= 10
    assert set(statuses) <= {401, 429, 503}
