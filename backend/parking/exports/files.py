"""The files of exports: their names, private folders, and files that appear only when they are complete."""

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
"""With less free space than this no file is started, because the database needs the space."""
_PIECE = 1 << 20
_FOLDER = re.compile(r"user_[0-9]{1,19}|admin")
_PARTS = re.compile(r"[A-Za-z0-9_-]{1,80}(\.[a-z]{3})?")


class OutsideError(ValueError):
    """The name is not one of a file in the exports' folder."""


class DiskFull(Exception):
    """Less than MIN_FREE_BYTES are free."""


def relative(user_id: int, kind: str, job_id: int, created_at: datetime) -> str:
    """The path of a job's file relative to EXPORT_DIR, made only of numbers and fixed words."""
    folder, suffix = ("admin", "zip") if kind == "all_data" else (f"user_{user_id}", "csv")
    return f"{folder}/{kind}_{created_at:%Y%m%d-%H%M%S}_{job_id}.{suffix}"


def absolute(file: str) -> Path:
    """The absolute path of a job's file. Raises OutsideError for a name that `relative` cannot return, and for a folder
    that is a symbolic link."""
    parts = file.split("/")
    if len(parts) != 2 or not _FOLDER.fullmatch(parts[0]) or not _PARTS.fullmatch(parts[1]):
        raise OutsideError("not the name of an export")
    folder = settings.current().export_dir / parts[0]
    if folder.is_symlink():
        raise OutsideError("the folder is a link")
    return folder / parts[1]


def report_path(name: str) -> Path:
    """The path of a file attached to the administrators' reports."""
    return absolute(f"admin/report_{name}")


def stored_path(path: Path) -> str:
    """The path relative to EXPORT_DIR, as mails store it."""
    return path.relative_to(settings.current().export_dir).as_posix()


def delete_old_reports(before: datetime) -> int:
    """Deletes the report files written before then and returns their number."""
    old = [
        path
        for path in settings.current().export_dir.glob("admin/report_*")
        if path.stat().st_mtime < before.timestamp()
    ]
    for path in old:
        remove_entry(path)
    return len(old)


def free_bytes() -> int:
    """The free bytes of the disk that holds the exports."""
    return shutil.disk_usage(settings.current().export_dir).free


def check_space() -> None:
    """Raises DiskFull when less than MIN_FREE_BYTES are free."""
    if free_bytes() < MIN_FREE_BYTES:
        raise DiskFull


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Writes a file that appears under its name only when it is complete and on disk; after an error nothing
    remains."""
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


def pack(path: Path, members: Iterable[Path], check: Callable[[], None]) -> None:
    """The members as one zip file. `check` is called for every piece and may raise."""
    with whole_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for member in members:
            with member.open("rb") as source, archive.open(member.name, "w", force_zip64=True) as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    check()


def members_folder(path: Path) -> Path:
    """The folder beside an archive that holds its files unpacked."""
    return path.with_suffix("")


def remove(file: str) -> None:
    """Deletes the file of a job, its folder and its parts, where they exist."""
    path = absolute(file)
    for entry in (path, members_folder(path), *path.parent.glob(f"{path.name}.*.part")):
        remove_entry(entry)


def remove_entry(entry: Path) -> None:
    """Deletes a file or a folder of members, and the user's folder once it is empty."""
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
