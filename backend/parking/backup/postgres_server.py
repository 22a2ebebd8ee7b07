"""Dumps and restores a database of PostgreSQL with its own programs, pg_dump and pg_restore."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from parking.backup.archive import BackupError, Contents
from parking.backup.contents import read_contents

MAINTENANCE = "postgres"
"""The database from which others are made, renamed and dropped."""


class PostgresServer:
    """The database is one of a server. A dump is read in one snapshot, which blocks no writer."""

    kind = "postgresql"

    def __init__(self, url: URL, scratch_folder: Path) -> None:
        self.url = url
        self.scratch_folder = scratch_folder

    @property
    def name(self) -> str:
        return str(self.url.database)

    def exists(self) -> bool:
        """Whether there is a database with tables of the program."""
        if not self._is_on_server():
            return False
        query = text("SELECT to_regclass('alembic_version') IS NOT NULL")
        with self.engine_of(self.url).connect() as connection:
            return bool(connection.scalar(query))

    def size_bytes(self) -> int:
        with self.engine_of(self.url).connect() as connection:
            return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)

    def dump(self, target: Path) -> Contents:
        """Writes a dump of the database as it is now, and returns what it holds. Raises BackupError."""
        with self.engine_of(self.url).connect() as connection:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
            # It waits while pg_dump reads, for longer than the role may allow (docs/operations.md, PgBouncer).
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            self._run("pg_dump", self.url, "--format=custom", f"--snapshot={snapshot}", f"--file={target}")
            return read_contents(connection)

    def load(self, dump: Path, name: str) -> URL:
        """Makes a new database of a dump on the same server. Raises BackupError."""
        new = self.url.set(database=f"{self.name}_{name.replace('-', '_')}")
        self._maintain(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(str(new.database))))
        try:
            self._run("pg_restore", new, "--exit-on-error", "--single-transaction", str(dump))
        except BackupError:
            self.drop(new)
            raise
        dump.unlink()
        return new

    def drop(self, url: URL) -> None:
        """Deletes a database that `load` made."""
        name = sql.Identifier(str(url.database))
        self._maintain(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def drop_leftovers(self, purpose: str, before: datetime | None = None) -> None:
        """Deletes what killed programs have left of `purpose`: databases with the names that `load` gives, all of them
        or those that were made before this. (The server does not say when it made one; the name does.)"""
        limit = before.timestamp() if before else math.inf
        ours = re.compile(f"{re.escape(self.name)}_{purpose}_([0-9a-f]{{8}})[0-9a-f]{{4}}(_old)?")
        with self._maintenance().connect() as connection:
            names = connection.scalars(text("SELECT datname FROM pg_database")).all()
        for name in filter(None, map(ours.fullmatch, names)):
            if int(name[1], 16) < limit:
                self.drop(self.url.set(database=name[0]))
        for folder in self.scratch_folder.glob(f".{purpose}-*"):
            if folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)

    def engine_of(self, source: URL) -> Engine:
        return create_engine(source, poolclass=NullPool)

    def check_unused(self) -> None:
        """Raises BackupError while a program is connected to the database."""
        # The server's own workers have no role. (What kind a session is, it says of other roles' to superusers alone.)
        query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND usesysid IS NOT NULL")
        with self._maintenance().connect() as connection:
            others = connection.scalar(query, {"name": self.name})
        if others:
            raise BackupError(
                f"{others} connections to the database {self.name} are open. Stop web servers, workers and Beat on all "
                "machines, then try again."
            )

    def replace_with(self, new: URL) -> None:
        """Gives the new database the name of the configured one, in one transaction, and deletes the old one."""
        old = f"{new.database}_old"
        names = [(str(new.database), self.name)]
        if self._is_on_server():
            names.insert(0, (self.name, old))
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        self._maintain(*(rename.format(*map(sql.Identifier, pair)) for pair in names))
        self.drop(self.url.set(database=old))

    def _is_on_server(self) -> bool:
        """Whether the server has a database of this name, empty or not."""
        with self._maintenance().connect() as connection:
            query = text("SELECT count(*) FROM pg_database WHERE datname = :name")
            return bool(connection.scalar(query, {"name": self.name}))

    def _maintenance(self, **options: Any) -> Engine:
        return create_engine(self.url.set(database=MAINTENANCE), poolclass=NullPool, **options)

    def _maintain(self, *statements: sql.Composed) -> None:
        """Runs statements from another database: one alone, several in one transaction. Raises BackupError."""
        level: Any = "AUTOCOMMIT" if len(statements) == 1 else "READ COMMITTED"
        try:
            with self._maintenance(isolation_level=level).begin() as connection:
                driver = connection.connection.driver_connection
                for statement in statements:
                    connection.exec_driver_sql(statement.as_string(driver))
        except DBAPIError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise BackupError(f"The database server refused: {reason}.") from None

    def _run(self, program: str, url: URL, *arguments: str) -> None:
        path = shutil.which(program)
        if path is None:
            raise BackupError(
                f"{program} was not found. Install PostgreSQL's client programs, as new as the server, in the PATH."
            )
        parameters = {**url.translate_connect_args(username="user", database="dbname"), **url.query}
        password = parameters.pop("password", "")  # other users of the machine see the arguments, not the environment
        command = [path, "--no-owner", "--no-privileges", f"--dbname={make_conninfo(**parameters)}", *arguments]
        variables = {**os.environ, "PGPASSWORD": password} if password else dict(os.environ)
        ended = subprocess.run(command, env=variables, capture_output=True, text=True)  # noqa: S603 - no shell
        if ended.returncode != 0:
            lines = ended.stderr.strip().splitlines() or [f"it ended with {ended.returncode}"]
            raise BackupError(f"{program} failed: {lines[-1]}")
