"""Corrects the time zone of a lot. Days of the past stay in the old zone; owners of reservations get a mail, and so do
those who wait for a window.

A reservation is a pair of instants and keeps them. In the new zone they have other local times, so the change must be
confirmed while reservations run or are to come, or somebody waits for one, and these people get the new local times.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from parking import lot_calendar, waitlist
from parking.bookings import (
    Booking,
    BookingRow,
    is_live,
    mail_context,
    read_bookings,
    select_bookings,
    update_booking,
    zone_changed,
)
from parking.errors import Conflict
from parking.lot_admin.blockers import MAX_BLOCKERS, blocking_view
from parking.lots import Lot
from parking.text.counting import counted


def change_zone(session: Session, lot: Lot, zone: str, now: datetime, *, confirmed: bool) -> None:
    """Moves the lot to the zone, in the caller's transaction. Raises Conflict `timezone_confirm` with the reservations
    to come and how many wait for one, unless the administrator has seen them and confirms the change."""
    rows = [row for row in _reservations(session, lot.id) if _reads_differently(row.booking, lot.timezone, zone)]
    waiting = [one for one in waitlist.windows_in(session, lot.id, now) if _reads_differently(one, lot.timezone, zone)]
    if (rows or waiting) and not confirmed:
        places = "waitlist entry", "waitlist entries"
        numbers = [counted(len(rows), "reservation")] if rows else []
        numbers += [counted(len(waiting), *places)] if waiting else []
        raise Conflict(
            f"{' and '.join(numbers)} would have different local times in {zone}. "
            "If you confirm the change, their drivers are notified.",
            code="timezone_confirm",
            count=len(rows),
            waiting=len(waiting),
            blocking=[blocking_view(row) for row in rows[:MAX_BLOCKERS]],
        )
    before = lot.timezone
    lot.timezone, lot.calendar = zone, lot_calendar.changed(lot.calendar, zone, now)
    for row in rows:
        row = update_booking(session, row, sequence=row.booking.sequence + 1)._replace(lot=lot)
        zone_changed(session, row.user, mail_context(row), before)
    for entry in waiting:
        waitlist.zone_changed(session, entry, lot, before)


def _reads_differently(booking: Booking | waitlist.WaitlistEntry, before: str, after: str) -> bool:
    """Whether the two clocks show another time at the ends of the window (US/Eastern and America/New_York do not)."""
    clocks = ZoneInfo(before), ZoneInfo(after)
    ends = filter(None, (booking.reserved_start, booking.reserved_end))
    return any(len({end.astimezone(clock).utcoffset() for clock in clocks}) > 1 for end in ends)


def _reservations(session: Session, lot_id: int) -> list[BookingRow]:
    """Returns the reservations that run or are to come, the next first, locked until the commit."""
    query = select_bookings().where(is_live, Booking.booking_type == "reserved", Booking.lot_id == lot_id)
    return read_bookings(session, query.order_by(Booking.start_time, Booking.id).with_for_update(of=Booking))
