"""A page that shows one account never acts for another: what `X-Account` names is checked everywhere."""

import pytest

from parking.accounts.models import LoginSession, User
from parking.bookings.models import Booking
from tests.accounts.conftest import OWN_PAGE

COOKIE = "parking_refresh"


@pytest.fixture
def lot(client, carol, auth):
    body = {"name": "Station", "capacity": 3, "price_per_hour": 2}
    return client.post("/api/lots", json=body, headers=auth(carol)).json["lot"]["id"]


@pytest.fixture
def shared(app, alice, bob, sign_in):
    """One browser in which alice signed in and then, in another tab, bob: the browser, alice's bearer, bob's."""
    browser, alices = sign_in("alice@example.com")
    answer = browser.post("/auth/login", json={"email": "bob@example.com", "password": "correct horse battery"})
    return browser, alices, {"Authorization": f"Bearer {answer.json['token']}"}


def refused(answer) -> bool:
    return answer.status_code == 409 and answer.json["code"] == "other_account"


def test_the_refresh_of_a_page_that_shows_alice_is_refused_and_bob_stays_signed_in(shared, alice, bob):
    browser, _, _ = shared
    before = browser.get_cookie(COOKIE, path="/auth").value
    assert refused(browser.post("/auth/refresh", json={}, headers={**OWN_PAGE, "X-Account": str(alice.id)}))
    assert browser.get_cookie(COOKIE, path="/auth").value == before, "bob's token is not used up"
    answer = browser.post("/auth/refresh", json={}, headers={**OWN_PAGE, "X-Account": str(bob.id)})
    assert answer.json["user"]["id"] == bob.id


def test_without_the_header_the_account_of_the_cookie_is_used(shared, bob):
    """The control: this is what the page's repeated request went through."""
    browser, _, _ = shared
    assert browser.post("/auth/refresh", json={}, headers=OWN_PAGE).json["user"]["id"] == bob.id


WRITES = [
    ("POST", "/api/book", {"lot_id": 1, "booking_type": "instant"}),
    ("PATCH", "/auth/me", {"username": "anna new", "plates": ["AN-NA 1"]}),
    ("POST", "/api/exports", {"kind": "bookings"}),
    ("POST", "/auth/logout-all", {}),
    ("POST", "/auth/password/change", {"current_password": "correct horse battery", "new_password": "n" * 20}),
    ("POST", "/api/release/1", {}),
    ("DELETE", "/auth/me", {"password": "correct horse battery"}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES, ids=[f"{w[0]} {w[1]}" for w in WRITES])
def test_a_change_meant_for_one_account_is_not_made_for_another(
    client, lot, alice, bob, auth, rows, method, path, body
):
    body = {**body, "lot_id": lot} if "lot_id" in body else body
    before = [(user.username, user.password) for user in rows(User)]
    answer = client.open(path, method=method, json=body, headers={**auth(bob), "X-Account": str(alice.id)})
    assert refused(answer), answer.json
    assert rows(Booking) == []
    assert [(user.username, user.password) for user in rows(User)] == before


@pytest.mark.parametrize("path", ["/auth/me", "/api/bookings", "/api/lots", "/api/stream", "/api/stats/user"])
def test_neither_is_a_reading_one(client, alice, bob, auth, path):
    assert refused(client.get(path, headers={**auth(bob), "X-Account": str(alice.id)}))


@pytest.mark.parametrize("value", ["0", "-1", "anna", "1e3", " ", "9" * 40])
def test_whatever_else_stands_in_the_header_is_another_account(client, alice, auth, value):
    assert refused(client.get("/auth/me", headers={**auth(alice), "X-Account": value}))


def test_the_right_account_is_served(client, alice, auth):
    headers = {**auth(alice), "X-Account": str(alice.id)}
    assert client.get("/auth/me", headers=headers).json["user"]["id"] == alice.id


def test_signing_out_the_page_that_shows_alice_leaves_bob_signed_in(shared, alice, bob, rows):
    browser, alices, bobs = shared
    answer = browser.post("/auth/logout", json={}, headers={**OWN_PAGE, **alices, "X-Account": str(alice.id)})
    assert answer.status_code in (200, 401)
    assert browser.get("/auth/me", headers=bobs).status_code == 200
    assert browser.get_cookie(COOKIE, path="/auth") is not None
    assert [row.ended_at is None for row in rows(LoginSession, user_id=bob.id)] == [True]
    assert all(row.ended_at for row in rows(LoginSession, user_id=alice.id))


def test_signing_out_with_the_token_of_another_account_is_refused(shared, alice, bob):
    browser, _, bobs = shared
    assert refused(browser.post("/auth/logout", json={}, headers={**OWN_PAGE, **bobs, "X-Account": str(alice.id)}))
    assert browser.get("/auth/me", headers=bobs).status_code == 200


def test_one_signs_out_oneself(shared, bob):
    browser, _, bobs = shared
    answer = browser.post("/auth/logout", json={}, headers={**OWN_PAGE, **bobs, "X-Account": str(bob.id)})
    assert answer.status_code == 200
    assert browser.get_cookie(COOKIE, path="/auth") is None
