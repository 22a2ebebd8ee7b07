"""A fair lock for writers of SQLite: one at a time, in order of arrival, across processes, with a timeout.

SQLite's own writers poll, which starves some of many. The kernel's queue for flock(2) is fair, but flock() has no
timeout, so a process that was stopped while it held the lock would block every writer for ever. Therefore threads wait
in a queue of their own process, with a deadline, and at most one helper thread waits in flock() for all of them.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import IO

SLICE_SECONDS = 0.02
"""How long the threads of one process may follow each other before a waiting process gets its turn."""
_gates: weakref.WeakSet[Gate] = weakref.WeakSet()


class GateTimeout(Exception):
    """The lock was not free in time: another process holds it."""


class Gate:
    """The gate of one database file, for the threads of this process. Safe to use after a fork.

    Two lock files: whoever waits for the second holds the first, so a process that has just left cannot overtake one
    that waits already.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reset()
        _gates.add(self)

    def _reset(self) -> None:
        """Also in a forked child, where closing the inherited files does not take the parent's lock away."""
        self._mutex = threading.Lock()
        self._waiters: deque[Event] = deque()
        self._inside = False
        self._fetching = False
        self._since = 0.0
        self._next: IO[bytes] | None = None
        self._gate: IO[bytes] | None = None

    @contextmanager
    def entered(self, seconds: float) -> Iterator[None]:
        """Only one thread of all processes is inside. Raises GateTimeout after `seconds`, OSError when the lock files
        cannot be made."""
        self._acquire(seconds)
        try:
            yield
        finally:
            self._release()

    def _acquire(self, seconds: float) -> None:
        with self._mutex:
            self._open()
            if not self._inside and not self._waiters and self._take_free():
                self._inside = True
                return
            turn = Event()
            self._waiters.append(turn)
            if not self._inside:
                self._fetch()
        try:
            in_time = turn.wait(seconds)
        except BaseException:  # for example SystemExit of a worker that is being stopped
            if not self._leave_queue(turn):
                self._release()
            raise
        if not in_time and self._leave_queue(turn):
            raise GateTimeout

    def _leave_queue(self, turn: Event) -> bool:
        """False when the turn came at the last moment: then this thread is inside."""
        with self._mutex:
            if turn.is_set():
                return False
            self._waiters.remove(turn)
            return True

    def _release(self) -> None:
        with self._mutex:
            self._inside = False
            if time.monotonic() - self._since < SLICE_SECONDS and self._let_next_in():
                return
            fcntl.flock(self._files()[1], fcntl.LOCK_UN)
            if self._waiters:
                if self._take_free():
                    self._let_next_in()
                else:
                    self._fetch()

    def _let_next_in(self) -> bool:
        if not self._waiters:
            return False
        self._inside = True
        self._waiters.popleft().set()
        return True

    def _take_free(self) -> bool:
        """Takes the lock when no other process holds it or waits for it. Not while our helper waits: flock() would take
        its files for ours and grant the lock twice."""
        if self._fetching:
            return False
        first, second = self._files()
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(first, fcntl.LOCK_UN)
        self._since = time.monotonic()
        return True

    def _fetch(self) -> None:
        """Let a helper wait for the lock on behalf of this process."""
        if self._fetching:
            return
        helper = threading.Thread(target=self._wait_in_line, args=self._files(), name="gate", daemon=True)
        try:
            helper.start()
        except RuntimeError:  # no thread to be had; the next writer tries again
            return
        self._fetching = True

    def _wait_in_line(self, first: IO[bytes], second: IO[bytes]) -> None:
        fcntl.flock(first, fcntl.LOCK_EX)
        fcntl.flock(second, fcntl.LOCK_EX)
        fcntl.flock(first, fcntl.LOCK_UN)
        with self._mutex:
            self._fetching = False
            self._since = time.monotonic()
            if not self._let_next_in():  # everybody has given up meanwhile
                fcntl.flock(second, fcntl.LOCK_UN)

    def _open(self) -> None:
        if self._gate is None:
            self._next = self._path.with_name(f"{self._path.name}.next").open("ab")
            self._gate = self._path.open("ab")

    def _files(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._next is not None and self._gate is not None  # noqa: PT018  # _open has run
        return self._next, self._gate


def _after_fork() -> None:
    for gate in list(_gates):
        gate._reset()


os.register_at_fork(after_in_child=_after_fork)
