"""SQL functions that are written differently on SQLite and PostgreSQL, and the condition of a search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Dialect,
    Integer,
    Text,
    TypeDecorator,
    bindparam,
    func,
    literal,
    or_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from parking.database.types import UTCDateTime
from parking.text import names


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


class unix_seconds(FunctionElement[int]):
    """An instant as seconds since 1970."""

    type = Integer()
    inherit_cache = True
    name = "unix_seconds"


@compiles(unix_seconds, "sqlite")
def _seconds_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(unix_seconds, "postgresql")
def _seconds_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST(extract(epoch FROM {compiler.process(element.clauses, **kw)}) AS bigint)"


class _Ids(TypeDecorator[list[int]]):
    """Ids of any number as one value: an array on PostgreSQL, JSON on SQLite (a parameter for each would be slow to
    read, and there may only be so many)."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(BigInteger()))

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> str | list[int] | None:
        return json.dumps(value) if dialect.name == "sqlite" else value


class among(FunctionElement[bool]):
    """`among(column, ids)`: that the column is one of these ids (a list, or the name of the parameter it comes in)."""

    type = Boolean()
    inherit_cache = True
    name = "among"

    def __init__(self, column: Any, ids: Sequence[int] | str) -> None:
        given = bindparam(ids, type_=_Ids()) if isinstance(ids, str) else literal(list(ids), _Ids())
        super().__init__(column, given)

    def self_group(self, against: Any = None) -> among:
        """Without the `= 1` that SQLAlchemy adds to a function, which would keep SQLite from the column's index."""
        return self


@compiles(among, "sqlite")
def _among_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, ids = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608 - a column and a parameter, compiled


@compiles(among, "postgresql")
def _among_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column, ids = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} = ANY ({ids})"


def contains(column: Any, text: str) -> ColumnElement[bool]:
    """That the column, one of `names.search_text`, contains the text, whichever way its umlauts are written, and with
    whichever apostrophes on both sides."""
    keys = names.search_keys(names.with_plain_apostrophes(text))
    if "'" in keys[0]:  # the column has them as they were typed
        for apostrophe in names.APOSTROPHES:
            column = func.replace(column, apostrophe, "'", type_=Text())
    return or_(*(column.contains(key, autoescape=True) for key in keys))


def from_unix(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
