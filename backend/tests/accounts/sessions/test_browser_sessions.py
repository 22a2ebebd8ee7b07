"""The refresh cookie: replaced at every use, shared by the tabs of a browser, and a thief is noticed."""

import pytest

from parking import clock
from parking.accounts.models import LoginSession
from parking.accounts.sessions import browser_sessions
from tests.accounts.conftest import OWN_PAGE, PRODUCTION

NAME = "parking_refresh"


@pytest.fixture
def browser(alice, sign_in):
    return sign_in("alice@example.com")[0]


def cookie_of(browser) -> str:
    return browser.get_cookie(NAME, path="/auth").value


def with_cookie(app, value: str):
    """A browser that has this cookie."""
    other = app.test_client()
    other.set_cookie(NAME, value, path="/auth")
    return other


def refresh(browser, **headers):
    return browser.post("/auth/refresh", json={}, headers={**OWN_PAGE, **headers})


def test_refreshing_gives_a_new_token_and_replaces_the_cookie(client, browser):
    before = cookie_of(browser)
    clock.travel(20 * 60)
    answer = refresh(browser)
    assert answer.status_code == 200
    assert answer.json["user"]["username"] == "alice"
    assert cookie_of(browser) != before
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    assert client.get("/auth/me", headers=headers).status_code == 200
    assert cookie_of(browser) not in answer.text


def test_a_day_of_refreshing_is_one_session(browser, rows, actions):
    for _ in range(96):
        clock.travel(15 * 60)
        assert refresh(browser).status_code == 200
    assert len(rows(LoginSession)) == 1
    assert actions() == ["session.started"], "an ordinary refresh changes nothing about the account"


def test_an_old_token_that_comes_back_ends_the_family_and_warns_the_owner(app, client, browser, mails, rows, actions):
    stolen = cookie_of(browser)
    owner = refresh(browser).json["token"]
    clock.travel(browser_sessions.GRACE.total_seconds() + 1)
    thief = with_cookie(app, stolen)
    assert refresh(thief, **{"User-Agent": "curl/8"}).status_code == 401
    assert refresh(browser).status_code == 401, "the owner's newest token has ended too"
    assert client.get("/auth/me", headers={"Authorization": f"Bearer {owner}"}).status_code == 401
    assert rows(LoginSession)[0].ended_at is not None
    assert actions() == ["session.started", "session.token_reused"]
    [mail] = mails("refresh_reuse_warning")
    assert mail.email == "alice@example.com"
    assert mail.facts["device"] == "curl/8"


def test_a_second_reuse_sends_no_second_warning(app, browser, mails):
    stolen = cookie_of(browser)
    refresh(browser)
    clock.travel(3600)
    for _ in range(3):
        assert refresh(with_cookie(app, stolen)).status_code == 401
    assert len(mails("refresh_reuse_warning")) == 1


def test_an_ancestor_older_than_the_last_counts_as_reused_at_once(app, browser, mails):
    first = cookie_of(browser)
    refresh(browser)
    refresh(browser)
    assert refresh(with_cookie(app, first)).status_code == 401
    assert len(mails("refresh_reuse_warning")) == 1


def test_other_browsers_of_the_owner_stay_signed_in(app, browser, sign_in):
    other, _ = sign_in("alice@example.com")
    stolen = cookie_of(browser)
    refresh(browser)
    clock.travel(61)
    refresh(with_cookie(app, stolen))
    assert refresh(other).status_code == 200


def test_two_tabs_at_one_moment_stay_signed_in(app, browser, together, rows, mails):
    shared = cookie_of(browser)
    tabs = [with_cookie(app, shared) for _ in range(8)]
    answers = together(8, lambda number: refresh(tabs[number]).status_code)
    assert answers == [200] * 8
    assert len({cookie_of(tab) for tab in tabs}) == 1, "all tabs were given the same successor"
    clock.travel(60)
    assert refresh(tabs[3]).status_code == 200
    assert mails("refresh_reuse_warning") == []


