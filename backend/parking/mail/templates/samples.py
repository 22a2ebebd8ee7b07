"""Plausible facts for every kind: for previews, rendered pictures and snapshot tests."""

from __future__ import annotations

from typing import Any

BOOKING: dict[str, Any] = {
    "id": 4711,
    "reference": "PW-7K3M-Q2",
    "sequence": 0,
    "lot_name": "Harbour Street Garage",
    "lot_address": "12 Harbour Street, Dover CT16 1AA",
    "lot_timezone": "Europe/London",
    "spot_number": 17,
    "spot_level": "2",
    "booking_type": "reserved",
    "start_time": "2026-11-24T09:00:00Z",
    "reserved_start": "2026-11-24T09:00:00Z",
    "reserved_end": "2026-11-24T17:30:00Z",
    "vehicle_plate": "KX21 ABC",
    "currency": "EUR",
    "tariff": {
        "hourly_minor": 250,
        "step_seconds": 900,
        "free_minutes": 10,
        "daily_cap_minor": 1800,
        "cap_day": "calendar",
    },
    "estimate_minor": 1800,
}


def _booking(**changes: Any) -> dict[str, Any]:
    return {"booking": {**BOOKING, **changes}}


def booking_confirmation() -> dict[str, Any]:
    return _booking(checkin_deadline="2026-11-24T09:15:00Z")


def booking_confirmation_instant() -> dict[str, Any]:
    """The other form of the confirmation, for tests and pictures."""
    return _booking(
        booking_type="instant",
        start_time="2026-11-23T10:12:00Z",
        held_until="2026-11-23T14:12:00Z",
        reserved_start=None,
        reserved_end=None,
        estimate_minor=None,
        tariff={"hourly_minor": 250},
    )


def release_receipt() -> dict[str, Any]:
    return _booking(
        status="Completed",
        sequence=1,
        booking_type="instant",
        start_time="2026-11-23T10:12:00Z",
        end_time="2026-11-23T15:40:27Z",
        reserved_start=None,
        reserved_end=None,
        duration_seconds=19707,
        total_cost_minor=1375,
        lines=[{"starts": "2026-11-23T10:12:00Z", "seconds": 19800, "amount_minor": 1375}],
    )


def reservation_reminder() -> dict[str, Any]:
    return _booking()


def booking_cancelled() -> dict[str, Any]:
    return {
        **_booking(status="Cancelled", sequence=2, total_cost_minor=0),
        "by": "admin",
        "reason": "Level 2 is closed for repairs until Friday.",
    }


def booking_force_released() -> dict[str, Any]:
    return {**release_receipt(), "reason": "The bay is needed for a fire inspection."}


def booking_moved() -> dict[str, Any]:
    return {**_booking(sequence=1, spot_number=18), "old_spot_number": 17}


def booking_no_show() -> dict[str, Any]:
    return _booking(status="No-show", sequence=1, checkin_deadline="2026-11-24T09:15:00Z", total_cost_minor=0)


def inactivity_reminder() -> dict[str, Any]:
    return {
        "days_since_last": 9,
        "last": False,
        "lots": [
            {"name": "Harbour Street Garage", "available_spots": 23, "price_per_hour_minor": 250, "currency": "EUR"},
            {"name": "Castle Park", "available_spots": 8, "price_per_hour_minor": 180, "currency": "EUR"},
            {"name": "Station North", "available_spots": 41, "price_per_hour_minor": 320, "currency": "EUR"},
        ],
    }


