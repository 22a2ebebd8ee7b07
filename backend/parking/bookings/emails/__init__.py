"""The mails about a booking: each file holds contexts, subjects, messages, samples, and the functions that queue them.

A mail is queued in the transaction of its cause, and so is the notice of an event that the driver did not cause. Their
times are in the zone of the lot, and also in the recipient's where that differs.
"""

from __future__ import annotations

from parking.bookings.emails.calendar_entries import calendar_file
from parking.bookings.emails.cancelled_together import cancelled_together
from parking.bookings.emails.changes import cancelled, moved, no_show
from parking.bookings.emails.confirmation import confirm, reservation_reminder, zone_changed
from parking.bookings.emails.contexts import BookingContext, booking_context, charged_time
from parking.bookings.emails.receipts import force_released, receipt
from parking.bookings.emails.series import series_booked, series_context, series_date_missed
from parking.bookings.emails.visitors import read_token

__all__ = [
    "BookingContext",
    "booking_context",
    "calendar_file",
    "cancelled",
    "cancelled_together",
    "charged_time",
    "confirm",
    "force_released",
    "moved",
    "no_show",
    "read_token",
    "receipt",
    "reservation_reminder",
    "series_booked",
    "series_context",
    "series_date_missed",
    "zone_changed",
]
