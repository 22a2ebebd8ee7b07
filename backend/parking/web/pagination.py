"""Cursors: where a page of a list ended, as opaque text for the query parameter `cursor`."""

from __future__ import annotations

import base64
import re
from typing import Any

from parking.errors import Invalid

_NUMBER = re.compile(r"[0-9]{1,19}")
_MAX_NUMBER = 2**63 - 1


def encode(*key: int | str) -> str:
    """The cursor of a page whose last row has this sort key. Only the last part of a key may be text."""
    plain = ".".join(map(str, key))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def decode(cursor: str, *types: type[int] | type[str]) -> tuple[Any, ...]:
    """The sort key in a cursor, one part per type. Raises Invalid for a cursor that `encode` did not make."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:  # not base64, or not UTF-8
        raise invalid() from None
    parts = plain.split(".", len(types) - 1)
    if len(parts) != len(types):
        raise invalid()
    return tuple(_text(part) if kind is str else _number(part) for part, kind in zip(parts, types, strict=True))


def invalid() -> Invalid:
    """The error for a cursor that is not from this list."""
    return Invalid.field("cursor", "This cursor does not belong to this list.")


def _number(part: str) -> int:
    if not _NUMBER.fullmatch(part) or int(part) > _MAX_NUMBER:
        raise invalid()
    return int(part)


def _text(part: str) -> str:
    if "\x00" in part:
        raise invalid()
    return part
