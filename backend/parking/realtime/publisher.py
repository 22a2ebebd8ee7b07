"""The background thread that sends wake-ups of jobs and live events to Redis.

A request adds to the buffers, which takes microseconds and cannot fail, and goes on. While Redis does not answer,
wake-ups stay in their buffer (each only once) and events are retried for a few seconds: the interruption may be short,
and after a longer one every page reloads its data. Items that do not fit or are too old are dropped and counted;
periodic tasks find the work of lost wake-ups.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import threading
import time
from functools import partial
from itertools import islice
from typing import Any

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from parking.realtime.redis_client import ANSWER_SECONDS, CONNECT_SECONDS, PAUSE_SECONDS, RedisClient

log = logging.getLogger(__name__)

STREAM = "live:events"
MAX_EVENTS = 2_000
"""Events that a page which reconnects can catch up on; after a longer gap it reloads its data."""
BUFFER_SIZE = 2_000
RETRY_EVENT_SECONDS = 5.0
"""How long sending an event is retried."""
PACE_SECONDS = 0.1
"""Pause between two deliveries, so that many items travel as one batch."""

WakeUp = tuple[str, tuple[Any, ...]]


class Publisher:
    """Buffers wake-ups and events and sends them. One per application; safe in any thread and after a fork."""

    def __init__(self, redis_client: RedisClient) -> None:
        self._redis_client = redis_client
        self._celery = _sender(redis_client.url) if redis_client.url else None
        self.dropped = 0
        self._closed = False
        self._reset()
        atexit.register(self.close)

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        # Item -> when it was added; in order.
        self._wake_ups: dict[WakeUp, float] = {}
        self._events: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def wake(self, name: str, args: tuple[Any, ...]) -> None:
        """Adds a job to wake, unless the same job with the same arguments is waiting already."""
        self._put("wake_ups", (name, args))

    def event(self, fields: dict[str, Any]) -> None:
        """Adds a live event, unless an equal one is waiting already."""
        self._put("events", json.dumps(fields, separators=(",", ":"), sort_keys=True))

    def flush(self, seconds: float = 1.0) -> bool:
        """Waits until everything has been sent; False when that took longer than `seconds` (Redis does not answer)."""
        return self._idle.wait(seconds)

    def close(self, seconds: float = 0.5) -> None:
        """Sends for at most `seconds`, then ends; later items are dropped."""
        if self._thread is not None and self._pid == os.getpid():
            self.flush(seconds)
        self._closed = True
        self._filled.set()

    def _put(self, kind: str, item: Any) -> None:
        if self._celery is None or self._closed:
            return
        if self._pid != os.getpid():
            self._reset()  # a fork copies the buffers but not the thread
        with self._lock:
            buffer: dict[Any, float] = self._wake_ups if kind == "wake_ups" else self._events
            if item not in buffer and len(buffer) >= BUFFER_SIZE:
                self.dropped += 1
                return
            buffer[item] = time.monotonic()
            self._idle.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()
        self._filled.set()

    def _run(self) -> None:
        while not self._closed:
            self._filled.wait()
            self._filled.clear()
            try:
                remaining = self._deliver()
            except Exception:  # the thread must survive every error
                log.exception("publisher")
                remaining = False
            if remaining:
                self._filled.set()
            time.sleep(PAUSE_SECONDS if remaining else PACE_SECONDS)

    def _deliver(self) -> bool:
        """Sends the content of both buffers; returns whether something remains to be retried."""
        with self._lock:
            wake_ups, self._wake_ups = self._wake_ups, {}
            events, self._events = self._events, {}
        retryable: dict[str, float] = {}
        if events and not self._redis_client.call(lambda client: _add(client, list(events)), default=False):
            retryable = {event: at for event, at in events.items() if time.monotonic() - at < RETRY_EVENT_SECONDS}
            self.dropped += len(events) - len(retryable)
        while wake_ups:
            wake_up = next(iter(wake_ups))
            if not self._redis_client.call(partial(self._send, wake_up), default=False):
                break
            del wake_ups[wake_up]
        with self._lock:
            self._wake_ups = self._limited(wake_ups | self._wake_ups)
            self._events = self._limited(retryable | self._events)
            if not self._wake_ups and not self._events:
                self._idle.set()
        return bool(wake_ups or retryable)

    def _limited(self, items: dict[Any, float]) -> dict[Any, float]:
        """The first BAG_SIZE of them; the others are dropped."""
        self.dropped += max(0, len(items) - BUFFER_SIZE)
        return dict(islice(items.items(), BUFFER_SIZE))

    def _send(self, wake_up: WakeUp, _client: redis.Redis) -> bool:
        """Over Celery's own connection. Raises redis.ConnectionError when the broker is away."""
        if self._celery is None:
            return False
        name, args = wake_up
        try:
            self._celery.send_task(name, args=args, ignore_result=True, retry=False)
        except OperationalError as error:
            raise redis.ConnectionError(str(error)) from error
        return True


def _add(client: redis.Redis, events: list[str]) -> bool:
    with client.pipeline(transaction=False) as pipe:
        for event in events:
            pipe.xadd(STREAM, {"e": event}, maxlen=MAX_EVENTS, approximate=True)
        pipe.execute()
    return True


def _sender(url: str) -> Celery:
    """A Celery application that only sends tasks, with short timeouts and no retries."""
    celery = Celery("sender", broker=url, set_as_current=False)
    celery.conf.update(
        task_serializer="json",
        task_ignore_result=True,
        task_publish_retry=False,
        broker_connection_timeout=CONNECT_SECONDS,
        broker_pool_limit=1,
        broker_transport_options={
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_timeout": ANSWER_SECONDS,
            "max_retries": 0,
            "retry_on_timeout": False,
        },
    )
    return celery
