"""Finds bookings by the beginning of their reference or of a number plate, along the index of that column."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.bookings.models import Booking
from parking.bookings.reading import queries
from parking.bookings.reading.filters import begins, visitors_named
from parking.bookings.reading.views import list_view
from parking.bookings.status_sql import is_live, is_stay
from parking.text import names

LEAST = 2
"""A shorter beginning is that of too many bookings to name any of them."""
MOST_READ = 200


def by_reference(
    session: Session, text: str, now: datetime, limit: int, lots: frozenset[int] | None = None
) -> list[dict[str, Any]]:
    """Returns the newest bookings whose reference begins with the text, as an administrator's list has them; of `lots`
    alone, unless it is None.

    Of a beginning that more than MOST_READ references share, any of them.
    """
    reference = _with_dash(text.strip().upper())
    if len(reference) < LEAST:
        return []
    keys = select(Booking.id, Booking.start_time).where(begins(Booking.reference, reference), *_bookings_of(lots))
    rows = session.execute(keys.limit(MOST_READ)).all()
    newest = sorted(rows, key=lambda row: row.start_time, reverse=True)
    return _views(session, [row.id for row in newest[:limit]], now)


def by_visitor(
    session: Session, text: str, now: datetime, limit: int, lots: frozenset[int] | None = None
) -> list[dict[str, Any]]:
    """Returns the newest bookings for visitors whose name or address contains the text, as an administrator's list has
    them; of `lots` alone, unless it is None. Of more than MOST_READ, any of them."""
    named = select(Booking.id, Booking.start_time).where(Booking.id.in_(visitors_named(text)), *_bookings_of(lots))
    newest = sorted(session.execute(named.limit(MOST_READ)), key=_start, reverse=True)
    return _views(session, [row.id for row in newest[:limit]], now)


def ids_by_reference(session: Session, text: str) -> set[int]:
    """Returns the bookings whose reference begins with the text; none where more than MOST_READ do."""
    reference = _with_dash(text.strip().upper())
    if len(reference) < LEAST:
        return set()
    ids = session.scalars(select(Booking.id).where(begins(Booking.reference, reference)).limit(MOST_READ + 1)).all()
    return set(ids) if len(ids) <= MOST_READ else set()


def by_plate(
    session: Session, text: str, now: datetime, limit: int, lots: frozenset[int] | None = None
) -> list[dict[str, Any]]:
    """Returns one booking for each plate that begins with the text, as an administrator's list has it: the one that is
    under way or to come, else the newest. Plates with such a booking are first, then by their letters.

    Of `lots` alone, unless it is None. Of a beginning that more than MOST_READ bookings share, those of any of the
    plates.
    """
    plate = names.plate_key(text) or ""
    if len(plate) < LEAST:
        return []
    keys = select(Booking.id, Booking.plate_key, Booking.start_time)
    keys = keys.where(begins(Booking.plate_key, plate), *_bookings_of(lots))
    any_time, live = (
        {row.plate_key: row.id for row in sorted(session.execute(query.limit(MOST_READ)), key=_start)}
        for query in (keys, keys.where(is_live))
    )
    newest = {**any_time, **live}
    plates = sorted(newest, key=lambda one: (one not in live, one))
    return _views(session, [newest[one] for one in plates[:limit]], now)


def _bookings_of(lots: frozenset[int] | None) -> list[Any]:
    return [is_stay, *([] if lots is None else [Booking.lot_id.in_(sorted(lots))])]


def _start(row: Any) -> datetime:
    start: datetime = row.start_time
    return start


def _with_dash(reference: str) -> str:
    """ "H7K2M4" as "H7K2-M4": a reference is also found by its letters alone."""
    return f"{reference[:4]}-{reference[4:]}" if len(reference) > 4 and reference.isalnum() else reference


def _views(session: Session, ids: list[int], now: datetime) -> list[dict[str, Any]]:
    if not ids:
        return []
    rows = session.execute(queries.listed(with_user=True).where(Booking.id.in_(ids))).all()
    views = {view["id"]: view for view in list_view(rows, now, for_admin=True)}
    return [views[one] for one in ids if one in views]
