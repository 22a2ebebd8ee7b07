"""The open pages of this process and the one thread that serves them all.

The thread reads the feed, hands each event to the pages it concerns, turns "lot 7 changed" into counts (one query for
many hints, at most four times a second), sends heartbeats, and ends the streams of people who are gone, signed out or
disabled. It sleeps while no page is open.
"""

from __future__ import annotations

import contextlib
import logging
import select
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from parking.errors import Unauthorized, Unavailable
from parking.realtime.connection import Stream
from parking.realtime.feed import Entry, Feed, frame, is_id, since
from parking.realtime.redis_client import Redis
from parking.web import identity

log = logging.getLogger(__name__)

MAX_STREAMS = 400
"""In one process. Each takes a server thread; gunicorn.conf.py has 512, the rest is for requests."""
MAX_STREAMS_PER_USER = 10
"""In one process. One more ends the account's oldest, whose page polls from then on."""
MAX_STREAMS_PER_ADDRESS = 100
"""In one process; an office may share an address. One more is refused, and that page polls."""
TICK_SECONDS = 1.0
PING_SECONDS = 15.0
CHECK_SECONDS = 15.0
CHECKS_PER_TICK = 60
COUNTS_SECONDS = 0.25
RETRY_SECONDS = 5
BUSY_ADDRESS_SECONDS = 30
SETTLE_SECONDS = 0.5
GOODBYE_SECONDS = 0.3

LotCounts = Callable[[list[int]], Iterable[dict[str, Any]]]


