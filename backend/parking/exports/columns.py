"""What stands in the CSV files of exports: the columns of each, made of raw database values.

Pure: instants come as unix seconds, money in minor units. How cells are written is decided by parking.csv_writer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from parking.csv_writer import Cell, Table, Times
from parking.lot_calendar import zone_of_stay
from parking.money import WHOLE


@lru_cache(maxsize=4096)
def money(minor: int | None, currency: str) -> int | Decimal | None:
    """Exact amount in major units, with two decimals where the currency has hundredths; None where there is none."""
    if minor is None:
        return None
    return minor // 100 if currency in WHOLE and minor % 100 == 0 else Decimal(minor).scaleb(-2)


# the files --------------------------------------------------------------------------------

BOOKING_HEADER = (
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
_FREE = ("Cancelled", "No-show")
Live = Callable[[Sequence[Any]], tuple[str, int | None, int, float | None]]
"""(status, end, cost, hours) of a booking that was not over when the row was written, as the present finds it."""


def hours(status: str, start: int, end: int, reserved_start: int | None, reserved_end: int | None) -> float:
    """The hours of a stay that is over; one that ran to the end of a reservation counts its whole window."""
    if status in _FREE:
        return 0
    if reserved_start is not None and reserved_end is not None and status == "Completed":
        start, end = min(start, reserved_start), max(end, reserved_end)
    return round(max(end - start, 0) / 3600, 4)


def bookings(live: Live, *, with_user: bool = False) -> Table:
    """Rows of queries.bookings(). `live` completes what is still running or to come. The times of a stay are told by
    the zone in which its lot was when it ended."""

    def cells(row: Sequence[Any], times: Times) -> list[Cell]:
        (ident, reference, lot, calendar, spot, kind, status, start, end, reserved_start, reserved_end, checked_in,
         price, cost, currency, plate, created, *_) = row  # fmt: skip
        zone = zone_of_stay(calendar, end)
        if end is None:
            status, end, cost, duration = live(row)
        else:
            duration = hours(status, start, end, reserved_start, reserved_end)
        time = times(zone)
        return [
            ident,
            reference,
            lot,
            spot,
            kind,
            status,
            time(start),
            time(end),
            time(reserved_start),
            time(reserved_end),
            time(checked_in),
            duration,
            money(price, currency),
            money(cost or 0, currency),
            currency,
            plate,
            zone,
            time(created),
        ]

    if not with_user:
        return Table("bookings", BOOKING_HEADER, cells)
    return Table(
        "bookings",
        (*BOOKING_HEADER, "lot_id", "spot_id", "user_id", "user_email", "username", "ended_by", "reason"),
        lambda row, times: cells(row, times) + _whose(row),
    )


def _whose(row: Sequence[Any]) -> list[Cell]:
    lot_id, spot_id, user_id, email, username, ended_by, reason = row[-7:]
    return [lot_id, spot_id, user_id, email, username, ended_by or "", reason]


def users(zone: str, currency: str) -> Table:
    """Every account without its secrets; times in the operator's zone, sums in the operator's currency."""

    def cells(row: Sequence[Any], times: Times) -> list[Cell]:
        time = times(zone)
        ident, email, username, roles, active, own_zone, locale, created, deleted, count, spent, last = row
        return [
            ident,
            email,
            username,
            roles,
            bool(active),
            own_zone,
            locale,
            time(created),
            time(deleted),
            count,
            money(spent, currency),
            time(last),
        ]

    header = ("id", "email", "username", "roles", "active", "timezone", "locale", "created_at", "deleted_at")
    return Table("users", (*header, "total_bookings", "total_spent", "last_booking_at"), cells, lambda row: zone)


def _lot_cells(row: Sequence[Any], times: Times) -> list[Cell]:
    (ident, name, capacity, price, currency, zone, address, latitude, longitude, description, require_checkin, grace,
     hold, step, free, cap, cap_day, created, updated, deleted) = row  # fmt: skip
    time = times(zone)
    return [
        ident,
        name,
        capacity,
        money(price, currency),
        currency,
        zone,
        address,
        latitude,
        longitude,
        description,
        bool(require_checkin),
        grace // 60,
        hold // 60,
        step,
        None if free is None else free // 60,
        money(cap, currency),
        cap_day,
        time(created),
        time(updated),
        time(deleted),
    ]


LOTS = Table(
    "lots",
    ("id", "name", "capacity", "price_per_hour", "currency", "timezone", "address", "latitude", "longitude",
     "description", "require_checkin", "checkin_grace_minutes", "instant_hold_minutes", "billing_step_seconds",
     "free_minutes", "daily_cap", "cap_day", "created_at", "updated_at", "deleted_at"),
    _lot_cells,
)  # fmt: skip


def _spot_cells(row: Sequence[Any], times: Times) -> list[Cell]:
    ident, lot_id, lot, zone, spot_number, level, ev, accessible, covered, retired = row
    return [
        ident,
        lot_id,
        lot,
        spot_number,
        level,
        bool(ev),
        bool(accessible),
        bool(covered),
        times(zone)(retired),
    ]


SPOTS = Table(
    "spots",
    ("id", "lot_id", "lot_name", "spot_number", "level", "ev", "accessible", "covered", "retired_at"),
    _spot_cells,
    lambda row: str(row[3]),
)
