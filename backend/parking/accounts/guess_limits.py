"""Limits on guessing: an attempt is counted before it is evaluated, and uncounted when it was not a wrong guess.

    @bp.post("/auth/login")
    @guess_limits.limited(sign_in_rules)
    @bp.input(...)

Counting afterwards (as a limit on failed answers does) lets any number of simultaneous guesses through: all of them are
evaluated before the first is counted. Attempts are counted in Redis for all processes and in this process as well, so
that without Redis every process still counts for itself. RATE_LIMITS=off disables these limits.
"""

from __future__ import annotations

import functools
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app
from flask.typing import ResponseReturnValue
from redis import Redis as Client
from werkzeug.exceptions import HTTPException

from parking import realtime, settings
from parking.errors import Problem, TooMany
from parking.web import documented
from parking.web.logs import security_log
from parking.web.rate_limits import by_address, by_user, in_words

GUESSES, GUESS_SECONDS = 10, 300
"""Wrong guesses within that time: at one account, from one address, by one signed-in user."""
View = TypeVar("View", bound=Callable[..., Any])
CODES = 5
"""Wrong codes of a second factor within GUESS_SECONDS."""
FAILURES = frozenset({401, 403, 404})
"""Statuses of an attempt that was a wrong guess."""
QUESTIONS = frozenset({"second_factor_required", "password_required"})
"""Errors that ask for one more proof: what was given so far was right."""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `most` attempts within `seconds` under this key."""

    key: str
    most: int
    seconds: int


RulesOf = Callable[[], Iterable[Rule]]


def sign_ins_from_here() -> Rule:
    """The limit on failed sign-ins from the address of this request."""
    return Rule(f"sign-in address {by_address()}", GUESSES, GUESS_SECONDS)


def account_key(email: str | None) -> str:
    """A key for the account that a text names, existing or not. Hashed: keys are stored in Redis and logs."""
    return f"account {security_log.account_hash(email)}" if email else by_address()


def passwords_of_caller() -> Rule:
    """The limit on wrong passwords of an account that is signed in."""
    return Rule(f"password of {by_user()}", GUESSES, GUESS_SECONDS)


def codes_of(email: str | None) -> Rule:
    """The limit on wrong codes of an account's second factor, signed in or not: whoever knows the password has fewer
    guesses at the code, from all devices together."""
    return Rule(f"second factor of {account_key(email)}", CODES, GUESS_SECONDS)


def count(rules: Sequence[Rule], guess: str) -> None:
    """Counts a guess that has turned out wrong; `guess` is its hash: the same one counts once. Raises TooMany when a
    rule is exhausted.

    For guesses at what is too long to be guessed, such as API tokens: right ones pass whatever others have tried.
    """
    if settings.current().rate_limits:
        _counter().take(rules, guess)


def limited(rules_of: RulesOf, *, counts: Callable[[int], bool] = FAILURES.__contains__) -> Callable[[View], View]:
    """Runs a view while none of the request's rules is exhausted; else answers 429 without running it.

    `counts(status)`: whether an attempt with this status stays counted; by default a wrong guess does.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            if not settings.current().rate_limits:
                return view(*args, **kwargs)
            rules = tuple(rules_of())
            counter = _counter()
            attempt = counter.take(rules)
            counted = counts(500)
            try:
                answer = view(*args, **kwargs)
                counted = counts(answer.status_code if isinstance(answer, Response) else 200)
                return answer
            except (Problem, HTTPException, HTTPError) as refusal:
                counted = counts(_status(refusal)) and getattr(refusal, "code", None) not in QUESTIONS
                raise
            finally:
                if not counted:
                    counter.uncount(rules, attempt)

        return cast(View, documented(429)(guarded))

    return decorate


def _status(refusal: Problem | HTTPException | HTTPError) -> int:
    if isinstance(refusal, Problem):
        return refusal.status
    return (refusal.code if isinstance(refusal, HTTPException) else refusal.status_code) or 500


