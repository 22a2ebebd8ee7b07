"""What people may give for their account. Pure: text in, text or ValueError out."""

from __future__ import annotations

from zoneinfo import available_timezones

from parking import addresses, names

MAX_EMAIL, MAX_USERNAME = addresses.MAX_EMAIL, names.MAX_USERNAME
MAX_PLATES = 10

email = addresses.stored
username = names.username


def timezone(given: str) -> str:
    """An IANA name such as Europe/Berlin."""
    if given not in available_timezones():
        raise ValueError("This is not the name of a time zone, such as Europe/Berlin.")
    return given


def plates(given: list[str]) -> list[str]:
    """Number plates in capitals, each once, in the order given. Two that differ in nothing but signs are one."""
    tidy = {names.plate_key(plate): plate for plate in reversed([names.plate(one) for one in given])}
    if len(tidy) > MAX_PLATES:
        raise ValueError(f"At most {MAX_PLATES} number plates.")
    return list(reversed(tidy.values()))
