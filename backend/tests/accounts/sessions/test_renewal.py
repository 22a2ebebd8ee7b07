"""Whoever shows again who they are gets a new session, and the old one ends at once (ASVS 7.2.4)."""

import base64

import pytest

from parking import clock
from parking.accounts.models import LoginSession
from parking.accounts.second_factor import codes
from tests.accounts.conftest import OWN_PAGE

PASSWORD = "correct horse battery"
FACTOR = "/auth/second-factor"
NEW_ADDRESS = ("/auth/email/change", {"email": "new@example.com", "password": PASSWORD})


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json['token']}"}


def cookie_of(browser):
    return browser.get_cookie("parking_refresh", path="/auth").value


def refreshed(app, cookie):
    other = app.test_client()
    other.set_cookie("parking_refresh", cookie, path="/auth")
    return other.post("/auth/refresh", headers=OWN_PAGE).status_code


def assert_renews(app, browser, headers, path, body):
    """Sends the request, and looks what has become of the old tokens. Returns the new headers and the answer."""
    before = cookie_of(browser)
    answer = browser.post(path, json=body, headers=headers)
    assert answer.status_code in (200, 201, 202), answer.json
    after = bearer(answer)
    assert browser.get("/auth/me", headers=headers).status_code == 401, "the old access token"
    assert refreshed(app, before) == 401, "the old refresh token"
    assert browser.get("/auth/me", headers=after).status_code == 200
    assert cookie_of(browser) != before
    return after, answer.json


def test_the_password_for_a_new_address_renews_the_session(app, alice, sign_in, rows):
    browser, headers = sign_in("alice@example.com")
    _, elsewhere = sign_in("alice@example.com")
    assert_renews(app, browser, headers, *NEW_ADDRESS)
    assert browser.post("/auth/refresh", headers=OWN_PAGE).status_code == 200
    assert browser.get("/auth/me", headers=elsewhere).status_code == 200, "another browser goes on"
    assert [bool(row.ended_at) for row in rows(LoginSession)] == [True, False, False]


def test_another_tab_of_the_browser_goes_on_by_its_cookie(app, alice, sign_in):
    browser, headers = sign_in("alice@example.com")
    tab = bearer(browser.post("/auth/refresh", headers=OWN_PAGE))
    browser.post(NEW_ADDRESS[0], json=NEW_ADDRESS[1], headers=headers)
    assert browser.get("/auth/me", headers=tab).status_code == 401
    again = browser.post("/auth/refresh", headers={**OWN_PAGE, "X-Account": str(alice.id)})
    assert browser.get("/auth/me", headers=bearer(again)).status_code == 200


@pytest.mark.parametrize(
    "body", [{**NEW_ADDRESS[1], "password": "wrong"}, {**NEW_ADDRESS[1], "email": "bob@example.com"}]
)
def test_a_refusal_leaves_the_session(alice, bob, sign_in, rows, body):
    browser, headers = sign_in("alice@example.com")
    assert browser.post(NEW_ADDRESS[0], json=body, headers=headers).status_code in (403, 409)
    assert browser.get("/auth/me", headers=headers).status_code == 200
    assert browser.post("/auth/refresh", headers=OWN_PAGE).status_code == 200
    assert len(rows(LoginSession)) == 1


def test_every_password_and_code_of_the_second_factor_renews_it(app, alice, sign_in):
    browser, headers = sign_in("alice@example.com")
    headers, begun = assert_renews(app, browser, headers, FACTOR, {"password": PASSWORD})
    key = base64.b32decode(begun["secret"].replace(" ", ""))

    def code():
        clock.travel(30)
        return codes.code_at(key, clock.now())

    for path in ("confirm", "verify", "recovery-codes"):
        headers, _ = assert_renews(app, browser, headers, f"{FACTOR}/{path}", {"code": code()})
    headers, _ = assert_renews(app, browser, headers, *NEW_ADDRESS)
    assert browser.post("/api/tokens", json={"name": "t", "scopes": ["lots:read"]}, headers=headers).status_code == 201
    assert_renews(app, browser, headers, f"{FACTOR}/off", {"password": PASSWORD, "code": code()})


def test_a_session_that_has_ended_meanwhile_is_not_begun_anew(app, client, alice, sign_in, rows, monkeypatch):
    """Signed out elsewhere while the password was being compared."""
    from parking.accounts.passwords import change

    browser, headers = sign_in("alice@example.com")
    real = change.request_email_change

    def slow(*arguments):
        real(*arguments)
        assert app.test_client().post("/auth/logout", headers=headers).status_code == 200

    monkeypatch.setattr(change, "request_email_change", slow)
    assert browser.post(NEW_ADDRESS[0], json=NEW_ADDRESS[1], headers=headers).status_code == 401
    assert all(row.ended_at for row in rows(LoginSession))


def test_of_simultaneous_renewals_one_session_is_left(app, alice, sign_in, together, rows):
    _, headers = sign_in("alice@example.com")
    bodies = [{"email": f"new{n}@example.com", "password": PASSWORD} for n in range(4)]
    statuses = together(
        4, lambda n: app.test_client().post(NEW_ADDRESS[0], json=bodies[n], headers=headers).status_code
    )
    assert sorted(statuses) == [202, 401, 401, 401]
    assert len([row for row in rows(LoginSession) if row.ended_at is None]) == 1
