"""Leases on the rows of a work queue: a worker that leases a row holds it until a time, and extends it before then.

Every change is one UPDATE that repeats its condition, and the number of changed rows decides whether it took effect: a
lease may have ended, and another worker may hold the row. A worker that died frees its row by doing nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, TextClause, and_, or_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from parking import clock
from parking.database import changed_rows

Row = TypeVar("Row")


class LeaseLost(Exception):
    """The row is no longer held: it was ended by somebody else, or another worker has leased it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The row `row_id` is held until `until`. `holder` is the random name of the lease, where the table stores one."""

    row_id: int
    until: datetime
    holder: str | None = None


class LeaseQueue(Generic[Row]):
    """The leases of one table.

    `open_rows` is the condition of rows that are not finished; `until` (and `holder`, if the table has it) are the
    columns of the lease. Without a holder, `until` itself tells two leases of a row apart: the next one ends later.
    """

    def __init__(
        self,
        table: type[Row],
        *,
        open_rows: TextClause | ColumnElement[bool],
        length: timedelta,
        until: InstrumentedAttribute[datetime | None],
        holder: InstrumentedAttribute[str | None] | None = None,
    ) -> None:
        self.table: Any = table
        self.open_rows, self.length = open_rows, length
        self.until, self.holder = until, holder

    def free(self, now: datetime) -> ColumnElement[bool]:
        """Condition: the row is open and nobody holds it."""
        return and_(self.open_rows, or_(self.until.is_(None), self.until <= now))

    def acquire(self, session: Session, row_id: int, now: datetime, **values: Any) -> Lease | None:
        """Takes a free row and writes `values` to it. None: it is not free."""
        lease = Lease(row_id, now + self.length, None if self.holder is None else secrets.token_hex(16))
        return lease if self._update(session, row_id, self.free(now), self._columns(lease) | values) else None

    def extend(self, session: Session, lease: Lease, **values: Any) -> Lease:
        """Lengthens the lease from now on and writes `values` to the row. Raises LeaseLost."""
        extended = Lease(lease.row_id, clock.now() + self.length, lease.holder)
        self._change(session, lease, self._columns(extended) | values)
        return extended

    def release(self, session: Session, lease: Lease, **values: Any) -> None:
        """Ends the lease and writes `values` to the row. Raises LeaseLost."""
        self._change(session, lease, dict.fromkeys(self._columns(lease)) | values)

    def _columns(self, lease: Lease) -> dict[str, Any]:
        columns: dict[str, Any] = {self.until.key: lease.until}
        return columns if self.holder is None else columns | {self.holder.key: lease.holder}

    def _change(self, session: Session, lease: Lease, values: dict[str, Any]) -> None:
        held = self.until == lease.until if self.holder is None else self.holder == lease.holder
        if not self._update(session, lease.row_id, and_(self.open_rows, held), values):
            raise LeaseLost

    def _update(self, session: Session, row_id: int, condition: ColumnElement[bool], values: dict[str, Any]) -> bool:
        statement = update(self.table).where(self.table.id == row_id, condition).values(values)
        return bool(changed_rows(session.execute(statement.execution_options(synchronize_session=False))))
