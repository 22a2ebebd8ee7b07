"""New passwords and new addresses."""

import pytest

from parking import clock
from parking.accounts.models import SingleUse, User
from parking.mail.models import OutboxMail
from tests.accounts.conftest import OWN_PAGE

PASSWORD = "correct horse battery"
LOGIN = {"email": "alice@example.com", "password": PASSWORD}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """The fixed length of the answer to a forgotten password has a test of its own."""
    from parking.accounts import routes

    monkeypatch.setattr(routes, "FORGOT_SECONDS", 0)


def request_link(client, email="alice@example.com"):
    return client.post("/auth/password/forgot", json={"email": email}, headers={"X-Request-Id": "same"})


def reset(client, token, password="a new password"):
    return client.post("/auth/password/reset", json={"token": token, "password": password})


# forgotten


def test_a_forgotten_password_is_set_anew_by_the_link(client, alice, secret_of, mails, sign_in, actions):
    browser, old_token = sign_in("alice@example.com")
    assert request_link(client).status_code == 202
    assert mails("password_reset")[0].email == "alice@example.com"
    assert mails("password_reset")[0].facts["link"] == "/reset-password#token="
    assert reset(client, secret_of("password_reset")).status_code == 200
    assert client.post("/auth/login", json=LOGIN).status_code == 401
    sign_in("alice@example.com", "a new password")
    assert client.get("/auth/me", headers=old_token).status_code == 401
    assert browser.post("/auth/refresh", headers=OWN_PAGE).status_code == 401
    assert len(mails("password_changed")) == 1
    assert actions() == ["session.started", "password.reset_requested", "password.reset", "session.started"]


def test_answers_do_not_reveal_whether_an_account_exists(client, alice, bob, rows):
    from parking.database import db

    bob.active = False
    db.session.commit()
    answers = [
        request_link(client, email)
        for email in ("alice@example.com", "bob@example.com", "no@example.com", "no address")
    ]
    assert len({(a.status_code, a.data, str(a.headers)) for a in answers}) == 1
    assert [mail.email for mail in rows(OutboxMail)] == ["alice@example.com"]


def test_the_answer_takes_its_time_whatever_was_found(client, alice, monkeypatch):
    from parking.accounts import routes

    slept, ticks = [], iter([10.0, 10.1, 20.0, 20.02])
    monkeypatch.setattr(routes, "FORGOT_SECONDS", 0.3)
    monkeypatch.setattr(routes, "_monotonic", lambda: next(ticks))
    monkeypatch.setattr(routes, "_sleep", slept.append)
    request_link(client)
    request_link(client, "nobody@example.com")
    assert slept == pytest.approx([0.2, 0.28])


def test_a_link_works_once(client, alice, secret_of, rows):
    request_link(client)
    token = secret_of("password_reset")
    assert reset(client, token).status_code == 200
    again = reset(client, token, "yet another")
    assert (again.status_code, again.json["code"]) == (404, "link_invalid")


def test_of_many_uses_of_a_link_at_one_moment_one_counts(app, client, alice, secret_of, together, mails):
    request_link(client)
    token = secret_of("password_reset")
    statuses = together(12, lambda n: reset(app.test_client(), token, f"new password {n}").status_code)
    assert sorted(statuses) == [200] + [404] * 11
    assert len(mails("password_changed")) == 1


def test_used_expired_replaced_and_invented_links_get_the_same_answer(client, alice, bob, secret_of):
    request_link(client)
    replaced = secret_of("password_reset")
    request_link(client)
    used = secret_of("password_reset")
    assert reset(client, used).status_code == 200
    request_link(client, "bob@example.com")
    expired = secret_of("password_reset")
    clock.travel(30 * 60)
    answers = [reset(client, token) for token in (replaced, used, expired, "made-up", "")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json["detail"] for answer in answers}) == 1


def test_a_password_that_is_refused_leaves_the_link_good(client, alice, secret_of):
    request_link(client)
    token = secret_of("password_reset")
    refused = reset(client, token, "short")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["password"])
    assert reset(client, token).status_code == 200


def test_the_database_and_the_outbox_index_hold_only_the_hash(client, alice, secret_of, rows):
    request_link(client)
    token = secret_of("password_reset")
    row = rows(SingleUse)[0]
    assert token not in (row.token_hash, str(row.context))
    assert len(token) >= 43


