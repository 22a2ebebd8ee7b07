"""Rows from the database to wherever they go, a part at a time: the memory needed does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select

from parking.db import db

ROWS_AT_ONCE = 1000


def parts(query: Select[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows in parts, through a cursor of the server on a connection of its own (one unchanging view of the data,
    and nothing of it in the session)."""
    with db.engine.connect() as connection:
        result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query)
        for part in result.partitions():
            yield list(map(tuple, part))


def count(query: Select[tuple[int]]) -> int:
    with db.engine.connect() as connection:
        return int(connection.scalar(query) or 0)
