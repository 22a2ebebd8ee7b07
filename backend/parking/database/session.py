"""The session: binding, reading, and the one function that commits (`transaction`).

SQLite's settings are in parking/database/sqlite.py, PostgreSQL's in parking/database/postgres.py.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, has_request_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, Executable, MetaData, Result, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from parking.database import outages, postgres, sqlite
from parking.database.gate import Gate, GateTimeout

log = logging.getLogger(__name__)


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
    """Flask-SQLAlchemy whose `create_all()` runs the migrations."""

    def create_all(self, *_: Any, **__: Any) -> None:
        """Creates or upgrades the schema (tables alone would lack the triggers and constraints)."""
        current_app.extensions["upgrade_schema"]()


db = Database(model_class=Base, session_options={"expire_on_commit": False})


def engine_options(url: str, *, pooled: bool = False) -> dict[str, Any]:
    """Arguments of `create_engine` for the database at `url`. `pooled`: over a pooler in transaction mode."""
    return sqlite.engine_options() if url.startswith("sqlite") else postgres.engine_options(pooled=pooled)


def init_app(app: Flask) -> None:
    """Binds the application to its database."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            sqlite.prepare(db.engine)
            single_read: dict[str, Any] = {"single": True}
        else:
            postgres.prepare(db.engine, pooled=app.extensions["settings"].database_pooler == "transaction")
            single_read = {"isolation_level": "AUTOCOMMIT"}
        file = sqlite.file_of(db.engine)
        app.extensions["gate"] = Gate(file.with_name(file.name + ".gate")) if file else None
        app.extensions["single_reads"] = db.engine.execution_options(**single_read)


def read_once(statement: Executable, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
    """The rows of one SELECT that needs no other to agree with it: no transaction is begun and ended around it, and
    the request's session stays untouched."""
    engine: Engine = current_app.extensions["single_reads"]
    with engine.connect() as connection:
        return connection.execute(statement, parameters).all()


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for SELECTs that need not agree with each other: no transaction is begun and ended around them, and
    the request's session stays untouched."""
    engine: Engine = current_app.extensions["single_reads"]
    with engine.connect() as connection:
        yield connection


def snapshot() -> None:
    """Lets the session read everything from now on as of one moment (SQLite always does). Does nothing inside a
    transaction that has begun."""
    session = db.session()
    if not session.in_transaction() and session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def database_folder() -> Path | None:
    """The folder of the SQLite file; None on PostgreSQL, whose disk belongs to its server."""
    file = sqlite.file_of(db.engine)
    return file.parent if file else None


@contextmanager
def _gate() -> Iterator[dict[str, Any]]:
    """SQLite: one writer at a time. Gives the execution options with which the writer begins; raises Busy."""
    gate: Gate | None = current_app.extensions["gate"]
    if gate is None:
        yield {"writer": True}
        return
    until = time.monotonic() + sqlite.WRITER_SECONDS
    try:
        with gate.entered(sqlite.WRITER_SECONDS):
            left = until - time.monotonic()
            yield {"writer": True} if left > sqlite.WRITER_SECONDS - 1 else {"writer": True, "seconds": left}
    except GateTimeout:
        raise outages.Busy(f"another writer has held the database for {sqlite.WRITER_SECONDS} s") from None


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: everything in it is committed together, or nothing is.

    The only place that commits. Objects read before it (the caller's identity, for instance) are dropped first: a
    write decides on what it reads itself. Functions added to `before_commit` run as its last part; those registered
    with `after_commit` run when the commit has succeeded; a rollback drops both. Raises outages.Busy when other writers
    take too long, outages.OutcomeUnknown when it cannot be known whether the COMMIT was done.
    """
    session = db.session()
    session.close()
    last: list[Callable[[], None]] = []
    hooks: list[Callable[[], None]] = []
    session.info.update(before_commit=last, after_commit=hooks)
    try:
        with _gate() as options:
            session.info["connection"] = session.connection(execution_options=options)
            yield session
            for act in last:
                act()
            session.flush()  # so that what fails in it has failed before the COMMIT
            _commit(session)
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("connection", None)
        session.info.pop("before_commit", None)
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
    """Whether the current request has committed: an error after that must not say that nothing was changed."""
    return has_request_context() and bool(g.get("has_committed"))


def changed_rows(result: Result[Any]) -> int:
    """How many rows an UPDATE or DELETE has changed."""
    return int(result.rowcount)  # type: ignore[attr-defined]  # the result of a DML statement has it


def before_commit(session: Session) -> list[Callable[[], None]]:
    """What the current transaction still does at its end, in this order: to be looked through and added to. Raises
    KeyError outside of one."""
    acts: list[Callable[[], None]] = session.info["before_commit"]
    return acts


def after_commit(hook: Callable[[], None]) -> None:
    """Runs `hook` once the current transaction has been committed. Raises KeyError outside of one."""
    db.session().info["after_commit"].append(hook)


def is_sqlite() -> bool:
    """Whether the application runs on SQLite (for the few places where the two databases need different SQL)."""
    return db.engine.dialect.name == "sqlite"
