"""Counts the requests of the last minute for each account and address, in the memory of this process.

Ours, because the memory storage of `limits` starts a thread that walks through all keys at nearly every request.
"""

from __future__ import annotations

import math
import threading
import time

WINDOW_SECONDS = 60


class RequestCounter:
    """A moving window made of two fixed ones: of the last whole minute counts the share that is less than a minute ago.

    Two dictionaries of numbers: a request costs microseconds, and what is older than two minutes is gone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, int] = {}
        self._counts_before: dict[str, int] = {}

    def take(self, key: str, most: int) -> int:
        """Counts a request, unless the last minute had `most` of this key already. Returns the seconds to wait; 0: it
        is counted."""
        minute, into = divmod(time.time(), WINDOW_SECONDS)
        with self._lock:
            if minute != self._minute:
                self._counts_before = self._counts if minute == self._minute + 1 else {}
                self._counts, self._minute = {}, int(minute)
            before, count = self._counts_before.get(key, 0), self._counts.get(key, 0)
            if before * (1 - into / WINDOW_SECONDS) + count < most:
                self._counts[key] = count + 1
                return 0
        return _wait(before, count, most, into)


def _wait(before: int, count: int, most: int, into: float) -> int:
    """Whole seconds until a request is counted again."""
    if count >= most:  # the next minute begins with this one's whole number
        return math.floor(WINDOW_SECONDS - into) + 1
    return max(1, math.floor(WINDOW_SECONDS * (1 - (most - count) / before) - into) + 1)
