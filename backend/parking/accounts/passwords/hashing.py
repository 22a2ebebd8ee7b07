"""Passwords: which are allowed, how they are kept, how they are compared.

Kept as bcrypt over an HMAC (Flask-Security), so bytes after bcrypt's 72nd count too. Hashing takes a quarter of a
second by design: callers do it while they hold no database connection.
"""

from __future__ import annotations

import functools
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask_security.utils import hash_password, verify_password
from passlib.hash import bcrypt

from parking import settings
from parking.errors import Invalid, Unavailable

MAX_BYTES = 4096
_LIST = Path(__file__).with_name("common_passwords.txt")
_SHORTEST_PART = 4
AT_ONCE = 2
"""Hashes computed at one time in one process; each keeps a core busy."""
MOST_WAITING = 64
MOST_SECONDS = 10.0
"""How many callers wait for their turn, and how long; the others get 503."""


class _Turns:
    """Lets few compute at a time, so that a crowd at the door leaves the cores to everybody else."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Waits for a turn. Raises Unavailable when too many wait, or for too long."""
        if not self._places.acquire(blocking=False):
            raise _busy()
        try:
            if not self._free.acquire(timeout=MOST_SECONDS):
                raise _busy()
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._places.release()


_turns = _Turns()


def _busy() -> Unavailable:
    return Unavailable("Many users are signing in at the moment. Please try again in a few seconds.", retry_after=5)


_SHORTEST_RUN = 3
_LONGEST_REPEATED = 16
"""A sentence said twice is no mere pattern any more."""
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm")
_ONE_SIGN = tuple(sign * _LONGEST_REPEATED for sign in "abcdefghijklmnopqrstuvwxyz0123456789")
_LINES = (*_ROWS, *(row[::-1] for row in _ROWS), *_ONE_SIGN)
"""What fingers and children say in a row."""


def require(password: str, *, email: str, username: str, field: str = "password") -> None:
    """Refuses, with Invalid, a password that the policy does not allow for this person."""
    if fault := fault_of(password, email, username):
        raise Invalid.field(field, fault)


def fault_of(password: str, email: str, username: str) -> str | None:
    """What is wrong with a password, as a sentence; None when it may be used.

    A local run asks for length, and that it is no mere pattern (`123456`, `abcdef`, `qwerty`, `121212`). Production
    also refuses the common ones and those made from the person's own name or address (ASVS 6.2.4, 6.2.11).
    """
    chosen = settings.current()
    same = _normal(password)
    if len(same) < chosen.password_min_length:
        return f"A password must have at least {chosen.password_min_length} characters."
    if len(same.encode()) > MAX_BYTES:
        return f"A password can have at most {MAX_BYTES} bytes."
    folded = same.casefold()
    if _is_pattern(folded) or (chosen.production and folded in _common()):
        return "This password is too easy to guess. Please choose another."
    if not chosen.production:
        return None
    if any(part in folded for part in _own_words(email, username, chosen.site_name)):
        return "A password must not contain your name, your address or the name of this site."
    return None


def _is_pattern(folded: str) -> bool:
    """Whether it is nothing but a few signs, one part again and again, or runs of neighbours in the alphabet, among the
    digits or on a keyboard, forwards or backwards."""
    if len(set(folded)) < 3 or (len(folded) <= _LONGEST_REPEATED and folded in (folded * 2)[1:-1]):
        return True
    position = 0
    while position < len(folded):
        run = _run_length(folded, position)
        if run < _SHORTEST_RUN:
            return False
        position += run
    return True


def _run_length(text: str, start: int) -> int:
    """How many signs from `start` on continue one run; 1 where none is long enough."""
    longest = 1
    for line in _LINES:
        length = 1
        while start + length < len(text) and text[start : start + length + 1] in line:
            length += 1
        longest = max(longest, length)
    return longest if longest >= _SHORTEST_RUN else 1


def hashed(password: str) -> str:
    """What is kept instead of the password. Slow."""
    with _turns.one():
        return str(hash_password(_normal(password)))


def matches(password: str, kept: str | None) -> bool:
    """Whether this is the password. Slow; as slow for an account that is not there (`kept` None)."""
    with _turns.one():
        good = verify_password(_normal(password), kept or _decoy(settings.current().bcrypt_rounds))
    return good and kept is not None


def outdated(kept: str) -> bool:
    """Whether a hash was made with less work than is asked for today."""
    return not bcrypt.identify(kept) or bcrypt.from_string(kept).rounds < settings.current().bcrypt_rounds


def _normal(password: str) -> str:
    """The same characters are the same password, however a keyboard composes them (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


@functools.cache
def _decoy(rounds: int) -> str:
    """A well-formed bcrypt hash of nothing: comparing with it takes as long as with a real one."""
    return f"$2b${rounds:02}${'.' * 53}"


@functools.cache
def _common() -> frozenset[str]:
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _own_words(email: str, username: str, site_name: str) -> set[str]:
    local, _, domain = email.casefold().partition("@")
    words = {local, domain, username.casefold(), site_name.casefold(), *username.casefold().split()}
    return {word for word in words if len(word) >= _SHORTEST_PART}
