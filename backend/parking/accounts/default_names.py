"""The name of somebody who registered without one. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from parking.accounts import names

NUMBERED = 9
"""Names tried with a number (`anna-2` to `anna-9`) before a random part is added."""
RANDOM = 5


def candidates(email: str) -> Iterator[str]:
    """Names to try in turn: the part of the address before the @, the same numbered, then with a random part."""
    base = _base(email.rpartition("@")[0])
    yield base
    for number in range(2, NUMBERED + 1):
        yield f"{base}-{number}"
    for _ in range(RANDOM):
        yield f"{base}-{secrets.token_hex(4)}"


def _base(local_part: str) -> str:
    """The local part where it is a good name, with room for what is added; else `user`."""
    try:
        return names.username(local_part[: names.MAX_USERNAME - 10])
    except ValueError:
        return "user"
