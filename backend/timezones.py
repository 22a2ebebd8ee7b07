"""Time zones: which names are taken, wherever one comes in, and what becomes of a stored name that is not.

A name is taken exactly as the IANA database spells it, zones and links alike: browsers report links themselves
("Asia/Calcutta"), and a link that stays as it was given is the name that its owner chose and will look for. What is
taken is known to every current browser (tests/test_timezones.py asks Chromium and Node), which a name such as
"posix/Europe/Berlin", that only some machines' files have, is not.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TypeVar

_T = TypeVar("_T")

DOCUMENTED = {"pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$", "examples": ["Europe/Berlin"]}
"""What the OpenAPI document says of a name beside its length."""
REFUSAL = "This is not the name of a time zone, such as Europe/Berlin."
_NO_PLACE = {"Factory"}
"""In the IANA database for machines whose zone nobody has set; no browser knows it."""


@cache
def names() -> frozenset[str]:
    """Every name that is taken. From the packaged database, so that it is the same on every machine."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return frozenset(listed) - _NO_PLACE


def checked(name: str) -> str:
    """The name itself. Raises ValueError, with a sentence for a person, unless it is one of `names`."""
    if name not in names():
        raise ValueError(REFUSAL)
    return name


@cache
def _by_lower_case() -> dict[str, str]:
    return {name.lower(): name for name in names()}


def mended(stored: str, otherwise: _T) -> str | _T:
    """What a stored name means: itself, the zone it is another spelling of ("posix/Europe/Berlin", "europe/berlin"),
    or else `otherwise`."""
    plain = stored.strip()
    for front in ("posix/", "right/", ":"):
        plain = plain.removeprefix(front)
    if plain in names():
        return plain
    return _by_lower_case().get(plain.lower().replace(" ", "_"), otherwise)
