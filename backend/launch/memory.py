"""Where the processes of one server leave small files for each other: in memory, since a disk may be full or slow.

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
    """The folder of the server with this process id; made when it is not there. Where there is no file system in
    memory, or somebody else has taken our name in it, it lies in DATA_DIR. Raises OSError."""
    folder = _root(data_dir) / str(server)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def forget(server: int, data_dir: Path) -> None:
    """Removes the folder of this server, and those of servers that are gone (they were killed)."""
    root = _root(data_dir)
    shutil.rmtree(root / str(server), ignore_errors=True)
    forget_the_dead(data_dir)
    with contextlib.suppress(OSError):  # only when it is empty
        root.rmdir()


def forget_the_dead(data_dir: Path) -> None:
    """Removes what killed servers left."""
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
