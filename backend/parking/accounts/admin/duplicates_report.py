"""Reports names and addresses that two rows share (parking/database/duplicates.py), and resolves those that it can."""

from __future__ import annotations

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from parking import audit
from parking.database import db, derived_columns, duplicates, transaction
from parking.database.derived_columns import Duplicate

_ENTITIES = {"app_user": "user", "parking_lot": "lot"}
_WORDS = {"app_user": "account", "parking_lot": "parking lot"}
_FIELDS = {"email": "email address", "username": "name", "name": "name"}


def at_start() -> list[str]:
    """Fills missing keys and gives free keys to duplicates. Returns a line for the operator when duplicates remain."""
    with transaction() as session:
        for table in derived_columns.tables():
            if any(
                _has_empty(session, table, name) for name, rule in derived_columns.rules(table).items() if rule.unique
            ):
                for duplicate in derived_columns.complete(session.connection(), table, derived_columns.rules(table)):
                    _record(session, duplicate)
            duplicates.release_free_keys(session, table)
    number = duplicates.count(db.session())
    db.session.close()
    return [f"{describe_duplicates(number)} List them with: flask names duplicates"] if number else []


def _has_empty(session: Session, table: Table, name: str) -> bool:
    return session.scalar(select(table.c.id).where(table.c[name] == "").limit(1)) is not None


def _record(session: Session, duplicate: Duplicate) -> None:
    entity = _ENTITIES[duplicate.table]
    after = {"field": duplicate.column, "same_as": duplicate.same_as}
    audit.record(session, f"{entity}.same_name", entity, duplicate.id, after=after)


def describe_duplicates(number: int) -> str:
    """How many accounts and lots share a name or address with an earlier one."""
    if number == 0:
        return "All names and addresses are unique."
    if number == 1:
        return "One account or lot has the same name or address as an earlier one."
    return f"{number} accounts or lots have the same name or address as an earlier one."


def report_lines(session: Session) -> list[str]:
    """One line per duplicate, with what can be done."""
    return [_line(session, duplicate) for duplicate in duplicates.list_all(session)]


def _line(session: Session, duplicate: Duplicate) -> str:
    table = next(table for table in derived_columns.tables() if table.name == duplicate.table)
    spelling = session.scalar(select(table.c[duplicate.column]).where(table.c.id == duplicate.id))
    noun = _WORDS[duplicate.table]
    remedy = (
        "change its address, or disable or delete one of them" if duplicate.column == "email" else "rename one of them"
    )
    return (
        f"{noun} {duplicate.id} ({spelling}): same {_FIELDS[duplicate.column]} as {noun} {duplicate.same_as}; {remedy}"
    )
