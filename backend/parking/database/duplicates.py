"""Twins: rows with the same name or address by today's rule, which were allowed beside each other once.

Nothing is merged and nobody is locked out silently. The earlier row (by id) has the ordinary key. The later one keeps
its name and has a key that begins with TWIN, so both stay unique: an account is still found by its address exactly as
it is spelled, and a lot or person can be renamed. The administrator is told at the start, in the audit log, on the
overview and by `flask names twins`. A twin gets the ordinary key as soon as no other row has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from parking.database.derived_columns import Derived, Twin, counting, rules, tables
from parking.text.email_addresses import TWIN

_AFTER = TWIN[:-1] + "!"  # the first text behind all that begin with TWIN


def listed(session: Session) -> list[Twin]:
    """Every twin, with the row that has its key."""
    return [
        Twin(table.name, rule.sources[0], row["id"], _holder(session, table, name, rule, row))
        for table, name, rule in _unique()
        for row in _rows(session, table, name, rule)
    ]


def count(session: Session) -> int:
    """How many there are, from the unique indexes."""
    number = 0
    for table, name, rule in _unique():
        query = select(func.count()).select_from(table).where(*_are_twins(table, name, rule))
        number += session.scalar(query) or 0
    return number


def settle(session: Session, table: Table) -> int:
    """Gives twins the ordinary key where no other row has it any more; how many. To be run in every transaction that
    sets a name free."""
    session.flush()
    number = 0
    for of_table, name, rule in _unique():
        for row in _rows(session, table, name, rule) if of_table is table else ():
            if _holder(session, table, name, rule, row) is None:
                session.execute(update(table).where(table.c.id == row["id"]).values({name: rule.of(row)}))
                number += 1
    return number


def _unique() -> Iterator[tuple[Table, str, Derived]]:
    for table in tables():
        yield from ((table, name, rule) for name, rule in rules(table).items() if rule.unique)


def _are_twins(table: Table, name: str, rule: Derived) -> list[Any]:
    return [table.c[name] >= TWIN, table.c[name] < _AFTER, *counting(table, rule)]


def _rows(session: Session, table: Table, name: str, rule: Derived) -> Any:
    query = select(table).where(*_are_twins(table, name, rule)).order_by(table.c.id)
    return session.execute(query).mappings().all()


def _holder(session: Session, table: Table, name: str, rule: Derived, row: Any) -> int | None:
    has_key = table.c[name] == rule.of(row)
    query = select(table.c.id).where(has_key, table.c.id != row["id"], *counting(table, rule))
    return session.scalar(query.limit(1))
