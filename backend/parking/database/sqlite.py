"""SQLite as safe as PostgreSQL.

The driver's own transaction handling is switched off. Writers begin with BEGIN IMMEDIATE (a deferred BEGIN that later
writes fails at once instead of waiting) and pass a fair gate before it (parking/database/gate.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, event
from sqlalchemy.engine import Connection

WRITER_SECONDS = 10
"""Longest wait of a writer for the other writers."""
SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: an acknowledged booking survives a power cut
    "foreign_keys": 1,
    "recursive_triggers": 1,  # without it INSERT OR REPLACE deletes past the delete trigger
    "busy_timeout": WRITER_SECONDS * 1000,
}
"""Settings of every SQLite connection; the start-up check reads them back."""


def engine_options() -> dict[str, Any]:
    """Arguments of `create_engine`: a current SQLite, no waiting longer than WRITER_SECONDS, no values of statements in
    the log."""
    return {
        "module": driver(),
        "hide_parameters": True,
        "connect_args": {"timeout": WRITER_SECONDS, "check_same_thread": False},
    }


def driver() -> Any:
    """The module of the driver, with a current SQLite."""
    try:  # before SQLite 3.51.3 a WAL reset at the wrong moment can corrupt the file
        from pysqlite3 import dbapi2
    except ImportError:  # platforms without the wheel use the interpreter's own
        import sqlite3

        return sqlite3
    return dbapi2


def prepare(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for name, value in SQLITE_PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={value}")
        if engine.url in _unsynced:
            connection.execute("PRAGMA synchronous=OFF")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if "seconds" in options:
            _begin_in_time(connection, options["seconds"])
        elif not options.get("single"):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writer") else "BEGIN")


def _begin_in_time(connection: Connection, seconds: float) -> None:
    """BEGIN IMMEDIATE for a writer that has waited already; programs other than ours may write without the gate."""
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={SQLITE_PRAGMAS['busy_timeout']}")


_unsynced: set[URL] = set()


@contextmanager
def unsynced_commits(engine: Engine) -> Iterator[None]:
    """Inside, commits on SQLite do not wait for the disk; at the end all of them are written to it, at once.

    A power cut inside loses the whole database: this is for one that is filled for the first time, and not beside
    requests, because all connections are closed before and after. No effect on PostgreSQL."""
    if engine.dialect.name != "sqlite":
        yield
        return
    engine.dispose()
    _unsynced.add(engine.url)
    try:
        yield
    finally:
        _unsynced.remove(engine.url)
        engine.dispose()
        with engine.execution_options(single=True).connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")  # flushes the log, then the file


def file_of(engine: Engine) -> Path | None:
    return Path(engine.url.database) if engine.dialect.name == "sqlite" and engine.url.database else None
