"""What people may give for their account. Pure: text in, text or ValueError out."""

from __future__ import annotations

from parking.text import email_addresses, names

MAX_EMAIL, MAX_USERNAME = email_addresses.MAX_EMAIL, names.MAX_USERNAME
MAX_PLATES = 10

email = email_addresses.stored
username = names.username


def plates(given: list[str]) -> list[str]:
    """Number plates in capitals, each once, in the order given. Two that differ in nothing but signs are one."""
    tidy = {names.plate_key(plate): plate for plate in reversed([names.plate(one) for one in given])}
    if len(tidy) > MAX_PLATES:
        raise ValueError(f"You can store at most {MAX_PLATES} number plates.")
    return list(reversed(tidy.values()))
