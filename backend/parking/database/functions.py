"""SQL functions that are written differently on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from parking.database.types import UTCDateTime


class unindexed(FunctionElement[Any]):
    """A column whose index the planner must not use (it misjudges how the rows are distributed)."""

    inherit_cache = True
    name = "unindexed"

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(unindexed, "sqlite")
def _unindexed_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"+{compiler.process(element.clauses, **kw)}"


@compiles(unindexed, "postgresql")
def _unindexed_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return f"coalesce({column}, {column})"


class plus_seconds(FunctionElement[datetime]):
    """`plus_seconds(instant, seconds)` in SQL, on both databases."""

    type = UTCDateTime()
    inherit_cache = True
    name = "plus_seconds"


@compiles(plus_seconds, "sqlite")
def _plus_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    instant, seconds = element.clauses
    return f"({compiler.process(instant, **kw)} + {compiler.process(seconds, **kw)})"


@compiles(plus_seconds, "postgresql")
def _plus_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    instant, seconds = element.clauses
    return f"({compiler.process(instant, **kw)} + make_interval(secs => {compiler.process(seconds, **kw)}))"


class rfc3339(FunctionElement[str]):
    """An instant as text in UTC, `2026-03-02T09:00:00Z`, formatted by the database, which long lists need for speed."""

    type = Text()
    inherit_cache = True
    name = "rfc3339"


@compiles(rfc3339, "sqlite")
def _rfc3339_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {compiler.process(element.clauses, **kw)}, 'unixepoch')"


@compiles(rfc3339, "postgresql")
def _rfc3339_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    instant = compiler.process(element.clauses, **kw)
    return f"to_char({instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
