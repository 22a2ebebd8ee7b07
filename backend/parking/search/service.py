"""Searches everything that an administrator may look for."""

from __future__ import annotations

import re
from typing import Any

from parking import clock
from parking.bookings import find_by_plate, find_by_reference
from parking.database import db
from parking.search import queries
from parking.text import names

EACH = 5
_GROUPS = ("lots", "spots", "plates", "users", "bookings")
_SPOT_WORDS = {"spot", "bay", "platz", "stellplatz", "no", "nr", "#"}
_NUMBER = re.compile(r"#?([0-9]{1,7})")


def search(text: str) -> dict[str, list[dict[str, Any]]]:
    """Returns up to EACH lots, spots, plates, users and bookings that match."""
    session, now = db.session(), clock.now()
    words = [word for word in text.split() if names.search_key(word)]
    matches: dict[str, list[dict[str, Any]]] = {name: [] for name in _GROUPS}
    if not words:
        return matches
    of_lot, number = _spot_of(words)
    return {
        "lots": queries.lots(session, words, EACH),
        "spots": [] if number is None else queries.spots(session, of_lot, number, EACH),
        "plates": find_by_plate(session, text, now, EACH),
        "users": queries.users(session, text, EACH),
        "bookings": find_by_reference(session, text, now, EACH),
    }


def _spot_of(words: list[str]) -> tuple[list[str], int | None]:
    """The number of a spot and the words of its lot: "Harbour 12", "spot #12", "12"; None without a number.

    Of several numbers the last is the spot's: "Lot 3 12".
    """
    at = max((place for place, word in enumerate(words) if _NUMBER.fullmatch(word)), default=None)
    if at is None:
        return words, None
    others = [word for place, word in enumerate(words) if place != at and word.lower().rstrip(".") not in _SPOT_WORDS]
    return others, int(words[at].lstrip("#"))
