"""Reads lots, their free spots and what stands on each spot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Connection

from parking import clock, settings
from parking.availability import cache, queries, spots
from parking.database import reading
from parking.errors import NotFound
from parking.spot_features import Needs
from parking.staff import lots_of
from parking.web import Identity, visible_lots

_PUBLIC = ("id", "name", "address", "price_per_hour", "currency", "tariff", "available_spots", "capacity")
_PUBLIC_PAGE = (*_PUBLIC, "description", "timezone", "features")


def list_lots(limit: int, cursor: str | None, words: str | None, needs: Needs = ()) -> bytes | dict[str, Any]:
    """Returns one page of lots: the first page of the usual length as JSON from the cache, others as values.

    Raises Invalid for a cursor that this list did not give out.
    """
    only = visible_lots()
    if limit == cache.PAGE and cursor is None and not words and only is None:
        return cache.lot_list(needs)
    with reading() as connection:
        views, following, total = queries.page(connection, clock.now(), words, limit, cursor, needs, only)
    return {"lots": views, "next": following, "total": total}


def public_lots() -> dict[str, Any]:
    """Returns the first page of lots with the fields for people who have not signed in.

    Raises NotFound where the operator has not opened the list (PUBLIC_LOTS).
    """
    _require_public()
    lots = current_app.json.loads(cache.lot_list())["lots"]
    return {"lots": [{name: lot[name] for name in _PUBLIC} for lot in lots]}


def public_lot(lot_id: int) -> bytes:
    """Returns one open lot and its spots as JSON, with the fields for people who have not signed in; up to two
    seconds old.

    Raises NotFound for a lot that is not there, and where the operator has not opened the list (PUBLIC_LOTS).
    """
    _require_public()
    return cache.public_page(lot_id, _visible_to_all)


def _visible_to_all(lot_id: int) -> dict[str, Any]:
    now = clock.now()
    with reading() as connection:
        lot = _open_lot(connection, lot_id, now)
        visible = {name: lot[name] for name in _PUBLIC_PAGE}
        return {"lot": visible, "spots": spots.public_spot_views(connection, lot_id, now)}


def _require_public() -> None:
    if not settings.current().public_lots:
        raise NotFound("The lots are not public here. Please sign in.")


def get_lot(lot_id: int, needs: Needs = ()) -> dict[str, Any]:
    """Returns one open lot. Raises NotFound."""
    lot = queries.one_lot_view(clock.now(), lot_id, needs)
    if lot is None:
        raise NotFound("There is no such lot.")
    return lot


def list_spots(lot_id: int, who: Identity) -> dict[str, Any]:
    """Returns the lot with its spots, as this user may see them: with the drivers, where the lot is theirs. Raises
    NotFound.

    A program whose API token may not read bookings sees what a stranger sees.
    """
    now, with_drivers = clock.now(), False
    if who.has_scope("bookings:read"):
        own = lots_of(who, "viewer")
        with_drivers = own is None or lot_id in own
    else:
        who = replace(who, id=0)
    with reading() as connection:
        lot = _open_lot(connection, lot_id, now)
        return {"lot": lot, "spots": spots.spot_views(connection, lot_id, now, who, with_drivers=with_drivers)}


def _open_lot(connection: Connection, lot_id: int, now: datetime) -> dict[str, Any]:
    lots = queries.lot_views(connection, now, [lot_id])
    if not lots:
        raise NotFound("There is no such lot.")
    return lots[0]
