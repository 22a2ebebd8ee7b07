"""The columns of the exported CSV files: cells from rows (rows.py). Pure; parking.csv_writer formats the cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from parking.csv_writer import Cell, NotYet, Table, Times, Word
from parking.exports.rows import BookingRow, LotRow, SpotRow, UserRow
from parking.lot_calendar import zone_of_stay
from parking.money import WHOLE


@lru_cache(maxsize=4096)
def money(minor: int | None, currency: str) -> int | Decimal | None:
    """The exact amount in major units, with two decimals where the currency has hundredths. None stays None."""
    if minor is None:
        return None
    return minor // 100 if currency in WHOLE and minor % 100 == 0 else Decimal(minor).scaleb(-2)


_FIRST = (
    "id",
    "reference",
    "lot_name",
    "spot_number",
    "booking_type",
    "status",
    "start_time",
    "end_time",
    "reserved_start",
    "reserved_end",
    "checked_in_at",
    "duration_hours",
    "price_per_hour",
    "total_cost",
    "currency",
    "vehicle_plate",
    "timezone",
    "created_at",
)
_LAST = ("series_id", "visitor_name", "visitor_email")
BOOKING_HEADER = (*_FIRST, *_LAST)
"""The columns of a driver's own file. New ones come last: programs know the others by their place."""
_FREE = ("Cancelled", "No-show")


class LiveValues(NamedTuple):
    """The values of a booking that has not ended, as of the present."""

    status: str
    end: int | None
    cost_minor: int
    hours: float | None


Live = Callable[[BookingRow], LiveValues]


def hours(status: str, start: int, end: int, reserved_start: int | None, reserved_end: int | None) -> float:
    """The hours of a stay that has ended. A completed reservation counts at least its whole window."""
    if status in _FREE:
        return 0
    if reserved_start is not None and reserved_end is not None and status == "Completed":
        start, end = min(start, reserved_start), max(end, reserved_end)
    return round(max(end - start, 0) / 3600, 4)


def booking_table(live: Live, *, with_user: bool = False) -> Table:
    """The table of BookingRows. `live` completes the bookings that have not ended. The times of a stay are in the zone
    that its lot had when the stay ended."""

    def cells(values: Sequence[Any], times: Times) -> list[Cell]:
        row = BookingRow(*values)
        zone = zone_of_stay(row.calendar, row.end)
        status, end, cost, duration = finished_values(row) if row.end is not None else live(row)
        time = times(zone)
        total = money(cost, row.currency)
        return [
            row.id,
            row.reference,
            row.lot_name,
            row.spot_number,
            Word(row.booking_type),
            Word(status),
            time(row.start),
            time(end),
            time(row.reserved_start),
            time(row.reserved_end),
            time(row.checked_in),
            duration,
            money(row.hourly_minor, row.currency),
            NotYet(total) if total is not None and status == "Active" else total,
            row.currency,
            row.plate,
            zone,
            time(row.created),
            *(_user_cells(row) if with_user else ()),
            row.series_id,
            row.visitor_name,
            row.visitor_email,
        ]

    if not with_user:
        return Table("bookings", BOOKING_HEADER, cells)
    of_user = ("lot_id", "spot_id", "user_id", "user_email", "username", "ended_by", "reason")
    return Table("bookings", (*_FIRST, *of_user, *_LAST), cells)


def finished_values(row: BookingRow) -> LiveValues:
    """The same values of a booking that has ended: a cancelled reservation ends with its window.

    Raises AssertionError for a booking that has not ended.
    """
    assert row.end is not None
    end = row.reserved_end if row.status == "Cancelled" and row.reserved_end is not None else row.end
    duration = hours(row.status, row.start, row.end, row.reserved_start, row.reserved_end)
    return LiveValues(row.status, end, row.cost_minor or 0, duration)


def _user_cells(row: BookingRow) -> list[Cell]:
    user = (row.user_id, row.user_email, row.username)
    return [row.lot_id, row.spot_id, *user, Word(row.ended_by or ""), row.reason]


def user_table(zone: str, currency: str) -> Table:
    """The table of UserRows; times in the operator's zone, sums in the operator's currency."""

    def cells(values: Sequence[Any], times: Times) -> list[Cell]:
        row, time = UserRow._make(values), times(zone)
        return [
            row.id,
            row.email,
            row.username,
            row.roles,
            bool(row.active),
            row.zone,
            row.locale,
            time(row.created),
            time(row.deleted),
            row.bookings,
            money(row.spent_minor, currency),
            time(row.last_booking),
        ]

    header = ("id", "email", "username", "roles", "active", "timezone", "locale", "created_at", "deleted_at")
    return Table("users", (*header, "total_bookings", "total_spent", "last_booking_at"), cells, lambda _: zone)


def _lot_cells(values: Sequence[Any], times: Times) -> list[Cell]:
    row = LotRow._make(values)
    time, currency = times(row.zone), row.currency or ""
    return [
        row.id,
        row.name,
        row.capacity,
        money(row.hourly_minor, currency),
        row.currency,
        row.zone,
        row.address,
        row.latitude,
        row.longitude,
        row.description,
        bool(row.require_checkin),
        bool(row.shorten_running),
        row.checkin_grace_s // 60,
        row.instant_hold_s // 60,
        row.step_s,
        None if row.free_s is None else row.free_s // 60,
        money(row.day_cap_minor, currency),
        Word(row.cap_day),
        time(row.created),
        time(row.updated),
        time(row.deleted),
    ]


LOT_TABLE = Table(
    "lots",
    ("id", "name", "capacity", "price_per_hour", "currency", "timezone", "address", "latitude", "longitude",
     "description", "require_checkin", "shorten_running", "checkin_grace_minutes", "instant_hold_minutes",
     "billing_step_seconds", "free_minutes", "daily_cap", "cap_day", "created_at", "updated_at", "deleted_at"),
    _lot_cells,
)  # fmt: skip


def _spot_cells(values: Sequence[Any], times: Times) -> list[Cell]:
    row = SpotRow._make(values)
    return [
        row.id,
        row.lot_id,
        row.lot_name,
        row.spot_number,
        row.level,
        bool(row.ev),
        bool(row.accessible),
        bool(row.covered),
        times(row.zone)(row.retired),
    ]


SPOT_TABLE = Table(
    "spots",
    ("id", "lot_id", "lot_name", "spot_number", "level", "ev", "accessible", "covered", "retired_at"),
    _spot_cells,
    lambda values: SpotRow._make(values).zone,
)
