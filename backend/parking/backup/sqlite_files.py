"""Copies and replaces the file of SQLite."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from parking.backup.archive import BackupError, Contents, sync_folder
from parking.backup.contents import read_contents
from parking.database.sqlite import driver

BUSY_MILLISECONDS = 5_000


class SqliteFiles:
    """The database is one file. A copy is read in one step, under a read lock that lets writers go on (WAL)."""

    kind = "sqlite"

    def __init__(self, url: URL) -> None:
        self.file = Path(url.database or "")

    @property
    def scratch_folder(self) -> Path:
        """Where a dump waits: on the same file system, so that it can be renamed."""
        return self.file.parent

    def exists(self) -> bool:
        return self.file.exists() and self.file.stat().st_size > 0

    def size_bytes(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    def dump(self, target: Path) -> Contents:
        """Writes a copy of the file as it is now, and returns what the copy holds."""
        with _closing(self.file) as source, _closing(target) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        with self.engine_of(target).connect() as connection:
            return read_contents(connection)

    def load(self, dump: Path, name: str) -> URL:
        """Makes a new database of a dump, beside the configured one."""
        new = self.file.with_name(f"{self.file.name}.{name}")
        os.replace(dump, new)
        return URL.create("sqlite", database=str(new))

    def drop(self, url: URL) -> None:
        """Deletes a database that `load` made."""
        for end in ("", "-wal", "-shm", "-journal", ".gate", ".gate.next"):
            Path(f"{url.database}{end}").unlink(missing_ok=True)

    def drop_leftovers(self, purpose: str, before: datetime | None = None) -> None:
        """Deletes what killed programs have left of `purpose`: files with the names that `load` gives, all of them or
        those that were last written before this."""
        limit = before.timestamp() if before else math.inf
        for file in self.file.parent.glob(f"{self.file.name}.{purpose}-{'[0-9a-f]' * 8}*"):
            if file.stat().st_mtime < limit:
                file.unlink(missing_ok=True)
        for folder in self.scratch_folder.glob(f".{purpose}-*"):
            if folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)

    def engine_of(self, source: URL | Path) -> Engine:
        url = URL.create("sqlite", database=str(source)) if isinstance(source, Path) else source
        return create_engine(url, module=driver(), poolclass=NullPool)

    def check_unused(self) -> None:
        """Raises BackupError while any program has the file open: only the last one can leave the mode WAL."""
        if not self.exists():
            return
        with _closing(self.file) as connection:
            try:
                connection.execute("PRAGMA journal_mode=DELETE")
            except driver().OperationalError:
                raise BackupError(
                    f"A program has {self.file} open. Stop web server, worker and Beat, then try again."
                ) from None

    def replace_with(self, new: URL) -> None:
        """Puts the new database in the place of the configured one: after a kill the one or the other is there."""
        with _closing(Path(new.database or "")) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")  # its log goes into the file
        self.check_unused()
        # Left of a database that was deleted under a program: SQLite would write it into this one.
        for end in ("-wal", "-shm", "-journal"):
            Path(f"{self.file}{end}").unlink(missing_ok=True)
        os.replace(str(new.database), self.file)
        sync_folder(self.file.parent)


@contextlib.contextmanager
def _closing(path: Path) -> Iterator[Any]:
    connection = driver().connect(str(path), isolation_level=None, timeout=BUSY_MILLISECONDS / 1000)
    try:
        yield connection
    finally:
        connection.close()
