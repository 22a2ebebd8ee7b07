"""The whole history: its first and last day, and its bookings that have not ended."""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parking import clock
from parking.bookings import Booking, BookingState, is_live, is_stay, status_at
from parking.database import functions
from parking.lot_calendar import local_day
from parking.lots import Lot
from parking.staff import Scope
from parking.statistics.daily import lot_progress
from parking.statistics.scope import of_lots

STATUSES = ("Active", "Reserved", "Completed", "No-show")


def period(session: Session, scope: Scope) -> tuple[date, date]:
    """The first and the last local day with data, over all zones. Reads only indexes."""
    now = int(clock.now().timestamp())
    of_lot, lot_itself = of_lots(Booking.lot_id, scope), of_lots(Lot.id, scope)
    moments = [
        session.scalar(select(functions.unix_seconds(func.min(Booking.start_time))).where(*of_lot)),
        session.scalar(select(functions.unix_seconds(func.min(Booking.end_time))).where(*of_lot)),
        session.scalar(select(functions.unix_seconds(func.min(Lot.created_at))).where(*lot_itself)),
    ]
    earliest = min((moment for moment in moments if moment is not None), default=now)
    zones = lot_progress.zones(session, scope) or ["UTC"]
    first = min(local_day(min(earliest, now), zone) for zone in zones)
    return first, max(local_day(now, zone) for zone in zones)


def live_bookings(session: Session, scope: Scope) -> dict[str, int]:
    """status -> the number of bookings with it at this moment (as the lists show it) that are not stored as ended."""
    now = clock.now()
    query = select(
        *(Booking.status, Booking.booking_type, Booking.reserved_start, Booking.reserved_end, Booking.checkin_grace_s)
    ).where(is_live, is_stay, *of_lots(Booking.lot_id, scope))
    counts = Counter(status_at(BookingState(*row), now) for row in session.execute(query))
    return {status: counts[status] for status in STATUSES}