def test_a_link_for_one_thing_is_no_link_for_another(client, alice, secret_of, auth):
    request_link(client)
    token = secret_of("password_reset")
    assert client.post("/auth/email/confirm", json={"token": token}).status_code == 404
    body = {"token": token, "email": "x@example.com", "username": "x", "password": PASSWORD}
    assert client.post("/auth/setup", json=body).status_code == 404
    assert client.get("/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


# changed


def change(client, headers, current=PASSWORD, new="a new password"):
    body = {"current_password": current, "new_password": new}
    return client.post("/auth/password/change", json=body, headers=headers)


def test_changing_the_password_signs_all_other_browsers_out(client, alice, sign_in, mails, actions):
    other, others_token = sign_in("alice@example.com")
    browser, token = sign_in("alice@example.com", **{"User-Agent": "Firefox/1 (Windows)"})
    answer = change(browser, token)
    assert answer.status_code == 200
    new_token = {"Authorization": f"Bearer {answer.json['token']}"}
    assert client.get("/auth/me", headers=new_token).status_code == 200
    assert browser.post("/auth/refresh", headers=OWN_PAGE).status_code == 200
    for stopped in (token, others_token):
        assert client.get("/auth/me", headers=stopped).status_code == 401
    assert other.post("/auth/refresh", headers=OWN_PAGE).status_code == 401
    assert client.post("/auth/login", json=LOGIN).status_code == 401
    [mail] = mails("password_changed")
    assert mail.facts["ip"] == "127.0.0.1"
    assert actions()[2:] == ["password.changed"]


def test_changing_requires_the_current_password(client, alice, auth, mails, rows):
    before = rows(User)[0].password
    wrong = change(client, auth(alice), current="wrong")
    assert (wrong.status_code, wrong.json["code"]) == (403, "wrong_password")
    assert list(wrong.json["errors"]) == ["current_password"]
    short = change(client, auth(alice), new="short")
    assert (short.status_code, list(short.json["errors"])) == (422, ["new_password"])
    assert rows(User)[0].password == before
    assert mails("password_changed") == []


def test_of_many_changes_at_one_moment_one_counts(app, alice, auth, together, mails):
    """The others compared a password that is no longer the account's, or their token had stopped."""
    headers = auth(alice)
    statuses = together(6, lambda n: change(app.test_client(), headers, new=f"new password {n}").status_code)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 403, 409}
    assert len(mails("password_changed")) == 1


def test_a_new_password_voids_the_links_that_were_sent(client, alice, auth, secret_of):
    request_link(client)
    assert change(client, auth(alice)).status_code == 200
    assert reset(client, secret_of("password_reset"), "third password").status_code == 404


# the address


def ask(client, headers, email="new@example.com", password=PASSWORD):
    return client.post("/auth/email/change", json={"email": email, "password": password}, headers=headers)


def confirm(client, token):
    return client.post("/auth/email/confirm", json={"token": token})


def test_an_address_changes_when_its_owner_confirms_it(client, alice, auth, secret_of, mails, rows, actions):
    assert ask(client, auth(alice), "New@Example.com").status_code == 202
    assert rows(User)[0].email == "alice@example.com"
    [mail] = mails("email_confirm")
    assert (mail.email, mail.facts["email"]) == ("new@example.com", "new@example.com")
    assert mail.facts["link"] == "/confirm-email#token="
    assert confirm(client, secret_of("email_confirm")).status_code == 200
    user = rows(User)[0]
    assert user.email == "new@example.com"
    assert user.confirmed_at == clock.now()
    [notice] = mails("email_changed_notice")
    assert notice.email == "alice@example.com"
    assert client.post("/auth/login", json={**LOGIN, "email": "new@example.com"}).status_code == 200
    assert client.post("/auth/login", json=LOGIN).status_code == 401
    assert actions()[:2] == ["email.change_requested", "email.changed"]


def test_no_address_stands_in_the_audit_trail_or_in_used_links(client, alice, auth, secret_of, rows):
    from parking.audit import AuditEntry

    ask(client, auth(alice))
    confirm(client, secret_of("email_confirm"))
    entries = rows(AuditEntry)
    assert not any("@" in f"{entry.before} {entry.after}" for entry in entries)
    assert rows(SingleUse)[0].context == {}


def test_changing_the_address_requires_the_password(client, alice, auth, mails):
    assert ask(client, auth(alice), password="wrong").status_code == 403
    assert mails("email_confirm") == []


def test_an_address_in_use_is_refused(client, alice, bob, auth, secret_of, rows):
    taken = ask(client, auth(alice), "BOB@example.com")
    assert (taken.status_code, taken.json["code"]) == (409, "email_taken")
    assert ask(client, auth(alice), "alice@example.com").status_code == 409
    ask(client, auth(alice), "late@example.com")
    body = {"email": "late@example.com", "username": "Late", "password": PASSWORD}
    assert client.post("/auth/register", json=body).status_code == 201
    late = confirm(client, secret_of("email_confirm"))
    assert (late.status_code, late.json["code"]) == (409, "email_taken")
    assert rows(User, username="alice")[0].email == "alice@example.com"


def test_of_many_confirmations_at_one_moment_one_counts(app, client, alice, auth, secret_of, together, mails):
    ask(client, auth(alice))
    token = secret_of("email_confirm")
    assert sorted(together(10, lambda n: confirm(app.test_client(), token).status_code)) == [200] + [404] * 9
    assert len(mails("email_changed_notice")) == 1


def test_a_reset_link_sent_to_the_old_address_stops_working(client, alice, auth, secret_of):
    request_link(client)
    reset_token = secret_of("password_reset")
    ask(client, auth(alice))
    confirm(client, secret_of("email_confirm"))
    assert reset(client, reset_token).status_code == 404


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537 (KHTML, like Gecko) Chrome/150.0 Safari/537",
            "Chrome, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19 Safari/604",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge, Windows"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("<script>alert(1)</script>", "scriptalert1/script"),
        ("\x1b[31m", "31m"),
        ("", None),
    ],
)
def test_a_device_in_words(agent, words):
    from parking.accounts.emails import device

    assert device(agent) == words
