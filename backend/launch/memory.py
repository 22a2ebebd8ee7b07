"""The folder in which the processes of one server share small files: in memory, since a disk may be full or slow.

Of the standard library only: gunicorn's configuration reads it too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own, which is checked


def folder_of(server: int, data_dir: Path) -> Path:
    """Creates and returns the folder of the server with this process id; in DATA_DIR where there is no file system in
    memory or the name is taken in it. Raises OSError."""
    folder = _root(data_dir) / str(server)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def remove(server: int, data_dir: Path) -> None:
    """Removes the folder of this server and those of servers that were killed."""
    root = _root(data_dir)
    shutil.rmtree(root / str(server), ignore_errors=True)
    remove_stale(data_dir)
    with contextlib.suppress(OSError):  # only when it is empty
        root.rmdir()


def remove_stale(data_dir: Path) -> None:
    """Removes the folders of killed servers."""
    with contextlib.suppress(OSError):
        for left in _root(data_dir).iterdir():
            with contextlib.suppress(ValueError, OSError):
                try:
                    os.kill(int(left.name), 0)
                except ProcessLookupError:
                    shutil.rmtree(left, ignore_errors=True)


def _root(data_dir: Path) -> Path:
    folder = MEMORY / f"parkwell-metrics-{os.getuid()}"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        there = folder.lstat()
        if stat.S_ISDIR(there.st_mode) and there.st_uid == os.getuid() and not there.st_mode & 0o077:
            return folder
    return data_dir / "metrics"
