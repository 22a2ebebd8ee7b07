"""What the waitlist does when time of a spot was freed or a hold ends, whether a spot is somebody else's turn, what a
driver is told who finds a lot full, and how a date of a series that finds it full waits, until the series ends. The
waitlist lies above bookings and registers here at start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from parking.bookings.new_booking import NewBooking

Spots = Mapping[int, Collection[int] | None]
"""Lot -> spots that were freed; None: any of its spots may be free."""
Offer = Callable[[Session, Spots, Collection[int]], object]
Lapsed = Callable[[Session, Sequence[Any], datetime], None]
PlaceInQueue = Callable[[PoolProxiedConnection, Any, Any], dict[str, Any] | None]
Wait = Callable[[Session, NewBooking], dict[str, Any] | None]
LeaveSeries = Callable[[int, datetime], None]
Within = Callable[[datetime, str], bool]
"""Whether a start is meant, in a lot of this time zone."""
LeaveWithin = Callable[[Session, int, Within, bool], list[dict[str, Any]]]
IsInLine = Callable[[Session, Any, bool], bool]
Serve = Callable[[int], object]

_offers: list[Offer] = []
_lapsed: list[Lapsed] = []
_places: list[PlaceInQueue] = []
_waits: list[Wait] = []
_leaves: list[tuple[LeaveSeries, LeaveWithin]] = []
_turns: list[tuple[IsInLine, Serve]] = []


def register_waitlist(
    offer: Offer,
    lapsed: Lapsed,
    place: PlaceInQueue,
    wait: Wait,
    leave: tuple[LeaveSeries, LeaveWithin],
    turns: tuple[IsInLine, Serve],
) -> None:
    """`offer(session, spots, user_ids)` offers freed spots to those who wait, and other spots to these users, who can
    be offered one again; `lapsed(session, rows, now)` tells whom the lapsed holds were for; `place(connection, lot,
    new)` is what a refusal says of the waitlist to whoever asked for the booking `new`; `wait(session, new)` lets the
    driver wait for the reservation `new`. `leave`: `leave_series(series_id, start)` ends the waits for dates of a
    series that begin then or later, `leave_within(session, user_id, within, dry_run)` a driver's for such starts.
    `turns`: `is_in_line(session, booking, beside)` says whether somebody else waits for the spot of a booking;
    `serve(lot_id)` offers what is free in the lot, in a transaction of its own."""
    _offers[:], _lapsed[:], _places[:], _waits[:], _leaves[:] = [offer], [lapsed], [place], [wait], [leave]
    _turns[:] = [turns]


def offer(session: Session, spots: Spots, user_ids: Collection[int]) -> None:
    for act in _offers:
        act(session, spots, user_ids)


def lapsed(session: Session, rows: Sequence[Any], now: datetime) -> None:
    for act in _lapsed:
        act(session, rows, now)


def place_in_queue(connection: PoolProxiedConnection, lot: Any, new: Any) -> dict[str, Any] | None:
    return _places[0](connection, lot, new) if _places else None


def wait_for(session: Session, new: NewBooking) -> dict[str, Any] | None:
    """Lets the driver of the reservation, for which no spot is free, wait for one. Returns their place and the entry
    (`position`, `entry_id`); None: they cannot wait for it. Raises Conflict (`spot_free`) where a spot is free now."""
    return _waits[0](session, new) if _waits else None


def leave_series(series_id: int, start: datetime) -> None:
    """Ends the waits for the dates of a series from `start` on; the caller is in no transaction."""
    for act, _ in _leaves:
        act(series_id, start)


def leave_within(session: Session, user_id: int, within: Within, *, dry_run: bool) -> list[dict[str, Any]]:
    """Ends the driver's waits for windows that begin within this time, and returns them (series/schemas.py); with
    `dry_run` only returns them. The caller has locked the driver (`lock_user`) and the spots of their holds."""
    return [view for _, act in _leaves for view in act(session, user_id, within, dry_run)]


def is_in_line(session: Session, booking: Any, *, beside: bool = False) -> bool:
    """Whether somebody else than its driver waits for the spot of the booking, which the caller has just inserted, and
    could have it without that booking; `beside`: as it is stored, before the caller lets it take more time."""
    return any(is_in_line(session, booking, beside) for is_in_line, _ in _turns)


def serve(lot_id: int) -> None:
    """Offers what is free in the lot to those who wait; the caller is in no transaction. Waits for whoever is working
    on the first of them."""
    for _, act in _turns:
        act(lot_id)
