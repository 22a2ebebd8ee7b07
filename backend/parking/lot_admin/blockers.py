"""Bookings that prevent a change of a lot, as JSON."""

from __future__ import annotations

from typing import Any

from parking.bookings import BookingRow
from parking.timestamps import to_rfc3339

MAX_BLOCKERS = 20


def blocking_view(row: BookingRow) -> dict[str, Any]:
    """Returns one of them as JSON."""
    return {
        "booking_id": row.booking.id,
        "reference": row.booking.reference,
        "spot_number": row.spot_number,
        "status": row.booking.status,
        "user_email": row.user.email,
        "username": row.user.username,
        "visitor_name": row.booking.visitor_name,
        "start_time": to_rfc3339(row.booking.start_time),
        "end_time": to_rfc3339(row.booking.reserved_end),
    }
