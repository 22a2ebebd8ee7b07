"""The file of a backup: a ZIP archive with a dump of the database and manifest.json, which says what is in it.

The manifest holds the version of the program, the migration, the kind of database, the number of rows and the sums of
money of every table, the checksum of the dump, and the names of the settings, but no secret.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database"
SUFFIX = ".backup"
_CHUNK = 1024 * 1024
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What the library raises for damaged archives; RuntimeError for a wrong bit that says "encrypted" or a method."""


class BackupError(Exception):
    """It cannot be done; the text says why and what to do, in whole sentences."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds: its migration, and per table the rows and the sums of its columns of money."""

    revision: str
    tables: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in an archive. `reason`: why it was made (manual, scheduled, restore, upgrade)."""

    version: str
    database: str
    reason: str
    created_at: str
    contents: Contents
    settings: list[str]
    sha256: str = ""
    size_bytes: int = 0


def write(file: Path, manifest: Manifest, dump: Path) -> Manifest:
    """Writes the archive, readable by its owner alone. It has its name once it is whole and on the disk.

    Raises BackupError when the file exists, OSError when it cannot be written.
    """
    if file.exists():
        raise BackupError(f"{file} exists already. Name another file.")
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    checksum, size = _checksum(dump)
    whole = Manifest(**{**_fields(manifest), "sha256": checksum, "size_bytes": size})
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.writestr(MANIFEST, json.dumps({"format": FORMAT, **asdict(whole)}, indent=1))
                archive.write(dump, DUMP)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, file)
        sync_folder(file.parent)
    finally:
        partial.unlink(missing_ok=True)
    return whole


def read(file: Path) -> Manifest:
    """Returns the manifest of an archive. Raises BackupError for a file that is none."""
    with _opened(file) as archive:
        try:
            values = json.loads(archive.read(MANIFEST))
            number = values.pop("format")
            if number != FORMAT:
                raise BackupError(f"{file} has format {number}, which this program does not know. Use a newer version.")
            return Manifest(**{**values, "contents": Contents(**values["contents"])})
        except (KeyError, TypeError, ValueError):
            raise BackupError(f"{file} is not a backup of this program: its manifest cannot be read.") from None


def extract(file: Path, manifest: Manifest, target: Path) -> None:
    """Writes the dump to `target`. Raises BackupError when its checksum is not that of the manifest."""
    with _opened(file) as archive:
        try:
            with archive.open(DUMP) as source, _private(target) as stream:
                shutil.copyfileobj(source, stream, _CHUNK)
                stream.flush()
                os.fsync(stream.fileno())
        except (KeyError, *_DAMAGE):
            raise BackupError(f"{file} is damaged: its dump cannot be read. Use another backup.") from None
    if _checksum(target) != (manifest.sha256, manifest.size_bytes):
        raise BackupError(f"{file} is damaged: the checksum of its dump is wrong. Use another backup.")


def sync_folder(folder: Path) -> None:
    """Makes new names in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError:
        raise BackupError(f"{file} does not exist. `flask backup list` lists the backups.") from None
    except _DAMAGE:
        raise BackupError(f"{file} is not a backup, or it is damaged. Use another backup.") from None
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place in the file that cannot be
            raise
        raise BackupError(f"{file} is damaged. Use another backup.") from None


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _checksum(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def _fields(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}
