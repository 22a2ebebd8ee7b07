"""What bookings ask of the waitlist, which lies above them and registers here at start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from parking.bookings.new_booking import NewBooking

Spots = Mapping[int, Collection[int] | None]
"""Lot -> spots that were freed; None: any of its spots may be free."""
Within = Callable[[datetime, str], bool]
"""Whether a start is meant, in a lot of this time zone."""


class LeaveWithin(Protocol):
    def __call__(self, session: Session, user_id: int, within: Within, *, dry_run: bool) -> list[dict[str, Any]]: ...


class IsInLine(Protocol):
    def __call__(self, session: Session, booking: Any, *, beside: bool = False) -> bool: ...


@dataclass(frozen=True, slots=True)
class Waitlist:
    """The functions of the waitlist."""

    offer: Callable[[Session, Spots, Collection[int]], object]
    """Offers freed spots to those who wait, and other spots to these users, who can be offered one again."""

    lapsed: Callable[[Session, Sequence[Any], datetime], None]
    """Tells whom the lapsed holds were for."""

    place_in_queue: Callable[[PoolProxiedConnection, Any, Any], dict[str, Any] | None]
    """What a refusal of the lot says of the waitlist to whoever asked for the new booking."""

    wait_for: Callable[[Session, NewBooking], dict[str, Any] | None]
    """Lets the driver of the reservation, for which no spot is free, wait for one. Returns their place and the entry
    (`position`, `entry_id`); None: they cannot wait for it. Raises Conflict (`spot_free`) where a spot is free now."""

    leave_series: Callable[[Session, int, int, datetime], None]
    """Ends the waits of a driver for the dates of a series from a start on. The caller has locked the driver
    (`lock_user`) and the spots of their holds."""

    leave_within: LeaveWithin
    """Ends the driver's waits for windows that begin within this time, and returns them (series/schemas.py); with
    `dry_run` only returns them. The caller has locked the driver (`lock_user`) and the spots of their holds."""

    is_in_line: IsInLine
    """Whether somebody else than its driver waits for the spot of the booking, which the caller has just inserted, and
    could have it without that booking; `beside`: as it is stored, before the caller lets it take more time."""

    serve: Callable[[int], object]
    """Offers what is free in the lot to those who wait; the caller is in no transaction. Waits for whoever is working
    on the first of them."""


waitlist: Waitlist


def register_waitlist(functions: Waitlist) -> None:
    """Every application does this at start."""
    global waitlist  # one for the process, as the functions are
    waitlist = functions
