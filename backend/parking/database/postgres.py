"""How PostgreSQL is connected to, so that a server that went mute costs a request seconds and not for ever.

Three cases need three guards. Packets that nobody answers: TCP's own timeouts. A server that is frozen while its
kernel still acknowledges, or a proxy that swallows: a deadline on our side. A server that only is slow:
`statement_timeout`, which ends the statement and keeps the connection. Requests get seconds; jobs, commands and
migrations get what they need.

Behind a pooler in transaction mode (PgBouncer) the server's session is anybody's: nothing is set in it and no statement
is prepared in it. There the role has the settings, and the deadline on our side stands for `statement_timeout`: the
pooler closes the server's connection of a client that left, and the server ends the statement within two seconds.
"""

from __future__ import annotations

import contextlib
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import psycopg
from flask import has_request_context
from psycopg import errors
from psycopg.abc import RV, PQGen
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import QueuePool
from sqlalchemy.pool.base import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util.queue import Empty

CHECKOUT_SECONDS = 9
"""For a good connection altogether: until one of the pool is free, or a new one stands, and it gave a sign of life."""
GREETING_SECONDS = 5
"""For a new connection, and for the sign of life; less when waiting for the pool has taken the time."""
LEAST_SECONDS = 2
"""For either of them in any case."""
JUST_SILENT = "the database server did not answer a moment ago"
POOL_SIZE, MOST_CONNECTIONS = 8, 40
"""Connections of a process. The kept ones know their statements. With 20, and 20 more without a wait, a rush made and
closed a dozen connections a second: 64 people on 10 spots took 550 ms instead of 150 (the floor: 110)."""
WAIT_SECONDS = 0.25
"""Most answers are done in less; who holds a connection longer waits for a lock or reads much."""
FRESH_SECONDS = 1.0
"""A connection that answered so short a time ago need not give a sign of life again. Under load that saves a round trip
for each connection taken: 0.25 of 1.2 ms of a read, three of the eleven round trips of a booking."""
RETRY_SECONDS = 1.0
"""How long nobody tries after the server did not answer."""
TCP = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8000,  # milliseconds that sent data may stay unacknowledged (Linux; ignored elsewhere)
}
OPTIONS = "-c timezone=UTC -c idle_in_transaction_session_timeout=60000 -c lock_timeout=10000"
ROLE_SETTINGS = {
    "timezone": "UTC",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "1min",
    "client_connection_check_interval": "2s",
}
"""What the database role needs behind a pooler: there no connection can bring OPTIONS with it."""


@dataclass(frozen=True)
class Limits:
    """Seconds that one statement may take: by the server's clock, and a little later by ours. None: no limit."""

    statement: int | None
    silence: float | None


REQUEST = Limits(7, 8)
JOB = Limits(900, 910)
GREETING = Limits(GREETING_SECONDS, GREETING_SECONDS)
UNLIMITED = Limits(None, None)
_override: ContextVar[Limits | None] = ContextVar("limits", default=None)
_asked_at: ContextVar[float | None] = ContextVar("asked_at", default=None)
"""When this thread asked the pool for the connection that it is about to get."""


def limits() -> Limits:
    """What holds now: what `limited` says, else by whether a request is being answered."""
    return _override.get() or (REQUEST if has_request_context() else JOB)


@contextlib.contextmanager
def limited(to: Limits) -> Iterator[None]:
    """Other limits than usual, for the statements inside and for connections taken from the pool inside."""
    token = _override.set(to)
    try:
        yield
    finally:
        _override.reset(token)


class Mute(psycopg.OperationalError):
    """The server did not answer in time."""


class Connection(psycopg.Connection[Any]):
    """Gives up on an answer after the present limit, and is closed then: what it would still read belongs to nobody."""

    when_mute: Callable[[], None] | None = None
    answered_at = 0.0
    statement_limit: int | None = None
    """The `statement_timeout` that was set last, in seconds."""

    def is_fresh(self, statement_limit: int) -> bool:
        """Whether it answered a moment ago under this limit. A server that ends says so; then there is something to be
        read."""
        if self.statement_limit != statement_limit or time.monotonic() - self.answered_at > FRESH_SECONDS:
            return False
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return not poll.poll(0)

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        silence = limits().silence
        try:
            answer = super().wait(gen, interval, silence)
        except errors._WaitTimeout:
            self.pgconn.finish()
            if self.when_mute is not None:
                self.when_mute()
            raise Mute(f"the database server was silent for {silence} s") from None
        self.answered_at = time.monotonic()
        return answer


class Breaker:
    """Open after the server did not answer; then one caller a second tries while the others fail at once. Otherwise
    every thread would soon wait for a server that is mute, also those for pages that need no database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._failed_at = 0.0
        self._next_try = 0.0

    def allows(self) -> bool:
        """Whether this caller may try now."""
        if not self._open:
            return True
        with self._lock:
            if time.monotonic() < self._next_try:
                return False
            self._next_try = time.monotonic() + RETRY_SECONDS
            return True

    def has_failed_since(self, moment: float) -> bool:
        """Whether somebody else found out meanwhile, so that one's own try is in vain."""
        return self._open and self._failed_at >= moment

    def note(self, *, answered: bool) -> None:
        with self._lock:
            self._open = not answered
            if self._open:
                self._failed_at = time.monotonic()
                self._next_try = self._failed_at + RETRY_SECONDS


