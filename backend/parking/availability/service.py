"""Reads lots, their free spots and what stands on each spot."""

from __future__ import annotations

from typing import Any

from flask import current_app

from parking import clock, settings
from parking.availability import cache, queries
from parking.database import db
from parking.errors import NotFound
from parking.lots import open_lot
from parking.web import Identity

_PUBLIC = ("id", "name", "address", "price_per_hour", "currency", "available_spots", "capacity")


def list_lots(limit: int, cursor: str | None, words: str | None) -> bytes | dict[str, Any]:
    """Returns one page of lots: the first page of the usual length as JSON from the cache, others as values.

    Raises Invalid for a cursor that this list did not give out.
    """
    if limit == cache.PAGE and cursor is None and not words:
        return cache.lot_list()
    views, following, total = queries.page(db.session(), clock.now(), words, limit, cursor)
    return {"lots": views, "next": following, "total": total}


def public_lots() -> dict[str, Any]:
    """Returns the first page of lots with the fields for visitors who have not signed in.

    Raises NotFound where the operator has not opened the list (PUBLIC_LOTS).
    """
    if not settings.current().public_lots:
        raise NotFound("This list is not public here.")
    lots = current_app.json.loads(cache.lot_list())["lots"]
    return {"lots": [{name: lot[name] for name in _PUBLIC} for lot in lots]}


def get_lot(lot_id: int) -> dict[str, Any]:
    """Returns one open lot. Raises NotFound."""
    lots = queries.lot_views(db.session(), clock.now(), [lot_id])
    if not lots:
        raise NotFound("There is no such lot.")
    return lots[0]


def list_spots(lot_id: int, who: Identity) -> dict[str, Any]:
    """Returns the lot with its spots, as this user may see them. Raises NotFound."""
    session, now = db.session(), clock.now()
    lot = open_lot(session, lot_id)
    [view] = queries.lot_views(session, now, [lot.id])
    return {"lot": view, "spots": queries.spot_views(session, lot, now, who)}
