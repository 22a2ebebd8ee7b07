"""The reminder to users who have not booked for a while: context, sample, message, writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NotRequired

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import clock, mail
from parking.bookings import Booking, counts_by_lot, is_stay
from parking.lots import Lot
from parking.mail import Block, Button, Formatter, Grid, Message, Paragraph, Summary
from parking.pricing import Tariff, TariffContext, tariff_context, tariff_line
from parking.reports.emails.parts import Writer, Written
from parking.reports.periods import Period
from parking.reports.recipients import ReportRecipient

FREE_LOTS = 3


class FreeLot(TypedDict):
    name: str
    available_spots: int
    price_per_hour_minor: int
    currency: str
    tariff: NotRequired[TariffContext]  # absent in mails of older versions


class InactivityContext(TypedDict):
    days_since_last: int | None  # None: never booked
    lots: list[FreeLot]
    last: NotRequired[bool]  # the last reminder of this episode


def _sample_lot(name: str, free: int, price: int, **terms: int) -> dict[str, Any]:
    tariff = {"hourly_minor": price, **terms}
    return {
        "name": name,
        "available_spots": free,
        "price_per_hour_minor": price,
        "currency": "EUR",
        "tariff": tariff,
    }


def _sample() -> dict[str, Any]:
    return {
        "days_since_last": 9,
        "last": False,
        "lots": [
            _sample_lot("Harbour Street Garage", 23, 250, daily_cap_minor=1800, free_minutes=15),
            _sample_lot("Castle Park", 8, 180),
            _sample_lot("Station North", 41, 320, step_seconds=900),
        ],
    }


def _subject(context: InactivityContext, fmt: Formatter) -> str:
    lots = context["lots"]
    if lots:
        return fmt.t.subject("inactivity_reminder.subject", lot=lots[0]["name"])
    return fmt.t.subject("inactivity_reminder.subject_plain")


@mail.register(
    "inactivity_reminder",
    context=InactivityContext,
    subject=_subject,
    sample=_sample,
    category="subscription",
    daily_limit=None,
)
def inactivity_message(context: InactivityContext, fmt: Formatter) -> Message:
    """To a user who has not booked for a while, with up to three lots."""
    t, lots, days = fmt.t, context["lots"], context["days_since_last"]
    text = t("inactivity_reminder.never") if days is None else t.count("inactivity_reminder.since", days)
    blocks: list[Block] = [Paragraph(text)]
    if lots:
        blocks.append(
            Grid(
                title=t("inactivity_reminder.lots"),
                columns=(t("common.lot"), t("inactivity_reminder.free"), t("common.price")),
                rows=tuple(
                    (
                        lot["name"],
                        t.number(lot["available_spots"]),
                        tariff_line(_tariff(lot), lot["currency"], t),
                    )
                    for lot in lots[:FREE_LOTS]
                ),
            )
        )
    blocks.append(Button(t("inactivity_reminder.button"), fmt.page("/")))
    if context.get("last"):
        blocks.append(Paragraph(t("inactivity_reminder.last"), quiet=True))
    return Message(
        preheader=t.preheader("inactivity_reminder.preheader"),
        summary=Summary(title=t("inactivity_reminder.title")),
        blocks=tuple(blocks),
        reason=t("why.reminder", site=fmt.site_name),
    )


def _tariff(lot: FreeLot) -> TariffContext:
    return lot.get("tariff") or {"hourly_minor": lot["price_per_hour_minor"]}


def reminders(_period: Period) -> Writer:
    """Writes the reminders: the lot a user used last, and those with the most free spots."""

    def write(session: Session, recipients: Sequence[ReportRecipient]) -> Iterator[Written]:
        lots = _free_lots(session)
        last_lots = _last_lots(session, [recipient.user.id for recipient in recipients])
        for recipient in recipients:
            own = last_lots.get(recipient.user.id)
            offers = sorted(lots, key=lambda lot: lot[0] != own)[:FREE_LOTS]
            context = {"days_since_last": recipient.days, "lots": [lot for _, lot in offers], "last": recipient.final}
            yield Written(recipient, context)

    return write


def _free_lots(session: Session) -> list[tuple[int, dict[str, Any]]]:
    """(id, context) of the lots with free spots, the most free spots first."""
    counts = counts_by_lot(session, clock.now())
    query = (
        select(Lot.id, Lot.name, Lot.capacity, Tariff)
        .join(Tariff, (Tariff.lot_id == Lot.id) & (Tariff.id == Lot.tariff_id))
        .where(Lot.deleted_at.is_(None))
    )
    lots = []
    for lot_id, name, capacity, tariff in session.execute(query):
        free = capacity - (counts[lot_id].taken if lot_id in counts else 0)
        if free > 0:
            context = {
                "name": name,
                "available_spots": free,
                "price_per_hour_minor": tariff.hourly_minor,
                "currency": tariff.currency,
                "tariff": tariff_context(tariff),
            }
            lots.append((lot_id, context))
    return sorted(lots, key=lambda lot: (-lot[1]["available_spots"], lot[1]["name"]))


def _last_lots(session: Session, user_ids: Iterable[int]) -> dict[int, int]:
    newest = select(func.max(Booking.id)).where(Booking.user_id.in_(list(user_ids)), is_stay).group_by(Booking.user_id)
    return dict(session.execute(select(Booking.user_id, Booking.lot_id).where(Booking.id.in_(newest))).all())
