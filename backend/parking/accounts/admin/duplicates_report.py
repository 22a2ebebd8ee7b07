"""Names and addresses that two rows share (parking/database/duplicates.py): tells the operator, and mends what can be
mended."""

from __future__ import annotations

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from parking import audit
from parking.database import db, derived_columns, duplicates, transaction
from parking.database.derived_columns import Twin

_ENTITIES = {"app_user": "user", "parking_lot": "lot"}
_WORDS = {"app_user": "account", "parking_lot": "parking lot"}
_FIELDS = {"email": "email address", "username": "name", "name": "name"}


def at_start() -> list[str]:
    """Fills keys that another program left out, gives free keys to twins; a line for the operator where some remain."""
    with transaction() as session:
        for table in derived_columns.tables():
            if any(
                _lacking(session, table, name) for name, rule in derived_columns.rules(table).items() if rule.unique
            ):
                for twin in derived_columns.complete(session.connection(), table, derived_columns.rules(table)):
                    _record(session, twin)
            duplicates.settle(session, table)
    number = duplicates.count(db.session())
    db.session.close()
    return [f"{sentence(number)} List them with: flask names twins"] if number else []


def _lacking(session: Session, table: Table, name: str) -> bool:
    return session.scalar(select(table.c.id).where(table.c[name] == "").limit(1)) is not None


def _record(session: Session, twin: Twin) -> None:
    entity = _ENTITIES[twin.table]
    after = {"field": twin.column, "same_as": twin.same_as}
    audit.record(session, f"{entity}.same_name", entity, twin.id, after=after)


def sentence(number: int) -> str:
    """How many accounts and lots share a name or address with an earlier one."""
    if number == 0:
        return "All names and addresses are unique."
    if number == 1:
        return "One account or lot has the same name or address as an earlier one."
    return f"{number} accounts or lots have the same name or address as an earlier one."


def lines(session: Session) -> list[str]:
    """One line for each of them, and what can be done."""
    return [_line(session, twin) for twin in duplicates.listed(session)]


def _line(session: Session, twin: Twin) -> str:
    table = next(table for table in derived_columns.tables() if table.name == twin.table)
    spelling = session.scalar(select(table.c[twin.column]).where(table.c.id == twin.id))
    what = _WORDS[twin.table]
    remedy = "change its address, or disable or delete one of them" if twin.column == "email" else "rename one of them"
    return f"{what} {twin.id} ({spelling}): same {_FIELDS[twin.column]} as {what} {twin.same_as}; {remedy}"
