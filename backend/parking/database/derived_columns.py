"""Columns computed from other columns of their row: keys that make a name unique, and texts for search.

    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = derived(names.key, "name", unique=Unique(unless="deleted_at"))

They are always set: an INSERT through mapper or table fills them (column default), a flush recomputes them on a
changed object, a bulk UPDATE of a source gets them added, and rows that other programs wrote without them are
completed at start (`complete`). A unique index on the column enforces uniqueness. Rows that were allowed once and have
the same key now are duplicates: see duplicates.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Null,
    Table,
    TableClause,
    Text,
    bindparam,
    event,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import MappedColumn, Mapper, ORMExecuteState, Session, mapped_column

from parking.database import Base
from parking.text.email_addresses import DUPLICATE_PREFIX

BATCH = 2_000
INFO = "derived"
KeyText = Text(collation="C").with_variant(Text(), "sqlite")
"""Compared and sorted by code points, on both databases."""


@dataclass(frozen=True, slots=True)
class Unique:
    """The key is unique among the rows whose column `unless` is null (None: among all rows). `duplicate_key` computes
    the key of a duplicate from its own spelling, where that can be looked up."""

    unless: str | None = None
    duplicate_key: Callable[..., str] | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """`compute` takes the values of `sources`, in this order, and returns the value of the column."""

    compute: Callable[..., str | None]
    sources: tuple[str, ...]
    unique: Unique | None = None

    def of(self, row: Mapping[str, Any]) -> str | None:
        """The value for a row."""
        return self.compute(*(row.get(source) for source in self.sources))

    def counts(self, row: Mapping[str, Any]) -> bool:
        """Whether the row's key must be unique."""
        return self.unique is not None and (self.unique.unless is None or row[self.unique.unless] is None)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The row `id` has the same name or address (`column`) as the earlier row `same_as`."""

    table: str
    column: str
    id: int
    same_as: int | None


def derived(
    compute: Callable[..., str | None], *sources: str, unique: Unique | None = None, **options: Any
) -> MappedColumn[Any]:
    """A mapped column whose value `compute` derives from the columns `sources`."""
    rule = Derived(compute, sources, unique)
    if not options.get("nullable"):
        options["server_default"] = ""
    options["default"] = lambda context: rule.of(context.get_current_parameters())
    return mapped_column(KeyText, info={INFO: rule}, **options)


@functools.cache
def rules(table: Table) -> dict[str, Derived]:
    """Column name -> rule, for the derived columns of a table."""
    return {column.name: column.info[INFO] for column in table.columns if INFO in column.info}


def tables() -> list[Table]:
    """The tables that have derived columns."""
    return [table for table in Base.metadata.sorted_tables if rules(table)]


# writing -------------------------------------------------------------------------------------


@event.listens_for(Mapper, "before_update")
def _recompute(mapper: Mapper[Any], _connection: Connection, row: Any) -> None:
    """A changed object gets new values where a source has changed (a duplicate that did not change stays one)."""
    table = mapper.local_table
    for name, rule in rules(table).items() if isinstance(table, Table) else ():
        attributes = inspect(row).attrs
        if any(attributes[source].history.has_changes() for source in rule.sources):
            setattr(row, name, rule.compute(*(getattr(row, source) for source in rule.sources)))


@event.listens_for(Session, "do_orm_execute")
def _complete_update(state: ORMExecuteState) -> None:
    """A bulk UPDATE of a source sets the columns derived from it. Raises ValueError when they cannot be computed."""
    if not state.is_update:
        return
    statement: Any = state.statement
    table = statement.table
    values = {getattr(column, "name", column): value for column, value in (statement._values or {}).items()}
    lists = state.parameters if isinstance(state.parameters, list) else [state.parameters or {}]
    listed = {name for parameters in lists for name in parameters}
    more = {}
    for name, rule in rules(table).items() if isinstance(table, Table) else ():
        if name not in values and name not in listed and not {*values, *listed}.isdisjoint(rule.sources):
            try:
                more[name] = rule.of({source: _constant(values[source]) for source in rule.sources})
            except KeyError:
                raise ValueError(f"{table.name}.{name} follows from {', '.join(rule.sources)}: set it too") from None
    if more:
        state.statement = statement.values(more)


def _constant(value: Any) -> Any:
    """The value of a bound parameter, which has the type of its column. Raises KeyError for any other expression."""
    if isinstance(value, Null):
        return None
    if isinstance(value, BindParameter) and value.callable is None and not value.required:
        return value.value
    raise KeyError(value)


def is_conflict(error: IntegrityError, column: Any) -> bool:
    """Whether the unique index on this derived column refused the row (PostgreSQL names the index, SQLite the
    column)."""
    table: Column[Any] = column.table
    message = str(error.orig)
    return f"uq_{table.name}_{column.name}" in message or f"{table.name}.{column.name}" in message


# rows without keys ---------------------------------------------------------------------------


def complete(connection: Connection, table: TableClause, columns: Mapping[str, Derived]) -> list[Duplicate]:
    """Fills the derived columns where they are empty. Returns the duplicates: of rows with the same key the one with
    the lowest id keeps it."""
    owners = {name: _owners(connection, table, name, rule) for name, rule in columns.items() if rule.unique}
    duplicates: list[Duplicate] = []
    for batch in _batches(connection, table, columns):
        changes = []
        for row in batch:
            values = {name: row[name] or rule.of(row) for name, rule in columns.items()}
            for name, taken in owners.items():
                if not row[name] and columns[name].counts(row):
                    first = taken.setdefault(values[name], row["id"])
                    if first != row["id"]:
                        values[name] = _duplicate_key(columns[name], row, values[name], taken)
                        duplicates.append(Duplicate(table.name, columns[name].sources[0], row["id"], first))
            if any(values[name] != row[name] for name in columns):
                changes.append({"row_id": row["id"], **{f"new_{name}": value for name, value in values.items()}})
        if changes:
            new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
            connection.execute(update(table).where(table.c.id == bindparam("row_id")).values(new), changes)
    return duplicates


def _batches(connection: Connection, table: TableClause, columns: Mapping[str, Derived]) -> Iterator[Any]:
    """The columns that the rules need, in order of the ids, BATCH rows at a time."""
    needed = ["id", *columns]
    for rule in columns.values():
        needed += [*rule.sources, *([rule.unique.unless] if rule.unique and rule.unique.unless else [])]
    query = select(*(table.c[name] for name in dict.fromkeys(needed))).order_by(table.c.id).limit(BATCH)
    batch = connection.execute(query).mappings().all()
    while batch:
        yield batch
        batch = connection.execute(query.where(table.c.id > batch[-1]["id"])).mappings().all()


def _owners(connection: Connection, table: TableClause, name: str, rule: Derived) -> dict[Any, int]:
    query = select(table.c[name], table.c.id).where(table.c[name] != "", *must_be_unique(table, rule))
    return {row[0]: row[1] for row in connection.execute(query)}


def must_be_unique(table: TableClause, rule: Derived) -> list[Any]:
    """The condition on rows whose key must be unique."""
    unless = rule.unique.unless if rule.unique else None
    return [table.c[unless].is_(None)] if unless else []


def _duplicate_key(rule: Derived, row: Any, key: Any, taken: dict[Any, int]) -> str:
    """The duplicate's own spelling as a key, where that is unique; else one with its id."""
    if rule.unique and rule.unique.duplicate_key:
        own = rule.unique.duplicate_key(*(row[source] for source in rule.sources))
        if taken.setdefault(own, row["id"]) == row["id"]:
            return own
    return f"{DUPLICATE_PREFIX}{row['id']} {key}"


def wrong_values(session: Session) -> list[tuple[str, str, int]]:
    """Rows whose derived columns differ from what their rule computes: (table, column, id)."""
    return [
        (table.name, name, row["id"])
        for table in tables()
        for batch in _batches(session.connection(), table, rules(table))
        for row in batch
        for name, rule in rules(table).items()
        if row[name] != rule.of(row) and not (rule.unique and row[name].startswith(DUPLICATE_PREFIX))
    ]