def test_without_the_grace_the_second_tab_would_be_signed_out(app, browser, monkeypatch):
    """The control run: what the grace is there for."""
    from datetime import timedelta

    monkeypatch.setattr(browser_sessions, "GRACE", timedelta(seconds=-1))
    shared = cookie_of(browser)
    assert refresh(with_cookie(app, shared)).status_code == 200
    assert refresh(with_cookie(app, shared)).status_code == 401


@pytest.mark.parametrize("seconds", [0, 5, 11, 59, 60])
def test_an_answer_that_was_lost_is_given_again(app, browser, mails, seconds):
    before = cookie_of(browser)
    refresh(browser)
    successor = cookie_of(browser)
    clock.travel(seconds)
    again = with_cookie(app, before)
    assert refresh(again).status_code == 200
    assert cookie_of(again) == successor
    assert mails("refresh_reuse_warning") == []


def came_from(app, value: str, address: str, agent: str = "Firefox"):
    """A refresh with this cookie by another program or from another place."""
    return with_cookie(app, value).post(
        "/auth/refresh", headers={**OWN_PAGE, "User-Agent": agent}, environ_base={"REMOTE_ADDR": address}
    )


OTHERS = [
    # seconds later, address, program, goes on
    (1, "192.0.2.7", "curl/8", False),
    (30, "192.0.2.7", "curl/8", False),
    (30, "198.51.100.1", "Firefox", False),
    (30, "2001:db8:1::1", "Firefox", False),
    (9, "198.51.100.1", "Firefox", True),  # a phone changed networks
    (30, "192.0.2.200", "Firefox", True),  # the same network
    (61, "192.0.2.7", "Firefox", False),
]


@pytest.mark.parametrize(("seconds", "address", "agent", "goes_on"), OTHERS)
def test_within_the_grace_another_client_still_counts_as_reuse(
    app, browser, rows, mails, seconds, address, agent, goes_on
):
    shared = cookie_of(browser)
    assert came_from(app, shared, "192.0.2.7").status_code == 200
    clock.travel(seconds)
    assert (came_from(app, shared, address, agent).status_code == 200) is goes_on
    assert (rows(LoginSession)[0].ended_at is None) is goes_on
    assert len(mails("refresh_reuse_warning")) == (0 if goes_on else 1)


def test_an_ipv6_household_is_one_client_and_a_mapped_address_is_the_plain_one():
    assert browser_sessions.network("2001:db8::1") == browser_sessions.network("2001:db8::ffff:2")
    assert browser_sessions.network("2001:db8::1") != browser_sessions.network("2001:db8:0:1::1")
    assert browser_sessions.network("::ffff:192.0.2.7") == browser_sessions.network("192.0.2.9")
    assert browser_sessions.network(None) is None
    assert browser_sessions.network("no address") == "no address"


def test_a_lost_answer_is_given_again_after_the_key_was_changed(app, browser):
    import dataclasses

    before = cookie_of(browser)
    refresh(browser)
    successor, settings = cookie_of(browser), app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(
        settings, jwt_secret="the next secret, of more than thirty-two bytes", jwt_secret_previous=settings.jwt_secret
    )
    again = with_cookie(app, before)
    assert refresh(again).status_code == 200
    assert cookie_of(again) == successor


def test_an_invented_token_is_refused(app, browser, mails, rows):
    for value in ("", ".", "x", "made.up", "ä.ö", "a" * 4000, "'; DROP TABLE login_session;--.x", "a\0b.x", "\0"):
        assert refresh(with_cookie(app, value)).status_code == 401, value
        assert browser.application.test_client().post("/auth/logout", headers=OWN_PAGE).status_code == 401
    assert mails("refresh_reuse_warning") == []
    assert refresh(browser).status_code == 200


def test_without_a_cookie_there_is_nothing_to_refresh(client, alice):
    answer = refresh(client)
    assert answer.status_code == 401
    assert answer.json["code"] == "session_ended"


def test_a_session_unused_for_thirty_days_is_over(browser):
    clock.travel(30 * 86400)
    assert refresh(browser).status_code == 401


def test_a_session_ends_after_ninety_days_however_much_it_is_used(browser):
    for _ in range(3):
        clock.travel(29 * 86400)
        assert refresh(browser).status_code == 200
    assert browser.get_cookie(NAME, path="/auth").max_age == 3 * 86400
    clock.travel(3 * 86400)
    assert refresh(browser).status_code == 401


