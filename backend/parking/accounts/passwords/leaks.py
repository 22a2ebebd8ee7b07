"""Passwords that have leaked. The most used ones come with the program; the operator may add a file with all that are
known (LEAKED_PASSWORDS_FILE). Nothing is asked over the network."""

from __future__ import annotations

import functools
import hashlib
import logging
from pathlib import Path

from parking.errors import Unavailable

log = logging.getLogger(__name__)
_MOST_USED = Path(__file__).with_name("leaked_passwords.txt")
_DIGITS = 40


def is_most_used(folded: str) -> bool:
    """Whether a password, in lower case, is one of the most used ones."""
    return folded in _most_used()


@functools.cache
def _most_used() -> frozenset[str]:
    lines = _MOST_USED.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def is_in_file(file: Path, password: str) -> bool:
    """Whether the file has the SHA-1 of the password. Raises Unavailable when it cannot be read.

    Each line begins with a SHA-1 in capital hexadecimal digits, and the lines are sorted, as the downloader of Have I
    Been Pwned writes them. The search takes about 35 reads in its 40 GB.
    """
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        return _search(file, digest)
    except OSError as error:
        log.error("the file of leaked passwords: %s", error)
        raise Unavailable(
            "Passwords cannot be checked at the moment. Please try again later.", retry_after=60
        ) from None


def _search(file: Path, digest: bytes) -> bool:
    """Halves [low, high), in which the line of the digest begins if there is one."""
    with file.open("rb") as stream:
        low, high = 0, stream.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            stream.seek(max(middle - 1, 0))
            if middle:
                stream.readline()  # the rest of the line before; nothing but its end where a line begins in the middle
            start, line = stream.tell(), stream.readline()[:_DIGITS]
            if line == digest:
                return True
            if line and line < digest:
                low = start + 1
            else:
                high = middle
    return False
