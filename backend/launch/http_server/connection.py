"""One client's connection: its socket with deadlines, and the request that arrives on it."""

from __future__ import annotations

import errno
import ipaddress
import socket
import time
from typing import Any

from gunicorn.workers.gthread import TConn

from launch.http_server.incoming import Incoming, State

#: Seconds until a request's head must be complete, counted from the connection or from its first byte.
HEAD_SECONDS = 10.0
#: Seconds until a body must be complete; every 8 KiB received or sent earn one more.
BODY_SECONDS = 10.0
#: Seconds an answer may wait for a client that does not read.
SEND_SECONDS = 30.0
BYTES_PER_SECOND = 8 * 1024
#: Seconds a thread waits for bytes of a request that began without its body.
THREAD_READ_SECONDS = 5.0
_SEND_AT_ONCE = 64 * 1024


class ClientSocket(socket.socket):
    """Blocking calls end when the client is too slow; the connection then counts as reset."""

    _sent = 0
    _spent = 0.0

    def recv(self, size: int, flags: int = 0) -> bytes:
        if self.gettimeout() is None:
            self.settimeout(THREAD_READ_SECONDS)
        try:
            return super().recv(size, flags)
        except TimeoutError:
            raise _too_slow() from None

    def sendall(self, data: Any, flags: int = 0) -> None:
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _SEND_AT_ONCE):
            self._paced(super().sendall, view[start : start + _SEND_AT_ONCE], flags)
            self._sent += min(_SEND_AT_ONCE, len(view) - start)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        total = 0
        while count is None or total < count:
            size = _SEND_AT_ONCE if count is None else min(_SEND_AT_ONCE, count - total)
            sent = self._paced(super().sendfile, file, offset + total, size)
            if not sent:
                break
            total += sent
            self._sent += sent
        return total

    def reset_pace(self) -> None:
        """A new answer begins."""
        self._sent, self._spent = 0, 0.0

    def _paced(self, send: Any, *arguments: Any) -> Any:
        began = time.monotonic()
        self.settimeout(max(0.01, SEND_SECONDS + self._sent / BYTES_PER_SECOND - self._spent))
        try:
            return send(*arguments)
        except TimeoutError:
            raise _too_slow() from None
        finally:
            self._spent += time.monotonic() - began


def _too_slow() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "the client is too slow")


class Connection(TConn):
    """What the worker's loop knows of a client. Between requests it is idle; while one arrives it has a deadline."""

    sock: ClientSocket

    def __init__(self, cfg: Any, accepted: socket.socket, client: Any, server: Any) -> None:
        own = ClientSocket(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        super().__init__(cfg, own, client, server)
        self.household = household(client)
        self.incoming = Incoming()
        self.began = time.monotonic()
        self.deadline = self.began + HEAD_SECONDS
        self.lingering = False
        self._body_began: float | None = None

    def receive(self, part: bytes) -> State:
        """Take in what arrived and set the deadline for the rest."""
        now = time.monotonic()
        if not self.incoming.data:
            self.began, self.deadline = now, now + HEAD_SECONDS
        state = self.incoming.add(part)
        if state is State.BODY:
            if self._body_began is None:
                self._body_began = now
            self.deadline = self._body_began + BODY_SECONDS + len(self.incoming.data) / BYTES_PER_SECOND
        return state

    def hand_over(self) -> None:
        """Give the bytes to gunicorn's parser. Called by the thread that serves the request."""
        self.init()
        self.data_ready = True
        self.sock.reset_pace()
        self.parser.unreader.unread(bytes(self.incoming.data))
        self.incoming.data = bytearray()

    def await_next(self, keepalive: float) -> State:
        """The request is answered: begin with the next, whose bytes may be here already."""
        self.began = time.monotonic()
        self._body_began = None
        self.incoming = Incoming()
        self.deadline = self.began + keepalive
        left = self.parser.unreader.take_buffered()
        return self.receive(left) if left else State.HEAD

    @property
    def idle(self) -> bool:
        """Nothing of a request has arrived."""
        return not self.incoming.data


def household(client: Any) -> str:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 one, which a single subscriber holds."""
    try:
        address = ipaddress.ip_address(client[0].partition("%")[0])
    except (TypeError, IndexError, AttributeError, ValueError):
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
