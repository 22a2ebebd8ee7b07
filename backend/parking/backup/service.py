"""Makes, checks and restores backups."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

import config
from parking import clock, settings
from parking.backup import archive
from parking.backup.archive import SUFFIX, BackupError, Manifest
from parking.backup.contents import differences, problems_of, read_contents
from parking.backup.postgres_server import PostgresServer
from parking.backup.sqlite_files import SqliteFiles
from parking.database import schema, sqlite
from parking.timestamps import to_rfc3339

Database = SqliteFiles | PostgresServer
PREPARE_SECONDS = 4 * 3600
_STAMP = "%Y%m%dT%H%M%SZ"
_BACKEND = Path(__file__).resolve().parents[2]
_LEFT_BEHIND = timedelta(days=1)
"""No command takes so long: what is older was left by one that was killed."""
_ROOM_FOR = 1.2
"""Times the size of the database that must be free: for a dump, or for an archive of what does not shrink."""


@contextlib.contextmanager
def _database_errors() -> Iterator[None]:
    """An error of the database is a BackupError: it does not answer, its file is damaged, or its disk is full."""
    try:
        yield
    except (DBAPIError, sqlite.driver().Error) as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise BackupError(f"The database cannot be read or written: {reason.rstrip('.')}.") from error


@_database_errors()
def create(file: Path | None = None, *, reason: str = "manual") -> tuple[Path, Manifest]:
    """Makes a backup of the configured database, by default in BACKUP_DIR. Returns its file and manifest.

    It is the state of one moment; bookings go on meanwhile. Raises BackupError, OSError.
    """
    database, now = _configured(), clock.now()
    if not database.exists():
        raise BackupError("There is no database yet, so there is nothing to back up.")
    folder = settings.current().backup_dir
    _delete_leftovers(database, folder)
    file = file or folder / f"parkwell-{now.astimezone(UTC).strftime(_STAMP)}-{reason}{SUFFIX}"
    for place in {file.parent, database.scratch_folder}:
        _make_folder(place, database.size_bytes())
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=database.scratch_folder) as scratch:
        dump = Path(scratch) / archive.DUMP
        contents = database.dump(dump)
        manifest = Manifest(
            version=str(current_app.version),  # type: ignore[attr-defined]  # APIFlask has a version
            database=database.kind,
            reason=reason,
            created_at=str(to_rfc3339(now)),
            contents=contents,
            settings=config.names_set(),
        )
        return file, archive.write(file, manifest, dump)


@_database_errors()
def verify(file: Path) -> Manifest:
    """Restores the backup into a scratch database and checks it: checksum, migration, foreign keys, holds that overlap,
    rows and sums of money. Returns the manifest. Raises BackupError with everything that is wrong."""
    manifest = archive.read(file)
    _check_revision(file, manifest)
    database = _database_for(manifest)
    _delete_old_scratch(database)
    with _restored(database, file, manifest, "verify"):
        return manifest


@_database_errors()
def restore(file: Path) -> tuple[Manifest, Path | None]:
    """Puts the backup in the place of the configured database. Returns the manifest, and the backup of what was there.

    After it everybody must sign in again, and no mail is sent until an administrator allows it. When it is killed or
    fails, the database is the old one or the new one. Raises BackupError, OSError.
    """
    manifest = archive.read(file)
    _check_revision(file, manifest)
    database = _configured()
    if manifest.database != database.kind:
        raise BackupError(
            f"{file} is a backup of {manifest.database}, and DATABASE_URL names a database of {database.kind}. "
            f"Set DATABASE_URL to one of {manifest.database}."
        )
    with _no_run():
        database.check_unused()
        database.drop_leftovers("restore")
        before = create(reason="restore")[0] if database.exists() else None
        with _restored(database, file, manifest, "restore") as new:
            _prepare(new, manifest)
            database.replace_with(new)
    return manifest, before


def listing() -> list[tuple[Path, Manifest | None]]:
    """The backups in BACKUP_DIR, the newest first; None stands for a file that is none, or cannot be read."""
    entries: list[tuple[Path, Manifest | None]] = []
    for file in sorted(settings.current().backup_dir.glob(f"*{SUFFIX}"), reverse=True):
        try:
            entries.append((file, archive.read(file)))
        except (BackupError, OSError):
            entries.append((file, None))
    return entries


def scheduled_files() -> list[tuple[Path, datetime]]:
    """The scheduled backups in BACKUP_DIR, with the moment in their names."""
    files = settings.current().backup_dir.glob(f"parkwell-*-scheduled{SUFFIX}")
    return [(file, datetime.strptime(file.name.split("-")[1], _STAMP).replace(tzinfo=UTC)) for file in files]


def _configured() -> Database:
    current = settings.current()
    url = make_url(current.database_url)
    return SqliteFiles(url) if url.get_backend_name() == "sqlite" else PostgresServer(url, current.backup_dir)


def _database_for(manifest: Manifest) -> Database:
    """Where a backup can be checked: the configured database server, or for SQLite any folder."""
    database = _configured()
    if database.kind == manifest.database:
        return database
    if manifest.database == "sqlite":
        return SqliteFiles(URL.create("sqlite", database=str(settings.current().data_dir / "parking.db")))
    raise BackupError("This is a backup of PostgreSQL. Set DATABASE_URL to a database of a PostgreSQL server first.")


def _check_revision(file: Path, manifest: Manifest) -> None:
    if manifest.contents.revision not in schema.revisions():
        raise BackupError(
            f"{file} was made by version {manifest.version} of this program, which is newer (migration "
            f"{manifest.contents.revision}). Use that version or a newer one."
        )


def _make_folder(folder: Path, size: int) -> None:
    """Makes the folder where it is missing. Raises BackupError where its disk has no room for a database of `size`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < size * _ROOM_FOR:
        raise BackupError(
            f"The disk of {folder} has {free // 2**20} MB free, and {int(size * _ROOM_FOR) // 2**20} MB are needed. "
            "Free some space, or set BACKUP_DIR to another disk."
        )


