"""The reminder before a reservation begins: once per booking, half an hour ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, String, and_, cast, exists, func, literal, select
from sqlalchemy.orm import Session, lazyload

from parking import clock
from parking.accounts import User
from parking.bookings import Booking, booking_context, is_reserved, is_stay, reservation_reminder
from parking.database import db, plus_seconds, transaction
from parking.lots import Lot, Spot
from parking.mail import MailPreference
from parking.pricing import Tariff
from parking.reports import send_log
from parking.reports.models import ReportRun

KIND = "reservation_reminder"
LEAD = timedelta(minutes=30)
PER_TRANSACTION = 25
_RUN = literal("booking ") + cast(Booking.id, String)


def queue_due() -> int:
    """Queues the reminders that are due and returns their number. A reservation that was booked less than LEAD before
    its start gets none, because its confirmation has just been sent; neither does one that has begun."""
    queued = 0
    while True:
        now = clock.now()
        if not _any_due(db.session(), now):
            db.session.close()
            return queued
        with transaction() as session:
            rows = session.execute(_due(now).limit(PER_TRANSACTION)).all()
            queued += sum(_remind(session, _DueReservation._make(row)) for row in rows)


class _DueReservation(NamedTuple):
    booking: Booking
    lot: Lot
    spot: Spot
    tariff: Tariff
    user: User


def _due(now: datetime) -> Select[Booking, Lot, Spot, Tariff, User]:
    """Reservations that begin within LEAD and whose driver wants a reminder and has not got one."""
    lead = int(LEAD.total_seconds())
    sent = exists().where(ReportRun.kind == KIND, ReportRun.period == _RUN, ReportRun.recipient == Booking.user_id)
    unwilling = exists().where(
        MailPreference.user_id == Booking.user_id, MailPreference.kind == KIND, MailPreference.enabled.is_(False)
    )
    return (
        select(Booking, Lot, Spot, Tariff, User)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .join(User, User.id == Booking.user_id)
        .where(
            is_reserved,
            is_stay,
            Booking.start_time > now,
            Booking.start_time <= now + LEAD,
            plus_seconds(Booking.created_at, literal(lead)) <= Booking.start_time,
            User.active,
            User.deleted_at.is_(None),
            ~sent,
            ~unwilling,
        )
        .options(lazyload(Lot.tariff), lazyload(User.roles))
        .order_by(Booking.start_time, Booking.id)
    )


def _any_due(session: Session, now: datetime) -> bool:
    return bool(session.scalar(select(exists(_due(now).with_only_columns(Booking.id).order_by(None)))))


def _remind(session: Session, due: _DueReservation) -> bool:
    """Queues one reminder; False when it was queued before."""
    booking = due.booking
    if not send_log.record(session, KIND, [(f"booking {booking.id}", booking.user_id)]):
        return False
    context = booking_context(booking, due.lot, due.spot.spot_number, due.tariff, due.spot.level)
    reservation_reminder(session, due.user, context, booking.start_time)
    return True


def view() -> dict[str, Any]:
    """Its line of the schedule."""
    last = db.session.scalar(select(func.max(ReportRun.at)).where(ReportRun.kind == KIND))
    return {
        "kind": KIND,
        "description": "Reminder half an hour before a reservation begins",
        "every": None,
        "time": None,
        "timezone": None,
        "running": False,
        "last_period": None,
        "last_run": last,
        "last_count": db.session.scalar(select(func.count()).where(ReportRun.kind == KIND, ReportRun.at == last))
        if last
        else None,
        "next_run": None,
    }
