"""The calendar entry of a booking."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

from parking import mail
from parking.accounts import User, recipient
from parking.bookings.emails.contexts import BookingContext
from parking.bookings.emails.visitors import link_of
from parking.mail import CalendarEntry, CalendarMethod, Formatter, parse_instant

_NOT_TAKEN_PLACE = ("Cancelled", "No-show")


def calendar_file(context: dict[str, Any], user: User) -> str:
    """The .ics text of a booking, for its owner to download."""
    return mail.calendar_file(recipient(user), lambda fmt: calendar_entry(cast(BookingContext, context), fmt))


def calendar_entry(b: BookingContext, fmt: Formatter, method: CalendarMethod | None = None) -> CalendarEntry:
    """The entry of a booking. Without `method`, the one of a download: see `method_of_file`."""
    start, end = span(b)
    return CalendarEntry(
        uid=uid(b, fmt.public_url),
        sequence=b.get("sequence") or 0,
        method=method or method_of_file(b),
        start=start,
        end=end,
        summary=f"{fmt.t('common.spot')} {b['spot_number']}, {b['lot_name']}",
        location=", ".join(part for part in (b["lot_name"], b.get("lot_address")) if part),
        description=f"{fmt.t('common.reference')}: {b['reference']}",
        url=link_of(b, fmt) if b.get("to_visitor") else fmt.page("/bookings/{id}", id=b["id"]),
    )


def method_of_file(b: BookingContext) -> CalendarMethod:
    """CANCEL for a booking that did not take place: opening the file must not add a removed entry again."""
    return "CANCEL" if b.get("status") in _NOT_TAKEN_PLACE else "PUBLISH"


def uid(b: BookingContext, public_url: str) -> str:
    """The UID, the same for every entry of this booking."""
    return f"booking-{b['id']}-{b['reference']}@{urlsplit(public_url).hostname or 'localhost'}"


def span(b: BookingContext) -> tuple[datetime, datetime]:
    """Start and end of the entry: the stay when it is over; until then, and for a booking that did not take place, the
    reserved window, or for an instant booking the guaranteed time."""
    if b.get("status") == "Completed":
        start, end = parse_instant(b["start_time"]), parse_instant(b.get("end_time") or b["start_time"])
    else:
        start = parse_instant(b.get("reserved_start") or b["start_time"])
        end = parse_instant(b.get("reserved_end") or b.get("held_until") or b["start_time"])
    return start, max(start, end)
