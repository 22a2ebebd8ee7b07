"""How a booking is shown: one row of the joined query in, the JSON of the contract out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row

from parking import pricing
from parking.accounts import User
from parking.bookings.models import Booking
from parking.bookings.rules import lifecycle
from parking.bookings.rules.lifecycle import LIVE
from parking.lot_calendar import zone_of_stay
from parking.lots.models import Lot
from parking.money import to_number
from parking.pricing import Tariff, tariff_view, terms_of
from parking.timestamps import to_rfc3339

FREE_OF_CHARGE = ("Cancelled", "No-show")
INSTANTS = ("start_time", "held_until", "end_time", "reserved_start", "reserved_end", "checked_in_at", "created_at")
HOUR, NOTHING = timedelta(hours=1), timedelta(0)


def claim_of(booking: Booking) -> lifecycle.Claim:
    """What the rules need to know of the row."""
    return lifecycle.Claim(
        booking.status,
        booking.booking_type,
        booking.reserved_start,
        booking.reserved_end,
        booking.checkin_grace_s,
    )


def window_of(booking: Booking) -> tuple[datetime, datetime] | None:
    """The reserved window, or None for an instant booking."""
    if booking.reserved_start is None or booking.reserved_end is None:
        return None
    return booking.reserved_start, booking.reserved_end


def cost_at(booking: Booking, tariff: Tariff, end: datetime) -> int:
    """What the booking costs if it ends at `end`, by its own tariff. A reservation costs its window at least."""
    return pricing.stay_cost(terms_of(tariff), booking.start_time, max(end, booking.start_time), window_of(booking))


def ended(booking: Booking, tariff: Tariff, status: str) -> tuple[datetime | None, int | None]:
    """(end, cost in minor units) of a booking that is over by now, also where no sweep has written it yet."""
    if booking.end_time is not None:
        return booking.end_time, booking.total_cost_minor
    if status == "Completed":
        return booking.reserved_end, cost_at(booking, tariff, booking.reserved_end or booking.start_time)
    if status == "No-show":
        return claim_of(booking).deadline, 0
    return None, None


def hours(booking: Booking, status: str, end: datetime | None, now: datetime) -> float | None:
    """The hours of the stay: so far while it runs, the window for a reservation that is still to come."""
    if status in FREE_OF_CHARGE:
        return 0
    window = window_of(booking)
    start, until = (booking.start_time, end or now) if status != "Reserved" or not window else window
    if window and status == "Completed":
        start, until = min(start, window[0]), max(until, window[1])
    return round(max(until - start, NOTHING) / HOUR, 4)


def total_cost(booking: Booking, tariff: Tariff, status: str, final: int | None) -> int:
    """Minor units, never None: the final cost; the window's price while Reserved; 0 while Active (`running_cost`)."""
    if final is None and status == "Reserved":
        return cost_at(booking, tariff, booking.reserved_end or booking.start_time)
    return final or 0


def _price_view(tariff: Any) -> dict[str, Any]:
    return {
        "price_per_hour": to_number(tariff.hourly_minor),
        "currency": tariff.currency,
        "tariff": tariff_view(tariff),
    }


def _standing(booking: Any, tariff: Any, now: datetime, taken_until: datetime | None) -> dict[str, Any]:
    """The part of a booking's view that time decides."""
    claim = claim_of(booking)
    status = lifecycle.status_at(claim, now)
    end, cost = ended(booking, tariff, status)
    return {
        "status": status,
        "end_time": to_rfc3339(end),
        "held_until": to_rfc3339(booking.held_until) if status in LIVE else None,
        "duration_hours": hours(booking, status, end, now),
        "total_cost": to_number(total_cost(booking, tariff, status, cost)),
        "running_cost": to_number(cost_at(booking, tariff, now)) if status == "Active" else None,
        "require_checkin": claim.needs_check_in,
        "checkin_deadline": to_rfc3339(claim.deadline) if status == "Reserved" else None,
        "actions": lifecycle.actions_at(claim, now, taken_until),
    }


