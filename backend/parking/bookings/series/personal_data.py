"""The personal data of series: what a deleted account loses, and series that no booking names any more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, delete, literal_column, select, update
from sqlalchemy.orm import Session

from parking import clock
from parking.bookings.models import Booking
from parking.bookings.series.models import Series
from parking.lots import Lot

_is_awaited: ColumnElement[bool] = literal_column(
    "EXISTS (SELECT 1 FROM waitlist_entry WHERE waitlist_entry.series_id = booking_series.id)", Boolean
)
"""Text, because the table belongs to the room above."""


def anonymise(session: Session, user_id: int) -> None:
    """Ends the user's series: no more dates are booked, and plates and needs are deleted."""
    remaining = Series.user_id == user_id, Series.next_day.is_not(None)
    session.execute(
        update(Series).where(*remaining).values(next_day=None, needs=(), vehicle_plate=None, ended_at=clock.now())
    )


def delete_empty(session: Session, user_id: int) -> list[int]:
    """Deletes the user's series that are over and that no booking and no entry of the waitlist names any more. Returns
    their ids."""
    named = select(Booking.id).where(Booking.series_id == Series.id).exists()
    empty = select(Series.id).where(Series.user_id == user_id, Series.next_day.is_(None), ~named, ~_is_awaited)
    ids = list(session.scalars(empty))
    session.execute(delete(Series).where(Series.id.in_(ids)))
    return ids


def select_of_user(user_id: int) -> Select[Any]:
    """Selects the user's series for the file of their own data."""
    names = ("id", "lot_id", "start_time", "end_time", "every_weeks", "first_day", "last_day", "next_day")
    columns = [getattr(Series, name) for name in names]
    more = Lot.name, Series.vehicle_plate, Series.wait_if_full, Series.created_at, Series.ended_at
    lists = Series.days, Series.needs, Series.omitted
    return (
        select(*columns, *more, *lists)
        .join(Lot, Lot.id == Series.lot_id)
        .where(Series.user_id == user_id)
        .order_by(Series.id)
    )
