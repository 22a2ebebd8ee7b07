"""Rate limits: a moving window per address or account, counted in Redis for all processes.

    @bp.post("/auth/register")
    @limiter.limit(REGISTER, key_func=by_address)
    @bp.input(...)

A limit is written above the input decorator (bodies over the limit are not parsed) and, where it counts per user,
below `requires`. While Redis does not answer, every process counts for itself. RATE_LIMITS=off disables all limits
(load tests). Limits on guessing, which count an attempt before it is evaluated, are in accounts/guess_limits.py.

All requests together have a limit, too, for each account and each address. Every process counts for itself there: a
request need not ask Redis for that.
"""

from __future__ import annotations

import ipaddress
import time

from apiflask import APIFlask
from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from parking import settings
from parking.errors import TooMany
from parking.text.counting import counted
from parking.web import caller, problem_response
from parking.web.logs import security_log
from parking.web.request_counter import RequestCounter

REGISTER = "100 per hour"  # a whole office may sign up behind one address
FORGOT = "5 per day"
BOOK = "10 per minute;200 per day"  # every booking brings mails
VISITOR = "30 per minute;500 per day"  # by staff, for people who did not ask for the mails
GUEST = "5 per minute;20 per day"  # by a driver
EXTEND = "10 per minute;100 per day"
SERIES = "5 per minute;50 per day"
SERIES_PREVIEW = "30 per minute"  # it reads every date
LEAVE = "30 per minute"  # release, cancel and check-in together; no day's limit: whoever parks must be able to leave
NEW_PASSWORD = "20 per day"  # noqa: S105  # a limit
NEW_API_TOKEN = "20 per hour"  # noqa: S105  # a limit
EXPORT = "5 per hour"
LIST = "60 per hour"  # a table as CSV
FIND_PERSON = "60 per hour"  # for the staff of a lot, by the whole address
PUBLIC = "120 per minute"

OF_ACCOUNT, OF_ADDRESS = 1_200, 6_000
"""All requests of a minute, per process. Eight tabs that poll because the event stream is away send up to 500; an
address may be an office, or a whole mobile network."""
COUNTED_PATHS = ("/api/", "/auth/")
STREAM = "/api/stream"
"""Has limits of its own, for streams that are open."""
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


def _count_request() -> None:
    """Counts this request for its address and, where the view is for signed-in callers, for the account. Raises
    TooMany."""
    if request.path == STREAM or not request.path.startswith(COUNTED_PATHS):
        return
    _take(by_address(), OF_ADDRESS)
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and "_role" in view.__dict__ and (user := caller()):
        _take(f"user {user.id}", OF_ACCOUNT)


def _take(key: str, most: int) -> None:
    counter: RequestCounter = current_app.extensions["request_counter"]
    wait = counter.take(key, most)
    if wait:
        security_log.event("limit_reached", keys=[f"all requests {most} per minute"])
        raise TooMany(_sentence(wait), headers={"Retry-After": str(wait)}, retry_after=wait)


def _sentence(wait: int) -> str:
    return f"Too many requests. Please try again in {in_words(wait)}."


def _render(fault: RateLimitExceeded) -> Response:
    """429, with the seconds until the oldest counted request leaves the window."""
    broken = limiter.current_limit
    security_log.event("limit_reached", keys=[f"{request.endpoint} {fault.limit.limit}"])
    wait = max(1, broken.reset_at - int(time.time())) if broken else 60
    return problem_response(
        429,
        "Too many requests",
        _sentence(wait),
        "too_many_requests",
        headers=[("Retry-After", str(wait))],
        retry_after=wait,
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
    app.extensions["request_counter"] = RequestCounter()
    app.before_request(_count_request)