def booking_view(
    booking: Booking,
    lot: Lot,
    spot_number: int,
    tariff: Tariff,
    now: datetime,
    user: User | None = None,
    taken_until: datetime | None = None,
) -> dict[str, Any]:
    """One booking as `now` finds it. `user` is added for an administrator; `taken_until`: until when somebody before
    them has the spot (queries.spot_taken_until)."""
    shown = {
        "id": booking.id,
        "reference": booking.reference,
        "lot_id": booking.lot_id,
        "lot_name": lot.name,
        "lot_timezone": zone_of_stay(lot.calendar, booking.end_time),
        "lot_address": lot.address,
        "spot_id": booking.spot_id,
        "spot_number": spot_number,
        "booking_type": booking.booking_type,
        "start_time": to_rfc3339(booking.start_time),
        "reserved_start": to_rfc3339(booking.reserved_start),
        "reserved_end": to_rfc3339(booking.reserved_end),
        "checked_in_at": to_rfc3339(booking.checked_in_at),
        "created_at": to_rfc3339(booking.created_at),
        "ended_by": booking.ended_by,
        "reason": booking.reason,
        "vehicle_plate": booking.vehicle_plate,
        **_price_view(tariff),
        **_standing(booking, tariff, now, taken_until),
    }
    if user is not None:
        shown |= {"user_id": user.id, "user_email": user.email, "username": user.username}
    return shown


def row_view(row: Row[Any], now: datetime, *, for_admin: bool = False) -> dict[str, Any]:
    """A row of `queries.bookings()`."""
    user = row.User if for_admin else None
    return booking_view(row.Booking, row.Lot, row.spot_number, row.Tariff, now, user, row.taken_until)


_STORED = (
    *("id", "reference", "lot_id", "spot_id", "booking_type", "status", *INSTANTS),
    *("ended_by", "reason", "vehicle_plate", "spot_number", "lot_name", "lot_timezone", "lot_address"),
)
"""What a list shows as it is stored: the columns with which `queries.listed()` begins."""
_WHOSE = (*_STORED, "user_id", "user_email", "username")
_OVER: dict[str, Any] = {"held_until": None, "running_cost": None, "checkin_deadline": None, "actions": []}
"""What nobody asks any more of a booking that is over."""


def list_view(rows: Iterable[Row[Any]], now: datetime, *, for_admin: bool = False) -> list[dict[str, Any]]:
    """Rows of `queries.listed()`. Of a booking that is over everything is stored; the others stand as `now` says."""
    names, prices = _WHOSE if for_admin else _STORED, dict[int, tuple[Any, dict[str, Any]]]()
    shown = []
    for row in rows:
        if row.tariff_id not in prices:
            tariff = _tariff_of(row)
            prices[row.tariff_id] = tariff, {**_OVER, **_price_view(tariff)}
        tariff, price = prices[row.tariff_id]
        one = dict(zip(names, row, strict=False)) | price
        one["lot_timezone"] = zone_of_stay(row.lot_timezone, row.end_time)
        if row.status in LIVE:
            one |= _standing(_with_instants(row), tariff, now, row.taken_until)
        else:
            one["require_checkin"] = row.checkin_grace_s is not None
            one["total_cost"] = to_number(row.total_cost_minor or 0)
            one["duration_hours"] = 0 if row.status in FREE_OF_CHARGE else _charged_hours(one)
        shown.append(one)
    return shown


def _tariff_of(row: Row[Any]) -> Any:
    names = ("currency", "hourly_minor", "step_s", "free_s", "day_cap_minor", "cap_day")
    return SimpleNamespace(
        id=row.tariff_id, timezone=row.tariff_timezone, **{name: getattr(row, name) for name in names}
    )


def _with_instants(row: Row[Any]) -> Any:
    """The row with its times as instants again: what the rules take for a booking."""
    texts = {name: getattr(row, name) for name in INSTANTS}
    instants = {name: text and datetime.fromisoformat(text) for name, text in texts.items()}
    return SimpleNamespace(**{**row._mapping, **instants})


def _charged_hours(shown: dict[str, Any]) -> float:
    """Of the stay together with its window (texts of one form compare as their instants do)."""
    start, end = shown["start_time"], shown["end_time"]
    if shown["reserved_start"] is not None:
        start, end = min(start, shown["reserved_start"]), max(end, shown["reserved_end"])
    return round(max(datetime.fromisoformat(end) - datetime.fromisoformat(start), NOTHING) / HOUR, 4)