class Hub:
    """`join` and `close` from any thread; the rest is the hub's own thread."""

    def __init__(self, app: Flask, road: Redis, lot_counts: LotCounts) -> None:
        self._app = app
        self._road = road
        self._lot_counts = lot_counts
        self._feed = Feed(road.url, TICK_SECONDS) if road.url else None
        self._lock = threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._thread: threading.Thread | None = None
        self._wanted = threading.Event()
        self._settled = threading.Event()
        self._closed = threading.Event()
        self._live = self._said_degraded = False
        self._cursor: str | None = None
        self._dirty: set[int] = set()  # one object for ever: its single operations are atomic, no lock is needed
        self._counted_at = self._tended_at = 0.0
        self._hangups = select.epoll() if hasattr(select, "epoll") else None

    def __len__(self) -> int:
        return len(self._streams)

    def join(self, stream: Stream, last_event_id: str | None) -> None:
        """Let a page in and give it what it missed. Raises Unavailable when there is no room."""
        self._admit(stream)
        try:
            self._settled.wait(SETTLE_SECONDS)
            stream.put(b"retry: 2000\n\n" + self._greeting(stream, last_event_id) + self._ping())
        except BaseException:
            self.leave(stream)
            raise

    def leave(self, stream: Stream) -> None:
        with self._lock:
            self._streams.pop(id(stream), None)
        if self._hangups is not None:
            with contextlib.suppress(OSError, ValueError):
                self._hangups.unregister(stream.fileno())

    def close(self) -> None:
        """End all streams at once and let nobody in any more."""
        self._closed.set()
        self._wanted.set()
        for stream in list(self._streams.values()):
            stream.end(frame("bye", {"reason": "stopping"}))

    def _admit(self, stream: Stream) -> None:
        with self._lock:
            if self._closed.is_set():
                raise Unavailable("The server is stopping.", retry_after=RETRY_SECONDS)
            self._make_room_for(stream)
            now = time.monotonic()
            stream.ping_at, stream.check_at = now + PING_SECONDS, now + CHECK_SECONDS
            self._streams[id(stream)] = stream
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
        if self._hangups is not None and stream.fileno() >= 0:
            with contextlib.suppress(OSError):
                self._hangups.register(stream.fileno(), select.EPOLLRDHUP)
        self._wanted.set()

    def _make_room_for(self, stream: Stream) -> None:
        """Ends the oldest stream of an account that has its share. Raises Unavailable when all are taken, or all that
        one address may have: a crowd of accounts behind it cannot take everybody's."""
        open_now = [one for one in self._streams.values() if not one.ended]
        own = [one for one in open_now if one.user_id == stream.user_id]
        replaced = own[0] if len(own) >= MAX_STREAMS_PER_USER else None
        others = [one for one in open_now if one is not replaced]
        if len(self._streams) >= MAX_STREAMS and replaced is None:
            raise Unavailable("Too many pages are open at the moment.", retry_after=RETRY_SECONDS)
        if sum(one.address == stream.address for one in others) >= MAX_STREAMS_PER_ADDRESS:
            raise Unavailable("Too many pages are open in your network.", retry_after=BUSY_ADDRESS_SECONDS)
        if replaced is not None:
            replaced.end(frame("bye", {"reason": "replaced"}))

    def _greeting(self, stream: Stream, last_event_id: str | None) -> bytes:
        """What a page that was away needs: the events since then, or word that it must read everything anew."""
        if not self._live:
            self._said_degraded = True
            return frame("degraded", {})
        if not last_event_id:
            return b""
        told = since(self._road, last_event_id) if is_id(last_event_id) else None
        if told is None:
            return frame("resync", {})
        entries, lots = told
        self._dirty.update(lots)
        return b"".join(_frame(one) for one in entries if one.concerns(stream.user_id, stream.lot_ids))

    def _ping(self) -> bytes:
        return frame("ping", {}, self._cursor)

    # -- the hub's thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                if self._streams:
                    self._work()
                else:
                    self._rest()
            except Exception:  # the pages of everybody hang on this thread
                log.exception("live")
                self._closed.wait(TICK_SECONDS)
        time.sleep(GOODBYE_SECONDS)
        for stream in self._all():  # whoever has not read his goodbye
            stream.cut()

    def _rest(self) -> None:
        with self._lock:
            if self._streams:
                return
            self._settled.clear()
            self._wanted.clear()
            self._live, self._said_degraded, self._cursor = False, False, None
        self._dirty.clear()
        if self._feed:
            self._feed.forget()
        if not self._closed.is_set():
            self._wanted.wait()

    def _work(self) -> None:
        self._read()
        now = time.monotonic()
        if self._dirty and self._streams and now - self._counted_at >= COUNTS_SECONDS:
            self._counted_at = now
            self._send_counts()
        if now - self._tended_at >= TICK_SECONDS:
            self._tended_at = now
            self._tend(now)

    def _read(self) -> None:
        entries = self._feed.read(self._patience()) if self._feed else None
        if entries is None:
            self._go_on_without()
            return
        for entry in entries:
            self._hand_out(entry)
        self._cursor = self._feed.last if self._feed else None
        self._live = True
        self._settled.set()
        if self._said_degraded:  # Redis was away: nobody knows what was missed
            self._said_degraded = False
            self._to_all(frame("resync", {}, self._cursor))

    def _patience(self) -> float:
        """How long to wait for an event before something else is due."""
        if not self._dirty:
            return TICK_SECONDS
        return max(0.001, min(TICK_SECONDS, self._counted_at + COUNTS_SECONDS - time.monotonic()))

    def _go_on_without(self) -> None:
        was_live, self._live, self._cursor = self._live, False, None
        if was_live:
            self._said_degraded = True
            self._to_all(frame("degraded", {}))
        self._settled.set()
        self._closed.wait(TICK_SECONDS)

    def _hand_out(self, entry: Entry) -> None:
        if entry.event == "lot" and entry.lot_id is not None:
            self._dirty.add(entry.lot_id)
            return
        if entry.event == "account":
            for stream in self._all():
                if stream.user_id == entry.user_id:
                    stream.check_at = self._tended_at = 0.0
            return
        made = _frame(entry)
        for stream in self._all():
            if entry.concerns(stream.user_id, stream.lot_ids):
                stream.put(made)

    def _send_counts(self) -> None:
        lots = set()
        while self._dirty:
            lots.add(self._dirty.pop())
        try:
            with self._app.app_context():
                counts = list(self._lot_counts(sorted(lots)))
        except Exception:
            self._dirty.update(lots)
            raise
        made = b"".join(frame("lot", one, self._cursor) for one in counts)
        if made:
            self._to_all(made)

    def _tend(self, now: float) -> None:
        for stream in self._all():
            if stream.expires_at is not None and time.time() >= stream.expires_at:
                stream.end(frame("bye", {"reason": "expired"}))
            elif stream.is_stuck(now):
                stream.cut()
            elif now >= stream.ping_at:
                stream.ping_at = now + PING_SECONDS
                stream.put(self._ping())
        self._let_the_gone_go()
        due = sorted((one for one in self._all() if now >= one.check_at), key=lambda one: one.check_at)
        for stream in due[:CHECKS_PER_TICK]:
            stream.check_at = now + CHECK_SECONDS
            if not self._may_stay(stream):
                stream.end(frame("bye", {"reason": "signed out"}))

    def _let_the_gone_go(self) -> None:
        if self._hangups is None:
            return
        gone = {number for number, _ in self._hangups.poll(0)}
        for stream in self._all():
            if gone and stream.fileno() in gone:
                stream.cut()

    def _may_stay(self, stream: Stream) -> bool:
        """Whether a request with the same token would be let in now. A database that is away throws nobody out."""
        try:
            with self._app.test_request_context("/api/stream", headers={"Authorization": stream.authorization}):
                return identity().id == stream.user_id
        except Unauthorized:
            return False
        except Exception:
            log.exception("checking a stream's account")
            return True

    def _all(self) -> list[Stream]:
        with self._lock:
            return list(self._streams.values())

    def _to_all(self, made: bytes) -> None:
        for stream in self._all():
            stream.put(made)


def _frame(entry: Entry) -> bytes:
    return frame(entry.event, entry.shown(), entry.id)
