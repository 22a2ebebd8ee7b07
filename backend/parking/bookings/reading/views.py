"""Bookings as JSON, from rows of the joined query."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row

from parking import pricing
from parking.accounts import User
from parking.bookings.models import Booking
from parking.bookings.rules import lifecycle, reasons
from parking.bookings.rules.lifecycle import LIVE
from parking.lot_calendar import zone_of_stay
from parking.lots import Lot
from parking.money import to_number
from parking.pricing import Tariff, tariff_view, terms_of
from parking.timestamps import to_rfc3339

FREE_OF_CHARGE = ("Cancelled", "No-show")
INSTANTS = ("start_time", "held_until", "end_time", "reserved_start", "reserved_end", "checked_in_at", "created_at")
HOUR, NOTHING = timedelta(hours=1), timedelta(0)


def state_of(booking: Booking) -> lifecycle.BookingState:
    """Returns the fields that the rules use."""
    return lifecycle.BookingState(
        booking.status,
        booking.booking_type,
        booking.reserved_start,
        booking.reserved_end,
        booking.checkin_grace_s,
        getattr(booking, "claim_by", None),  # lists, which have no holds, do not read it
    )


def window_of(booking: Booking) -> tuple[datetime, datetime] | None:
    """Returns the reserved window, or None for an instant booking."""
    if booking.reserved_start is None or booking.reserved_end is None:
        return None
    return booking.reserved_start, booking.reserved_end


def cost_at(booking: Booking, tariff: Tariff, end: datetime) -> int:
    """Returns the cost in minor units if the booking ends at `end`. A reservation costs at least its window."""
    return pricing.stay_cost(terms_of(tariff), booking.start_time, max(end, booking.start_time), window_of(booking))


def end_and_cost(booking: Booking, tariff: Tariff, status: str) -> tuple[datetime | None, int | None]:
    """Returns (end, cost in minor units) of a booking that is over, written yet or not; else (None, None).

    A cancelled reservation ends with its window: it was cancelled before, so that moment would precede its start.
    """
    if booking.status == "Cancelled" and booking.reserved_end is not None:
        return booking.reserved_end, booking.total_cost_minor
    if booking.end_time is not None:
        return booking.end_time, booking.total_cost_minor
    if status == "Completed":
        return booking.reserved_end, cost_at(booking, tariff, booking.reserved_end or booking.start_time)
    if status == "No-show":
        return state_of(booking).deadline, 0
    return None, None


def stay_hours(booking: Booking, status: str, end: datetime | None, now: datetime) -> float | None:
    """Returns the hours of the stay: up to now while it runs, those of the window for a reservation to come."""
    if status in FREE_OF_CHARGE:
        return 0
    window = window_of(booking)
    start, until = (booking.start_time, end or now) if status != "Reserved" or not window else window
    if window and status == "Completed":
        start, until = min(start, window[0]), max(until, window[1])
    return round(max(until - start, NOTHING) / HOUR, 4)


def total_cost(booking: Booking, tariff: Tariff, status: str, final: int | None) -> int:
    """Returns minor units: the final cost; the window's price while Reserved; 0 while Active (see `running_cost`)."""
    if final is None and status == "Reserved":
        return cost_at(booking, tariff, booking.reserved_end or booking.start_time)
    return final or 0


def _price_view(tariff: Any) -> dict[str, Any]:
    return {
        "price_per_hour": to_number(tariff.hourly_minor),
        "currency": tariff.currency,
        "tariff": tariff_view(tariff),
    }