class Pool(QueuePool):
    """Fails at once while the server is known to be mute. Keeps few connections, and makes more only for those who have
    waited WAIT_SECONDS for one of them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.breaker = Breaker()

    def connect(self) -> PoolProxiedConnection:
        if not self.breaker.allows():
            raise Mute(JUST_SILENT)
        token = _asked_at.set(time.monotonic())
        try:
            return super().connect()
        finally:
            _asked_at.reset(token)

    def _do_get(self) -> ConnectionPoolEntry:
        if self.overflow() >= 0:  # all that are kept exist
            with contextlib.suppress(Empty):
                return self._pool.get(True, WAIT_SECONDS)
        return super()._do_get()


def _greeting_seconds() -> float:
    asked_at = _asked_at.get()
    waited = 0.0 if asked_at is None else time.monotonic() - asked_at
    return max(LEAST_SECONDS, min(GREETING_SECONDS, CHECKOUT_SECONDS - waited))


def engine_options(*, pooled: bool = False) -> dict[str, Any]:
    """For SQLAlchemy. No values of a statement stand in the log. `pooled`: over a pooler in transaction mode."""
    session: dict[str, Any] = {"prepare_threshold": None} if pooled else {"options": OPTIONS}
    return {
        "hide_parameters": True,
        "poolclass": Pool,
        "pool_size": POOL_SIZE,
        "max_overflow": MOST_CONNECTIONS - POOL_SIZE,
        "pool_use_lifo": True,
        "pool_timeout": CHECKOUT_SECONDS,
        "connect_args": {**session, **TCP},
    }


def role_problems(connection: SqlConnection) -> list[str]:
    """Which of ROLE_SETTINGS the database role lacks, one sentence each. (Versions of PostgreSQL before 14 do not have
    all of them.)"""
    query = text(
        "SELECT name, setting, current_user AS role FROM pg_settings"
        " WHERE name = ANY(:names) AND (setting = '0' OR lower(name) = 'timezone' AND setting <> 'UTC')"
    )
    names = ["TimeZone" if name == "timezone" else name for name in ROLE_SETTINGS]
    return [
        f"the database role has {row.name.lower()} = {row.setting}: run"
        f" `ALTER ROLE {row.role} SET {row.name.lower()} = '{ROLE_SETTINGS[row.name.lower()]}'`"
        for row in connection.execute(query, {"names": names})
    ]


def prepare(engine: Engine, *, pooled: bool = False) -> None:
    """Connections of our kind, and a sign of life from each that is taken from the pool. `pooled`: over a pooler in
    transaction mode."""

    def note(*, answered: bool) -> None:
        if isinstance(engine.pool, Pool):  # a new one after each dispose()
            engine.pool.breaker.note(answered=answered)

    def refuse_in_vain() -> None:
        asked_at = _asked_at.get()
        if asked_at is not None and isinstance(engine.pool, Pool) and engine.pool.breaker.has_failed_since(asked_at):
            raise Mute(JUST_SILENT)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]) -> Connection:
        refuse_in_vain()
        try:
            connection = Connection.connect(*arguments, **{"connect_timeout": int(_greeting_seconds()), **options})
        except psycopg.errors.ConnectionTimeout:
            note(answered=False)
            raise
        connection.when_mute = lambda: note(answered=False)
        return connection

    @event.listens_for(engine, "connect")
    def connected(connection: Connection, _record: Any) -> None:
        """A server that supports it (14 and later) ends the statements of a client that gave up."""
        if pooled:
            return
        name = "client_connection_check_interval"
        limit = Limits(None, _greeting_seconds())
        with limited(limit), _alone(connection), contextlib.suppress(psycopg.errors.InvalidParameterValue):
            connection.execute(
                "SELECT set_config(name, '2s', false) FROM pg_settings WHERE name = %s", (name,), prepare=False
            )

    @event.listens_for(engine, "checkout")
    def taken(connection: Connection, _record: Any, _proxy: Any) -> None:
        """Setting the time limit is the sign of life: one round trip for both. (In a pooler's session it would be left
        behind for somebody else.)"""
        statement = limits().statement or 0
        if connection.is_fresh(statement):
            return
        refuse_in_vain()
        try:
            with limited(Limits(None, _greeting_seconds())), _alone(connection):
                connection.execute("SELECT 1" if pooled else f"SET statement_timeout = '{statement}s'", prepare=False)
                connection.statement_limit = statement
        except Mute:
            raise
        except psycopg.Error as error:  # it has ended meanwhile: the pool makes another one
            raise InvalidatePoolError from error
        note(answered=True)


@contextlib.contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Each statement inside is its own transaction."""
    connection.autocommit = True
    yield
    connection.autocommit = False
