"""The receipt of a finished stay, and what is told when an administrator ended one."""

from __future__ import annotations

from typing import Any, NotRequired

from sqlalchemy.orm import Session

from parking import mail
from parking.accounts import User
from parking.bookings.emails.calendar_entries import calendar_entry
from parking.bookings.emails.contexts import BookingContext, OneBooking, sample
from parking.bookings.emails.parts import (
    cost_details,
    notice_details,
    open_booking,
    queue_for,
    reason_details,
    spot_and_lot,
    spot_summary,
    stay_details,
    stay_seconds,
    tell,
    total_of,
    why,
)
from parking.mail import Button, CalendarEntry, Formatter, Message, News, Paragraph, Summary


def _receipt_subject(context: OneBooking, fmt: Formatter) -> str:
    b = context["booking"]
    return fmt.t.subject("release_receipt.subject", amount=total_of(b, fmt.t), **spot_and_lot(b))


def _receipt_sample() -> dict[str, Any]:
    return sample(
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


@mail.register(
    "release_receipt", context=OneBooking, subject=_receipt_subject, sample=_receipt_sample, tell_failure=True
)
def receipt_message(context: OneBooking, fmt: Formatter) -> Message:
    """The price of a finished stay and its breakdown; end_time, duration and total are set. The calendar entry then
    ends with the stay."""
    b, t = context["booking"], fmt.t
    duration = t.duration(stay_seconds(b))
    return Message(
        preheader=t.preheader(
            "release_receipt.preheader", duration=duration, lot=b["lot_name"], reference=b["reference"]
        ),
        summary=Summary(
            title=t("release_receipt.title"),
            status=t("release_receipt.status"),
            value_label=t("common.total"),
            value=total_of(b, t),
            place=b["lot_name"],
            address=b.get("lot_address") or "",
        ),
        blocks=(
            stay_details(b, fmt),
            cost_details(b, t),
            *_open_receipt(b, fmt),
        ),
        reason=why(b, fmt),
        calendar=_entry_of_stay(b, fmt),
    )


def _open_receipt(b: BookingContext, fmt: Formatter) -> tuple[Button, ...]:
    """The button to the page of the receipt, for which a visitor has no account."""
    if b.get("to_visitor"):
        return ()
    return (Button(fmt.t("release_receipt.button"), fmt.page("/bookings/{id}/receipt", id=b["id"])),)


def receipt(session: Session, user: User, context: dict[str, Any]) -> None:
    """Queues the receipt of a finished stay."""
    queue_for(session, "release_receipt", user, context, f"receipt:{context['id']}")


# ended by an administrator -----------------------------------------------------------------


class ForceRelease(OneBooking):
    reason: NotRequired[str | None]


def _force_released_subject(context: ForceRelease, fmt: Formatter) -> str:
    return fmt.t.subject("booking_force_released.subject", **spot_and_lot(context["booking"]))


def _force_released_sample() -> dict[str, Any]:
    return {**_receipt_sample(), "reason": "The bay is needed for a fire inspection."}


@mail.register(
    "booking_force_released", context=ForceRelease, subject=_force_released_subject, sample=_force_released_sample
)
def force_released_message(context: ForceRelease, fmt: Formatter) -> Message:
    """An administrator ended a running booking. The calendar entry then ends with the stay."""
    b, t = context["booking"], fmt.t
    end = t.moment(b.get("end_time") or b["start_time"], b["lot_timezone"])
    event: tuple[News, ...] = (
        Paragraph(t("booking_force_released.text", end=end)),
        *reason_details(context.get("reason"), t),
        Paragraph(t("booking_force_released.car")),
    )
    return Message(
        preheader=t.preheader(
            "booking_force_released.preheader", reference=b["reference"], end=end, amount=total_of(b, t)
        ),
        summary=spot_summary(b, t, t("booking_force_released.title"), t("booking_force_released.status")),
        blocks=(*event, stay_details(b, fmt), cost_details(b, t), *open_booking(b, fmt)),
        reason=why(b, fmt),
        notice=(*event, notice_details(b, fmt)),
        calendar=_entry_of_stay(b, fmt),
    )


def force_released(session: Session, user: User, context: dict[str, Any], reason: str) -> None:
    """Tells the driver, by mail and notice, that an administrator ended the stay."""
    tell(session, "booking_force_released", user, context, f"receipt:{context['id']}", reason=reason)


def _entry_of_stay(b: BookingContext, fmt: Formatter) -> CalendarEntry | None:
    """The entry of a finished stay. None for a reservation that ended with its window: the entry shows that already."""
    window = (b.get("reserved_start"), b.get("reserved_end"))
    return None if window == (b["start_time"], b.get("end_time")) else calendar_entry(b, fmt, "REQUEST")
