"""Rules for addresses, names and number plates of an account. Pure; raises ValueError."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from parking.text import email_addresses, names

MAX_EMAIL, MAX_USERNAME = email_addresses.MAX_EMAIL, names.MAX_USERNAME
MAX_PLATES = 10
MAX_TOKEN_NAME = 60
NUMBERED = 9
"""Names tried with a number (`anna-2` to `anna-9`) before a random part is added."""
RANDOM = 5

email = email_addresses.stored
username = names.username


def plates(texts: list[str]) -> list[str]:
    """Number plates in capitals, each once, in the order given. Plates that differ only in punctuation are the same."""
    by_key = {names.plate_key(plate): plate for plate in reversed([names.plate(text) for text in texts])}
    if len(by_key) > MAX_PLATES:
        raise ValueError(f"You can store at most {MAX_PLATES} number plates.")
    return list(reversed(by_key.values()))


def token_name(given: str) -> str:
    """The name of an API token, by the rules of a user's name: it stands in a mail."""
    return names.username(given, MAX_TOKEN_NAME)


def default_names(email: str) -> Iterator[str]:
    """Names to try in turn: the part of the address before the @, the same numbered, then with a random part."""
    base = _base(email.rpartition("@")[0])
    yield base
    for number in range(2, NUMBERED + 1):
        yield f"{base}-{number}"
    for _ in range(RANDOM):
        yield f"{base}-{secrets.token_hex(4)}"


def _base(local_part: str) -> str:
    """The local part if it is a valid name, short enough for a suffix; else `user`."""
    try:
        return username(local_part[: MAX_USERNAME - 10])
    except ValueError:
        return "user"
