"""Passwords: the policy, hashing and comparing.

Stored as bcrypt over an HMAC (Flask-Security), so bytes after bcrypt's 72nd count too. Hashing takes a quarter of a
second by design: callers hold no database connection meanwhile.

The key of the HMAC (SECURITY_PASSWORD_SALT) is replaced while old ones (SECURITY_PASSWORD_SALT_OLD) still count: a
sign-in under an old one stores the hash anew.
"""

from __future__ import annotations

import base64
import functools
import hmac
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from flask_security.utils import hash_password, verify_password
from passlib.hash import bcrypt

from parking import settings
from parking.accounts.passwords import leaks
from parking.errors import Invalid, Unavailable

MAX_BYTES = 4096
_SHORTEST_PART = 4
MAX_RUNNING = 2
"""Hashes computed at the same time in one process; each occupies a core."""
MAX_WAITING = 64
MAX_WAIT_SECONDS = 10.0
"""How many callers wait for a slot, and how long; the others get 503."""


class _HashSlots:
    """Limits how many hashes are computed at once, so that many sign-ins leave CPU time for other requests."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(MAX_RUNNING)
        self._places = threading.BoundedSemaphore(MAX_RUNNING + MAX_WAITING)

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Waits for a slot. Raises Unavailable when too many wait, or for too long."""
        if not self._places.acquire(blocking=False):
            raise _busy()
        try:
            if not self._free.acquire(timeout=MAX_WAIT_SECONDS):
                raise _busy()
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._places.release()


_slots = _HashSlots()


def _busy() -> Unavailable:
    return Unavailable("Many users are signing in at the moment. Please try again in a few seconds.", retry_after=5)


_SHORTEST_RUN = 3
_LONGEST_REPEATED = 16
"""A longer repeated text, such as a sentence written twice, is allowed."""
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm")
_ONE_SIGN = tuple(sign * _LONGEST_REPEATED for sign in "abcdefghijklmnopqrstuvwxyz0123456789")
_LINES = (*_ROWS, *(row[::-1] for row in _ROWS), *_ONE_SIGN)
"""Sequences of the alphabet, the digits and keyboards, and repeated characters."""


def require(password: str, *, email: str, username: str, field: str = "password") -> None:
    """Raises Invalid for a password that the policy does not allow for this user."""
    if error := error_of(password, email, username):
        raise Invalid.field(field, error)


def error_of(password: str, email: str, username: str) -> str | None:
    """Why a password is not allowed, as a sentence; None when it is.

    A local run requires the length, and refuses patterns (`123456`, `abcdef`, `qwerty`, `121212`). Production also
    refuses the most used leaked passwords and those that contain the user's name or address (ASVS 6.2.4, 6.2.11,
    6.2.12). The operator's file of leaked passwords counts everywhere. Raises Unavailable when it cannot be read.
    """
    configured = settings.current()
    same = _normal(password)
    if len(same) < configured.password_min_length:
        return f"A password must have at least {configured.password_min_length} characters."
    if len(same.encode()) > MAX_BYTES:
        return f"A password can have at most {MAX_BYTES} bytes."
    folded = same.casefold()
    if _is_pattern(folded) or (configured.production and leaks.is_most_used(folded)):
        return "This password is too easy to guess. Please choose another."
    if configured.leaked_passwords_file and leaks.is_in_file(configured.leaked_passwords_file, same):
        return "This password is in a list of stolen passwords. Please choose another."
    if not configured.production:
        return None
    if any(part in folded for part in _own_words(email, username, configured.site_name)):
        return "A password must not contain your name, your address or the name of this site."
    return None


def _is_pattern(folded: str) -> bool:
    """Whether it consists of fewer than three characters, one repeated part, or sequences of the alphabet, the digits
    or a keyboard, forwards or backwards."""
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
    """Length of the sequence that begins at `start`; 1 when it is too short."""
    longest = 1
    for line in _LINES:
        length = 1
        while start + length < len(text) and text[start : start + length + 1] in line:
            length += 1
        longest = max(longest, length)
    return longest if longest >= _SHORTEST_RUN else 1


def hash_of(password: str) -> str:
    """The hash to store. Slow."""
    with _slots.acquire():
        return str(hash_password(_normal(password)))


def matches(password: str, stored_hash: str | None) -> bool:
    """Whether the password matches. Slow, and as slow for an account that does not exist (`stored_hash` None)."""
    with _slots.acquire():
        same, compared = _normal(password), stored_hash or _dummy_hash(settings.current().bcrypt_rounds)
        good = verify_password(same, compared) or _matches_under_old_salt(same, compared)
    return good and stored_hash is not None


def needs_rehash(password: str, stored_hash: str) -> bool:
    """Whether the hash of this password has fewer rounds than configured, or an old salt. Slow while there are old
    salts."""
    configured = settings.current()
    if not bcrypt.identify(stored_hash) or bcrypt.from_string(stored_hash).rounds < configured.bcrypt_rounds:
        return True
    if not configured.security_password_salt_old:
        return False
    with _slots.acquire():
        return not verify_password(_normal(password), stored_hash)


def _matches_under_old_salt(password: str, stored_hash: str) -> bool:
    """As Flask-Security compares: bcrypt over the first 72 characters of the HMAC."""
    if not bcrypt.identify(stored_hash):
        return False
    digests = (
        base64.b64encode(hmac.digest(salt.encode(), password.encode(), "sha512"))[:72]
        for salt in settings.current().security_password_salt_old
    )
    return any(bcrypt.verify(digest, stored_hash) for digest in digests)


def _normal(password: str) -> str:
    """NFKC, so that differently composed characters are the same password (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


@functools.cache
def _dummy_hash(rounds: int) -> str:
    """A well-formed bcrypt hash: comparing with it takes as long as with a real one."""
    return f"$2b${rounds:02}${'.' * 53}"


def _own_words(email: str, username: str, site_name: str) -> set[str]:
    local, _, domain = email.casefold().partition("@")
    words = {local, domain, username.casefold(), site_name.casefold(), *username.casefold().split()}
    return {word for word in words if len(word) >= _SHORTEST_PART}
