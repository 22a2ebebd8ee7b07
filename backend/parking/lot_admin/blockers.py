"""Bookings that prevent a change of a lot, as JSON."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from parking.timestamps import to_rfc3339

MAX_BLOCKERS = 20


def blocking_view(row: Row[Any]) -> dict[str, Any]:
    """A row of select_bookings(with_user=True)."""
    return {
        "booking_id": row.Booking.id,
        "reference": row.Booking.reference,
        "spot_number": row.spot_number,
        "status": row.Booking.status,
        "user_email": row.User.email,
        "start_time": to_rfc3339(row.Booking.start_time),
        "end_time": to_rfc3339(row.Booking.reserved_end),
    }
