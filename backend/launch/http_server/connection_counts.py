"""How many connections each process of one server has, in memory that the processes share.

The kernel gives a new connection to the process that asks first, and one that is awake already asks first: all
connections of a rush, which then stay open, may end in one process while the others sleep. A process that knows that
it has more than another lets the other ask first.
"""

from __future__ import annotations

import mmap

PLACES = 64
"""Processes that are counted; further ones take what they get."""
_BYTES = 4


class ConnectionCounts:
    """Made before the fork. Each process writes to a place of its own, which reads 0 while it accepts nobody."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, PLACES * _BYTES)).cast("i")
        self._taken: set[int] = set()

    def join(self) -> int | None:
        """Takes a free place for a process that will be forked. None: there is none left."""
        place = next((n for n in range(PLACES) if n not in self._taken), None)
        if place is not None:
            self._taken.add(place)
        return place

    def leave(self, place: int | None) -> None:
        """Frees the place of a process that has ended."""
        self.clear(place)
        if place is not None:
            self._taken.discard(place)

    def write(self, place: int | None, count: int) -> None:
        """The process at this place accepts connections and has so many."""
        if place is not None:
            self._counts[place] = count + 1

    def clear(self, place: int | None) -> None:
        """The process at this place accepts no connections."""
        if place is not None:
            self._counts[place] = 0

    def fewest_of_others(self, place: int | None) -> int | None:
        """The fewest connections that another process has which accepts some. None: there is no other, or no place."""
        if place is None:
            return None
        return min((count - 1 for n, count in enumerate(self._counts) if count and n != place), default=None)
