"""Holds that nobody has claimed in time lapse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from parking.accounts import keep_accounts
from parking.bookings import transitions
from parking.bookings.events import publish_spot_event
from parking.bookings.holds import hooks
from parking.bookings.models import Booking
from parking.bookings.reading import queries
from parking.bookings.reading.queries import BookingRow
from parking.bookings.rules.lifecycle import LAPSED
from parking.bookings.status_sql import is_hold


def lapses(now: Any) -> tuple[ColumnElement[bool], ...]:
    """Conditions for the holds that have lapsed."""
    return is_hold, Booking.claim_by <= now


def lapsing(now: datetime) -> Select[Any]:
    """Selects the holds that have lapsed."""
    return queries.select_holds().where(*lapses(now)).order_by(Booking.id)


def lapse(session: Session, rows: Sequence[BookingRow], now: datetime) -> list[BookingRow]:
    """Ends the holds, at the instant at which they lapsed. Their spots are offered again. Those of an account that is
    just being deleted are left to that transaction."""
    users = keep_accounts(session, {row.booking.user_id for row in rows}, wait=False)
    rows = [row for row in rows if row.booking.user_id in users]
    changed = [
        transitions.update_booking(session, row, status=LAPSED, end_time=row.booking.claim_by, ended_by="system")
        for row in rows
    ]
    for row in changed:
        publish_spot_event(row.booking.lot_id, row.booking.spot_id)
    hooks.waitlist.lapsed(session, changed, now)
    return changed
