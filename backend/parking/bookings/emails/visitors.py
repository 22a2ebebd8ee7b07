"""The mails to a visitor, for whom somebody else has booked: those of a driver, with a link of their own in place of a
page that asks to sign in."""

from __future__ import annotations

from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from parking import mail, settings, signing
from parking.bookings.emails.contexts import BookingContext
from parking.mail import Formatter


def queue_to_visitor(
    session: Session, template: str, context: dict[str, Any], key: str, more: dict[str, Any], **options: Any
) -> None:
    """Queues the visitor's copy of a mail about a booking; nothing without a visitor, or without their address."""
    visitor = context.get("visitor")
    if not visitor or not visitor["email"]:
        return
    to = mail.Recipient(visitor["email"], visitor["name"], visitor["locale"], context["lot_timezone"])
    copy = {"booking": {**context, "to_visitor": True}, **more}
    mail.queue(session, template, to, copy, booking_id=context["id"], dedupe_key=f"{key}:visitor", **options)


# the link ----------------------------------------------------------------------------------


def link_of(b: BookingContext, fmt: Formatter) -> str:
    """The address of the visitor's page. The token stands behind the #, so that no server or log sees it."""
    token = _signer().dumps([b["id"], b["reference"]])
    return f"{fmt.page('/visit')}#token={token}"


def read_token(token: str) -> tuple[int, str] | None:
    """The id and the reference of the booking that a link is about; None for a token that is not ours."""
    try:
        booking_id, reference = _signer().loads(token)
        return int(booking_id), str(reference)
    except (BadSignature, ValueError, TypeError):
        return None


def _signer() -> URLSafeSerializer:
    return signing.serializer(settings.current(), "visitor-booking")
