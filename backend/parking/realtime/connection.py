"""One event stream: an iterable of frames for its server thread, filled by the broker."""

from __future__ import annotations

import contextlib
import socket
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parking.realtime.broker import Broker

MAX_QUEUED_FRAMES = 256
"""Frames that may wait for a slow client; then it is disconnected, reconnects and catches up."""
STUCK_SECONDS = 10.0
SEND_BUFFER = 32 * 1024
UNANSWERED_MILLISECONDS = 20_000
"""A client that acknowledges nothing for so long is disconnected (a phone without network closes nothing)."""


class Stream:
    """`__next__` blocks without a timeout, so an idle stream costs no CPU."""

    __slots__ = (
        "_broker",
        "_connection",
        "_ended",
        "_queue",
        "_seen",
        "_stuck_since",
        "_taken",
        "address",
        "authorization",
        "check_at",
        "expires_at",
        "lot_ids",
        "only_lots",
        "ping_at",
        "user_id",
        "with_bookings",
    )

    def __init__(
        self,
        broker: Broker,
        user_id: int,
        lot_ids: frozenset[int],
        authorization: str,
        expires_at: float | None,
        connection: socket.socket | None,
        address: str = "",
    ) -> None:
        self._broker = broker
        self.address = address
        self.user_id = user_id
        self.lot_ids = lot_ids
        self.only_lots: frozenset[int] | None = None
        self.with_bookings = True
        self.authorization = authorization
        self.expires_at = expires_at
        self._connection = connection
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._ended = False
        self._taken = self._seen = 0
        self._stuck_since = self.ping_at = self.check_at = time.monotonic()
        if connection is not None:
            _tune(connection)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> bytes:
        self._taken += 1
        frame = self._queue.get()
        if frame is None:
            raise StopIteration
        return frame

    def close(self) -> None:
        """Called by the server at the end of the response. The connection is not kept for another request."""
        self._broker.leave(self)
        self._shut_down()

    def fileno(self) -> int:
        """The descriptor of the connection; -1 when it is unknown or closed."""
        return -1 if self._connection is None else self._connection.fileno()

    @property
    def ended(self) -> bool:
        """Whether the last frame has been queued; its thread may still be sending."""
        return self._ended

    def put(self, frame: bytes) -> None:
        """Queues a frame. A client whose queue is full is disconnected."""
        if self._ended:
            return
        if self._queue.qsize() >= MAX_QUEUED_FRAMES:
            self.disconnect()
        else:
            self._queue.put(frame)

    def end(self, last_frame: bytes) -> None:
        """Queues the last frame."""
        self.put(last_frame)
        self._ended = True
        self._queue.put(None)

    def disconnect(self) -> None:
        """Disconnects at once, also when its thread waits for a client that does not read."""
        self._ended = True
        self._queue.put(None)
        self._shut_down()

    def is_stuck(self, now: float) -> bool:
        """Whether frames have been waiting for STUCK_SECONDS and none was taken. Call it regularly."""
        if self._queue.empty() or self._taken != self._seen:
            self._seen, self._stuck_since = self._taken, now
        return now - self._stuck_since > STUCK_SECONDS

    def _shut_down(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)


def _tune(connection: socket.socket) -> None:
    """A small send buffer reveals a slow client early. Options that a system lacks are skipped."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MILLISECONDS)
