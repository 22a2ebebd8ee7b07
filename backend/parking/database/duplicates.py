"""Duplicates: rows with the same name or address by the current rule, which an earlier rule allowed.

Nothing is merged and every account can still sign in. The earlier row (by id) has the ordinary key. The later one
keeps its name and has a key that begins with DUPLICATE_PREFIX, so both stay unique: an account is still found by the
exact spelling of its address, and a lot or user can be renamed. Administrators see duplicates at start, in the audit
log, on the overview and by `flask names duplicates`. A duplicate gets the ordinary key as soon as no other row has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from parking.database.derived_columns import Derived, Duplicate, must_be_unique, rules, tables
from parking.text.email_addresses import DUPLICATE_PREFIX

_AFTER = DUPLICATE_PREFIX[:-1] + "!"  # sorts after every text that begins with DUPLICATE_PREFIX


def list_all(session: Session) -> list[Duplicate]:
    """Every duplicate with the row that has its key."""
    return [
        Duplicate(table.name, rule.sources[0], row["id"], _owner(session, table, name, rule, row))
        for table, name, rule in _unique()
        for row in _rows(session, table, name, rule)
    ]


def count(session: Session) -> int:
    """How many duplicates there are, read from the unique indexes."""
    number = 0
    for table, name, rule in _unique():
        query = select(func.count()).select_from(table).where(*_is_duplicate(table, name, rule))
        number += session.scalar(query) or 0
    return number


def release_free_keys(session: Session, table: Table) -> int:
    """Gives duplicates the ordinary key where no other row has it any more; returns how many. Call it in every
    transaction that changes or deletes a name."""
    session.flush()
    number = 0
    for of_table, name, rule in _unique():
        for row in _rows(session, table, name, rule) if of_table is table else ():
            if _owner(session, table, name, rule, row) is None:
                session.execute(update(table).where(table.c.id == row["id"]).values({name: rule.of(row)}))
                number += 1
    return number


def _unique() -> Iterator[tuple[Table, str, Derived]]:
    for table in tables():
        yield from ((table, name, rule) for name, rule in rules(table).items() if rule.unique)


def _is_duplicate(table: Table, name: str, rule: Derived) -> list[Any]:
    return [table.c[name] >= DUPLICATE_PREFIX, table.c[name] < _AFTER, *must_be_unique(table, rule)]


def _rows(session: Session, table: Table, name: str, rule: Derived) -> Sequence[Mapping[str, Any]]:
    query = select(table).where(*_is_duplicate(table, name, rule)).order_by(table.c.id)
    return cast(Sequence[Mapping[str, Any]], session.execute(query).mappings().all())


def _owner(session: Session, table: Table, name: str, rule: Derived, row: Any) -> int | None:
    has_key = table.c[name] == rule.of(row)
    query = select(table.c.id).where(has_key, table.c.id != row["id"], *must_be_unique(table, rule))
    return session.scalar(query.limit(1))
