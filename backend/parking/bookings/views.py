"""How a booking is shown: one row of the joined query in, the JSON of the contract out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from parking.accounts.models import User
from parking.bookings.models import Booking
from parking.bookings.rules import lifecycle, pricing
from parking.lots.models import Lot, Tariff
from parking.money import to_number

FREE_OF_CHARGE = ("Cancelled", "No-show")


def iso(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with Z."""
    return None if moment is None else f"{moment.isoformat()[:19]}Z"


def claim_of(booking: Booking) -> lifecycle.Claim:
    """What the rules need to know of the row."""
    return lifecycle.Claim(
        booking.status,
        booking.booking_type,
        booking.reserved_start,
        booking.reserved_end,
        booking.checkin_grace_s,
    )


def price_of(tariff: Tariff) -> pricing.Tariff:
    """The tariff row as the pricing rule takes it."""
    return pricing.Tariff(
        hourly_minor=tariff.hourly_minor,
        step_s=tariff.step_s,
        free_s=tariff.free_s,
        day_cap_minor=tariff.day_cap_minor,
        cap_day=tariff.cap_day,
        timezone=tariff.timezone,
    )


def window_of(booking: Booking) -> tuple[datetime, datetime] | None:
    """The reserved window, or None for an instant booking."""
    if booking.reserved_start is None or booking.reserved_end is None:
        return None
    return booking.reserved_start, booking.reserved_end


def cost_at(booking: Booking, tariff: Tariff, end: datetime) -> int:
    """What the booking costs if it ends at `end`, by its own tariff. A reservation costs its window at least."""
    return pricing.stay_cost(price_of(tariff), booking.start_time, max(end, booking.start_time), window_of(booking))


def tariff_view(tariff: Tariff) -> dict[str, Any]:
    return {
        "id": tariff.id,
        "price_per_hour": to_number(tariff.hourly_minor),
        "billing_step_seconds": tariff.step_s,
        "free_minutes": tariff.free_s // 60,
        "daily_cap": None if tariff.day_cap_minor is None else to_number(tariff.day_cap_minor),
        "cap_day": tariff.cap_day,
    }


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
    return round(max(until - start, timedelta(0)) / timedelta(hours=1), 4)


def booking_view(
    booking: Booking, lot: Lot, spot_number: int, tariff: Tariff, now: datetime, user: User | None = None
) -> dict[str, Any]:
    """One booking as `now` finds it. `user` is added for an administrator."""
    claim = claim_of(booking)
    status = lifecycle.status_at(claim, now)
    end, cost = ended(booking, tariff, status)
    running = status == "Active"
    shown = {
        "id": booking.id,
        "reference": booking.reference,
        "lot_id": booking.lot_id,
        "lot_name": lot.name,
        "lot_timezone": lot.timezone,
        "lot_address": lot.address,
        "spot_id": booking.spot_id,
        "spot_number": spot_number,
        "booking_type": booking.booking_type,
        "status": status,
        "start_time": iso(booking.start_time),
        "end_time": iso(end),
        "reserved_start": iso(booking.reserved_start),
        "reserved_end": iso(booking.reserved_end),
        "held_until": iso(booking.held_until) if status in ("Reserved", "Active") else None,
        "checked_in_at": iso(booking.checked_in_at),
        "duration_hours": hours(booking, status, end, now),
        "price_per_hour": to_number(tariff.hourly_minor),
        "currency": tariff.currency,
        "tariff": tariff_view(tariff),
        "total_cost": None if cost is None else to_number(cost),
        "running_cost": to_number(cost_at(booking, tariff, now)) if running else None,
        "created_at": iso(booking.created_at),
        "require_checkin": claim.needs_check_in,
        "checkin_deadline": iso(claim.deadline) if status == "Reserved" else None,
        "ended_by": booking.ended_by,
        "reason": booking.reason,
        "vehicle_plate": booking.vehicle_plate,
        "actions": lifecycle.actions_at(claim, now),
    }
    if user is not None:
        shown |= {"user_id": user.id, "user_email": user.email, "username": user.username}
    return shown


def row_view(row: Row[Any], now: datetime, *, for_admin: bool = False) -> dict[str, Any]:
    """A row of `queries.bookings()`."""
    return booking_view(row.Booking, row.Lot, row.spot_number, row.Tariff, now, row.User if for_admin else None)
