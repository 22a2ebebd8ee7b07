"""A sign of life from a child to the runner, over a pipe: it needs no disk, no database and no network.

The runner gives the child the end to write to (`Pulse`); the child writes a byte now and then (`beat`). A child that
was stopped or hangs falls silent, although its process is still there.
"""

from __future__ import annotations

import contextlib
import os
import time

VARIABLE = "PULSE_FD"
"""Set by the runner for its children: the file descriptor of the pipe."""
START_SECONDS = 300.0
"""Longest time to the first beat of a child."""
ASLEEP_SECONDS = 5.0
"""After a longer pause the runner was stopped itself, and its children may have been too."""


class Pulse:
    """The runner's end. `silent_after`: seconds without a beat after which the child counts as hung."""

    def __init__(self, silent_after: float) -> None:
        self._silent_after = silent_after
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self.writer, False)
        self._looked_at = time.monotonic()
        self._deadline = self._looked_at + max(silent_after, START_SECONDS)

    def handed_over(self) -> None:
        """The child has its copy of the writing end."""
        os.close(self.writer)

    def is_silent(self) -> bool:
        """Whether the last beat is too long ago. To be called often."""
        now = time.monotonic()
        if now - self._looked_at > ASLEEP_SECONDS:
            self._deadline = max(self._deadline, now + self._silent_after)
        self._looked_at = now
        with contextlib.suppress(BlockingIOError):
            if os.read(self._reader, 65536):
                self._deadline = now + self._silent_after
        return now > self._deadline

    def close(self) -> None:
        os.close(self._reader)


def beat() -> None:
    """Sends a sign of life to the runner. Does nothing in a process that no runner has started."""
    number = os.environ.get(VARIABLE, "")
    if number.isdigit():
        with contextlib.suppress(OSError):  # the runner is gone, or has not read for long
            os.write(int(number), b".")