class LocalCounter:
    """Attempts of this process: key -> attempt -> time."""

    _CLEAN_AT = 10_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attempts: dict[str, dict[str, float]] = {}
        self._until: dict[str, float] = {}

    def take(self, rules: Sequence[Rule], attempt: str) -> float:
        """Counts an attempt under every rule, or under none when one is exhausted. Seconds to wait; 0: counted."""
        now = time.time()
        with self._lock:
            self._clean(now)
            wait = max((self._wait(rule, now) for rule in rules), default=0.0)
            if wait <= 0:
                for rule in rules:
                    self._attempts.setdefault(rule.key, {})[attempt] = now
                    self._until[rule.key] = now + rule.seconds
            return wait

    def uncount(self, rules: Sequence[Rule], attempt: str) -> None:
        with self._lock:
            for rule in rules:
                self._attempts.get(rule.key, {}).pop(attempt, None)

    def _wait(self, rule: Rule, now: float) -> float:
        counted = self._attempts.get(rule.key, {})
        for attempt in [attempt for attempt, at in counted.items() if at <= now - rule.seconds]:
            del counted[attempt]
        return min(counted.values()) + rule.seconds - now if len(counted) >= rule.most else 0.0

    def _clean(self, now: float) -> None:
        """Deletes old keys: callers can create any number of them."""
        if len(self._until) >= self._CLEAN_AT:
            for key in [key for key, until in self._until.items() if until <= now]:
                del self._until[key]
                self._attempts.pop(key, None)


_TAKE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local wait = 0
for i, key in ipairs(KEYS) do
  local most, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  if redis.call('ZCARD', key) >= most then
    local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    wait = math.max(wait, oldest[2] + window - now, 1)
  end
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, now, ARGV[1])
    redis.call('PEXPIRE', key, ARGV[2 * i + 1])
  end
end
return wait
"""
"""Atomic for all keys, by the clock of Redis. Returns the milliseconds to wait; 0: the attempt is counted."""


class Counter:
    """Attempts of all processes while Redis answers; at least those of this one."""

    def __init__(self) -> None:
        self._memory = LocalCounter()

    def take(self, rules: Sequence[Rule], attempt: str | None = None) -> str:
        """Counts an attempt and returns its id. Raises TooMany."""
        attempt = attempt or secrets.token_hex(12)
        wait = self._memory.take(rules, attempt)
        if wait <= 0 and rules:
            wait = self._take_shared(rules, attempt)
            if wait > 0:
                self._memory.uncount(rules, attempt)
        if wait > 0:
            security_log.event("limit_reached", keys=[rule.key for rule in rules])
            raise _too_many(wait)
        return attempt

    def _take_shared(self, rules: Sequence[Rule], attempt: str) -> float:
        keys = [_name(rule) for rule in rules]
        numbers = [number for rule in rules for number in (rule.most, rule.seconds * 1000)]

        def command(client: Client) -> Any:  # milliseconds; redis does not type what a script returns
            return client.eval(_TAKE, len(keys), *keys, attempt, *numbers)

        return float(realtime.shared_redis().call(command, default=0) or 0) / 1000

    def uncount(self, rules: Sequence[Rule], attempt: str) -> None:
        """Uncounts an attempt that was not a wrong guess."""
        self._memory.uncount(rules, attempt)

        def command(client: Client) -> None:
            with client.pipeline(transaction=False) as pipe:
                for rule in rules:
                    pipe.zrem(_name(rule), attempt)
                pipe.execute()

        realtime.shared_redis().call(command, default=None)


def _name(rule: Rule) -> str:
    return f"attempts:{rule.key}"


def _too_many(wait: float) -> TooMany:
    seconds = max(1, int(wait) + 1)
    sentence = f"Too many attempts. Please try again in {in_words(seconds)}."
    return TooMany(sentence, headers={"Retry-After": str(seconds)}, retry_after=seconds)


def _counter() -> Counter:
    return cast(Counter, current_app.extensions["attempts"])


def init_app(app: APIFlask) -> None:
    """Sets up the counter of this application."""
    app.extensions["attempts"] = Counter()
