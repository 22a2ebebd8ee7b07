"""How addresses and names of people are written down. Pure: text in, text or ValueError out."""

from __future__ import annotations

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

MAX_EMAIL = 254
MAX_USERNAME = 80
MAX_PLATES = 10
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = {"\u200c", "\u200d"}  # part of the spelling of Persian, Hindi and emoji
_PLATE = re.compile(r"[^\W_](?:[^\W_]|[ ·-](?=[^\W_])){0,14}")


def sought_email(given: str) -> str:
    """An address as the database has it, without judging it: for looking up."""
    return unicodedata.normalize("NFC", given.strip()).lower()


def email(given: str) -> str:
    """A deliverable-looking address, lower case. The domain is not asked for: no network at sign-up."""
    try:
        checked = validate_email(given.strip(), check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as fault:
        raise ValueError(f"This is not an e-mail address we can use: {fault}") from None
    if len(checked.normalized) > MAX_EMAIL:
        raise ValueError(f"An e-mail address has at most {MAX_EMAIL} characters.")
    return sought_email(checked.normalized)


def username(given: str) -> str:
    """1 to 80 characters that can be seen, spaces inside tidied."""
    tidy = re.sub(" +", " ", unicodedata.normalize("NFC", given)).strip()
    if not 1 <= len(tidy) <= MAX_USERNAME or not any(unicodedata.category(c)[0] in "LNSP" for c in tidy):
        raise ValueError(f"A name has 1 to {MAX_USERNAME} characters.")
    if any(unicodedata.category(c) in _HIDDEN and c not in _JOINERS for c in tidy):
        raise ValueError("A name consists of characters one can see.")
    return tidy


def plates(given: list[str]) -> list[str]:
    """Number plates in capitals, each once, in the order given."""
    tidy = list(dict.fromkeys(" ".join(plate.upper().split()) for plate in given))
    if len(tidy) > MAX_PLATES:
        raise ValueError(f"At most {MAX_PLATES} number plates.")
    if not all(_PLATE.fullmatch(plate) for plate in tidy):
        raise ValueError("A number plate has 1 to 15 letters and digits, with single spaces or dashes between them.")
    return tidy
