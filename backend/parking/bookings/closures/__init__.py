"""Closures: spots out of service, from now on or for a window."""

from __future__ import annotations

from parking.bookings.closures.blocks import Window, block, lock_spots, occupants, unblock, unblocked, withdraw
from parking.bookings.closures.conflicts import bookings_in_the_way, closures_in_the_way, move_all, spots_instead
from parking.bookings.closures.listing import ClosureFilters, closure_view, page

__all__ = [
    "ClosureFilters",
    "Window",
    "block",
    "bookings_in_the_way",
    "closure_view",
    "closures_in_the_way",
    "lock_spots",
    "move_all",
    "occupants",
    "page",
    "spots_instead",
    "unblock",
    "unblocked",
    "withdraw",
]
