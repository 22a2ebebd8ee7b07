"""Nobody books before their address is confirmed, where the operator wants it so."""

import dataclasses
from datetime import timedelta

import pytest

from parking import clock
from parking.accounts.models import User
from parking.bookings.models import Booking
from tests.bookings.helpers import make_lot

PASSWORD = "correct horse battery"


@pytest.fixture
def site(app, client):
    """A site that wants proof. (With the other tests' settings nobody needs any.)"""
    app.extensions["settings"] = dataclasses.replace(
        app.extensions["settings"], email_proof=True, smtp_host="127.0.0.1", smtp_port=9
    )
    return client


@pytest.fixture
def lot(app, carol):
    return make_lot(carol)


def register(client, name="dora"):
    body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
    answer = client.post("/auth/register", json=body)
    assert answer.status_code == 201, answer.json
    return {"Authorization": f"Bearer {answer.json['token']}"}


def book(client, headers, lot):
    return client.post("/api/book", json={"lot_id": lot["id"], "booking_type": "instant"}, headers=headers)


def confirm(client, token):
    return client.post("/auth/email/confirm", json={"token": token})


def confirmed(client, headers):
    return client.get("/auth/me", headers=headers).json["user"]["email_confirmed"]


def test_a_new_driver_looks_around_and_books_once_the_address_is_confirmed(site, lot, secret_of, mails, actions, rows):
    assert site.get("/api/public/site").json["site"]["email_proof"] is True
    headers = register(site)
    [mail] = mails("email_confirm")
    assert (mail.email, mail.facts["link"]) == ("dora@example.com", "/confirm-email#token=")
    assert site.get("/api/lots", headers=headers).status_code == 200
    assert site.patch("/auth/me", json={"theme": "dark"}, headers=headers).status_code == 200
    refused = book(site, headers, lot)
    assert (refused.status_code, refused.json["code"]) == (403, "address_unproven")
    assert refused.json["detail"] == "Please confirm your email address before you book."
    assert rows(Booking) == []
    assert confirmed(site, headers) is False
    answer = confirm(site, secret_of("email_confirm"))
    assert (answer.status_code, answer.json["message"]) == (200, "Your address is confirmed")
    assert confirmed(site, headers) is True
    assert book(site, headers, lot).status_code == 201
    assert "email.confirmed" in actions()


def test_without_the_setting_nobody_is_asked(client, lot, mails):
    headers = register(client)
    assert mails("email_confirm") == []
    assert client.get("/api/public/site").json["site"]["email_proof"] is False
    assert book(client, headers, lot).status_code == 201


def test_a_link_works_once_and_for_a_day(site, secret_of):
    register(site)
    first = secret_of("email_confirm")
    assert [confirm(site, first).status_code for _ in range(2)] == [200, 404]
    register(site, "erin")
    late = secret_of("email_confirm")
    clock.travel(timedelta(hours=24).total_seconds() + 1)
    answer = confirm(site, late)
    assert (answer.status_code, answer.json["code"]) == (404, "link_invalid")


def test_a_link_that_works_for_nearly_a_day(site, secret_of):
    register(site)
    clock.travel(timedelta(hours=24).total_seconds() - 1)
    assert confirm(site, secret_of("email_confirm")).status_code == 200


def test_another_link_replaces_the_first(site, secret_of, mails):
    headers = register(site)
    first = secret_of("email_confirm")
    assert site.post("/auth/email/proof", headers=headers).status_code == 202
    assert len(mails("email_confirm")) == 2
    second = secret_of("email_confirm")
    assert confirm(site, first).status_code == 404
    assert confirm(site, second).status_code == 200
    again = site.post("/auth/email/proof", headers=headers)
    assert (again.status_code, again.json["code"]) == (409, "already_confirmed")
    assert site.post("/auth/email/proof").status_code == 401


def test_five_links_a_day(site, app, mails):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], rate_limits=True)
    headers = register(site)
    codes = [site.post("/auth/email/proof", headers=headers).status_code for _ in range(6)]
    assert codes == [202] * 5 + [429]
    assert len(mails("email_confirm")) == 6


def test_the_link_of_an_address_that_was_changed_since_proves_nothing(site, secret_of):
    headers = register(site)
    of_the_first = secret_of("email_confirm")
    change = {"email": "other@example.com", "password": PASSWORD}
    headers = {"Authorization": f"Bearer {site.post('/auth/email/change', json=change, headers=headers).json['token']}"}
    of_the_second = secret_of("email_confirm")
    assert confirm(site, of_the_second).status_code == 200
    assert confirm(site, of_the_first).status_code == 404
    assert confirmed(site, headers) is True, "the new address was read"


def test_a_new_password_by_mail_proves_the_address_too(site, lot, secret_of):
    register(site)
    site.post("/auth/password/forgot", json={"email": "dora@example.com"})
    body = {"token": secret_of("password_reset"), "password": "another good password"}
    assert site.post("/auth/password/reset", json=body).status_code == 200
    login = {"email": "dora@example.com", "password": "another good password"}
    headers = {"Authorization": f"Bearer {site.post('/auth/login', json=login).json['token']}"}
    assert book(site, headers, lot).status_code == 201


def test_whoever_the_operator_vouches_for_needs_no_link(site, app, rows, tmp_path):
    (tmp_path / "password").write_text(PASSWORD)
    result = app.test_cli_runner().invoke(
        args=["admin", "create", "--email", "boss@example.com", "--password-file", str(tmp_path / "password")]
    )
    assert result.exit_code == 0, result.output
    assert rows(User, email="boss@example.com")[0].confirmed_at is not None


def test_of_many_uses_of_a_link_one_counts(app, site, secret_of, together, actions):
    register(site)
    token = secret_of("email_confirm")
    assert sorted(together(8, lambda n: confirm(app.test_client(), token).status_code)) == [200] + [404] * 7
    assert actions().count("email.confirmed") == 1


def test_a_disabled_account_is_not_brought_back_by_its_link(site, secret_of, auth, carol, rows):
    headers = register(site)
    dora = rows(User, username="dora")[0].id
    assert site.patch(f"/api/users/{dora}", json={"active": False}, headers=auth(carol)).status_code == 200
    assert confirm(site, secret_of("email_confirm")).status_code == 200
    assert site.get("/auth/me", headers=headers).status_code == 401
