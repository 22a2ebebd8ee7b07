"""Series: one request for many dates at the same wall times; and the cancellation of several bookings at once."""

from __future__ import annotations

from parking.bookings.series.models import Series
from parking.bookings.series.personal_data import select_of_user

__all__ = ["Series", "select_of_user"]
