"""gunicorn's threaded worker, except that a thread begins with a request only once all of it has arrived.

gunicorn's own hands a connection to a thread with its first byte, and the thread then waits without a deadline: some
hundred slow clients hold all threads. Here the worker's loop collects head and body of every connection, which costs a
slow client's place nothing but its bytes, and ends what is too slow or too much. What it adds:

- deadlines for head, body and the reading of the answer (connection.py);
- at most MAX_WAITING_PER_ADDRESS connections of one address that no thread works on. One more, or one more than
  `worker_connections` in all, closes the one that has waited longest, so that a new client always gets in;
- closing lingers in the loop, not in front of it;
- new connections are spread over the processes: one that has more than another lets the other accept first;
- a stop that closes the listening socket at once, so that new clients are refused and not queued;
- signal handlers that only assign attributes and wake the loop.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import time
import uuid
from functools import partial
from typing import Any

from gunicorn.workers import gthread

from launch.http_server import answers
from launch.http_server.connection import Connection
from launch.http_server.connection_counts import ConnectionCounts
from launch.http_server.incoming import State
from launch.http_server.waiting import Waiting

#: With TRUSTED_PROXIES all clients have the proxy's address, and the proxy has limits of its own: no limit here then.
MAX_WAITING_PER_ADDRESS = 256
SETTLE_SECONDS = 1.0
#: Bytes of unfinished requests in this process; more closes the connection that has sent most.
MAX_WAITING_BYTES = 64 * 1024 * 1024
ACCEPTS_AT_ONCE = 64
RECEIVE_BYTES = 64 * 1024
#: Seconds a closing connection is read and ignored, so that the client gets the answer and not a reset.
LINGER_SECONDS = 2.0
TICK_SECONDS = 1.0
#: Seconds in which processes with fewer connections may accept before this one does, and how often it looks at theirs.
COURTESY_SECONDS, GLANCE_SECONDS = 0.025, 0.001


_NO_FILES_LEFT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NOT_NOW = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED, errno.EINTR)


class Worker(gthread.ThreadWorker):
    """One process. Everything but `handle` and what it calls runs in the loop's thread."""

    sockets: list[Any]
    counts = ConnectionCounts()

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.place = self.counts.join()
        self._courteous_until = 0.0
        self._beyond_share = 0
        self._waiting = Waiting()
        self._lingering: dict[Connection, float] = {}
        self._waiting_bytes = 0
        self._swept_at = 0.0
        self._at_once = False
        self._headers: dict[str, str] = {}
        self._behind_proxy = False
        self._drain_seconds = 0

    def load_wsgi(self) -> None:
        super().load_wsgi()
        from parking.web import headers  # after the fork: the application is loaded in each worker

        settings = self.wsgi.extensions["settings"]
        self._headers = headers.fixed_headers(settings)
        self._behind_proxy = bool(settings.trusted_proxies)
        self._drain_seconds = settings.drain_seconds

    # -- signals: assign and wake

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop without waiting for the running requests."""
        self._at_once = True
        self.handle_exit(sig, frame)

    # -- the loop

    def run(self) -> None:
        self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
        while self.alive and self.is_parent_alive():
            self._turn()
        self._stop()

    def _turn(self) -> None:
        self.notify()
        waits = self._is_courteous()
        busy = self.nr_conns - len(self._waiting)
        self.set_accept_enabled(busy < self.worker_connections and not waits)
        waited_until = 0.0 if waits else self._courteous_until
        self.wait_for_and_dispatch_events(timeout=GLANCE_SECONDS if waits else 0 if waited_until else TICK_SECONDS)
        if waited_until and waited_until == self._courteous_until:  # nobody waits any more: another process let them in
            self._courteous_until, self._beyond_share = 0.0, 0
        now = time.monotonic()
        if now - self._swept_at >= TICK_SECONDS:
            self._swept_at = now
            self._close_overdue(now)

    def set_accept_enabled(self, enabled: bool) -> None:
        if self.sockets:
            super().set_accept_enabled(enabled)

    def _is_courteous(self) -> bool:
        """Whether somebody waits to be let in, and another process may still do so first."""
        self._show_count()
        if not self._courteous_until:
            return False
        if not self._has_more_than_another():
            self._courteous_until, self._beyond_share = 0.0, 0
        return time.monotonic() < self._courteous_until

    def _has_more_than_another(self) -> bool:
        fewest = self.counts.fewest_of_others(self.place)
        return fewest is not None and self.nr_conns > fewest

    def _show_count(self) -> None:
        if self.sockets:
            self.counts.write(self.place, self.nr_conns)

    def accept(self, listener: Any) -> None:
        """Let some of those in who wait for it. Where another process has fewer connections, it may do so first.

        If nobody did, the others are busy or frozen: this process lets one in beyond its share, and twice as many after
        each further wait in vain.
        """
        left = 0
        if self._courteous_until:
            left = self._beyond_share = min(2 * self._beyond_share or 1, ACCEPTS_AT_ONCE)
            self._courteous_until = 0.0
        for _ in range(ACCEPTS_AT_ONCE):
            if self._has_more_than_another():
                if not left:
                    self._courteous_until = time.monotonic() + COURTESY_SECONDS
                    return
                left -= 1
            if not self._accept_one(listener):
                return

    def _accept_one(self, listener: Any) -> bool:
        """Let one in. False: nobody waits any more."""
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno in _NO_FILES_LEFT:
                self._close_oldest()
            elif error.errno not in _NOT_NOW:
                raise
            return False
        self.nr_conns += 1
        self._show_count()
        conn = Connection(self.cfg, accepted, address, listener.getsockname())
        self._wait(conn)
        self._read(conn, conn.sock)  # what was sent together with the connection is here already
        return True

    def _wait(self, conn: Connection) -> None:
        """Watch a connection until its request is whole; keep the limits."""
        if not self._behind_proxy:
            self._make_room_for(conn.household)
        if self.nr_conns > self.worker_connections:
            self._close_oldest()
        self._waiting.add(conn)
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read, conn))

    def _make_room_for(self, household: str) -> None:
        """Everybody has SETTLE_SECONDS to send a request, also beside a crowd of their own address that comes back as
        fast as it is closed."""
        while self._waiting.of(household) >= MAX_WAITING_PER_ADDRESS:
            oldest = self._waiting.oldest_of(household)
            if time.monotonic() - oldest.began < SETTLE_SECONDS:
                return
            self._drop(oldest)

    def _read(self, conn: Connection, _: Any) -> None:
        if conn not in self._waiting:  # closed by what happened earlier in this turn
            return
        try:
            part = conn.sock.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            part = b""
        if not part:
            self._drop(conn)
            return
        self._waiting_bytes += len(part)
        self._act_on(conn, conn.receive(part))
        while self._waiting_bytes > MAX_WAITING_BYTES and (largest := self._waiting.largest()):
            self._drop(largest)

    def _act_on(self, conn: Connection, state: State) -> None:
        if state is State.WHOLE:
            self._unwatch(conn)
            self.enqueue_req(conn)
        elif state is State.HEAD_TOO_LARGE:
            self._refuse(conn, 431)
        elif state is State.BODY and conn.incoming.expects_continue:
            conn.incoming.expects_continue = False
            with contextlib.suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _unwatch(self, conn: Connection) -> None:
        self._waiting.remove(conn)
        self._waiting_bytes -= len(conn.incoming.data)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _drop(self, conn: Connection) -> None:
        """Close a waiting connection without a word."""
        self._unwatch(conn)
        self.nr_conns -= 1
        conn.close()

    def _close_oldest(self) -> None:
        oldest = self._waiting.oldest()
        if oldest is not None:
            self._drop(oldest)

    def _refuse(self, conn: Connection, status: int) -> None:
        with contextlib.suppress(OSError):  # a new connection's buffer has room for it
            conn.sock.send(answers.problem(status, self._headers))
        self._unwatch(conn)
        self._linger(conn)

    def _close_overdue(self, now: float) -> None:
        for conn in self._waiting:
            if now < conn.deadline:
                continue
            if conn.idle:
                self._drop(conn)
            else:
                self._refuse(conn, 408)
        for conn in [conn for conn, until in self._lingering.items() if now >= until]:
            self._end_linger(conn)

    # -- after a request

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """A thread is done with a connection: keep it for the next request, or close it."""
        try:
            keep = not fs.cancelled() and fs.result() is True and not self._at_once
            state = conn.await_next(self.cfg.keepalive) if keep else None
        except Exception:
            self.log.exception("closing a connection after an error")
            state = None
        if state is None:
            self._linger(conn)
            return
        self._wait(conn)
        self._waiting_bytes += len(conn.incoming.data)
        self._act_on(conn, state)

    def _linger(self, conn: Connection) -> None:
        """Say that no more comes; read and ignore what the client still sends, and close."""
        self.nr_conns -= 1
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._ignore, conn))
        except (OSError, ValueError, KeyError):
            conn.close()
            return
        self._lingering[conn] = time.monotonic() + LINGER_SECONDS

    def _ignore(self, conn: Connection, _: Any) -> None:
        if conn not in self._lingering:
            return
        try:
            if conn.sock.recv(RECEIVE_BYTES):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass
        self._end_linger(conn)

    def _end_linger(self, conn: Connection) -> None:
        del self._lingering[conn]
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        conn.close()

    # -- the thread that serves a request

    def handle(self, conn: Connection) -> Any:
        conn.hand_over()
        return super().handle(conn)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """A body that has not arrived is not waited for."""
        return conn.incoming.whole_body and super()._keepalive_after(conn, keepalive)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer for what is no request, and for what the application did not catch."""
        status, address, request_id = answers.status_of(exc), addr[0] if addr else "", uuid.uuid4().hex
        extra = {"facts": {"request_id": request_id, "status": status, "address": address}}
        if status == 500:
            self.log.exception("Error handling a request", extra=extra)
        else:
            self.log.warning("Invalid request from ip=%s: %s", address, exc, extra=extra)
        with contextlib.suppress(OSError):
            client.sendall(answers.problem(status, self._headers, request_id))

    # -- the end

    def _stop(self) -> None:
        """Refuse new clients, end the event streams, let running requests finish within the grace."""
        from parking import realtime
        from parking.web import shutdown

        shutdown.begin_stop()
        deadline = time.monotonic() + self.cfg.graceful_timeout
        drained_at = time.monotonic() + (0 if self._at_once else self._drain_seconds)
        while time.monotonic() < drained_at and not self._at_once:
            self._turn()
        self._close_listeners()
        realtime.close_streams()
        for conn in self._waiting:
            conn.deadline = min(conn.deadline, time.monotonic() + LINGER_SECONDS) if conn.idle else conn.deadline
        while self.nr_conns > 0 and time.monotonic() < deadline and not self._at_once:
            self._turn()
        for conn in self._waiting:
            self._drop(conn)
        self.tpool.shutdown(wait=False, cancel_futures=True)
        self.poller.close()

    def _close_listeners(self) -> None:
        """Take who has connected already; from then on the kernel refuses."""
        for listener in self.sockets:
            with contextlib.suppress(OSError):
                while self._accept_one(listener):
                    pass
        super().set_accept_enabled(False)
        for listener in self.sockets:
            listener.close()
        self.sockets = []
        self.counts.clear(self.place)
