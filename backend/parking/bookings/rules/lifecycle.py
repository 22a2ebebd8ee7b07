"""The rules of a booking's status: its value by the clock, and which actions are allowed. Pure.

Reserved → Active at its start, or at check-in where the lot asks for one; → Cancelled by its owner or an
administrator; → No-show when the grace for checking in has passed; Active → Completed at release, and by itself at
the end of the window where no check-in is required. A block with a window runs like a reservation without check-in; one
without a window is Active until it is lifted. A hold stays Reserved until it is claimed, and lapses at `claim_by`.
Finished bookings never change. The window of a reservation may grow (extend) and, before it begins, shrink (shorten);
once it has begun, it shrinks only where the lot allows that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from parking.errors import Conflict

STATUSES = ("Active", "Reserved", "Completed", "Cancelled", "No-show")
"""Those of a stay."""
LAPSED = "Lapsed"
"""The final status of a hold that nobody claimed."""
LIVE = ("Reserved", "Active")
"""The stored statuses of a booking that holds its spot: it runs or is still to come."""

OF_STAFF = ("cancel", "release", "check_in")
"""The actions that staff may take in place of a booking's owner."""

EARLY_CHECK_IN = timedelta(minutes=30)
"""How long before the window a driver may check in, if the spot is free by then."""


@dataclass(frozen=True, slots=True)
class BookingState:
    """The fields of a booking that the rules use."""

    status: str
    booking_type: str
    reserved_start: datetime | None = None
    reserved_end: datetime | None = None
    checkin_grace_s: int | None = None
    claim_by: datetime | None = None

    @property
    def needs_check_in(self) -> bool:
        return self.checkin_grace_s is not None

    @property
    def deadline(self) -> datetime | None:
        """The last instant to check in; None where no check-in is required."""
        if self.reserved_start is None or self.checkin_grace_s is None:
            return None
        return self.reserved_start + timedelta(seconds=self.checkin_grace_s)


def status_at(booking: BookingState, now: datetime) -> str:
    """Returns the status at `now`, also where a due transition is not written yet. SQL mirror: status_sql."""
    if booking.status not in LIVE:
        return booking.status
    if booking.claim_by is not None:
        return LAPSED if now >= booking.claim_by else booking.status
    if booking.reserved_start is None or booking.reserved_end is None:
        return booking.status
    if booking.deadline is not None:
        return "No-show" if booking.status == "Reserved" and now >= booking.deadline else booking.status
    if now >= booking.reserved_end:
        return "Completed"
    return "Active" if now >= booking.reserved_start else booking.status


def actions_at(
    booking: BookingState, now: datetime, taken_until: datetime | None = None, *, shorten_running: bool = False
) -> list[str]:
    """Returns the actions that its owner may take now; `taken_until`: until when an earlier booking has the spot;
    `shorten_running`: the lot's setting."""
    status = status_at(booking, now)
    may_shorten = ["shorten"] if _may_shorten(booking, now, shorten_running) else []
    if status == "Active":
        return ["release", "extend", *may_shorten]
    if status != "Reserved":
        return []
    assert booking.reserved_start is not None
    is_free = taken_until is None or taken_until <= now
    may_check_in = booking.needs_check_in and is_free and now >= booking.reserved_start - EARLY_CHECK_IN
    return ["cancel", "extend", *may_shorten, *(["check_in"] if may_check_in else [])]


def _may_shorten(booking: BookingState, now: datetime, shorten_running: bool) -> bool:
    start, end = booking.reserved_start, booking.reserved_end
    return start is not None and end is not None and now < end and (shorten_running or now < start)


def check_release(booking: BookingState, now: datetime) -> None:
    """Raises Conflict unless the booking can be released (or has been: then the answer is the same again)."""
    status = status_at(booking, now)
    if status == "Reserved":
        raise Conflict("This booking has not started yet. Cancel it instead.", code="not_started")
    if status in ("Cancelled", "No-show"):
        raise Conflict(f"This booking has already ended ({status}).", code="already_ended")


def check_cancel(booking: BookingState, now: datetime, *, by_visitor: bool = False) -> None:
    """Raises Conflict unless the booking is still to come. A visitor cannot release it either."""
    status = status_at(booking, now)
    if status == "Active":
        instead = "Please ask the staff of the lot." if by_visitor else "Release it instead."
        raise Conflict(f"This booking is active. {instead}", code="already_started")
    if status != "Reserved":
        raise Conflict(f"This booking has already ended ({status}).", code="already_ended")


def check_check_in(booking: BookingState, now: datetime) -> None:
    """Raises Conflict unless the driver can check in now."""
    status = status_at(booking, now)
    if not booking.needs_check_in:
        raise Conflict("This lot needs no check-in: the booking starts by itself.", code="no_check_in")
    if status == "Active":
        raise Conflict("You are already checked in.", code="already_started")
    if status != "Reserved":
        raise Conflict(f"This booking has already ended ({status}).", code="already_ended")
    assert booking.reserved_start is not None
    if now < booking.reserved_start - EARLY_CHECK_IN:
        minutes = int(EARLY_CHECK_IN.total_seconds() // 60)
        raise Conflict(f"Check-in opens {minutes} minutes before the booking starts.", code="too_early")


def check_extend(booking: BookingState, held_until: datetime, until: datetime, now: datetime) -> None:
    """Raises Conflict unless the booking can be held until then."""
    status = status_at(booking, now)
    if status not in LIVE:
        raise Conflict(f"This booking has already ended ({status}).", code="already_ended")
    if until <= held_until:
        raise Conflict("You already have the spot until then.", code="already_held")
    if until <= now:
        raise Conflict("This time is in the past.", code="already_passed")


def check_shorten(booking: BookingState, until: datetime, now: datetime, *, shorten_running: bool) -> None:
    """Raises Conflict unless the window of the booking can end at this earlier time. `shorten_running`: whether the lot
    allows it once the window has begun."""
    status = status_at(booking, now)
    if status not in LIVE:
        raise Conflict(f"This booking has already ended ({status}).", code="already_ended")
    start, end = booking.reserved_start, booking.reserved_end
    if start is None or end is None:
        raise Conflict("This booking has no planned end. End parking when you leave.", code="no_end")
    if until >= end:
        raise Conflict("Your booking ends then, or earlier. To keep the spot longer, extend it.", code="not_earlier")
    if until <= start:
        raise Conflict(
            "The new end must be after the start. To give the spot up, cancel the booking.", code="not_after"
        )
    if now >= start and not shorten_running:
        raise Conflict("Here a booking can be shortened only before it starts.", code="already_started")
    if until <= now:
        raise Conflict("This time is in the past. End parking when you leave.", code="already_passed")
