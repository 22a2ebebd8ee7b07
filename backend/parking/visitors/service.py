"""Books for visitors, and shows and cancels the booking by the link of a visitor's mail."""

from __future__ import annotations

from typing import Any

from parking import bookings, settings
from parking.accounts import visitors_account
from parking.bookings import BookRequest, Visitor, read_visitor_token
from parking.errors import NotFound
from parking.staff import lots_of, require_role
from parking.visitors.schemas import VisitorBookingOut, VisitorIn
from parking.web import Identity

NOBODY = "@deleted.invalid"
"""The addresses of the visitors' account, and of deleted ones."""


def is_staff(who: Identity, lot_id: int) -> bool:
    """Whether the caller books as the staff of the lot."""
    lots = lots_of(who, "attendant")
    return lots is None or lot_id in lots


def book(who: Identity, lot_id: int, body: VisitorIn) -> dict[str, Any]:
    """Books a spot of the lot for a visitor: as its staff, else as a driver for a guest where GUESTS_PER_USER allows
    it. Returns the answer of POST /api/book.

    Raises what `requires_staff("attendant")` and `bookings.book` raise, and Conflict `too_many_guests`.
    """
    is_guest = not is_staff(who, lot_id)
    if is_guest and not settings.current().guests_per_user:
        require_role("attendant")
    return bookings.book(
        BookRequest(
            lot_id=lot_id,
            user_id=who.id if is_guest else visitors_account(),
            reserved_start=body.reserved_start,
            reserved_end=body.reserved_end,
            vehicle_plate=body.vehicle_plate,
            visitor=Visitor(body.name, body.email, body.locale or who.locale, is_guest=is_guest),
        )
    )


# by the link ------------------------------------------------------------------------------


def show(token: str) -> dict[str, Any]:
    """The booking of a link. Raises NotFound for a token that is not ours, and once the visitor's name is deleted."""
    return _view(_booking(token))


def cancel(token: str) -> dict[str, Any]:
    """Cancels the booking of a link. Raises NotFound as `show`, Conflict (running or ended)."""
    answer = bookings.cancel(_booking(token)["id"], None, by_visitor=True)
    return {"message": answer["message"], "booking": _view(answer["booking"])}


def _booking(token: str) -> dict[str, Any]:
    booking_id, reference = read_visitor_token(token) or (0, "")
    try:
        booking = bookings.get_booking(booking_id, None)
    except NotFound:
        raise _no_such_link() from None
    if booking["reference"] != reference or not booking["visitor_name"]:
        raise _no_such_link()
    return booking


def _no_such_link() -> NotFound:
    return NotFound("This link no longer works. Please ask the person who booked for you.", code="link_invalid")


def _view(booking: dict[str, Any]) -> dict[str, Any]:
    """What the visitor sees of a booking's view."""
    seen = {name: booking[name] for name in VisitorBookingOut.model_fields if name in booking}
    host = None if booking["user_email"].endswith(NOBODY) else booking["username"]
    return seen | {"host_name": host, "can_cancel": "cancel" in booking["actions"]}
