"""Deletes a value, such as a number plate, from stored contexts: those of mails, and of what else keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, bindparam, cast, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session


def erase_value(
    session: Session, contexts: InstrumentedAttribute[dict[str, Any]], booking_ids: Sequence[int], name: str
) -> None:
    """Deletes the texts of this name from a table's contexts about these bookings."""
    table = contexts.class_.__table__
    column = table.c[contexts.key]
    has_text = cast(column, Text).contains(f'"{name}": "', autoescape=True)
    with_it = select(table.c.id, column).where(table.c.booking_id.in_(booking_ids), has_text)
    if rows := session.execute(with_it.with_for_update()).all():
        written = update(table).where(table.c.id == bindparam("row_id")).values({column: bindparam("context")})
        session.execute(written, [{"row_id": row_id, "context": without(context, name)} for row_id, context in rows])


def without(context: Any, name: str) -> Any:
    """The context with None for each value of this name, however deep it lies."""
    if isinstance(context, dict):
        return {key: None if key == name else without(value, name) for key, value in context.items()}
    return [without(one, name) for one in context] if isinstance(context, list) else context
