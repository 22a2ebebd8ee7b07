"""Several reservations that their driver has cancelled at once: one mail for all of them."""

from __future__ import annotations

from itertools import groupby
from typing import Any, cast

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import mail
from parking.accounts import User, recipient
from parking.bookings.emails.calendar_entries import calendar_entry
from parking.bookings.emails.contexts import SAMPLE, BookingContext
from parking.bookings.emails.visitors import queue_to_visitor
from parking.mail import (
    Button,
    CalendarEntry,
    Detail,
    Details,
    Formatter,
    Instant,
    Message,
    Paragraph,
    Summary,
    parse_instant,
    zone_info,
)

TEMPLATE = "bookings_cancelled"


class CancelledDate(TypedDict):
    """One of the reservations. Nothing of a visitor: mails about several bookings outlast their names."""

    id: int
    reference: str
    sequence: int
    lot_name: str
    lot_address: str | None
    lot_timezone: str
    spot_number: int | str
    reserved_start: Instant
    reserved_end: Instant


class CancelledTogether(TypedDict):
    """At least two dates, by their start."""

    dates: list[CancelledDate]


_NAMES = tuple(CancelledDate.__annotations__)


def _sample() -> dict[str, Any]:
    lots = ("Harbour Street Garage", "Harbour Street Garage", "Station North")
    days = ("2026-11-25", "2026-11-30", "2026-12-02")
    dates = [
        {
            **{name: SAMPLE[name] for name in _NAMES},
            "id": 4711 + n,
            "reference": f"PW-7K3M-Q{2 + n}",
            "sequence": 1,
            "lot_name": lot,
            "lot_address": SAMPLE["lot_address"] if lot == SAMPLE["lot_name"] else None,
            "reserved_start": f"{day}T08:00:00Z",
            "reserved_end": f"{day}T17:30:00Z",
        }
        for n, (day, lot) in enumerate(zip(days, lots, strict=True))
    ]
    return {"dates": dates}


def _subject(context: CancelledTogether, fmt: Formatter) -> str:
    number, lots = fmt.t.number(len(context["dates"])), _by_lot(context["dates"])
    if len(lots) > 1:
        return fmt.t.subject("bookings_cancelled.subject_lots", n=number)
    return fmt.t.subject("bookings_cancelled.subject", n=number, lot=lots[0][0]["lot_name"])


@mail.register(TEMPLATE, context=CancelledTogether, subject=_subject, sample=_sample)
def cancelled_together_message(context: CancelledTogether, fmt: Formatter) -> Message:
    """Reservations that will not take place. Carries a calendar file that cancels all of them."""
    dates, t = context["dates"], fmt.t
    lots = _by_lot(dates)
    place = lots[0][0] if len(lots) == 1 else None
    return Message(
        preheader=t.preheader("bookings_cancelled.preheader", first=_day(dates[0], fmt), last=_day(dates[-1], fmt)),
        summary=Summary(
            title=t("bookings_cancelled.title"),
            status=t("booking_cancelled.status"),
            value_label=t("bookings_cancelled.number"),
            value=t.number(len(dates)),
            place=place["lot_name"] if place else "",
            address=(place["lot_address"] or "") if place else "",
        ),
        blocks=(
            Paragraph(f"{t('bookings_cancelled.text')} {t('booking_cancelled.no_cost')}"),
            *(_details(of_lot, fmt) for of_lot in lots),
            Paragraph(t("bookings_cancelled.calendar")),
            Button(t("common.book_again"), fmt.page("/")),
        ),
        reason=t("why.booking", site=fmt.site_name),
        dates=tuple(_entry(one, fmt) for one in dates),
    )


def _by_lot(dates: list[CancelledDate]) -> list[list[CancelledDate]]:
    """The dates of each lot, in the order of the lots' names."""

    def lot(one: CancelledDate) -> tuple[str, str]:
        return one["lot_name"], one["lot_timezone"]

    return [list(of_lot) for _, of_lot in groupby(sorted(dates, key=lot), lot)]


def _details(dates: list[CancelledDate], fmt: Formatter) -> Details:
    t, zone = fmt.t, dates[0]["lot_timezone"]
    rows = [
        Detail(
            t.span(one["reserved_start"], one["reserved_end"], zone),
            f"{t('common.spot')} {one['spot_number']} · {one['reference']}",
        )
        for one in dates
    ]
    return Details((*rows, Detail(t("common.zone"), t.zone_label(zone))), title=dates[0]["lot_name"])


def _day(one: CancelledDate, fmt: Formatter) -> str:
    return fmt.t.day(parse_instant(one["reserved_start"]).astimezone(zone_info(one["lot_timezone"])).date())


def _entry(one: CancelledDate, fmt: Formatter) -> CalendarEntry:
    booking = {**one, "status": "Cancelled", "start_time": one["reserved_start"]}
    return calendar_entry(cast(BookingContext, booking), fmt, "CANCEL")


def cancelled_together(session: Session, user: User, contexts: list[dict[str, Any]]) -> None:
    """Queues one mail about reservations that their driver has cancelled at once, and discards confirmations that still
    wait. A visitor gets the mail about theirs."""
    for context in contexts:
        mail.supersede(session, "booking_confirmation", context["id"], TEMPLATE)
        by_host = {"by": "user", "reason": None}
        queue_to_visitor(session, "booking_cancelled", context, f"cancelled:{context['id']}", by_host)
    dates = [{name: context[name] for name in _NAMES} for context in contexts]
    # A booking is cancelled once, so one of them names the mail.
    mail.queue(session, TEMPLATE, recipient(user), {"dates": dates}, dedupe_key=f"cancelled:{contexts[0]['id']}")
