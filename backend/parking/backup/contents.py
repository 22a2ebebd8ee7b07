"""What a database holds, and whether it may be used: for the manifest and for checks of a restored copy."""

from __future__ import annotations

from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import ColumnElement, Connection, Select, and_, column, func, inspect, select, table, text
from sqlalchemy.orm import aliased

from parking.backup.archive import Contents
from parking.bookings import LIVE, Booking

MONEY = "_minor"
"""The names of columns of money end so; they are in minor units."""


def read_contents(connection: Connection) -> Contents:
    """Counts the rows and sums up the money of every table."""
    inspector = inspect(connection)
    names = sorted(set(inspector.get_table_names()) - {"alembic_version"})
    return Contents(
        revision=MigrationContext.configure(connection).get_current_revision() or "",
        tables={name: _numbers(connection, name, [c["name"] for c in inspector.get_columns(name)]) for name in names},
    )


def _numbers(connection: Connection, name: str, columns: list[str]) -> dict[str, int]:
    money = [one for one in columns if one.endswith(MONEY)]
    sums: list[ColumnElement[Any]] = [func.coalesce(func.sum(column(one)), 0).label(one) for one in money]
    row = connection.execute(select(func.count().label("rows"), *sums).select_from(table(name))).one()
    return {one: int(value) for one, value in row._mapping.items()}


def differences(expected: Contents, actual: Contents) -> list[str]:
    """What is not as the manifest says, one sentence each."""
    problems = []
    if expected.revision != actual.revision:
        problems.append(f"The migration is {actual.revision or 'none'}, not {expected.revision}.")
    for name in sorted(expected.tables.keys() | actual.tables.keys()):
        before, after = expected.tables.get(name), actual.tables.get(name)
        if before != after:
            problems.append(f"The table {name} has {after}, not {before}.")
    return problems


def problems_of(connection: Connection) -> list[str]:
    """Broken rules in the rows, one sentence each: foreign keys, and holds of one spot that overlap."""
    problems = []
    if connection.dialect.name == "sqlite":
        if (state := connection.scalar(text("PRAGMA integrity_check(1)"))) != "ok":
            problems.append(f"SQLite finds the file damaged: {state}.")
        if broken := connection.execute(text("PRAGMA foreign_key_check")).all():
            problems.append(f"{len(broken)} rows name a row that does not exist, the first in {broken[0][0]}.")
    if overlaps := connection.scalar(_overlaps()):
        problems.append(f"{overlaps} pairs of bookings hold one spot at the same time.")
    return problems


def _overlaps() -> Select[int]:
    """Counts the pairs of live bookings of one spot that overlap."""
    one, other = aliased(Booking), aliased(Booking)
    return (
        select(func.count())
        .select_from(one)
        .join(other, and_(one.lot_id == other.lot_id, one.spot_id == other.spot_id, one.id < other.id))
        .where(one.status.in_(LIVE), other.status.in_(LIVE))
        .where(one.start_time < other.held_until, other.start_time < one.held_until)
    )
