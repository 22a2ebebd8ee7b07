"""What may stand in a header: one line, no tricks; and what may be an address."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

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


class Mailbox(NamedTuple):
    """An address for a header, with the name before it (or none)."""

    display_name: str
    addr_spec: str

    def __str__(self) -> str:
        """As a person reads it: RFC 5322 with the name in Unicode."""
        name = self.display_name
        if not name:
            return self.addr_spec
        return f"{quoted(name) if _SPECIALS.search(name) else name} <{self.addr_spec}>"


_SPECIALS = re.compile(r'[()<>@,:;.\\"\[\]]')


def quoted(name: str) -> str:
    """The name as a quoted string (RFC 5322, 3.2.4)."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def mailbox(email: str, name: str = "") -> Mailbox:
    """The address as a header wants it, its domain in ASCII. Raises BadAddress."""
    return Mailbox(header_text(name), addr_spec(email))


def addr_spec(email: str) -> str:
    """The bare address for the envelope, its domain in ASCII by IDNA 2008. Raises BadAddress for everything that is
    not exactly one."""
    if not _ADDRESS.fullmatch(email) or any(unicodedata.category(char) in _HIDDEN | {"Zs"} for char in email):
        raise BadAddress("not an email address")
    local, _, domain = email.rpartition("@")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise BadAddress("not an email address")
    try:
        return f"{local}@{email_addresses.ascii_domain(domain)}"
    except ValueError:
        raise BadAddress("the domain cannot be written in ASCII") from None
