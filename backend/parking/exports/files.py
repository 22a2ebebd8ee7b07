"""Files of exports: names made here, folders nobody else can look into, a file that is there only when it is whole."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from parking import settings

MIN_FREE_BYTES = 100_000_000
"""With less free space than this no file is begun: the database needs it."""
_PIECE = 1 << 20
_FOLDER = re.compile(r"user_[0-9]{1,19}|admin")
_PARTS = re.compile(r"[A-Za-z0-9_-]{1,80}(\.[a-z]{3})?")


class OutsideError(ValueError):
    """A name that does not lie where exports lie."""


class DiskFull(Exception):
    """Less than MIN_FREE_BYTES are free."""


def relative(user_id: int, kind: str, job_id: int, created_at: datetime) -> str:
    """The file of a job, relative to EXPORT_DIR. Made of numbers and our own words only."""
    folder, suffix = ("admin", "zip") if kind == "all_data" else (f"user_{user_id}", "csv")
    return f"{folder}/{kind}_{created_at:%Y%m%d-%H%M%S}_{job_id}.{suffix}"


def absolute(file: str) -> Path:
    """Where the file of a job lies. Raises OutsideError for anything that `relative` cannot have made, and for a
    folder that is a link to somewhere else."""
    parts = file.split("/")
    if len(parts) != 2 or not _FOLDER.fullmatch(parts[0]) or not _PARTS.fullmatch(parts[1]):
        raise OutsideError("not the name of an export")
    folder = settings.current().export_dir / parts[0]
    if folder.is_symlink():
        raise OutsideError("the folder is a link")
    return folder / parts[1]


def report(name: str) -> Path:
    """Where a file lies that goes with the administrators' reports."""
    return absolute(f"admin/report_{name}")


def inside(path: Path) -> str:
    """The path relative to EXPORT_DIR, as a mail refers to it."""
    return path.relative_to(settings.current().export_dir).as_posix()


def forget_reports(before: datetime) -> int:
    """Deletes the files of reports written before then; how many."""
    old = [
        path
        for path in settings.current().export_dir.glob("admin/report_*")
        if path.stat().st_mtime < before.timestamp()
    ]
    for path in old:
        remove_entry(path)
    return len(old)


def free_bytes() -> int:
    """Space left where exports are written."""
    return shutil.disk_usage(settings.current().export_dir).free


def check_space() -> None:
    """Raises DiskFull."""
    if free_bytes() < MIN_FREE_BYTES:
        raise DiskFull


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Writes a file that appears under its name only when it is complete and on the disk; else nothing is left."""
    _make_folder(path.parent)
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")  # another worker's is never touched
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    _sync_folder(path.parent)


def pack(path: Path, members: Iterable[Path], still_wanted: Callable[[], None]) -> None:
    """The members as one zip file. `still_wanted` is called often meanwhile and may raise."""
    with whole_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for member in members:
            with member.open("rb") as source, archive.open(member.name, "w", force_zip64=True) as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    still_wanted()


def members_folder(path: Path) -> Path:
    """The folder beside an archive in which its files also stand by themselves."""
    return path.with_suffix("")


def remove(file: str) -> None:
    """Deletes the file of a job and what belongs to it; nothing happens where there is none."""
    path = absolute(file)
    for entry in (path, members_folder(path), *path.parent.glob(f"{path.name}.*.part")):
        remove_entry(entry)


def remove_entry(entry: Path) -> None:
    """Deletes a file, or a folder of members, and the user's folder when it is empty then."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
    with suppress(OSError):  # only when it is empty
        entry.parent.rmdir()


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
