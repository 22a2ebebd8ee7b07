"""One open page: an iterable of frames for the server's thread, a mailbox for the hub."""

from __future__ import annotations

import contextlib
import socket
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parking.realtime.broker import Hub

MAILBOX = 256
"""Frames that may wait for a slow reader; he is then cut off, comes back and catches up."""
STUCK_SECONDS = 10.0
SEND_BUFFER = 32 * 1024
UNANSWERED_MILLISECONDS = 20_000
"""A peer that does not acknowledge for so long is gone (a phone in a tunnel sends no goodbye)."""


class Stream:
    """Sleeps in `__next__` without any time-out, so an idle page costs its thread nothing."""

    __slots__ = (
        "_connection",
        "_ended",
        "_hub",
        "_mailbox",
        "_seen",
        "_stuck_since",
        "_taken",
        "address",
        "authorization",
        "check_at",
        "expires_at",
        "lot_ids",
        "ping_at",
        "user_id",
    )

    def __init__(
        self,
        hub: Hub,
        user_id: int,
        lot_ids: frozenset[int],
        authorization: str,
        expires_at: float | None,
        connection: socket.socket | None,
        address: str = "",
    ) -> None:
        self._hub = hub
        self.address = address
        self.user_id = user_id
        self.lot_ids = lot_ids
        self.authorization = authorization
        self.expires_at = expires_at
        self._connection = connection
        self._mailbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._ended = False
        self._taken = self._seen = 0
        self._stuck_since = self.ping_at = self.check_at = time.monotonic()
        if connection is not None:
            _tune(connection)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> bytes:
        self._taken += 1
        frame = self._mailbox.get()
        if frame is None:
            raise StopIteration
        return frame

    def close(self) -> None:
        """The server is done with it, for whatever reason. The connection does not linger for another request."""
        self._hub.leave(self)
        self._hang_up()

    def fileno(self) -> int:
        """Of the connection; -1 where the server does not tell or has closed it."""
        return -1 if self._connection is None else self._connection.fileno()

    @property
    def ended(self) -> bool:
        """It was told goodbye, though its thread may not be done yet."""
        return self._ended

    def put(self, frame: bytes) -> None:
        """Hand a frame over. A reader with a full mailbox is cut off."""
        if self._ended:
            return
        if self._mailbox.qsize() >= MAILBOX:
            self.cut()
        else:
            self._mailbox.put(frame)

    def end(self, last_frame: bytes) -> None:
        """Say goodbye."""
        self.put(last_frame)
        self._ended = True
        self._mailbox.put(None)

    def cut(self) -> None:
        """End it now, also when its thread waits for a reader that does not read."""
        self._ended = True
        self._mailbox.put(None)
        self._hang_up()

    def is_stuck(self, now: float) -> bool:
        """Whether frames wait and none has been taken for long. To be asked regularly."""
        if self._mailbox.empty() or self._taken != self._seen:
            self._seen, self._stuck_since = self._taken, now
        return now - self._stuck_since > STUCK_SECONDS

    def _hang_up(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)


def _tune(connection: socket.socket) -> None:
    """A small buffer shows a slow reader soon. Options some systems lack are done without."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MILLISECONDS)
