"""The facts of the letters about a booking, queued in the transaction of their cause."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from parking import mail, pricing, settings
from parking.accounts.models import User
from parking.bookings.models import Booking
from parking.bookings.reading.views import claim_of, window_of
from parking.lot_calendar import zone_of_stay
from parking.lots.models import Lot
from parking.pricing import Tariff, terms_of
from parking.timestamps import to_rfc3339

CONFIRM_EVERY = timedelta(minutes=1)


def confirm(session: Session, user: User, facts: dict[str, Any]) -> None:
    """Booked, or changed when the booking's sequence has risen: then one mail a minute tells the last state."""
    if user.deleted_at is None:
        mail.queue(
            session,
            "booking_confirmation",
            recipient(user),
            {"booking": facts},
            booking_id=facts["id"],
            dedupe_key=_confirmation_key(facts),
            at_most_every=CONFIRM_EVERY if facts["sequence"] else None,
        )


def zone_changed(session: Session, user: User, facts: dict[str, Any], old_timezone: str) -> None:
    """The lot's clock is another now; the booking is at the same moment."""
    _queue(session, "booking_confirmation", user, facts, _confirmation_key(facts), old_timezone=old_timezone)


def _confirmation_key(facts: dict[str, Any]) -> str:
    return f"confirmation:{facts['id']}:{facts['sequence']}"


def receipt(session: Session, user: User, facts: dict[str, Any]) -> None:
    """The stay is over."""
    _queue(session, "release_receipt", user, facts, f"receipt:{facts['id']}")


def force_released(session: Session, user: User, facts: dict[str, Any], reason: str) -> None:
    _queue(session, "booking_force_released", user, facts, f"receipt:{facts['id']}", reason=reason)


def cancelled(session: Session, user: User, facts: dict[str, Any], by: str, reason: str | None) -> None:
    teller = "user" if by == "user" else "admin"
    _queue(session, "booking_cancelled", user, facts, f"cancelled:{facts['id']}", by=teller, reason=reason)


def moved(session: Session, user: User, facts: dict[str, Any], old_spot_number: int) -> None:
    key = f"moved:{facts['id']}:{facts['sequence']}"
    _queue(session, "booking_moved", user, facts, key, old_spot_number=old_spot_number)


def no_show(session: Session, user: User, facts: dict[str, Any]) -> None:
    _queue(session, "booking_no_show", user, facts, f"no-show:{facts['id']}")


def recipient(user: User) -> mail.Recipient:
    """Where and how this person wants to be written to."""
    zone = user.timezone or settings.current().timezone
    return mail.Recipient(user.email, user.username, user.locale, zone, user.id, user.confirmed_at is not None)


def facts_of(
    booking: Booking, lot: Lot, spot_number: int, tariff: Tariff, spot_level: str | None = None
) -> dict[str, Any]:
    """Everything the letters say of a booking (mail.kinds.facts.BookingFacts)."""
    facts: dict[str, Any] = {
        "id": booking.id,
        "reference": booking.reference,
        "status": booking.status,
        "sequence": booking.sequence,
        "lot_name": lot.name,
        "lot_address": lot.address,
        "lot_timezone": zone_of_stay(lot.calendar, booking.end_time),
        "spot_number": spot_number,
        "spot_level": spot_level,
        "booking_type": booking.booking_type,
        "start_time": to_rfc3339(booking.start_time),
        "reserved_start": to_rfc3339(booking.reserved_start),
        "reserved_end": to_rfc3339(booking.reserved_end),
        "held_until": to_rfc3339(booking.held_until) if booking.booking_type == "instant" else None,
        "end_time": to_rfc3339(booking.end_time),
        "checkin_deadline": to_rfc3339(claim_of(booking).deadline),
        "vehicle_plate": booking.vehicle_plate,
        "currency": tariff.currency,
        "tariff": {
            "hourly_minor": tariff.hourly_minor,
            "step_seconds": tariff.step_s,
            "free_minutes": tariff.free_s // 60,
            "daily_cap_minor": tariff.day_cap_minor,
            "cap_day": tariff.cap_day,
        },
        "total_cost_minor": booking.total_cost_minor,
    }
    window = window_of(booking)
    if window and booking.end_time is None:
        facts["estimate_minor"] = pricing.cost_minor(terms_of(tariff), *window)
    if booking.end_time is not None and booking.status == "Completed":
        start, end = charged_time(booking)
        facts["duration_seconds"] = (end - start) // timedelta(seconds=1)
        facts["lines"] = [_line(line) for line in pricing.cost_lines(terms_of(tariff), start, end)]
    return facts


def _line(line: pricing.Line) -> dict[str, Any]:
    return {
        "starts": to_rfc3339(line.starts),
        "seconds": line.seconds,
        "amount_minor": line.amount_minor,
        "capped": line.capped,
        "free": line.free,
    }


def charged_time(booking: Booking) -> tuple[Any, Any]:
    """The time a finished booking is charged for: the stay, together with its window if it has one."""
    start, end = booking.start_time, booking.end_time or booking.held_until
    window = window_of(booking)
    return (min(start, window[0]), max(end, window[1])) if window else (start, end)


def _queue(session: Session, kind: str, user: User, facts: dict[str, Any], key: str, **more: Any) -> None:
    mail.supersede(session, "booking_confirmation", facts["id"], f"replaced by a newer mail: {kind}")
    if user.deleted_at is None:
        mail.queue(session, kind, recipient(user), {"booking": facts, **more}, booking_id=facts["id"], dedupe_key=key)
