"""A reservation was moved to another spot, cancelled, or missed."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from sqlalchemy.orm import Session

from parking import mail
from parking.accounts import User
from parking.bookings.emails.calendar_entries import calendar_entry
from parking.bookings.emails.contexts import OneBooking, sample
from parking.bookings.emails.parts import (
    book_again,
    cost_details,
    notice_details,
    open_booking,
    queue_for,
    reason_details,
    schedule_details,
    spot_and_lot,
    spot_summary,
    start_of,
    tell,
    why,
)
from parking.mail import Block, Detail, Details, Formatter, Message, News, Paragraph


class Cancellation(OneBooking):
    """`by`: "system" when the spot was still occupied, "closed" when the lot has closed; both without a reason.
    "visitor": the one for whom the booking was made."""

    by: NotRequired[Literal["user", "visitor", "admin", "system", "closed"]]
    reason: NotRequired[str | None]


def _by(context: Cancellation) -> str:
    """Who cancelled the booking, as its reader sees it: for a visitor the driver is another, who has invited them."""
    by = context.get("by", "user")
    return {"user": "host", "visitor": "user"}.get(by, by) if context["booking"].get("to_visitor") else by


def _cancelled_subject(context: Cancellation, fmt: Formatter) -> str:
    return fmt.t.subject("booking_cancelled.subject", **spot_and_lot(context["booking"]))


def _cancelled_sample() -> dict[str, Any]:
    return {
        **sample(status="Cancelled", sequence=2, total_cost_minor=0),
        "by": "admin",
        "reason": "Level 2 is closed for repairs until Friday.",
    }


@mail.register("booking_cancelled", context=Cancellation, subject=_cancelled_subject, sample=_cancelled_sample)
def cancelled_message(context: Cancellation, fmt: Formatter) -> Message:
    """A reservation that will not take place. Removes the calendar entry."""
    b, t = context["booking"], fmt.t
    cost = b.get("total_cost_minor") or 0
    price = t("booking_cancelled.cost", amount=t.money(cost, b["currency"])) if cost else t("booking_cancelled.no_cost")
    event: tuple[News, ...] = (
        Paragraph(f"{t(f'booking_cancelled.by_{_by(context)}')} {price}"),
        *reason_details(context.get("reason"), t),
    )
    return Message(
        preheader=t.preheader("booking_cancelled.preheader", reference=b["reference"], start=start_of(b, t)),
        summary=spot_summary(b, t, t("booking_cancelled.title"), t("booking_cancelled.status")),
        blocks=(*event, schedule_details(b, fmt), *book_again(b, fmt)),
        reason=why(b, fmt),
        notice=(*event, notice_details(b, fmt)),
        calendar=calendar_entry(b, fmt, "CANCEL"),
    )


def cancelled(session: Session, user: User, context: dict[str, Any], by: str, reason: str | None) -> None:
    """Queues the mail of a cancellation. Who has cancelled the booking themselves gets no notice beside it."""
    key, of_operator = f"cancelled:{context['id']}", reason if by in ("user", "admin") else None
    send = queue_for if by == "user" else tell
    send(session, "booking_cancelled", user, context, key, by=by, reason=of_operator)


# moved to another spot ---------------------------------------------------------------------


class Move(OneBooking):
    """`closed`: the old spot is out of service then; else a car still stands on it."""

    old_spot_number: int | str
    closed: NotRequired[bool]


def _moved_subject(context: Move, fmt: Formatter) -> str:
    b, old = context["booking"], str(context["old_spot_number"])
    return fmt.t.subject("booking_moved.subject", spot=str(b["spot_number"]), old=old, lot=b["lot_name"])


def _moved_sample() -> dict[str, Any]:
    return {**sample(sequence=1, spot_number=18), "old_spot_number": 17}


@mail.register("booking_moved", context=Move, subject=_moved_subject, sample=_moved_sample)
def moved_message(context: Move, fmt: Formatter) -> Message:
    """A reservation keeps its time but gets another spot. Updates the calendar entry."""
    b, t = context["booking"], fmt.t
    old, new = str(context["old_spot_number"]), str(b["spot_number"])
    spots = (Detail(t("common.old_spot"), old), Detail(t("common.new_spot"), new, strong=True))
    event = Paragraph(t("booking_moved.closed" if context.get("closed") else "booking_moved.text", old=old, spot=new))
    return Message(
        preheader=t.preheader("booking_moved.preheader", start=start_of(b, t)),
        summary=spot_summary(b, t, t("booking_moved.title"), t("booking_moved.status")),
        blocks=(event, Details(spots), schedule_details(b, fmt), *open_booking(b, fmt)),
        reason=why(b, fmt),
        notice=(event, notice_details(b, fmt)),
        calendar=calendar_entry(b, fmt, "REQUEST"),
    )


def moved(session: Session, user: User, context: dict[str, Any], old_spot_number: int, *, closed: bool = False) -> None:
    """Tells the driver, by mail and notice, that the reservation has another spot."""
    key = f"moved:{context['id']}:{context['sequence']}"
    tell(session, "booking_moved", user, context, key, old_spot_number=old_spot_number, closed=closed)


# no check-in -------------------------------------------------------------------------------


def _no_show_subject(context: OneBooking, fmt: Formatter) -> str:
    return fmt.t.subject("booking_no_show.subject", **spot_and_lot(context["booking"]))


def _no_show_sample() -> dict[str, Any]:
    return sample(status="No-show", sequence=1, checkin_deadline="2026-11-24T09:15:00Z", total_cost_minor=0)


@mail.register("booking_no_show", context=OneBooking, subject=_no_show_subject, sample=_no_show_sample)
def no_show_message(context: OneBooking, fmt: Formatter) -> Message:
    """Nobody checked in where that is required. Removes the calendar entry."""
    b, t = context["booking"], fmt.t
    deadline = b.get("checkin_deadline") or b["reserved_start"] or b["start_time"]
    cost = b.get("total_cost_minor") or 0
    text = t("booking_no_show.text", deadline=t.moment(deadline, b["lot_timezone"]))
    event = Paragraph(text if cost else f"{text} {t('booking_cancelled.no_cost')}")
    blocks: list[Block] = [event, schedule_details(b, fmt)]
    if cost:
        blocks.append(cost_details(b, t))
    return Message(
        preheader=t.preheader("booking_no_show.preheader", reference=b["reference"], start=start_of(b, t)),
        summary=spot_summary(b, t, t("booking_no_show.title"), t("booking_no_show.status")),
        blocks=(*blocks, *book_again(b, fmt)),
        reason=why(b, fmt),
        notice=(event, notice_details(b, fmt)),
        calendar=calendar_entry(b, fmt, "CANCEL"),
    )


def no_show(session: Session, user: User, context: dict[str, Any]) -> None:
    """Tells the driver, by mail and notice, that nobody checked in."""
    tell(session, "booking_no_show", user, context, f"no-show:{context['id']}")
