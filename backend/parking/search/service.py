"""Searches everything that an administrator may look for."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from parking import clock
from parking.bookings import find_by_plate, find_by_reference, find_by_visitor, keep_permitted
from parking.database import db
from parking.search import queries
from parking.staff import lots_of
from parking.text import names
from parking.web import Identity

EACH = 5
_GROUPS = ("lots", "spots", "plates", "users", "bookings")
_SPOT_WORDS = {"spot", "bay", "platz", "stellplatz", "no", "nr", "#"}
_NUMBER = re.compile(r"#?([0-9]{1,7})")


def search(who: Identity, text: str) -> dict[str, list[dict[str, Any]]]:
    """Returns up to EACH lots, spots, plates, users and bookings that match; for staff of their lots, without users."""
    session, now = db.session(), clock.now()
    words = [word for word in text.split() if names.search_key(word)]
    matches: dict[str, list[dict[str, Any]]] = {name: [] for name in _GROUPS}
    if not words:
        return matches
    of_lot, number = _spot_of(words)
    own = lots_of(who, "viewer")
    plates, bookings = find_by_plate(session, text, now, EACH, own), _bookings(session, text, now, own)
    keep_permitted([*plates, *bookings], who, as_staff=True)
    return {
        "lots": queries.lots(session, words, EACH, own),
        "spots": [] if number is None else queries.spots(session, of_lot, number, EACH, own),
        "plates": plates,
        "users": queries.users(session, text, EACH) if who.is_admin else [],
        "bookings": bookings,
    }


def _bookings(session: Session, text: str, now: datetime, own: frozenset[int] | None) -> list[dict[str, Any]]:
    """By the reference, then by the visitor for whom they are."""
    by_reference = find_by_reference(session, text, now, EACH, own)
    both = by_reference + find_by_visitor(session, text, now, EACH, own)
    return list({booking["id"]: booking for booking in both}.values())[:EACH]


def _spot_of(words: list[str]) -> tuple[list[str], int | None]:
    """The number of a spot and the words of its lot: "Harbour 12", "spot #12", "12"; None without a number.

    Of several numbers the last is the spot's: "Lot 3 12".
    """
    at = max((place for place, word in enumerate(words) if _NUMBER.fullmatch(word)), default=None)
    if at is None:
        return words, None
    others = [word for place, word in enumerate(words) if place != at and word.lower().rstrip(".") not in _SPOT_WORDS]
    return others, int(words[at].lstrip("#"))
