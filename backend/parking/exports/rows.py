"""The rows of the exported files. Instants are unix seconds, money is in minor units. Pure.

queries.py selects the columns by these names; columns.py turns a row into the cells of a file.
"""

from __future__ import annotations

from typing import NamedTuple


class BookingRow(NamedTuple):
    """A booking with its lot, spot and tariff. The fields from `lot_id` on are only read for all users' bookings."""

    id: int
    reference: str
    lot_name: str
    calendar: str
    """The time zone of the lot, with earlier ones (parking/lot_calendar.py)."""
    spot_number: int
    booking_type: str
    status: str
    start: int
    end: int | None
    reserved_start: int | None
    reserved_end: int | None
    checked_in: int | None
    hourly_minor: int
    cost_minor: int | None
    currency: str
    plate: str | None
    created: int
    checkin_grace_s: int | None
    step_s: int
    free_s: int
    day_cap_minor: int | None
    cap_day: str
    tariff_zone: str
    series_id: int | None
    visitor_name: str | None
    visitor_email: str | None
    lot_id: int | None = None
    spot_id: int | None = None
    user_id: int | None = None
    user_email: str | None = None
    username: str | None = None
    ended_by: str | None = None
    reason: str | None = None
    needs: tuple[str, ...] = ()


class UserRow(NamedTuple):
    """An account with its roles and the sums of its bookings; no secrets."""

    id: int
    email: str
    username: str | None
    roles: str | None
    active: bool
    zone: str | None
    locale: str
    created: int
    deleted: int | None
    bookings: int
    spent_minor: int
    last_booking: int | None


class LotRow(NamedTuple):
    """A lot with its present tariff."""

    id: int
    name: str
    capacity: int
    hourly_minor: int | None
    currency: str | None
    zone: str
    address: str | None
    latitude: float | None
    longitude: float | None
    description: str | None
    require_checkin: bool
    shorten_running: bool
    checkin_grace_s: int
    instant_hold_s: int
    step_s: int | None
    free_s: int | None
    day_cap_minor: int | None
    cap_day: str | None
    created: int
    updated: int
    deleted: int | None


class SpotRow(NamedTuple):
    """A spot."""

    id: int
    lot_id: int
    lot_name: str
    zone: str
    spot_number: int
    level: str | None
    ev: bool
    accessible: bool
    covered: bool
    retired: int | None