def test_a_disabled_person_refreshes_nothing(client, browser, alice, carol, auth):
    assert client.patch(f"/api/users/{alice.id}", json={"active": False}, headers=auth(carol)).status_code == 200
    assert refresh(browser).status_code == 401


def test_the_database_holds_no_token_that_could_be_used(browser, rows):
    row = rows(LoginSession)[0]
    secret = cookie_of(browser).partition(".")[2]
    stored = {row.token_hash, row.previous_hash, row.family}
    assert len(secret) >= 43
    assert not any(secret in (text or "") for text in stored)


# Only a page of ours may make the browser ride on the cookie.


FOREIGN = [
    {},
    {"X-Requested-With": ""},
    {**OWN_PAGE, "Origin": "https://evil.example"},
    {**OWN_PAGE, "Origin": "null"},
    {**OWN_PAGE, "Origin": "http://localhost.evil.example"},
    {**OWN_PAGE, "Origin": "http://localhost:5000.evil.example"},
    {**OWN_PAGE, "Origin": "http://evil.localhost"},
    {**OWN_PAGE, "Origin": "https://localhost"},
    {**OWN_PAGE, "Sec-Fetch-Site": "cross-site"},
    {**OWN_PAGE, "Sec-Fetch-Site": "same-site"},
    {**OWN_PAGE, "Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost:5000"},
]


@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
def test_a_foreign_page_is_refused(browser, rows, path):
    before = cookie_of(browser)
    for headers in FOREIGN:
        answer = browser.post(path, json={}, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "foreign_page"), headers
        assert cookie_of(browser) == before
    assert rows(LoginSession)[0].ended_at is None


OURS = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://localhost"},  # the host that was asked
    {"Origin": "http://localhost:5000", "Sec-Fetch-Site": "same-origin"},  # PUBLIC_URL
    {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"},  # CORS_ORIGINS
]


def test_a_page_of_ours_is_served(browser):
    for headers in OURS:
        assert refresh(browser, **headers).status_code == 200, headers


def test_origins_open_to_all_are_not_open_to_cookies(app_with, browser):
    open_site = app_with(cors_origins=("*",))
    guest = with_cookie(open_site, cookie_of(browser))
    assert refresh(guest, Origin="https://evil.example").status_code == 403
    assert refresh(guest, Origin="*").status_code == 403


def test_in_production_the_cookie_is_bound_to_the_host_and_to_tls(app_with, alice):
    guest = app_with(**PRODUCTION).test_client()
    body = {"email": "alice@example.com", "password": "correct horse battery"}
    answer = guest.post("/auth/login", json=body, base_url="https://parking.example.com")
    for line in answer.headers.getlist("Set-Cookie"):
        assert line.startswith("__Host-parking_")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(line.split("; "))
        assert "Domain" not in line
    again = guest.post("/auth/refresh", headers=OWN_PAGE, base_url="https://parking.example.com")
    assert again.status_code == 200
    value = guest.get_cookie("__Host-parking_refresh", "parking.example.com").value
    unbound = with_cookie(guest.application, value)
    assert refresh(unbound).status_code == 401, "a cookie that another host may have set is not looked at"


def test_a_site_behind_tls_has_the_bound_cookie_too(app_with, alice):
    guest = app_with(public_url="https://parking.example.com").test_client()
    body = {"email": "alice@example.com", "password": "correct horse battery"}
    assert "__Host-parking_refresh" in str(guest.post("/auth/login", json=body).headers)


def test_rows_that_ended_long_ago_are_forgotten(app, browser, sign_in, rows):
    from parking.accounts.models import SingleUse
    from parking.accounts.tasks import delete_old_sessions

    sign_in("alice@example.com")
    refresh(browser)
    browser.post("/auth/logout", headers=OWN_PAGE)
    clock.travel(29 * 86400)
    browser.post("/auth/password/forgot", json={"email": "alice@example.com"})
    assert delete_old_sessions() == 0
    clock.travel(2 * 86400)
    assert delete_old_sessions() == 2
    assert (len(rows(LoginSession)), len(rows(SingleUse))) == (1, 0)
