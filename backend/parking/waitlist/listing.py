"""Lists of entries, and the place that somebody would have in a queue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from parking import clock
from parking.bookings import BookingRow, NewBooking, free_spot_ids, locked_booking, read_window
from parking.database import db, read_once
from parking.lots import Lot, open_lot
from parking.spot_features import Needs
from parking.timestamps import to_rfc3339
from parking.waitlist import queries
from parking.waitlist.models import WaitlistEntry, WaitlistLot
from parking.waitlist.rules import SHORTEST_HOLD, Status
from parking.waitlist.views import entry_views, staff_views
from parking.web import caller_id, pagination

SHOWN_AFTER = timedelta(hours=24)
"""An entry that has ended stays in its person's list until then, so that they learn what became of it."""


def own(session: Session, user_id: int, now: datetime) -> list[dict[str, Any]]:
    """Returns the entries of a person that wait or are offered, the newest first, then those that ended lately."""
    of_user = select(WaitlistEntry).where(WaitlistEntry.user_id == user_id).order_by(WaitlistEntry.id.desc())
    since = now - SHOWN_AFTER + timedelta(seconds=1)  # times are whole seconds
    live, ended = queries.is_live_at(now), queries.has_ended(since, None, now)
    rows = [*session.scalars(of_user.where(live)), *session.scalars(of_user.where(ended))]
    return entry_views(session, rows, now)


def lots_of_person(user_id: int) -> list[int]:
    """Returns the lots of a person's entries that wait or are offered, as far as is written."""
    return _lots(WaitlistEntry.user_id == user_id, or_(queries.is_waiting, queries.is_offered))


def lots_of_entry(entry_id: int, user_id: int) -> list[int]:
    """Returns the lots of a person's entry."""
    return _lots(WaitlistEntry.id == entry_id, WaitlistEntry.user_id == user_id)


def _lots(*which: Any) -> list[int]:
    query = select(WaitlistLot.lot_id).distinct().join(WaitlistEntry, WaitlistEntry.id == WaitlistLot.entry_id)
    return [row.lot_id for row in read_once(query.where(*which), {})]


def booking_of(session: Session, entry: WaitlistEntry, user_id: int) -> BookingRow:
    """Returns the booking of a claimed entry, locked."""
    row = locked_booking(session, entry.booking_id or 0, user_id)
    assert row is not None, "a claimed entry has its booking"
    return row


def page(
    lots: Collection[int] | None,
    visible: Collection[int] | None,
    status: Status | None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """Returns one page of the entries of these lots (None: of all): those that wait or are offered in the order of the
    queue, or those with a status, the newest first. One that was offered a spot is of the lot of this spot alone.

    `visible`: the lots of which the reader may see anything (None: all). Raises Invalid for a cursor of another list.
    """
    session, now = db.session(), clock.now()
    which: list[Any] = [queries.is_live_at(now) if status is None else queries.status_is(status, now)]
    if lots is not None:
        places = select(WaitlistLot.entry_id).where(WaitlistLot.lot_id.in_(sorted(lots)))
        offered = WaitlistEntry.offer_lot_id
        which += [WaitlistEntry.id.in_(places), or_(offered.is_(None), offered.in_(sorted(lots)))]
    total = session.scalar(select(func.count()).select_from(WaitlistEntry).where(*which)) or 0
    query = select(WaitlistEntry).where(*which)
    if cursor is not None:
        last = pagination.decode(cursor, int)[0]
        query = query.where(WaitlistEntry.id > last if status is None else WaitlistEntry.id < last)
    order = WaitlistEntry.id.asc() if status is None else WaitlistEntry.id.desc()
    rows: Sequence[WaitlistEntry] = session.scalars(query.order_by(order).limit(limit + 1)).all()
    views = staff_views(session, rows[:limit], now, visible)
    following = pagination.encode(rows[limit - 1].id) if len(rows) > limit else None
    return {"entries": views, "next": following, "total": total, "server_time": to_rfc3339(now)}


def windows_in(session: Session, lot_id: int, now: datetime) -> list[WaitlistEntry]:
    """Returns the entries that wait for a window in this lot at `now`, or are offered one there, in the order of the
    queue."""
    queued = select(WaitlistLot.entry_id).where(WaitlistLot.lot_id == lot_id, queries.in_queue)
    of_lot = or_(
        and_(queries.status_is("Waiting", now), WaitlistEntry.id.in_(queued)),
        and_(queries.status_is("Offered", now), WaitlistEntry.offer_lot_id == lot_id),
    )
    windows = select(WaitlistEntry).where(of_lot, WaitlistEntry.reserved_start.is_not(None))
    return list(session.scalars(windows.order_by(WaitlistEntry.created_at, WaitlistEntry.id)))


def windows_of(session: Session, user_id: int, now: datetime) -> list[WaitlistEntry]:
    """Returns the entries of a person that wait for a window at `now`, or are offered one."""
    windows = select(WaitlistEntry).where(WaitlistEntry.user_id == user_id, queries.is_live_at(now))
    return list(session.scalars(windows.where(WaitlistEntry.reserved_start.is_not(None)).order_by(WaitlistEntry.id)))


def names_of(session: Session, ids: set[int]) -> dict[int, str]:
    """Returns entry -> the names of its lots, for the audit log."""
    rows = select(WaitlistLot.entry_id, Lot.name).join(Lot, Lot.id == WaitlistLot.lot_id)
    lots: dict[int, list[str]] = {}
    for entry_id, name in session.execute(rows.where(WaitlistLot.entry_id.in_(ids)).order_by(Lot.sort_key)):
        lots.setdefault(entry_id, []).append(name)
    return {entry_id: ", ".join(own) for entry_id, own in lots.items()}


# the place one would have ------------------------------------------------------------------


def place_of_newcomer(connection: PoolProxiedConnection, lot: Any, new: NewBooking) -> dict[str, Any] | None:
    """What the refusal of a booking says of the waitlist; None where one cannot join."""
    now = clock.now()
    if new.visitor_name is not None:
        return None
    if new.reserved_start is not None and new.reserved_start < now + SHORTEST_HOLD:
        return None
    return _place(connection, lot.id, new.user_id, new.start_time, new.held_until, now)


def place(lot_id: int, start_text: str | None, end_text: str | None, needs: Needs) -> dict[str, Any] | None:
    """Returns the place that the caller would have in the queue of a lot, from now on or for a window; None where a
    spot is free, where no spot has the needs, or where the window begins too soon. Raises NotFound, Invalid."""
    session, now = db.session(), clock.now()
    lot = open_lot(session, lot_id)
    if start_text is None and end_text is None:
        kind, start, until = "instant", now, now + timedelta(seconds=lot.instant_hold_s)
    else:
        kind = "reserved"
        start, until = read_window(lot, start_text, end_text, now, ("from", "to"))
        if start < now + SHORTEST_HOLD:
            return None
    if free_spot_ids(session, lot.id, start, until, needs=needs, kind=kind, limit=1):
        return None
    if needs and not queries.has_spot_with(session, [lot.id], needs):
        return None
    return _place(None, lot.id, caller_id() or 0, start, until, now)


def _place(
    connection: PoolProxiedConnection | None, lot_id: int, user_id: int, start: datetime, until: datetime, now: datetime
) -> dict[str, Any]:
    position, own, offered = queries.place_for(connection, lot_id, user_id, start, until, now)
    return {"position": 1, "entry_id": offered} if offered else {"position": position, "entry_id": own}
