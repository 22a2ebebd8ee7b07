"""The database: connections, transactions, column types, and what protects the schema."""

from __future__ import annotations

from parking.database.functions import plus_seconds, rfc3339, unindexed
from parking.database.reads import ColumnGroups, Prepared, Read, read_connection
from parking.database.session import (
    Base,
    after_commit,
    before_commit,
    changed_rows,
    database_folder,
    db,
    engine_options,
    init_app,
    is_sqlite,
    read_once,
    reading,
    request_has_committed,
    snapshot,
    transaction,
)
from parking.database.sqlite import SQLITE_PRAGMAS, WRITER_SECONDS, unsynced_commits
from parking.database.types import BigId, UTCDateTime, Words

__all__ = [
    "SQLITE_PRAGMAS",
    "WRITER_SECONDS",
    "Base",
    "BigId",
    "ColumnGroups",
    "Prepared",
    "Read",
    "UTCDateTime",
    "Words",
    "after_commit",
    "before_commit",
    "changed_rows",
    "database_folder",
    "db",
    "engine_options",
    "init_app",
    "is_sqlite",
    "plus_seconds",
    "read_connection",
    "read_once",
    "reading",
    "request_has_committed",
    "rfc3339",
    "snapshot",
    "transaction",
    "unindexed",
    "unsynced_commits",
]
