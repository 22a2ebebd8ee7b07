"""Classifies errors of the database and the disk: an outage, a full disk, and whether the change may have been made."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

FULL_DISK_BYTES = 1 << 20
"""With less free space than this a disk counts as full."""
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_SQLITE_UNDECIDED = (None, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERNAL)
_UNAVAILABLE_STATES = ("25006", "25P03", "25P04", "53", "55P03", "57", "58")
"""SQLSTATE (PostgreSQL, appendix A): read-only, idle too long, out of resources, a lock, an operator, the system."""


class Busy(SQLAlchemyError):
    """Other writers held the database until the deadline; nothing was begun."""


class OutcomeUnknown(SQLAlchemyError):
    """The error came at COMMIT: whether the change was made is not known."""


def is_outage(error: BaseException) -> bool:
    """Whether the database is unreachable, full or busy, as opposed to a defect of this program."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or (_sqlstate(error) or "").startswith(_UNAVAILABLE_STATES)


def is_full_disk(error: BaseException, database_folder: Path | None = None) -> bool:
    """Whether a full disk is the cause, here or at the database server.

    `database_folder` is where SQLite's file lies: some of its errors say no more than "disk I/O error".
    """
    if isinstance(error, OSError):
        return error.errno in _NO_SPACE
    if not isinstance(error, DBAPIError):
        return False
    if _sqlstate(error) == "53100" or _sqlite_code(error) == sqlite3.SQLITE_FULL:
        return True
    vague = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
    return _sqlite_code(error) in vague and database_folder is not None and is_full(database_folder)


def is_full(folder: Path) -> bool:
    """Whether the disk of `folder` has less than FULL_DISK_BYTES free."""
    return shutil.disk_usage(folder).free < FULL_DISK_BYTES


def may_have_committed(error: DBAPIError) -> bool:
    """Whether the transaction may stand although its COMMIT ended in this error.

    An error that PostgreSQL itself answers means that it rolled back; a connection that ends, or an operator's stop
    (class 57P), says nothing. Of SQLite's errors those of writing mean that the commit record is not in the file; after
    a failed sync it may be.
    """
    state = _sqlstate(error)
    if state is not None:
        return state.startswith(("57P", "08"))
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_WRITE:
        return False
    return _sqlite_code(error) in _SQLITE_UNDECIDED


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _sqlite_code(error: DBAPIError) -> int | None:
    """SQLite's primary result code; None for an error of another database."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF
