"""The database: one type for instants, one way to begin, one place that commits.

SQLite wants care to be as safe as PostgreSQL: the driver's own transaction handling is switched off, writers begin
with BEGIN IMMEDIATE (a deferred begin that later writes fails at once instead of waiting), and pass a fair gate
before it (parking/database/gate.py). PostgreSQL's limits stand in parking/database/postgres.py.
"""

from __future__ import annotations

import logging
import time
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, has_request_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Column, DateTime, Dialect, Engine, Executable, Integer, MetaData, Row, Text, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from parking.database import outages, postgres
from parking.database.gate import Gate, GateTimeout

log = logging.getLogger(__name__)

WRITER_SECONDS = 10
"""A writer of SQLite waits no longer for the others."""
SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: an acknowledged booking survives a power cut
    "foreign_keys": 1,
    "recursive_triggers": 1,  # without it INSERT OR REPLACE deletes past the delete trigger
    "busy_timeout": WRITER_SECONDS * 1000,
}
"""What every SQLite connection must answer; the start-up check asks."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, whose `create_all()` goes the one way a schema is made here."""

    def create_all(self, *_: Any, **__: Any) -> None:
        """Makes or completes the schema through the migrations (tables alone would lack triggers and constraints)."""
        current_app.extensions["upgrade_schema"]()


db = Database(model_class=Base, session_options={"expire_on_commit": False})

BigId = BigInteger().with_variant(Integer, "sqlite")
"""Row ids: 64 bits on both (SQLite's INTEGER PRIMARY KEY is the row id)."""


class UTCDateTime(TypeDecorator[datetime]):
    """An instant in whole seconds: timestamptz on PostgreSQL, unix seconds on SQLite (which has no time type and
    would silently drop an offset). Takes aware datetimes only; gives aware UTC ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant")
        return int(value.timestamp()) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return datetime.fromtimestamp(value, UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class unindexed(FunctionElement[Any]):
    """A column as it is, but whose index the database is not to take (it knows little of how rows are spread)."""

    inherit_cache = True
    name = "unindexed"

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(unindexed, "sqlite")
def _unindexed_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"+{compiler.process(element.clauses, **kw)}"


@compiles(unindexed, "postgresql")
def _unindexed_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return f"coalesce({column}, {column})"


class plus_seconds(FunctionElement[datetime]):
    """`plus_seconds(instant, seconds)` in SQL, on both databases."""

    type = UTCDateTime()
    inherit_cache = True
    name = "plus_seconds"


@compiles(plus_seconds, "sqlite")
def _plus_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    instant, seconds = element.clauses
    return f"({compiler.process(instant, **kw)} + {compiler.process(seconds, **kw)})"


@compiles(plus_seconds, "postgresql")
def _plus_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    instant, seconds = element.clauses
    return f"({compiler.process(instant, **kw)} + make_interval(secs => {compiler.process(seconds, **kw)}))"


class rfc3339(FunctionElement[str]):
    """An instant as text in UTC, `2026-03-02T09:00:00Z`, written by the database: long lists need no more of it."""

    type = Text()
    inherit_cache = True
    name = "rfc3339"


@compiles(rfc3339, "sqlite")
def _rfc3339_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {compiler.process(element.clauses, **kw)}, 'unixepoch')"


@compiles(rfc3339, "postgresql")
def _rfc3339_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    instant = compiler.process(element.clauses, **kw)
    return f"to_char({instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"


def engine_options(url: str, pool_size: int = 20) -> dict[str, Any]:
    """What SQLAlchemy needs to know for this database; pool_size = connections one process may hold."""
    if url.startswith("sqlite"):
        try:  # a current SQLite: before 3.51.3 a WAL reset at the wrong moment can corrupt the file
            from pysqlite3 import dbapi2 as driver
        except ImportError:  # platforms without the wheel use the interpreter's own
            import sqlite3 as driver
        return {"module": driver, "connect_args": {"timeout": WRITER_SECONDS, "check_same_thread": False}}
    return postgres.engine_options(pool_size)


def init_app(app: Flask) -> None:
    """Binds the application to its database."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _prepare_sqlite(db.engine)
            alone: dict[str, Any] = {"single": True}
        else:
            postgres.prepare(db.engine)
            alone = {"isolation_level": "AUTOCOMMIT"}
        file = _sqlite_file(db.engine)
        app.extensions["gate"] = Gate(file.with_name(file.name + ".gate")) if file else None
        app.extensions["single_reads"] = db.engine.execution_options(**alone)


