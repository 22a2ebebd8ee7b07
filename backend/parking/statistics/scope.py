"""The lots that are counted, as conditions in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from parking.database.functions import among
from parking.staff import Scope


def lot_ids(scope: Scope) -> list[int] | None:
    """The ids of these lots; None: all lots."""
    return [scope] if isinstance(scope, int) else None if scope is None else sorted(scope)


def of_lots(column: Any, scope: Scope) -> list[ColumnElement[bool]]:
    """The condition that the column is the id of one of these lots, as a list; no condition for all lots."""
    if scope is None:
        return []
    return [column == scope] if isinstance(scope, int) else [among(column, sorted(scope))]


def single_lot(scope: Scope) -> int | None:
    """The id of the lot where it is one, as links name it; else None."""
    ids = lot_ids(scope)
    return ids[0] if ids is not None and len(ids) == 1 else None
