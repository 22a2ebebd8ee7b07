"""The open event streams of this process and the one thread that fills them all.

The thread reads the feed, passes each event to the streams it concerns, turns "lot 7 changed" into counts (one query
for many events, at most four times a second), sends heartbeats, and ends the streams of users who left, signed out or
were disabled. It sleeps while no stream is open.
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

from parking.errors import Forbidden, Unauthorized, Unavailable
from parking.realtime.connection import Stream
from parking.realtime.feed import OF_PERSON, Entry, Feed, entries_since, frame, is_id
from parking.realtime.redis_client import RedisClient
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
FEED_SECONDS = 0.5
LAST_FRAME_SECONDS = 0.3

LotCounts = Callable[[list[int]], Iterable[dict[str, Any]]]


class Broker:
    """Call `join`, `leave` and `close` from any thread; the rest runs in the broker's own thread."""

    def __init__(self, app: Flask, redis_client: RedisClient, lot_counts: LotCounts) -> None:
        self._app = app
        self._redis_client = redis_client
        self._lot_counts = lot_counts
        self._feed = Feed(redis_client.url, TICK_SECONDS) if redis_client.url else None
        self._lock = threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._thread: threading.Thread | None = None
        self._has_streams = threading.Event()
        self._connected = threading.Event()
        self._closed = threading.Event()
        self._receiving = self._sent_degraded = False
        self._cursor: str | None = None
        self._changed_lots: set[int] = set()  # one object for ever: its single operations are atomic, no lock is needed
        self._counted_at = self._maintained_at = 0.0
        self._hangups = select.epoll() if hasattr(select, "epoll") else None

    def __len__(self) -> int:
        return len(self._streams)

    def join(self, stream: Stream, last_event_id: str | None) -> None:
        """Adds a stream and sends it the events it missed. Raises Unavailable when there are too many streams."""
        self._admit(stream)
        try:
            self._connected.wait(FEED_SECONDS)
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
        """Ends all streams and refuses new ones."""
        self._closed.set()
        self._has_streams.set()
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
                self._thread = threading.Thread(target=self._run, name="realtime", daemon=True)
                self._thread.start()
        if self._hangups is not None and stream.fileno() >= 0:
            with contextlib.suppress(OSError):
                self._hangups.register(stream.fileno(), select.EPOLLRDHUP)
        self._has_streams.set()

    def _make_room_for(self, stream: Stream) -> None:
        """Ends the oldest stream of an account that has MAX_STREAMS_PER_USER. Raises Unavailable when the process or
        the address has its maximum: many accounts behind one address must not use up the streams of all."""
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
        """The first frames: the events since `last_event_id`, or `resync` or `degraded`."""
        if not self._receiving:
            self._sent_degraded = True
            return frame("degraded", {})
        if not last_event_id:
            return b""
        missed = entries_since(self._redis_client, last_event_id) if is_id(last_event_id) else None
        if missed is None:
            return frame("resync", {})
        entries, lots = missed
        self._changed_lots.update(lots)
        return b"".join(_frame(one) for one in entries if _concerns(one, stream))

    def _ping(self) -> bytes:
        return frame("ping", {}, self._cursor)

    # -- the broker's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                if self._streams:
                    self._work()
                else:
                    self._wait_for_streams()
            except Exception:  # every stream depends on this thread
                log.exception("realtime")
                self._closed.wait(TICK_SECONDS)
        time.sleep(LAST_FRAME_SECONDS)
        for stream in self._all():  # those that have not read their last frame
            stream.disconnect()

    def _wait_for_streams(self) -> None:
        with self._lock:
            if self._streams:
                return
            self._connected.clear()
            self._has_streams.clear()
            self._receiving, self._sent_degraded, self._cursor = False, False, None
        self._changed_lots.clear()
        if self._feed:
            self._feed.reset()
        if not self._closed.is_set():
            self._has_streams.wait()

    def _work(self) -> None:
        self._read()
        now = time.monotonic()
        if self._changed_lots and self._streams and now - self._counted_at >= COUNTS_SECONDS:
            self._counted_at = now
            self._send_counts()
        if now - self._maintained_at >= TICK_SECONDS:
            self._maintained_at = now
            self._maintain(now)

    def _read(self) -> None:
        entries = self._feed.read(self._wait_seconds()) if self._feed else None
        if entries is None:
            self._degrade()
            return
        for entry in entries:
            self._dispatch(entry)
        self._cursor = self._feed.last if self._feed else None
        self._receiving = True
        self._connected.set()
        if self._sent_degraded:  # events may have been missed while Redis was down
            self._sent_degraded = False
            self._to_all(frame("resync", {}, self._cursor))

    def _wait_seconds(self) -> float:
        """How long to wait for an event before the next counts or checks are due."""
        if not self._changed_lots:
            return TICK_SECONDS
        return max(0.001, min(TICK_SECONDS, self._counted_at + COUNTS_SECONDS - time.monotonic()))

    def _degrade(self) -> None:
        was_receiving, self._receiving, self._cursor = self._receiving, False, None
        if was_receiving:
            self._sent_degraded = True
            self._to_all(frame("degraded", {}))
        self._connected.set()
        self._closed.wait(TICK_SECONDS)

    def _dispatch(self, entry: Entry) -> None:
        if entry.event == "lot" and entry.lot_id is not None:
            self._changed_lots.add(entry.lot_id)
            return
        if entry.event == "account":
            for stream in self._all():
                if stream.user_id == entry.user_id:
                    stream.check_at = self._maintained_at = 0.0
            return
        data = _frame(entry)
        for stream in self._all():
            if _concerns(entry, stream):
                stream.put(data)

    def _send_counts(self) -> None:
        lots = set()
        while self._changed_lots:
            lots.add(self._changed_lots.pop())
        try:
            with self._app.app_context():
                counts = list(self._lot_counts(sorted(lots)))
        except Exception:
            self._changed_lots.update(lots)
            raise
        frames = {one["id"]: frame("lot", one, self._cursor) for one in counts}
        data = b"".join(frames.values())
        for stream in self._all() if data else ():
            visible = stream.only_lots
            own = data if visible is None else b"".join(frames[one] for one in frames if one in visible)
            if own:
                stream.put(own)

    def _maintain(self, now: float) -> None:
        for stream in self._all():
            if stream.expires_at is not None and time.time() >= stream.expires_at:
                stream.end(frame("bye", {"reason": "expired"}))
            elif stream.is_stuck(now):
                stream.disconnect()
            elif now >= stream.ping_at:
                stream.ping_at = now + PING_SECONDS
                stream.put(self._ping())
        self._disconnect_closed()
        due = sorted((one for one in self._all() if now >= one.check_at), key=lambda one: one.check_at)
        for stream in due[:CHECKS_PER_TICK]:
            stream.check_at = now + CHECK_SECONDS
            if not self._may_stay(stream):
                stream.end(frame("bye", {"reason": "signed out"}))

    def _disconnect_closed(self) -> None:
        if self._hangups is None:
            return
        closed = {number for number, _ in self._hangups.poll(0)}
        for stream in self._all():
            if closed and stream.fileno() in closed:
                stream.disconnect()

    def _may_stay(self, stream: Stream) -> bool:
        """Whether a request with the same token would be accepted now. An outage of the database ends no stream."""
        try:
            with self._app.test_request_context("/api/stream", headers={"Authorization": stream.authorization}):
                return identity().id == stream.user_id
        except (Unauthorized, Forbidden):
            return False
        except Exception:
            log.exception("checking a stream's account")
            return True

    def _all(self) -> list[Stream]:
        with self._lock:
            return list(self._streams.values())

    def _to_all(self, data: bytes) -> None:
        for stream in self._all():
            stream.put(data)


def _concerns(entry: Entry, stream: Stream) -> bool:
    if entry.event in OF_PERSON and not stream.with_bookings:
        return False
    return entry.concerns(stream.user_id, stream.lot_ids)


def _frame(entry: Entry) -> bytes:
    return frame(entry.event, entry.payload(), entry.id)
