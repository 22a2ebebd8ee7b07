"""The confirmation of a booking, and the reminder before a reservation starts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NotRequired

from sqlalchemy.orm import Session

from parking import mail
from parking.accounts import User, recipient
from parking.bookings.emails.calendar_entries import calendar_entry
from parking.bookings.emails.contexts import BookingContext, OneBooking, sample
from parking.bookings.emails.parts import (
    notice_details,
    open_booking,
    price_details,
    schedule_details,
    spot_and_lot,
    spot_summary,
    start_of,
    tell,
    why,
)
from parking.bookings.emails.visitors import queue_to_visitor
from parking.mail import Block, Formatter, Message, Paragraph

CONFIRM_EVERY = timedelta(minutes=1)


class Confirmation(OneBooking):
    """`first`: of a booking that was changed before its recipient was told of it."""

    first: NotRequired[bool]
    old_timezone: NotRequired[str]  # the zone of the lot was corrected: the booking is at the same moment


def _form(context: Confirmation) -> str:
    b = context["booking"]
    return "changed" if b.get("sequence") and not context.get("first") else b["booking_type"]


def _confirmation_subject(context: Confirmation, fmt: Formatter) -> str:
    return fmt.t.subject(f"booking_confirmation.subject_{_form(context)}", **spot_and_lot(context["booking"]))


def _confirmation_sample() -> dict[str, Any]:
    return sample(checkin_deadline="2026-11-24T09:15:00Z")


def instant_sample() -> dict[str, Any]:
    """The confirmation of an instant booking, for tests and screenshots."""
    return sample(
        booking_type="instant",
        start_time="2026-11-23T10:12:00Z",
        held_until="2026-11-23T14:12:00Z",
        reserved_start=None,
        reserved_end=None,
        estimate_minor=None,
        tariff={"hourly_minor": 250},
    )


@mail.register(
    "booking_confirmation",
    context=Confirmation,
    subject=_confirmation_subject,
    sample=_confirmation_sample,
    tell_failure=True,
)
def confirmation_message(context: Confirmation, fmt: Formatter) -> Message:
    """A new booking, or with `sequence` > 0 a changed one (with `old_timezone` one whose lot has another zone now).
    Carries the calendar entry."""
    b, t = context["booking"], fmt.t
    old = context.get("old_timezone")
    news = (Paragraph(t("booking_confirmation.zone", old=old, zone=b["lot_timezone"])),) if old else ()
    blocks: list[Block] = [
        *news,
        *_for_visitor(b, fmt),
        schedule_details(b, fmt),
        *_check_in(b, fmt),
        Paragraph(_guarantee(b, fmt)),
        price_details(b, t),
        *open_booking(b, fmt),
    ]
    title, status = f"booking_confirmation.title_{_form(context)}", f"booking_confirmation.status_{b['booking_type']}"
    return Message(
        preheader=t.preheader("booking_confirmation.preheader", reference=b["reference"], start=start_of(b, t)),
        summary=spot_summary(b, t, t(title), t(status)),
        blocks=tuple(blocks),
        reason=why(b, fmt),
        notice=(*news, notice_details(b, fmt)),
        calendar=calendar_entry(b, fmt, "REQUEST"),
    )


def _for_visitor(b: BookingContext, fmt: Formatter) -> list[Paragraph]:
    if not b.get("to_visitor"):
        return []
    text = fmt.t(f"visitor.text_{b['booking_type']}", lot=b["lot_name"])
    has_host = b["visitor"].get("has_host")
    is_free = not b["tariff"]["hourly_minor"]
    pays = [] if is_free or has_host is None else [fmt.t("visitor.host_pays" if has_host else "visitor.pays_at_lot")]
    return [Paragraph(" ".join([text, *pays]))]


def _guarantee(b: BookingContext, fmt: Formatter) -> str:
    until = b.get("held_until")
    if b["booking_type"] == "instant" and until:
        return fmt.t("booking_confirmation.instant", until=fmt.t.moment(until, b["lot_timezone"]))
    return fmt.t("booking_confirmation.reserved")


def _check_in(b: BookingContext, fmt: Formatter) -> list[Paragraph]:
    deadline = b.get("checkin_deadline")
    if not deadline:
        return []
    return [Paragraph(fmt.t("booking_confirmation.checkin", deadline=fmt.t.moment(deadline, b["lot_timezone"])))]


def confirm(session: Session, user: User, context: dict[str, Any]) -> None:
    """Queues the confirmation of a new booking, or of a changed one when its sequence has risen: then one mail a
    minute at most, with the latest state. A visitor gets a copy."""
    if visitor := context.get("visitor"):
        context = {**context, "visitor": {**visitor, "has_host": user.deleted_at is None}}
    key, every = _confirmation_key(context), CONFIRM_EVERY if context["sequence"] else None
    if user.deleted_at is None:
        mail.queue(
            session,
            "booking_confirmation",
            recipient(user),
            {"booking": context},
            booking_id=context["id"],
            dedupe_key=key,
            at_most_every=every,
            merge=merge_confirmations,
        )
    more: dict[str, Any] = {}
    queue_to_visitor(
        session, "booking_confirmation", context, key, more, at_most_every=every, merge=merge_confirmations
    )


def merge_confirmations(waiting: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A waiting first confirmation stays one of a new booking though the booking has changed, because it is the first
    mail that its recipient gets about it."""
    booking = waiting.get("booking") or {}
    is_first = waiting.get("first") or not booking.get("sequence")
    return {**new, "first": True} if is_first else new


def zone_changed(session: Session, user: User, context: dict[str, Any], old_timezone: str) -> None:
    """Tells the driver, by mail and notice, the new zone of the lot; the booking is at the same moment."""
    key = _confirmation_key(context)
    tell(session, "booking_confirmation", user, context, key, old_timezone=old_timezone)


def _confirmation_key(context: dict[str, Any]) -> str:
    return f"confirmation:{context['id']}:{context['sequence']}"


# the reminder before a reservation ---------------------------------------------------------


def _reminder_subject(context: OneBooking, fmt: Formatter) -> str:
    b = context["booking"]
    start = fmt.t.clock(b["reserved_start"] or b["start_time"], b["lot_timezone"])
    return fmt.t.subject("reservation_reminder.subject", time=start, **spot_and_lot(b))


@mail.register(
    "reservation_reminder", context=OneBooking, subject=_reminder_subject, sample=sample, category="subscription"
)
def reminder_message(context: OneBooking, fmt: Formatter) -> Message:
    """Shortly before a reservation starts."""
    b, t = context["booking"], fmt.t
    return Message(
        preheader=t.preheader("reservation_reminder.preheader", reference=b["reference"], start=start_of(b, t)),
        summary=spot_summary(b, t, t("reservation_reminder.title"), t("reservation_reminder.status")),
        blocks=(
            schedule_details(b, fmt),
            *_check_in(b, fmt),
            Paragraph(t("reservation_reminder.text")),
            *open_booking(b, fmt),
        ),
        reason=t("why.reminder", site=fmt.site_name),
    )


def reservation_reminder(session: Session, user: User, context: dict[str, Any], start: datetime) -> None:
    """Queues the reminder; it is discarded if it is not sent before the reservation starts."""
    mail.queue(
        session,
        "reservation_reminder",
        recipient(user),
        {"booking": context},
        booking_id=context["id"],
        expires_at=start,
    )
