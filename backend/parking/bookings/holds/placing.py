"""Places a hold on a spot, withdraws it, and turns it into the booking of whom it was for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from parking.bookings import allocation, emails, transitions
from parking.bookings.allocation import HeldSpot
from parking.bookings.events import publish_events, publish_spot_event
from parking.bookings.models import Booking
from parking.bookings.new_booking import NewBooking
from parking.bookings.reading import queries
from parking.bookings.reading.queries import BookingRow
from parking.lots import Lot
from parking.text import names


def place(
    session: Session,
    lot: Any,
    user_id: int,
    spot_id: int,
    window: tuple[datetime, datetime] | None,
    claim_by: datetime,
    now: datetime,
) -> HeldSpot | None:
    """Holds the spot for the user until `claim_by`, at the price of today: over the window, or for a car that comes
    now. Never waits; None: somebody else is taking the spot, or the lot or the account has changed."""
    if not allocation.take_spot(session, spot_id):
        return None
    start, end = window or (now, now + timedelta(seconds=lot.instant_hold_s))
    new = NewBooking(
        lot_id=lot.id,
        user_id=user_id,
        tariff_id=lot.tariff_id,
        booking_type="hold",
        status="Reserved",
        start_time=start,
        held_until=end,
        reserved_start=window and start,
        reserved_end=window and end,
        created_at=now,
        claim_by=claim_by,
    )
    held = allocation.hold(session, new, spot_id, overlapping=True)
    if held is not None:
        publish_spot_event(lot.id, spot_id)
    return held


def locked(session: Session, booking_id: int) -> BookingRow | None:
    """Locks the spot of a hold that nobody has claimed and then the hold, and returns it; None: it has ended."""
    spot = session.get(Booking, booking_id)
    if spot is not None:
        allocation.lock_spot(session, spot.lot_id, spot.spot_id)
        session.expunge(spot)
    rows = queries.read(session, queries.select_holds().where(Booking.id == booking_id).with_for_update(of=Booking))
    return rows[0] if rows else None


def on_spots(session: Session, lot_id: int, spot_ids: Any) -> list[BookingRow]:
    """Locks the holds of these spots that nobody has claimed, and returns them."""
    query = queries.select_holds().where(Booking.lot_id == lot_id, Booking.spot_id.in_(list(spot_ids)))
    return queries.read(session, query.order_by(Booking.id).with_for_update(of=Booking))


def withdraw(session: Session, row: BookingRow, now: datetime, *, by: str) -> BookingRow:
    """Gives the spot of a hold up; it is offered again."""
    row = transitions.update_booking(session, row, status="Cancelled", end_time=now, ended_by=by)
    publish_spot_event(row.booking.lot_id, row.booking.spot_id)
    return row


def claim(
    session: Session,
    row: BookingRow,
    now: datetime,
    *,
    plate: str | None,
    needs: tuple[str, ...],
    series_id: int | None,
) -> BookingRow:
    """Makes the booking of a hold whose spot the caller has locked: the same id, spot and price. A stay from now on has
    the spot as long as any other, where the next booking leaves it that time."""
    hold, lot = row.booking, session.get_one(Lot, row.booking.lot_id)
    changes: dict[str, Any] = {"claim_by": None, "vehicle_plate": plate, "needs": needs, "series_id": series_id}
    changes["plate_key"] = names.plate_key(plate)
    if hold.reserved_start is not None:
        changes |= {"booking_type": "reserved", "checkin_grace_s": lot.checkin_grace_s if lot.require_checkin else None}
    else:
        since = allocation.free_since(session, hold, now)
        full, following = (
            since + timedelta(seconds=lot.instant_hold_s),
            allocation.next_hold_start(session, hold, since),
        )
        until = max(hold.held_until, min(full, following) if following else full)
        changes |= {"booking_type": "instant", "status": "Active", "checked_in_at": since}
        changes |= {"start_time": since, "held_until": until}
    row = transitions.update_booking(session, row, **changes)
    transitions.record(session, "booking.created", row.booking, None)
    emails.confirm(session, row.user, transitions.mail_context(row))
    publish_events(row.booking)
    if row.booking.checkin_grace_s is not None:
        row = row._replace(taken_until=queries.spot_taken_until(session, row.booking.id))
    return row
