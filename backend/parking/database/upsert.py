"""INSERT ... ON CONFLICT for both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from parking.database.session import db


def insert(table: Any, dialect: str | None = None) -> Any:
    """An INSERT that offers `on_conflict_do_nothing()` and `on_conflict_do_update()`.

    `dialect` ("sqlite" or "postgresql") is that of the current application unless given, for statements that are
    built once, without an application. `Any`: the two dialects' INSERT classes have no common base with these methods.
    """
    name = dialect or db.engine.dialect.name
    return sqlite.insert(table) if name == "sqlite" else postgresql.insert(table)