def _current_state(
    booking: Any, tariff: Any, now: datetime, taken_until: datetime | None, shorten_running: bool, *, for_admin: bool
) -> dict[str, Any]:
    """Returns the fields that depend on the time."""
    state = state_of(booking)
    status = lifecycle.status_at(state, now)
    end, cost = end_and_cost(booking, tariff, status)
    actions = lifecycle.actions_at(state, now, taken_until, shorten_running=shorten_running)
    return {
        "status": status,
        "end_time": to_rfc3339(end),
        "held_until": to_rfc3339(booking.held_until) if status in LIVE else None,
        "duration_hours": stay_hours(booking, status, end, now),
        "total_cost": to_number(total_cost(booking, tariff, status, cost)),
        "running_cost": to_number(cost_at(booking, tariff, now)) if status == "Active" else None,
        "require_checkin": state.needs_check_in,
        "checkin_deadline": to_rfc3339(state.deadline) if status == "Reserved" else None,
        "actions": [one for one in actions if one in lifecycle.OF_STAFF] if for_admin else actions,
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
    """Returns one booking at `now`. `user`: added for an administrator; `taken_until`: see queries.spot_taken_until."""
    view = {
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
        "reason_code": reasons.code_of(booking.ended_by, booking.reason, lot.name),
        "vehicle_plate": booking.vehicle_plate,
        "visitor_name": booking.visitor_name,
        "visitor_email": booking.visitor_email,
        "needs": booking.needs,
        "series_id": booking.series_id,
        **_price_view(tariff),
        **_current_state(booking, tariff, now, taken_until, lot.shorten_running, for_admin=user is not None),
    }
    if user is not None:
        view |= {"user_id": user.id, "user_email": user.email, "username": user.username}
    return view


def row_view(row: Any, now: datetime, *, for_admin: bool = False) -> dict[str, Any]:
    """Returns a queries.BookingRow as JSON."""
    user = row.user if for_admin else None
    return booking_view(row.booking, row.lot, row.spot_number, row.tariff, now, user, row.taken_until)


_STORED = (
    *("id", "reference", "lot_id", "spot_id", "booking_type", "status", *INSTANTS),
    *("ended_by", "reason", "vehicle_plate", "visitor_name", "visitor_email", "needs", "series_id", "spot_number"),
    *("lot_name", "lot_timezone", "lot_address"),
)
"""The fields of a list that are stored: the first columns of `queries.listed()`."""
_WITH_USER = (*_STORED, "user_id", "user_email", "username")
_OVER: dict[str, Any] = {"held_until": None, "running_cost": None, "checkin_deadline": None, "actions": []}
"""The fields of a booking that is over and does not change any more."""


def list_view(rows: Iterable[Row[Any]], now: datetime, *, for_admin: bool = False) -> list[dict[str, Any]]:
    """Returns rows of `queries.listed()` as JSON. Bookings that are over are read as stored, others by the rules."""
    names, prices = _WITH_USER if for_admin else _STORED, dict[int, tuple[Any, dict[str, Any]]]()
    views = []
    for row in rows:
        one = dict(zip(names, row, strict=False))
        cost, grace, tariff_id = row[len(names) : len(names) + 3]
        if tariff_id not in prices:
            tariff = _tariff_of(row)
            prices[tariff_id] = tariff, {**_OVER, **_price_view(tariff)}
        tariff, price = prices[tariff_id]
        one.update(price)
        status, end = one["status"], one["end_time"]
        one["lot_timezone"] = zone_of_stay(one["lot_timezone"], end)
        one["reason_code"] = reasons.code_of(one["ended_by"], one["reason"], one["lot_name"])
        if status in LIVE:
            timed = _with_instants(row), tariff, now, row.taken_until, row.shorten_running
            one.update(_current_state(*timed, for_admin=for_admin))
        else:
            if status == "Cancelled" and one["reserved_end"] is not None:  # as in end_and_cost()
                one["end_time"] = one["reserved_end"]
            one["require_checkin"] = grace is not None
            one["total_cost"] = to_number(cost or 0)
            one["duration_hours"] = 0 if status in FREE_OF_CHARGE else _charged_hours(one)
        views.append(one)
    return views


def _tariff_of(row: Row[Any]) -> SimpleNamespace:
    names = ("currency", "hourly_minor", "step_s", "free_s", "day_cap_minor", "cap_day")
    return SimpleNamespace(
        id=row.tariff_id, timezone=row.tariff_timezone, **{name: getattr(row, name) for name in names}
    )


def _with_instants(row: Row[Any]) -> SimpleNamespace:
    """Returns the row with its times as instants, which the rules take like a booking."""
    texts = {name: getattr(row, name) for name in INSTANTS}
    instants = {name: text and datetime.fromisoformat(text) for name, text in texts.items()}
    return SimpleNamespace(**{**row._mapping, **instants})


def _charged_hours(view: dict[str, Any]) -> float:
    """Returns the hours of the stay together with its window (texts of this form compare as their instants do)."""
    start, end = view["start_time"], view["end_time"]
    if view["reserved_start"] is not None:
        start, end = min(start, view["reserved_start"]), max(end, view["reserved_end"])
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return round(max(seconds, 0) / 3600, 4)
