"""Pages of bookings, the newest first, however many there are.

A page is read along an index in the order in which it is shown (by start; behind a figure that counts ends, by end),
from where the page before stopped. Two things would make the database walk through the whole past for the few rows
that match; they are taken apart into parts, each with bounds or an index of its own:

- a period: what began in it lies side by side; what began before and reached into it is found by its end, or, if it
  lasted long, in a small index of the long ones, or among the claims that are still live;
- a search: the people and lots are looked up first; references and plates are found from their beginning.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, literal, literal_column, select, tuple_
from sqlalchemy.orm import Session

from parking.bookings import local_days, queries
from parking.bookings.models import LONG, Booking, longer_than
from parking.bookings.queries import Filters
from parking.bookings.states import is_block, is_live
from parking.db import UTCDateTime
from parking.errors import Invalid
from parking.lots.models import Lot

_DAY = timedelta(seconds=LONG["booking_long"])


@dataclass(frozen=True, slots=True)
class Key:
    """Where a page ended: the last row's time and id."""

    at: datetime
    id: int

    def text(self) -> str:
        plain = f"{int(self.at.timestamp())}.{self.id}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Key:
    """Raises Invalid for anything that no page gave out."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, booking_id = (int(part) for part in text.split("."))
        if 0 <= booking_id < 2**63:
            return Key(datetime.fromtimestamp(at, UTC), booking_id)
    except (ValueError, OverflowError, OSError, binascii.Error):
        pass
    raise Invalid.field("cursor", "This cursor was not given out by this list.")


def page(
    session: Session, chosen: Filters, now: datetime, limit: int, cursor: str | None, *, with_user: bool
) -> tuple[list[Row[Any]], str | None]:
    """One page and the cursor of the next (None at the end). Raises Invalid for a made-up cursor."""
    after = read_cursor(cursor) if cursor else None
    found = list(islice(_keys(session, chosen, now, limit + 1, after), limit + 1))
    following = found[limit - 1].text() if len(found) > limit else None
    ids = [key.id for key in found[:limit]]
    rows = {row.Booking.id: row for row in session.execute(_rows(ids, with_user=with_user))} if ids else {}
    return [rows[booking_id] for booking_id in ids], following


def _rows(ids: list[int], *, with_user: bool) -> Any:
    return queries.bookings(with_user=with_user).where(Booking.id.in_(ids))


def _keys(session: Session, chosen: Filters, now: datetime, limit: int, after: Key | None) -> Iterator[Key]:
    """The keys of what is to be shown, in order, stretch of the past by stretch."""
    column = Booking.end_time if chosen.days and chosen.days.counted == "ended" else Booking.start_time
    searched = queries.search_parts(session, chosen.q)
    for stretch in _stretches(session, chosen, now):
        parts = [and_(part, word) for part in stretch for word in searched]
        found = {key for part in parts for key in _read(session, chosen, now, limit, after, column, part)}
        yield from sorted(found, key=lambda key: (key.at, key.id), reverse=True)


def _read(
    session: Session, chosen: Filters, now: datetime, limit: int, after: Key | None, column: Any, part: Any
) -> Iterator[Key]:
    query = select(column, Booking.id).join(Lot, Lot.id == Booking.lot_id).where(~is_block, part)
    query = query.where(*queries.conditions(chosen, now))
    if after:
        query = query.where(tuple_(column, Booking.id) < tuple_(literal(after.at, UTCDateTime()), literal(after.id)))
    for at, booking_id in session.execute(query.order_by(column.desc(), Booking.id.desc()).limit(limit)):
        yield Key(at, booking_id)


def _stretches(session: Session, chosen: Filters, now: datetime) -> Iterator[list[Any]]:
    """Conditions that share out what the period asks for: stretch after stretch into the past, each in parts."""
    days = chosen.days
    if days is not None and days.counted != "parked":
        column = Booking.start_time if days.counted == "started" else Booking.end_time
        low, high = local_days.reach(days)
        yield [and_(column >= low, column < high)]
        return
    low, high = local_days.reach(days) if days is not None else (chosen.from_, chosen.to)
    begun = [] if high is None else [Booking.start_time < high]
    if low is None:
        yield [and_(*begun)] if begun else [Booking.start_time.is_not(None)]
        return
    yield [and_(Booking.start_time >= low, *begun)]
    earlier = and_(Booking.start_time < low, *begun)
    sqlite = session.get_bind().dialect.name == "sqlite"
    long: ColumnElement[bool] = literal_column(longer_than(LONG["booking_long"], sqlite=sqlite))
    yield [
        and_(earlier, Booking.end_time > low, Booking.end_time <= low + _DAY),
        and_(earlier, Booking.end_time > low + _DAY, long),
        and_(earlier, is_live, Booking.held_until > low),
    ]
