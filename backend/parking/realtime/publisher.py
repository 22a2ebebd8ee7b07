"""The background thread that carries what may be carried late or never: wake-ups of jobs and live events.

A request puts things into its bag, which takes microseconds and cannot fail, and goes on. The thread empties the bag
and talks to Redis. While Redis is away wake-ups are kept (each only once), events for a few seconds: it may only have
stumbled, and a page that missed some of a real outage is told to read anew. What does not fit or is too old is dropped
and counted; Beat's sweeps find the work, the next reading the counts.
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

from parking.realtime.redis_client import ANSWER_SECONDS, CONNECT_SECONDS, PAUSE_SECONDS, Redis

log = logging.getLogger(__name__)

STREAM = "live:events"
KEPT_EVENTS = 2_000
"""Events a page that was away can catch up on; older ones make it read everything anew."""
BAG_SIZE = 2_000
EVENT_SECONDS = 5.0
"""How long an event is tried again."""
PACE_SECONDS = 0.1
"""Between two deliveries, so that a busy moment travels as one batch."""

Wake = tuple[str, tuple[Any, ...]]


class Courier:
    """One per application. Safe to use from any thread and after a fork."""

    def __init__(self, road: Redis) -> None:
        self._road = road
        self._celery = _sender(road.url) if road.url else None
        self.dropped = 0
        self._closed = False
        self._reset()
        atexit.register(self.close)

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        # Each in order, with the moment it was noted.
        self._wakes: dict[Wake, float] = {}
        self._events: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def wake(self, name: str, args: tuple[Any, ...]) -> None:
        """Note a job to wake. The same job with the same arguments that still waits is not noted twice."""
        self._put("wakes", (name, args))

    def event(self, fields: dict[str, Any]) -> None:
        """Note a live event. An equal one that still waits is not noted twice."""
        self._put("events", json.dumps(fields, separators=(",", ":"), sort_keys=True))

    def flush(self, seconds: float = 1.0) -> bool:
        """Wait until the bag is empty and delivered; False when that took too long (Redis is away)."""
        return self._idle.wait(seconds)

    def close(self, seconds: float = 0.5) -> None:
        """Deliver what can be delivered in that time, then end; later things are dropped."""
        if self._thread is not None and self._pid == os.getpid():
            self.flush(seconds)
        self._closed = True
        self._something.set()

    def _put(self, kind: str, item: Any) -> None:
        if self._celery is None or self._closed:
            return
        if self._pid != os.getpid():
            self._reset()  # a fork copies the bag but not the thread
        with self._lock:
            bag: dict[Any, float] = self._wakes if kind == "wakes" else self._events
            if item not in bag and len(bag) >= BAG_SIZE:
                self.dropped += 1
                return
            bag[item] = time.monotonic()
            self._idle.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
                self._thread.start()
        self._something.set()

    def _run(self) -> None:
        while not self._closed:
            self._something.wait()
            self._something.clear()
            try:
                left = self._deliver()
            except Exception:  # the thread must outlive any surprise
                log.exception("courier")
                left = False
            if left:
                self._something.set()
            time.sleep(PAUSE_SECONDS if left else PACE_SECONDS)

    def _deliver(self) -> bool:
        """Empty the bag once; whether something is left for another try."""
        with self._lock:
            wakes, self._wakes = self._wakes, {}
            events, self._events = self._events, {}
        young: dict[str, float] = {}
        if events and not self._road.call(lambda client: _add(client, list(events)), default=False):
            young = {event: at for event, at in events.items() if time.monotonic() - at < EVENT_SECONDS}
            self.dropped += len(events) - len(young)
        while wakes:
            wake = next(iter(wakes))
            if not self._road.call(partial(self._send, wake), default=False):
                break
            del wakes[wake]
        with self._lock:
            self._wakes = self._fitting(wakes | self._wakes)
            self._events = self._fitting(young | self._events)
            if not self._wakes and not self._events:
                self._idle.set()
        return bool(wakes or young)

    def _fitting(self, items: dict[Any, float]) -> dict[Any, float]:
        """The first BAG_SIZE of them; the others are dropped."""
        self.dropped += max(0, len(items) - BAG_SIZE)
        return dict(islice(items.items(), BAG_SIZE))

    def _send(self, wake: Wake, _client: redis.Redis) -> bool:
        """Over Celery's own connection. Raises redis.ConnectionError when the broker is away."""
        if self._celery is None:
            return False
        name, args = wake
        try:
            self._celery.send_task(name, args=args, ignore_result=True, retry=False)
        except OperationalError as error:
            raise redis.ConnectionError(str(error)) from error
        return True


def _add(client: redis.Redis, events: list[str]) -> bool:
    with client.pipeline(transaction=False) as pipe:
        for event in events:
            pipe.xadd(STREAM, {"e": event}, maxlen=KEPT_EVENTS, approximate=True)
        pipe.execute()
    return True


def _sender(url: str) -> Celery:
    """A Celery application that only sends, and gives up soon."""
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
