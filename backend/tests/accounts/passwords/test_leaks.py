"""New passwords are compared with leaked ones: the list that comes along, and a file of the operator's."""

from __future__ import annotations

import hashlib

import pytest

from parking.accounts.passwords import hashing, leaks
from parking.errors import Unavailable
from tests.accounts.conftest import PRODUCTION
from tests.conftest import PASSWORD

WHO = {"email": "maria.lopez@example.com", "username": "Maria Lopez"}
SENTENCE = "This password is in a list of stolen passwords. Please choose another."


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def write(file, passwords, *, end="\r\n", count=True, last=True):
    """As the downloader of Have I Been Pwned writes it: sorted, each with the number of its leaks."""
    lines = [f"{one}:{n % 97 + 1}" if count else one for n, one in enumerate(sorted(map(digest, passwords)))]
    file.write_bytes((end.join(lines) + (end if last else "")).encode())
    return file


def test_the_list_has_the_most_used_leaked_passwords_of_the_policys_length():
    passwords = leaks._most_used()
    assert len(passwords) > 17_000
    assert {"password123", "iloveyou", "87654321vv"} <= passwords
    assert [one for one in passwords if len(one) < 8 or one != one.casefold()] == []


def test_production_refuses_them_all(app_with):
    with app_with(**PRODUCTION).app_context():
        accepted = [one for one in leaks._most_used() if hashing.error_of(one.upper(), **WHO) is None]
    assert accepted == []


@pytest.mark.parametrize("number", [1, 2, 3, 1000])
@pytest.mark.parametrize("form", [{}, {"end": "\n"}, {"count": False, "end": "\n"}, {"last": False}])
def test_every_password_of_a_file_and_no_other_is_in_it(tmp_path, number, form):
    file = write(tmp_path / "leaked.txt", [f"stolen {n}" for n in range(number)], **form)
    missing = [n for n in range(number) if not leaks.is_in_file(file, f"stolen {n}")]
    extra = [n for n in range(2000) if leaks.is_in_file(file, f"own {n}")]
    assert (missing, extra) == ([], [])


def test_what_is_in_the_file_is_refused_wherever_a_password_is_set(app_with, alice, auth, tmp_path):
    file = write(tmp_path / "leaked.txt", ["parrot umbrella 9", "x"])
    client = app_with(leaked_passwords_file=file).test_client()
    new = {"email": "new@example.com", "username": "new", "password": "parrot umbrella 9"}
    refused = client.post("/auth/register", json=new)
    assert (refused.status_code, refused.json["errors"]["password"]) == (422, [SENTENCE])
    assert client.post("/auth/register", json=new | {"password": "Parrot umbrella 9"}).status_code == 201
    change = {"current_password": PASSWORD, "new_password": "parrot umbrella 9"}
    changed = client.post("/auth/password/change", json=change, headers=auth(alice))
    assert (changed.status_code, changed.json["errors"]["new_password"]) == (422, [SENTENCE])


def test_a_file_that_is_gone_lets_no_password_through(app_with, tmp_path):
    with app_with(leaked_passwords_file=tmp_path / "gone.txt").app_context(), pytest.raises(Unavailable):
        hashing.error_of("parrot umbrella 9", **WHO)
