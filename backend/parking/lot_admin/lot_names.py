"""The name of an open lot is unique, whatever its case and Unicode form. The unique index of its key decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from parking.database import duplicates, transaction
from parking.database.derived_columns import is_conflict
from parking.errors import Conflict
from parking.lots import Lot
from parking.text import names

_LOT: Any = Lot.__table__


@contextmanager
def unique_names() -> Iterator[Session]:
    """A transaction in which the name of another open lot raises Conflict `name_taken`, also in a race.

    A name that the transaction sets free goes to its duplicate (parking/database/duplicates.py).
    """
    try:
        with transaction() as session:
            yield session
            duplicates.release_free_keys(session, _LOT)
    except IntegrityError as error:
        if is_conflict(error, _LOT.c.name_key):
            raise _taken("with this name") from None
        raise


def require_free(session: Session, name: str) -> None:
    """Raises Conflict `name_taken`, with the name in the sentence and before anything else is done."""
    if session.scalar(select(Lot.id).where(Lot.name_key == names.key(name), Lot.deleted_at.is_(None))) is not None:
        raise _taken(f"named {name}")


def taken_keys(session: Session) -> frozenset[str]:
    """Returns the keys of the names of all open lots."""
    return frozenset(session.scalars(select(Lot.name_key).where(Lot.deleted_at.is_(None), Lot.name_key.is_not(None))))


def _taken(named: str) -> Conflict:
    return Conflict(f"There is already a lot {named}.", code="name_taken", errors={"name": ["Taken."]})
