"""Hooks that accounts call: a user's booking statistics, the reason against a deletion, the anonymisation."""

from __future__ import annotations

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session

from parking.accounts import BookingSummary
from parking.bookings.models import Booking
from parking.bookings.status_sql import is_block, is_live


def booking_summaries(session: Session, user_ids: list[int]) -> dict[int, BookingSummary]:
    """Returns user -> number of live and of all bookings, cost in minor units, time of the last booking."""
    rows = session.execute(
        select(
            Booking.user_id,
            func.sum(case((is_live, 1), else_=0)),
            func.count(),
            func.coalesce(func.sum(Booking.total_cost_minor), 0),
            func.max(Booking.created_at),
        )
        .where(Booking.user_id.in_(user_ids), ~is_block)
        .group_by(Booking.user_id)
    )
    return {user_id: BookingSummary(int(live), total, int(spent), last) for user_id, live, total, spent, last in rows}


def deletion_blocker(session: Session, user_id: int) -> str | None:
    """Returns the reason why this account cannot be deleted now, or None."""
    live = select(Booking.id).where(Booking.user_id == user_id, is_live, ~is_block)
    if session.scalar(live.limit(1)) is None:
        return None
    return "You still have an active or reserved booking. End or cancel it first."


def anonymise(session: Session, user_id: int) -> None:
    """Deletes the user's number plates and needs (which may tell of a disability). The bookings stay in the
    statistics."""
    personal = or_(Booking.vehicle_plate.is_not(None), Booking.needs != ())
    session.execute(update(Booking).where(Booking.user_id == user_id, personal).values(vehicle_plate=None, needs=()))