def _delete_leftovers(database: Database, folder: Path) -> None:
    """Deletes the dumps, the archives that are not whole, and the scratch databases of programs that were killed: each
    may be as large as the database, and a worker is killed at every deployment."""
    before = clock.now() - _LEFT_BEHIND
    patterns = (".backup-????????", f".parkwell-*{SUFFIX}.*.partial")
    places = {folder, database.scratch_folder}
    for left in [path for place in places for pattern in patterns for path in place.glob(pattern)]:
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < before.timestamp():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
    _delete_old_scratch(database)


def _delete_old_scratch(database: Database) -> None:
    """Deletes the scratch databases of checks that were killed; what belongs to somebody else stays."""
    with contextlib.suppress(BackupError, OSError):
        database.drop_leftovers("verify", clock.now() - _LEFT_BEHIND)


@contextlib.contextmanager
def _restored(database: Database, file: Path, manifest: Manifest, purpose: str) -> Iterator[URL]:
    """A database beside the configured one, restored from the archive and checked; deleted afterwards if it is still
    there. Raises BackupError."""
    _make_folder(database.scratch_folder, manifest.size_bytes)
    with tempfile.TemporaryDirectory(prefix=f".{purpose}-", dir=database.scratch_folder) as scratch:
        dump = Path(scratch) / archive.DUMP
        archive.extract(file, manifest, dump)
        seconds = int(clock.now().timestamp())
        new = database.load(dump, f"{purpose}-{seconds:08x}{secrets.token_hex(2)}")
    try:
        with database.engine_of(new).connect() as connection:
            problems = differences(manifest.contents, read_contents(connection)) + problems_of(connection)
        if problems:
            raise BackupError(f"{file} cannot be used. {' '.join(problems)}")
        yield new
    finally:
        database.drop(new)


@contextlib.contextmanager
def _no_run() -> Iterator[None]:
    """Keeps `make run` from starting, and raises BackupError when it runs already."""
    with (settings.current().data_dir / config.RUN_LOCK_FILE).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("The product is running. Stop it, then try again.") from None
        yield


def _prepare(new: URL, manifest: Manifest) -> None:
    """Brings the new database up to date and settles what must not go on, in a program of its own on that database."""
    command = [sys.executable, "-m", "flask", "backup", "prepare-restored", manifest.created_at]
    address = new.render_as_string(hide_password=False)
    ended = subprocess.run(  # noqa: S603 - the command is ours, without a shell
        command,
        cwd=_BACKEND,
        env={**os.environ, "DATABASE_URL": address, "FLASK_APP": "app:create_app"},
        capture_output=True,
        text=True,
        timeout=PREPARE_SECONDS,
    )
    if ended.returncode != 0:
        lines = ended.stderr.strip().splitlines() or ["it said nothing"]
        raise BackupError(f"The restored database could not be brought up to date: {lines[-1]}")
