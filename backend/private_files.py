"""Files that nobody but the user of the product may read: database, secrets, exports, Redis' data."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

UMASK = 0o077
_IN_DATA_DIR = (".*", "*.db*", "*.json", "*.url", "*.lock", "celerybeat*", "valkey", "metrics")
"""What the product writes there. Other things in that folder are left alone; the folder itself is closed."""
_IN_EXPORT_DIR = ("user_*", "admin")


def set_umask() -> None:
    """New files of this process and its children: for their owner alone. Called first in every program."""
    os.umask(UMASK)


def tighten(data_dir: Path, export_dir: Path, database: Path | None = None) -> None:
    """Takes the rights of group and others away from what an older version, or a looser umask, left behind.

    `database` is an SQLite file, wherever it lies. What belongs to another user is left as it is.
    """
    for path in _ours(data_dir, export_dir, database):
        with contextlib.suppress(OSError):
            status = path.lstat()
            loose = stat.S_IMODE(status.st_mode) & UMASK
            if loose and status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode):
                path.chmod(stat.S_IMODE(status.st_mode) & ~UMASK)


def _ours(data_dir: Path, export_dir: Path, database: Path | None) -> Iterator[Path]:
    for folder, patterns in ((data_dir, _IN_DATA_DIR), (export_dir, _IN_EXPORT_DIR)):
        yield folder
        for pattern in patterns:
            for path in folder.glob(pattern):
                yield path
                yield from _inside(path)
    if database is not None:
        yield from (database.with_name(database.name + end) for end in ("", "-wal", "-shm", ".gate"))


def _inside(folder: Path) -> Iterable[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return
    for base, folders, files in os.walk(folder):
        yield from (Path(base, name) for name in (*folders, *files))


def sqlite_file(database_url: str) -> Path | None:
    """The file of an SQLite URL; None for another database."""
    scheme, _, path = database_url.partition(":///")
    return Path(path) if scheme == "sqlite" and path else None


def stored_secrets(path: Path, names: Sequence[str], least_bytes: int) -> dict[str, str]:
    """The secrets in the file, made at the first call. Two processes at once agree: the first link wins.

    Raises OSError, or ValueError for a file that does not hold them.
    """
    if not path.exists():
        values = {name: secrets.token_urlsafe(48) for name in names}
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(values, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if path.stat().st_mode & UMASK:
        path.chmod(0o600)
    stored = json.loads(path.read_text())
    if not isinstance(stored, dict) or any(len(str(stored.get(name, ""))) < least_bytes for name in names):
        raise ValueError("not the three secrets")
    return {name: str(stored[name]) for name in names}
