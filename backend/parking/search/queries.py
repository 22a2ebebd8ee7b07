"""Reads what matches the words of a search, by the keys that the lists are searched by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from parking.accounts import User, UserFilters, user_conditions
from parking.database.functions import contains
from parking.lots import Lot, Spot


def lots(session: Session, words: Sequence[str], limit: int, own: frozenset[int] | None) -> list[dict[str, Any]]:
    """Returns open lots with all of the words in their name or address, by name; of `own` alone, unless it is None."""
    query = select(Lot.id, Lot.name, Lot.address).where(*_named(words, own)).order_by(Lot.sort_key, Lot.id)
    return [row._asdict() for row in session.execute(query.limit(limit))]


def spots(
    session: Session, words: Sequence[str], number: int, limit: int, own: frozenset[int] | None
) -> list[dict[str, Any]]:
    """Returns the spots with this number, in open lots as `lots` returns them."""
    query = (
        select(Spot.id, Spot.spot_number, Spot.level, Lot.id.label("lot_id"), Lot.name.label("lot_name"))
        .join_from(Lot, Spot, and_(Spot.lot_id == Lot.id, Spot.spot_number == number))
        .where(Spot.retired_at.is_(None), *_named(words, own))
        .order_by(Lot.sort_key, Lot.id)
    )
    return [row._asdict() for row in session.execute(query.limit(limit))]


def users(session: Session, text: str, limit: int) -> list[dict[str, Any]]:
    """Returns accounts that the list of users finds by the text, by name."""
    where = user_conditions(UserFilters(q=text))
    query = select(User.id, User.username, User.email, User.active).where(*where).order_by(User.username_key)
    return [row._asdict() for row in session.execute(query.limit(limit))]


def _named(words: Sequence[str], own: frozenset[int] | None) -> list[ColumnElement[bool]]:
    of_own = [] if own is None else [Lot.id.in_(sorted(own))]
    return [Lot.deleted_at.is_(None), *of_own, *(contains(Lot.search_text, word) for word in words)]
