"""Takes spots out of service, from now on or for a window, and moves the bookings that are in the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import clock, waitlist
from parking.bookings import (
    OUT_OF_SERVICE,
    BookingRow,
    ClosureFilters,
    Window,
    apply_due_transitions,
    block,
    bookings_in_the_way,
    closure_view,
    closures_in_the_way,
    closures_page,
    days_later,
    lock_spots,
    move_all,
    read_time,
    spots_instead,
    unblocked,
)
from parking.database import db
from parking.errors import Conflict, Invalid
from parking.lot_admin.blockers import MAX_BLOCKERS, blocking_view
from parking.lots import Lot, Spot
from parking.text.counting import counted
from parking.timestamps import to_rfc3339
from parking.web import Identity

MAX_YEARS_AHEAD = 3
_CLOCK_SKEW = timedelta(minutes=2)
"""A closure may begin so long ago: clocks differ, and people need time to press the button."""


def read_window(fields: dict[str, Any], lot: Lot, now: datetime) -> Window | None:
    """Returns the window of a request, None where it names no time: then the closure has no end. Raises Invalid."""
    from_, until = fields.get("from"), fields.get("until")
    if from_ is None and until is None:
        return None
    start = read_time(from_, lot.timezone, "from") if from_ is not None else now
    end = read_time(until, lot.timezone, "until") if until is not None else clock.FOREVER
    if start < now - _CLOCK_SKEW:
        raise Invalid.field("from", "This time is in the past.")
    start = max(start, now)
    if end <= start:
        raise Invalid.field("until", "The end must be after the start.")
    if start > days_later(now, 366 * MAX_YEARS_AHEAD, lot.timezone):
        raise Invalid.field("from", f"A closure can begin at most {MAX_YEARS_AHEAD} years ahead.")
    return Window(start, end)


def settle(spot_id: int) -> None:
    """Writes what is due in the lot of the spot, so that nothing which is over is in the way."""
    lot_id = db.session().scalar(select(Spot.lot_id).where(Spot.id == spot_id))
    if lot_id is not None:
        apply_due_transitions(lot_id)


def close(
    session: Session,
    lot: Lot,
    spots: Sequence[Spot],
    window: Window | None,
    reason: str | None,
    who: Identity,
    now: datetime,
    *,
    move: bool,
) -> int:
    """Takes the spots out of service, all or none of them, and returns how many bookings were moved for it. An offer of
    one of them is withdrawn; its person keeps their place on the waitlist.

    Raises Conflict: `spot_in_use` with the bookings in the way and a spot to which each could be moved; with `move`
    `cannot_move` with those that cannot; `closure_overlaps` with the closures that overlap this one.
    """
    ids = lock_spots(session, lot.id, [spot.id for spot in spots])
    if others := closures_in_the_way(session, lot.id, ids, window):
        raise _overlaps(others, now)
    waitlist.withdraw(session, lot, ids, window, now)
    rows = bookings_in_the_way(session, lot.id, ids, window)
    if rows and not move:
        raise _in_use(session, spots, rows, window, ids, now)
    if left := move_all(session, rows, ids, now):
        raise Conflict(
            f"{len(left)} of {counted(len(rows), 'booking')} cannot be moved: no other spot is free for "
            f"{'it' if len(left) == 1 else 'them'}. Nothing was changed.",
            code="cannot_move",
            count=len(left),
            blocking=[blocking_view(row) | {"move_to": None} for row in left[:MAX_BLOCKERS]],
        )
    block(session, lot.id, ids, kind=OUT_OF_SERVICE, user_id=who.id, now=now, reason=reason, window=window)
    if unblocked(session, lot.id, ids, window):
        raise Conflict("Somebody has just booked here. Please try again.", code="lot_in_use")
    return len(rows)


def _overlaps(others: Sequence[BookingRow], now: datetime) -> Conflict:
    first = others[0]
    views = [
        {"spot_number": row.spot_number, **closure_view(row.booking, now, has_car=False)}
        for row in others[:MAX_BLOCKERS]
    ]
    return Conflict(
        f"Spot {first.spot_number} has another closure in this time. Withdraw it first, or choose another time.",
        code="closure_overlaps",
        count=len(others),
        closures=views,
    )


def _in_use(
    session: Session,
    spots: Sequence[Spot],
    rows: Sequence[BookingRow],
    window: Window | None,
    ids: Sequence[int],
    now: datetime,
) -> Conflict:
    listed, taken = rows[:MAX_BLOCKERS], {row.booking.spot_id for row in rows}
    instead = spots_instead(session, listed, ids, now)
    time = " in this time" if window else ""
    if len(spots) == 1:
        which, them = f"Spot {spots[0].spot_number} is booked{time}.", "booking" if len(rows) == 1 else "bookings"
    else:
        number = counted(len(taken), "of these spots is", "of these spots are")
        which, them = f"{number} booked{time}.", "bookings"
    return Conflict(
        f"{which} End or cancel the {them} first.",
        code="spot_in_use",
        count=len(rows),
        blocking=[blocking_view(row) | {"move_to": _spot_view(instead.get(row.booking.id))} for row in listed],
    )


def _spot_view(spot: Any | None) -> dict[str, Any] | None:
    return None if spot is None else {"spot_id": spot.id, "spot_number": spot.spot_number}


def audited(window: Window | None, reason: str | None) -> dict[str, Any]:
    """A closure in the audit log."""
    return {"out_of_service": True, "reason": reason, **times(window)}


def times(window: Window | None) -> dict[str, Any]:
    """The instants of a window; none where there is no window, and no end where it has none."""
    if window is None:
        return {}
    until = {} if window.end == clock.FOREVER else {"until": to_rfc3339(window.end)}
    return {"from": to_rfc3339(window.start), **until}


def page(filters: ClosureFilters, limit: int, cursor: str | None) -> dict[str, Any]:
    """Returns one page of the closures that run or are to come. Raises Invalid for a cursor of another list."""
    views, following = closures_page(db.session(), filters, clock.now(), limit, cursor)
    return {"closures": views, "next": following}
