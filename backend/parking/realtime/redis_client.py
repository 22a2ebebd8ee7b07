"""The one road to Redis of a process: short time-outs, no retries, and a circuit breaker.

Redis carries hints only (wake-ups, live events, cache marks); the truth stands in the database. So a Redis that is
down, frozen or wiped may cost freshness, never a request: a call gives its default instead, at most a few tenths of a
second later, and after a failure nobody even tries for a second.
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
"""How long nobody tries after a failure."""


def connect(url: str, answer_seconds: float | None = None) -> redis.Redis:
    """A thread-safe, fork-safe client (its pool notices another process id). Nothing is sent before the first call.

    It gives up on an answer after `answer_seconds`, ANSWER_SECONDS where none are given.
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
    """Open for a second after a failure; then one caller probes while the others still go without."""

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


class Redis:
    """`call` is the only way in. Without a URL every call gives its default at once."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self.breaker = Breaker()
        self._client = connect(url) if url else None

    @property
    def available(self) -> bool:
        """Whether Redis is configured and answered the last time somebody asked."""
        return self._client is not None and self.breaker.closed

    def call(self, ask: Callable[[redis.Redis], T], default: T) -> T:
        """What `ask(client)` gives, or `default` when Redis is away.

        Blocks for at most CONNECT_SECONDS + ANSWER_SECONDS for one command; raises nothing of Redis' own. An error
        that Redis itself answers (a full memory, a wrong type) is logged and gives the default too, but is no
        outage.
        """
        if self._client is None or not self.breaker.allows():
            return default
        try:
            answer = ask(self._client)
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
