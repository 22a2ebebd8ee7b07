"""Rows from the database to wherever they go, a part at a time: the memory needed does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Engine, Select

from parking.database import db

ROWS_AT_ONCE = 1000


def parts(query: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows in parts, through a cursor of the server on a connection of its own (one unchanging view of the data,
    and nothing of it in the session). May be read after the request's context has ended."""
    return _parts(db.engine, query)


def _parts(engine: Engine, query: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Sequence[Any]]]:
    with engine.connect() as connection:
        result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query)
        yield from result.partitions()


def count(query: Select[int]) -> int:
    with db.engine.connect() as connection:
        return int(connection.scalar(query) or 0)