def read_once(statement: Executable, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
    """The rows of one SELECT that needs no other to agree with it: no transaction is begun and ended around it, and
    the request's session stays untouched."""
    engine: Engine = current_app.extensions["single_reads"]
    with engine.connect() as connection:
        return connection.execute(statement, parameters).all()


def snapshot() -> None:
    """Whatever the session reads from now on is as it was at one moment (SQLite reads like that anyway). Does nothing
    inside of a transaction that has begun."""
    session = db.session()
    if not session.in_transaction() and session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for name, value in SQLITE_PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={value}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if "seconds" in options:
            _begin_in_time(connection, options["seconds"])
        elif not options.get("single"):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writer") else "BEGIN")


def _begin_in_time(connection: Connection, seconds: float) -> None:
    """BEGIN IMMEDIATE for a writer whose time is nearly up. Others than ours may write past the gate."""
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={SQLITE_PRAGMAS['busy_timeout']}")


def _sqlite_file(engine: Engine) -> Path | None:
    return Path(engine.url.database) if engine.dialect.name == "sqlite" and engine.url.database else None


def database_folder() -> Path | None:
    """Where SQLite's file lies; None on PostgreSQL, whose disk is its server's."""
    file = _sqlite_file(db.engine)
    return file.parent if file else None


class Groups:
    """Columns of several tables side by side in one SELECT (`columns`), handed out as one named tuple for each group
    (`cut`). For reading on the way of many requests: mapped objects cost five times as much."""

    def __init__(self, *groups: Iterable[Column[Any]]) -> None:
        chosen = [list(group) for group in groups]
        self.columns = [column for group in chosen for column in group]
        self._shapes: list[Any] = [namedtuple("Part", [column.name for column in group]) for group in chosen]

    def cut(self, row: Row[Any]) -> list[Any]:
        """The row's groups, in the order they were given."""
        values = iter(row)
        return [shape._make(islice(values, len(shape._fields))) for shape in self._shapes]


@contextmanager
def _gate() -> Iterator[dict[str, Any]]:
    """SQLite: one writer at a time. Gives the execution options with which the writer begins; raises Busy."""
    gate: Gate | None = current_app.extensions["gate"]
    if gate is None:
        yield {"writer": True}
        return
    until = time.monotonic() + WRITER_SECONDS
    try:
        with gate.entered(WRITER_SECONDS):
            left = until - time.monotonic()
            yield {"writer": True} if left > WRITER_SECONDS - 1 else {"writer": True, "seconds": left}
    except GateTimeout:
        raise outages.Busy(f"another writer has held the database for {WRITER_SECONDS} s") from None


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: everything in it is committed together, or nothing is.

    The only place that commits. Whatever the request read before (its identity, for instance) is put aside first:
    a write decides on what it reads itself. What `after_commit` collected runs when the commit has succeeded and
    dies with a rollback. Raises outages.Busy when others write for too long, outages.OutcomeUnknown when nobody can
    tell whether the COMMIT was done.
    """
    session = db.session()
    session.close()
    hooks: list[Callable[[], None]] = []
    session.info["after_commit"] = hooks
    try:
        with _gate() as options:
            session.connection(execution_options=options)
            yield session
            session.flush()  # so that what fails in it has failed before the COMMIT
            _commit(session)
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("after_commit", None)
    for hook in hooks:
        try:
            hook()
        except Exception:  # a wake-up that fails loses nothing: the sweep finds the row
            log.exception("after commit")


def _commit(session: Session) -> None:
    try:
        session.commit()
    except DBAPIError as error:
        if outages.may_have_committed(error):
            raise outages.OutcomeUnknown(str(error.orig)) from error
        raise
    if has_request_context():
        g.has_committed = True


def request_has_committed() -> bool:
    """Whether the present request has committed anything: an error after that cannot say that nothing was changed."""
    return has_request_context() and bool(g.get("has_committed"))


def after_commit(hook: Callable[[], None]) -> None:
    """Runs `hook` once the present transaction has been committed. Raises KeyError outside of one."""
    db.session().info["after_commit"].append(hook)


def is_sqlite() -> bool:
    """Whether the application runs on SQLite (the rare place where the two databases need different words)."""
    return db.engine.dialect.name == "sqlite"