_LOTS: list[dict[str, Any]] = [
    {"name": "Harbour Street Garage", "bookings": 84, "revenue_minor": 96450, "occupancy_percent": 71.5},
    {"name": "Station North", "bookings": 61, "revenue_minor": 80160, "occupancy_percent": 88.0},
    {"name": "Castle Park", "bookings": 17, "revenue_minor": 10980, "occupancy_percent": 24.5},
]
_FIGURES = {
    "bookings": 162,
    "revenue_minor": 187590,
    "occupancy_percent": 64.5,
    "new_users": 7,
    "cancelled": 9,
    "no_shows": 3,
}
_BEFORE = {
    "bookings": 148,
    "revenue_minor": 191020,
    "occupancy_percent": 61.0,
    "new_users": 7,
    "cancelled": 12,
    "no_shows": 4,
}


def admin_daily_report() -> dict[str, Any]:
    return {
        "day": "2026-11-22",
        "timezone": "Europe/London",
        "currency": "EUR",
        "figures": _FIGURES,
        "previous": _BEFORE,
        "lots": _LOTS,
    }


def admin_monthly_report() -> dict[str, Any]:
    return {
        "month": "2026-10",
        "timezone": "Europe/London",
        "currency": "EUR",
        "figures": {
            **_of_a_month(_FIGURES),
            "peak_occupancy_percent": 97.5,
            "active_users": 412,
            "parked_seconds": 51_768_000,
        },
        "previous": {
            **_of_a_month(_BEFORE),
            "peak_occupancy_percent": 96.0,
            "active_users": 398,
            "parked_seconds": 50_112_000,
        },
        "lots": [_of_a_month(lot) for lot in _LOTS],
    }


def _of_a_month(day: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers thirty times as large, so that the lots still add up to the sum."""
    return {name: value * 30 if isinstance(value, int) else value for name, value in day.items()}


def user_monthly_report() -> dict[str, Any]:
    return {
        "month": "2026-10",
        "timezone": "Europe/London",
        "currency": "EUR",
        "figures": {"visits": 14, "parked_seconds": 243_000, "spent_minor": 16_425},
        "previous": {"visits": 11, "parked_seconds": 198_000, "spent_minor": 13_750},
        "lots": [
            {"name": "Harbour Street Garage", "visits": 9, "parked_seconds": 171_000, "spent_minor": 11_875},
            {"name": "Castle Park", "visits": 5, "parked_seconds": 72_000, "spent_minor": 4_550},
        ],
    }


def export_ready() -> dict[str, Any]:
    return {
        "files": [{"name": "bookings.csv", "rows": 1284, "size_bytes": 161_380}],
        "link": None,
        "expires_at": "2026-11-24T10:00:00Z",
    }


def admin_export_ready() -> dict[str, Any]:
    return {
        "files": [
            {"name": "users.csv", "rows": 2310, "size_bytes": 304_200},
            {"name": "lots.csv", "rows": 12, "size_bytes": 2_150},
            {"name": "spots.csv", "rows": 1440, "size_bytes": 88_400},
            {"name": "bookings.csv", "rows": 148_022, "size_bytes": 21_480_300},
        ],
        "link": "/admin/exports",
        "expires_at": "2026-11-24T10:00:00Z",
        "deleted_at": "2026-11-30T10:00:00Z",
    }


def password_reset() -> dict[str, Any]:
    return {"link": "/reset-password#token=sample", "expires_at": "2026-11-23T10:30:00Z"}


def password_changed() -> dict[str, Any]:
    return {"at": "2026-11-23T10:00:00Z", "ip": "203.0.113.7", "device": "Firefox, Windows"}


def email_confirm() -> dict[str, Any]:
    return {
        "link": "/confirm-email#token=sample",
        "expires_at": "2026-11-24T10:00:00Z",
        "email": "amelia.new@example.com",
    }


def email_changed_notice() -> dict[str, Any]:
    return {"at": "2026-11-23T10:00:00Z", "email": "amelia.new@example.com", "ip": "203.0.113.7"}


def refresh_reuse_warning() -> dict[str, Any]:
    return {"at": "2026-11-23T10:00:00Z", "ip": "198.51.100.23", "device": "Chrome, Android"}


def test_message() -> dict[str, Any]:
    return {}
