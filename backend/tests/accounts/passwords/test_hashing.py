"""Passwords: the policy, the hash, and the same work whether there is an account or not."""

import time

from parking.accounts.models import User
from parking.accounts.passwords import hashing
from tests.accounts.conftest import PRODUCTION

WHO = {"email": "maria.lopez@example.com", "username": "Maria Lopez"}


def test_the_clients_own_examples_work_on_a_local_run(app):
    for password in ("password123", "test123", "admin123"):
        assert hashing.error_of(password, **WHO) is None


def test_a_local_password_has_at_least_six_characters(app):
    assert "6 characters" in hashing.error_of("12345", **WHO)
    assert hashing.error_of("sechs6", **WHO) is None


PATTERNS = ["123456", "abcdef", "654321", "234567890", "fedcba", "qwerty", "qwertz", "asdfgh", "QWERTY", "aaaaaa",
            "111111", "121212", "ababab", "abcabc", "123123", "abc123", "aaa111", "qwe123", "poiuyt", "1234567890123",
            "\uff11\uff12\uff13\uff14\uff15\uff16"]  # fmt: skip


def test_mere_patterns_are_refused_on_a_local_run_too(app, app_with):
    for password in PATTERNS:
        assert "too easy to guess" in hashing.error_of(password, **WHO), password
    for password in ("password123", "test123", "admin123", "parking1", "abcdef!", "x123456", "user123", "sommer26"):
        assert hashing.error_of(password, **WHO) is None, password
    with app_with(**PRODUCTION).app_context():
        assert "too easy to guess" in hashing.error_of("4567890123", **WHO)
        assert hashing.error_of("four" * 1024, **WHO) is None


WEAK = [
    ("seven77", "8 characters"),
    ("x" * 4096 + "y", "4096 bytes"),
    ("ä" * 2049, "4096 bytes"),
    ("password123", "too easy to guess"),
    ("PassWord123", "too easy to guess"),
    ("iloveyou", "too easy to guess"),
    ("qwertyuiop", "too easy to guess"),
    ("ababababab", "too easy to guess"),
    ("my-maria.lopez-1", "your name"),
    ("LOPEZ-2026-x", "your name"),
    ("parkwell-2026", "name of this site"),
]


def test_production_refuses(app_with):
    with app_with(**PRODUCTION).app_context():
        for password, word in WEAK:
            assert word in (hashing.error_of(password, **WHO) or ""), password


def test_production_allows_any_characters(app_with):
    with app_with(**PRODUCTION).app_context():
        for password in ["correct horse battery", "8 chars!", "пароль из слов", "🚗🚕🚙🏎🚓🚑🚒🚐", "four" * 1024]:
            assert hashing.error_of(password, **WHO) is None, password


def test_bytes_after_bcrypts_seventy_second_count(app):
    for length in (73, 74, 128, 1000, 4095, 4096):
        first, second = "p" * (length - 1) + "a", "p" * (length - 1) + "b"
        hashed = hashing.hash_of(first)
        assert hashed.startswith("$2b$")
        assert hashing.matches(first, hashed)
        assert not hashing.matches(second, hashed)
        assert not hashing.matches(first[:72], hashed)


def test_one_password_however_the_keyboard_composes_it(app):
    hashed = hashing.hash_of("Caf\u00e9 am Eck")
    assert hashing.matches("Cafe\u0301 am Eck", hashed)
    assert not hashing.matches("Cafe am Eck", hashed)


def test_spaces_and_letter_case_count(app):
    hashed = hashing.hash_of(" Two words ")
    assert not hashing.matches("Two words", hashed)
    assert not hashing.matches(" two words ", hashed)


def test_the_same_password_has_different_hashes(app):
    assert hashing.hash_of("correct horse") != hashing.hash_of("correct horse")


def test_no_account_matches_no_password_with_the_same_work(app, monkeypatch):
    """The decoy is compared by bcrypt itself with as many rounds as a real hash."""
    compared = []
    real = hashing.verify_password
    monkeypatch.setattr(hashing, "verify_password", lambda *a: compared.append(a[1][:7]) or real(*a))
    assert not hashing.matches("", None)
    assert not hashing.matches("whatever", None)
    assert hashing.matches("secret", hashing.hash_of("secret"))
    assert compared == ["$2b$04$"] * 3


def test_a_hash_made_with_less_work_is_renewed_at_the_next_sign_in(app_with, alice, rows, client):
    before = rows(User, username="alice")[0].password
    stricter = app_with(bcrypt_rounds=5).test_client()
    wrong = stricter.post("/auth/login", json={"email": "alice@example.com", "password": "wrong"})
    assert wrong.status_code == 401
    assert rows(User, username="alice")[0].password == before
    body = {"email": "alice@example.com", "password": "correct horse battery"}
    assert stricter.post("/auth/login", json=body).status_code == 200
    renewed = rows(User, username="alice")[0].password
    assert (before[:7], renewed[:7]) == ("$2b$04$", "$2b$05$")
    assert client.post("/auth/login", json=body).status_code == 200
    assert rows(User, username="alice")[0].password == renewed, "a hash with more work than asked for stays"


def test_a_huge_password_is_refused_before_it_is_hashed(client, alice):
    started = time.process_time()
    answer = client.post("/auth/login", json={"email": "alice@example.com", "password": "x" * 1_000_000})
    assert answer.status_code == 422
    assert time.process_time() - started < 5
