"""SECURITY_PASSWORD_SALT is replaced without anybody's losing their password."""

import pytest

from parking.accounts.models import User
from parking.accounts.passwords import hashing
from tests.accounts.conftest import OWN_PAGE

NEW = "salt of the new year, of more than thirty-two bytes"
LOGIN = {"email": "alice@example.com", "password": "correct horse battery"}


@pytest.fixture
def old_salt(settings):
    return settings.security_password_salt


def stored(rows):
    return rows(User, username="alice")[0].password


def test_a_password_under_an_old_salt_works_and_is_stored_anew(app_with, client, alice, rows, old_salt):
    before = stored(rows)
    between = app_with(security_password_salt=NEW, security_password_salt_old=("some other", old_salt)).test_client()
    wrong = between.post("/auth/login", json={**LOGIN, "password": "wrong"})
    assert (wrong.status_code, stored(rows)) == (401, before)
    assert between.post("/auth/login", json=LOGIN).status_code == 200
    renewed = stored(rows)
    assert renewed != before
    assert between.post("/auth/login", json=LOGIN).status_code == 200
    assert stored(rows) == renewed, "the present salt is good enough"
    afterwards = app_with(security_password_salt=NEW).test_client()
    assert afterwards.post("/auth/login", json=LOGIN).status_code == 200
    assert client.post("/auth/login", json=LOGIN).status_code == 401, "the old salt alone no longer knows it"


def test_control_without_the_old_salt_no_password_works(app_with, alice):
    other = app_with(security_password_salt=NEW).test_client()
    assert other.post("/auth/login", json=LOGIN).status_code == 401


def test_whoever_is_signed_in_confirms_with_the_password_under_the_old_salt(app_with, alice, auth, old_salt):
    between = app_with(security_password_salt=NEW, security_password_salt_old=(old_salt,)).test_client()
    change = {"current_password": LOGIN["password"], "new_password": "another good password"}
    assert between.post("/auth/password/change", json=change, headers={**auth(alice), **OWN_PAGE}).status_code == 200
    afterwards = app_with(security_password_salt=NEW).test_client()
    assert afterwards.post("/auth/login", json={**LOGIN, "password": change["new_password"]}).status_code == 200


def test_long_passwords_count_whole_under_an_old_salt(app_with, app, old_salt):
    first, second = "p" * 100 + "a", "p" * 100 + "b"
    with app.app_context():
        before = hashing.hash_of(first)
    with app_with(security_password_salt=NEW, security_password_salt_old=(old_salt,)).app_context():
        assert hashing.matches(first, before)
        assert not hashing.matches(second, before)


def test_an_account_that_does_not_exist_takes_as_much_work(app_with, app, monkeypatch, old_salt):
    with app.app_context():
        before = hashing.hash_of("secret")
    compared = []
    real = hashing.bcrypt.verify
    monkeypatch.setattr(hashing.bcrypt, "verify", lambda *a, **k: compared.append(a[-1][:7]) or real(*a, **k))
    with app_with(security_password_salt=NEW, security_password_salt_old=("one", "two")).app_context():
        assert not hashing.matches("wrong", None)
        of_nobody = len(compared)
        assert not hashing.matches("wrong", before)
    assert len(compared) == 2 * of_nobody > 2
