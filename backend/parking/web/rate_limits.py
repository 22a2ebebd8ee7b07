"""Rate limits: a moving window per address or account, counted in Redis for all processes.

    @bp.post("/auth/register")
    @limiter.limit(REGISTER, key_func=by_address)
    @bp.input(...)

A limit is written above the input decorator (bodies over the limit are not parsed) and, where it counts per user,
below `requires`. While Redis does not answer, every process counts for itself. RATE_LIMITS=off disables all limits
(load tests). Limits on guessing, which count an attempt before it is evaluated, are in accounts/guess_limits.py.
"""

from __future__ import annotations

import ipaddress
import time

from apiflask import APIFlask
from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from parking import settings
from parking.text.counting import counted
from parking.web import caller, problem_response
from parking.web.logs import security_log

REGISTER = "100 per hour"  # a whole office may sign up behind one address
FORGOT = "5 per day"
BOOK = "10 per minute;200 per day"  # every booking brings mails
EXTEND = "10 per minute;100 per day"
LEAVE = "30 per minute"  # release, cancel and check-in together; no day's limit: whoever parks must be able to leave
NEW_PASSWORD = "20 per day"  # noqa: S105  # a limit
NEW_API_TOKEN = "20 per hour"  # noqa: S105  # a limit
EXPORT = "5 per hour"
LIST = "60 per hour"  # a table as CSV
PUBLIC = "120 per minute"

REDIS_SECONDS = 0.3


def by_address() -> str:
    """The caller's address; an IPv6 household has 2^64 of them and counts as one.

    `X-Forwarded-For` is believed only as far as TRUSTED_PROXIES reaches (web/headers.py).
    """
    given = request.remote_addr or "unknown"
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return given
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False)) if not address.ipv4_mapped else given
    return given


def by_user() -> str:
    """The signed-in account, or the address of somebody who is not signed in."""
    user = caller()
    return f"user {user.id}" if user else by_address()


class _Limiter(Limiter):
    """The library counts in memory from the first failure of Redis on, but lets the requests that failed beside that
    first one fail altogether. Those count in memory too.

    It also looks for limits before each request. Every limit here stands at a view, which counts it itself, so that
    look (0.08 ms) is left out.
    """

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if in_middleware:
            return
        try:
            super()._check_request_limit(callable_name, in_middleware)
        except RedisError:
            self.context.seen_limits.clear()
            super()._check_request_limit(callable_name, in_middleware)

    def init_app(self, app: Flask) -> None:
        """The library keeps the outage that another app of the process had; a new app's storage answers so far."""
        self._storage_dead = False
        super().init_app(app)


limiter = _Limiter(
    by_address,
    strategy="moving-window",
    in_memory_fallback_enabled=True,
    key_prefix="limit",
)


@limiter.request_filter
def _switched_off() -> bool:
    return not settings.current().rate_limits


def _render(fault: RateLimitExceeded) -> Response:
    """429, with the seconds until the oldest counted request leaves the window."""
    broken = limiter.current_limit
    security_log.event("limit_reached", keys=[f"{request.endpoint} {fault.limit.limit}"])
    wait = max(1, broken.reset_at - int(time.time())) if broken else 60
    sentence = f"Too many requests. Please try again in {in_words(wait)}."
    return problem_response(
        429, "Too many requests", sentence, "too_many_requests", headers=[("Retry-After", str(wait))], retry_after=wait
    )


def in_words(seconds: int) -> str:
    """A wait in words, rounded up: "1 second", "45 seconds", "2 minutes", "3 hours"."""
    if seconds < 60:
        return counted(seconds, "second")
    return counted(-(-seconds // 60), "minute") if seconds < 7200 else counted(-(-seconds // 3600), "hour")


def init_app(app: APIFlask) -> None:
    """Applies the limits. Redis has REDIS_SECONDS to answer before the process counts for itself."""
    configuration = app.extensions["settings"]
    if not configuration.rate_limits:
        return
    app.config["RATELIMIT_STORAGE_URI"] = configuration.redis_url or "memory://"
    if configuration.redis_url:
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {
            "socket_timeout": REDIS_SECONDS,
            "socket_connect_timeout": REDIS_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _render)
