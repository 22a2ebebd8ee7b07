"""Guessing is slow, and nobody can lock the owner out."""

import dataclasses

import pytest

from parking.accounts import routes

LOGIN = {"email": "alice@example.com", "password": "correct horse battery"}
WRONG = {**LOGIN, "password": "wrong"}


@pytest.fixture
def settings(settings):
    return dataclasses.replace(settings, rate_limits=True)


@pytest.fixture(autouse=True)
def fresh_counts(app, monkeypatch):
    from parking.web.rate_limits import limiter

    monkeypatch.setattr(routes, "FORGOT_SECONDS", 0)
    limiter.reset()
    yield
    limiter.reset()


def attempt(client, body, address="192.0.2.1"):
    return client.post("/auth/login", json=body, environ_base={"REMOTE_ADDR": address})


def test_an_address_waits_after_ten_wrong_passwords(client, alice):
    for number in range(10):
        assert attempt(client, {**WRONG, "email": f"{number}@example.com"}).status_code == 401
    refused = attempt(client, LOGIN)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 301
    assert attempt(client, LOGIN, "192.0.2.2").status_code == 200


def test_an_account_waits_after_ten_wrong_passwords_from_any_address(client, alice, bob):
    for number in range(10):
        assert attempt(client, WRONG, f"192.0.2.{number}").status_code == 401
    assert attempt(client, {**WRONG, "email": " ALICE@example.com"}, "198.51.100.1").status_code == 429
    assert attempt(client, {**LOGIN, "email": "bob@example.com"}, "198.51.100.1").status_code == 200


def test_an_account_that_does_not_exist_must_wait_too(client, alice):
    """Else the wait itself would tell who has an account."""
    body = {"email": "nobody@example.com", "password": "wrong"}
    statuses = [attempt(client, body, f"192.0.2.{number}").status_code for number in range(11)]
    assert statuses == [401] * 10 + [429]


def test_the_owner_gets_in_on_a_known_device_during_an_attack(app, client, alice):
    owner = app.test_client()
    assert attempt(owner, LOGIN, "203.0.113.5").status_code == 200
    for number in range(12):
        attempt(client, WRONG, f"192.0.2.{number}")
    assert attempt(app.test_client(), LOGIN, "203.0.113.6").status_code == 429, "a stranger's device waits"
    assert attempt(owner, LOGIN, "203.0.113.5").status_code == 200


def test_a_known_device_guesses_no_faster(app, alice):
    owner = app.test_client()
    attempt(owner, LOGIN, "203.0.113.5")
    statuses = [attempt(owner, WRONG, f"192.0.2.{number}").status_code for number in range(11)]
    assert statuses == [401] * 10 + [429]


def test_an_unknown_device_is_not_named(app, client, alice, bob):
    bobs = app.test_client()
    attempt(bobs, {**LOGIN, "email": "bob@example.com"}, "203.0.113.5")
    for number in range(10):
        attempt(client, WRONG, f"192.0.2.{number}")
    assert attempt(bobs, LOGIN, "203.0.113.7").status_code == 429
    for value in ("", "x", "ä"):
        guest = app.test_client()
        guest.set_cookie("parking_device", value, path="/auth")
        assert attempt(guest, LOGIN, "203.0.113.8").status_code == 429


def test_signing_in_rightly_is_not_counted(client, alice):
    assert {attempt(client, LOGIN).status_code for _ in range(25)} == {200}


def test_a_forwarded_address_is_not_believed(client, alice):
    for number in range(10):
        client.post("/auth/login", json=WRONG, headers={"X-Forwarded-For": f"192.0.2.{number}"})
    other = {**WRONG, "email": "other@example.com"}
    assert client.post("/auth/login", json=other, headers={"X-Forwarded-For": "198.51.100.9"}).status_code == 429


def test_a_forgotten_password_five_times_a_day(client, alice):
    for email in ("alice@example.com", "nobody@example.com"):
        statuses = [client.post("/auth/password/forgot", json={"email": email}).status_code for _ in range(6)]
        assert statuses == [202] * 5 + [429]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/auth/password/change", {"current_password": "wrong", "new_password": "a new password"}),
        ("POST", "/auth/email/change", {"email": "new@example.com", "password": "wrong"}),
        ("DELETE", "/auth/me", {"password": "wrong"}),
    ],
)
def test_a_holder_of_a_token_cannot_guess_the_password(client, alice, auth, method, path, body):
    statuses = [client.open(path, method=method, json=body, headers=auth(alice)).status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/password/reset", {"token": "guess", "password": "a new password"}),
        ("/auth/email/confirm", {"token": "guess"}),
        ("/auth/setup", {"token": "guess", "email": "x@example.com", "username": "x", "password": "a new password"}),
    ],
)
def test_links_are_not_guessed(client, path, body):
    assert [client.post(path, json=body).status_code for _ in range(11)] == [404] * 10 + [429]


def test_off_means_off(app_with, alice):
    client = app_with(rate_limits=False).test_client()
    assert {attempt(client, WRONG).status_code for _ in range(30)} == {401}
