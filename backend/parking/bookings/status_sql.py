"""The status of a booking by the clock, in SQL: the same cases as rules.lifecycle.status_at.

`row` is the mapped class, or the columns of a table or subquery that has those of a booking. A test compares the two
over every combination on both databases (tests/bookings/test_status_sql.py).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, and_, case, func, literal_column, or_

from parking.bookings.models import LIVE_SQL, NAMED_VISITOR_SQL
from parking.bookings.rules.lifecycle import LAPSED, LIVE
from parking.database import plus_seconds

# Literals, not parameters: SQLite takes a partial index only for its predicate to the letter.
is_live: ColumnElement[bool] = literal_column(f"booking.{LIVE_SQL}")
is_active: ColumnElement[bool] = literal_column("booking.status = 'Active'")
is_reserved: ColumnElement[bool] = literal_column("booking.status = 'Reserved'")
is_block: ColumnElement[bool] = literal_column("booking.booking_type = 'block'")
is_hold: ColumnElement[bool] = literal_column("booking.claim_by IS NOT NULL AND booking.status = 'Reserved'")
"""A hold that nobody has claimed; it may have lapsed by the clock."""
is_stay: ColumnElement[bool] = literal_column("booking.booking_type IN ('instant', 'reserved')")
"""A booking of a driver: neither a block nor a hold, which are in no list, limit, price or count of bookings."""
is_for_visitor: ColumnElement[bool] = literal_column("booking.visitor_name IS NOT NULL", Boolean())
is_named_visitor: ColumnElement[bool] = literal_column(f"booking.{NAMED_VISITOR_SQL}")
"""For a visitor, whose name is not deleted yet."""


def is_named_visitor_in(alias: str) -> ColumnElement[bool]:
    """`is_named_visitor` for another name of the table in the same statement."""
    return literal_column(f"{alias}.{NAMED_VISITOR_SQL}")


def is_live_in(alias: str) -> ColumnElement[bool]:
    """`is_live` for another name of the table in the same statement."""
    return literal_column(f"{alias}.{LIVE_SQL}")


def missed(row: Any, now: Any) -> ColumnElement[bool]:
    """Nobody checked in within the grace, and no sweep has written it."""
    deadline = plus_seconds(row.reserved_start, func.coalesce(row.checkin_grace_s, 0))
    return and_(row.status == "Reserved", row.checkin_grace_s.is_not(None), deadline <= now)


def over(row: Any, now: Any) -> ColumnElement[bool]:
    """The window of a block or of a reservation without check-in has ended, and no sweep has written it."""
    return and_(row.status.in_(LIVE), _runs_by_itself(row), row.reserved_end <= now)


def begun(row: Any, now: Any) -> ColumnElement[bool]:
    """The window of a block or of a reservation without check-in has begun, and no sweep has written it."""
    return and_(row.status == "Reserved", _runs_by_itself(row), row.reserved_start <= now, row.reserved_end > now)


def lapsed(row: Any, now: Any) -> ColumnElement[bool]:
    """Nobody has claimed a hold in time, and no sweep has written it."""
    return and_(row.status == "Reserved", row.claim_by.is_not(None), row.claim_by <= now)


def overstayed(row: Any, now: Any) -> ColumnElement[bool]:
    """The car is still there although its reserved window, or the time that was guaranteed to it, has ended."""
    active = and_(row.status == "Active", ~over(row, now))
    return and_(active, or_(row.reserved_end <= now, row.held_until <= now))


def _runs_by_itself(row: Any) -> ColumnElement[bool]:
    """A reservation without check-in, or a block, with its window. Never NULL."""
    return and_(row.reserved_end.is_not(None), row.checkin_grace_s.is_(None), row.booking_type != "hold")


def status_at(row: Any, now: Any) -> ColumnElement[str]:
    """The status at `now`, as a value."""
    changes = _changes(row, now)
    return case(*((condition, status) for status, condition in changes.items()), else_=row.status)


def status_is(row: Any, status: str, now: Any) -> ColumnElement[bool]:
    """Whether this is the status at `now`, in a form for which an index of the stored status can be used."""
    changes = _changes(row, now)
    stored = and_(row.status == status, ~or_(*changes.values()))
    return or_(stored, changes[status]) if status in changes else stored


def _changes(row: Any, now: Any) -> dict[str, ColumnElement[bool]]:
    """Status -> whether a booking has it by the clock and not in its row."""
    return {
        "No-show": missed(row, now),
        "Completed": over(row, now),
        "Active": begun(row, now),
        LAPSED: lapsed(row, now),
    }
