"""Reads bookings: lists with filters, quotes, receipts."""

from __future__ import annotations

from parking.bookings.reading.filters import Filters, filtered
from parking.bookings.reading.lists import page, totals
from parking.bookings.reading.local_days import LocalDays

__all__ = ["Filters", "LocalDays", "filtered", "page", "totals"]
