"""Reads rows from the database part by part, so that the memory needed does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Engine, Select

from parking.database import db

ROWS_PER_PART = 1000


def read_parts(query: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows in parts, through a server-side cursor on a connection of its own (one snapshot, and nothing in the
    session). May be read after the request context has ended."""
    return _parts(db.engine, query)


def _parts(engine: Engine, query: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Sequence[Any]]]:
    with engine.connect() as connection:
        result = connection.execution_options(yield_per=ROWS_PER_PART).execute(query)
        yield from result.partitions()


def count(query: Select[int]) -> int:
    """The number that a count query returns."""
    with db.engine.connect() as connection:
        return int(connection.scalar(query) or 0)
