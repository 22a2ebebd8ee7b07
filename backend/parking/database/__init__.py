"""The database: connections, transactions, column types, and what keeps the schema safe."""

from __future__ import annotations

from parking.database.session import (
    SQLITE_PRAGMAS,
    WRITER_SECONDS,
    Base,
    BigId,
    Groups,
    UTCDateTime,
    after_commit,
    database_folder,
    db,
    engine_options,
    init_app,
    is_sqlite,
    plus_seconds,
    read_once,
    request_has_committed,
    rfc3339,
    snapshot,
    transaction,
    unindexed,
)

__all__ = [
    "SQLITE_PRAGMAS",
    "WRITER_SECONDS",
    "Base",
    "BigId",
    "Groups",
    "UTCDateTime",
    "after_commit",
    "database_folder",
    "db",
    "engine_options",
    "init_app",
    "is_sqlite",
    "plus_seconds",
    "read_once",
    "request_has_committed",
    "rfc3339",
    "snapshot",
    "transaction",
    "unindexed",
]
