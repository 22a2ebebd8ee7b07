"""Redis with short timeouts, no retries and a circuit breaker.

Redis holds hints only (wake-ups, live events, cache invalidation); the data is in the database. A Redis that is down,
frozen or emptied may make pages stale but must not fail a request: a call returns its default after at most half a
second, and for a second after a failure no call is tried.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)
T = TypeVar("T")

CONNECT_SECONDS = 0.2
ANSWER_SECONDS = 0.3
PAUSE_SECONDS = 1.0
"""How long no call is tried after a failure."""


def connect(url: str, answer_seconds: float | None = None) -> redis.Redis:
    """A thread-safe, fork-safe client (its pool notices another process id). Nothing is sent before the first call.

    It stops waiting for an answer after `answer_seconds`, ANSWER_SECONDS where none are given.
    """
    return redis.Redis.from_url(
        url,
        protocol=2,
        decode_responses=True,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS if answer_seconds is None else answer_seconds,
        retry=Retry(NoBackoff(), 0),  # the library's own three retries would triple every wait
        driver_info=None,  # saves two round trips for each new connection
    )


class Breaker:
    """A circuit breaker: open for a second after a failure, then one caller tries while the others do not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed = False
        self._next_try = 0.0

    @property
    def closed(self) -> bool:
        """Whether the last attempt succeeded (true before the first)."""
        return not self._failed

    def allows(self) -> bool:
        """Whether this caller may try now."""
        if not self._failed:
            return True
        with self._lock:
            if time.monotonic() < self._next_try:
                return False
            self._next_try = time.monotonic() + PAUSE_SECONDS
            return True

    def succeeded(self) -> None:
        self._note(failed=False)

    def failed(self) -> None:
        self._next_try = time.monotonic() + PAUSE_SECONDS
        self._note(failed=True)

    def _note(self, *, failed: bool) -> None:
        with self._lock:
            changed, self._failed = self._failed != failed, failed
        if changed:
            log.warning("Redis does not answer: going on without it" if failed else "Redis answers again")


class RedisClient:
    """`call` runs commands. Without a URL every call returns its default at once."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self.breaker = Breaker()
        self._client = connect(url) if url else None

    @property
    def available(self) -> bool:
        """Whether Redis is configured and answered the last call."""
        return self._client is not None and self.breaker.closed

    def call(self, command: Callable[[redis.Redis], T], default: T) -> T:
        """Returns `command(client)`, or `default` when Redis does not answer.

        Blocks for at most CONNECT_SECONDS + ANSWER_SECONDS per command; raises no error of Redis. An error that Redis
        answers (out of memory, wrong type) is logged and gives the default too, but does not open the breaker.
        """
        if self._client is None or not self.breaker.allows():
            return default
        try:
            answer = command(self._client)
        except redis.ResponseError as error:
            log.warning("Redis refused: %s", error)
            self.breaker.succeeded()
            return default
        except (redis.RedisError, OSError):
            self.breaker.failed()
            return default
        self.breaker.succeeded()
        return answer

    def ping(self) -> bool:
        """Whether Redis answers now (for the system page)."""
        return bool(self.call(lambda client: client.ping(), default=False))
