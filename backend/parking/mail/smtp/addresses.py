"""What may stand in a header: one line, no tricks; and what may be an address."""

from __future__ import annotations

import re
import unicodedata
from email.headerregistry import Address

from parking.text import email_addresses, names

MOST_HEADER = 200
_JOINERS = {"\u200c", "\u200d"}  # belong to the spelling of Persian, Hindi and emoji
# The atoms of RFC 5321 (and 6531 beyond ASCII); no quoted local part, no comment, no source route.
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x20\x7f-\x9f]{1,64}@[^\s@<>()\[\],;:\\\"\x00-\x20\x7f-\x9f]{1,253}")
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class BadAddress(ValueError):
    """No mail can go to this address."""


def header_text(text: str) -> str:
    """Text for a header: control, line and direction characters become spaces (those of a flag's emoji stay), an
    encoded word is broken up."""
    parts = names.FLAG.split(text)
    plain = "".join(part if n % 2 else _without_hidden(part) for n, part in enumerate(parts))
    plain = plain.replace("=?", "= ?").replace("?=", "? =")
    return " ".join(plain.split())[:MOST_HEADER]


def _without_hidden(text: str) -> str:
    return "".join(" " if unicodedata.category(char) in _HIDDEN and char not in _JOINERS else char for char in text)


def mailbox(email: str, name: str = "") -> Address:
    """The address as a header wants it, its domain in ASCII. Raises BadAddress."""
    return Address(display_name=header_text(name), addr_spec=addr_spec(email))


def addr_spec(email: str) -> str:
    """The bare address for the envelope, its domain in ASCII by IDNA 2008. Raises BadAddress for everything that is
    not exactly one."""
    if not _ADDRESS.fullmatch(email) or any(unicodedata.category(char) in _HIDDEN | {"Zs"} for char in email):
        raise BadAddress("not an e-mail address")
    local, _, domain = email.rpartition("@")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise BadAddress("not an e-mail address")
    try:
        return f"{local}@{email_addresses.ascii_domain(domain)}"
    except ValueError:
        raise BadAddress("the domain cannot be written in ASCII") from None
