"""E-mail addresses: the form that is stored, the form that is compared, and the form that goes to a mail server.

A domain has two spellings, Unicode ("straße.example") and ASCII ("xn--strae-oqa.example"). They are one by IDNA 2008
(RFC 5891) after the mapping of UTS #46, non-transitional: ß and ς stay letters of their own. Every other part of
the program uses these functions. Pure.
"""

from __future__ import annotations

import re
import unicodedata

import idna
from email_validator import EmailNotValidError, validate_email

MAX_EMAIL = 254
"""Characters of an address in its ASCII form (RFC 5321, 4.5.3.1.3, less the angle brackets)."""
MAX_KEY = 320
DUPLICATE_PREFIX = "TWIN "
"""Prefix of the key of a row whose address or name an earlier row has (parking/database/duplicates.py). No other key
contains a capital letter."""
_IDNA_DETAIL = re.compile(r" is invalid \(.*\)\.$", re.DOTALL)
"""What the library adds for programmers: "(Codepoint U+2603 at position 1 of '☃' not allowed)"."""


def stored(given: str) -> str:
    """The form that an account stores: lower case, the domain in Unicode. No DNS lookup. Raises ValueError."""
    try:
        checked = validate_email(given.strip(), check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        reason = _IDNA_DETAIL.sub(" contains a character that cannot stand there.", str(error))
        raise ValueError(f"This email address cannot be used: {reason}") from None
    spelling = _lower(checked.normalized)
    if len(spelling) > MAX_EMAIL or len(key(spelling)) > MAX_EMAIL:
        raise ValueError(f"An email address can have at most {MAX_EMAIL} characters.")
    return spelling


def key(given: str) -> str:
    """The form in which two addresses are compared: lower case, the domain in ASCII. Takes any text."""
    spelling = _lower(given)
    local, at, domain = spelling.rpartition("@")
    if len(spelling) > MAX_KEY:
        return spelling
    try:
        return f"{local}{at}{ascii_domain(domain)}"
    except ValueError:
        return spelling


def duplicate_key(given: str) -> str:
    """The key of an account whose address is the same as an earlier account's in another spelling: this one."""
    return f"{DUPLICATE_PREFIX}{_lower(given)}"[:MAX_KEY]


def spellings(given: str) -> str:
    """The address in both spellings, for a search."""
    ascii_form = key(given)
    local, at, domain = ascii_form.rpartition("@")
    try:
        unicode_form = f"{local}{at}{idna.decode(domain)}" if "xn--" in domain else ascii_form
    except ValueError:
        unicode_form = _lower(given)
    return ascii_form if unicode_form == ascii_form else f"{unicode_form} {ascii_form}"


def ascii_domain(domain: str) -> str:
    """A domain for the envelope and for headers. One in ASCII stays as it is.

    Raises ValueError (idna.IDNAError) for what has no ASCII form.
    """
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()


def _lower(given: str) -> str:
    return unicodedata.normalize("NFC", given.strip()).lower()
