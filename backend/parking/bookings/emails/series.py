"""A series was booked; a date of one could not be."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, NotRequired, cast

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import mail, notices
from parking.accounts import User, recipient
from parking.bookings.emails.calendar_entries import calendar_entry
from parking.bookings.emails.contexts import SAMPLE, BookingContext
from parking.bookings.rules.recurrence import WEEKDAYS
from parking.bookings.series.models import Series
from parking.mail import Button, CalendarEntry, Detail, Details, Formatter, Instant, Message, News, Paragraph, Summary
from parking.pricing import Tariff, TariffContext, tariff_context, tariff_line

Why = Literal["full", "clock_change", "too_late", "yours_already", "limit", "closed", "account"]


class SeriesContext(TypedDict):
    """A series as it was when the mail was queued. Its times are wall times of the lot. `later`: the first date that is
    too far ahead to be booked yet."""

    id: int
    lot_name: str
    lot_address: NotRequired[str | None]
    lot_timezone: str
    start_time: str
    end_time: str
    days: list[str]
    every_weeks: int
    first_day: str
    last_day: str
    later: NotRequired[str | None]


class SeriesDate(TypedDict):
    """One booking of a series."""

    id: int
    reference: str
    sequence: int
    spot_number: int | str
    reserved_start: Instant
    reserved_end: Instant


class SeriesBooking(TypedDict):
    """`total_minor`: the price of all dates that are booked."""

    series: SeriesContext
    dates: list[SeriesDate]
    tariff: TariffContext
    currency: str
    total_minor: int


class PlaceInQueue(TypedDict):
    position: int
    entry_id: int


class MissedDate(TypedDict):
    """`place`: on the waitlist, where the driver wished for one and has got it."""

    series: SeriesContext
    date: str
    why: Why
    place: NotRequired[PlaceInQueue | None]


def series_context(series: Series, lot: Any) -> dict[str, Any]:
    """The SeriesContext of a series as it is now."""
    return {
        "id": series.id,
        "lot_name": lot.name,
        "lot_address": lot.address,
        "lot_timezone": lot.timezone,
        "start_time": series.start_time,
        "end_time": series.end_time,
        "days": list(series.days),
        "every_weeks": series.every_weeks,
        "first_day": series.first_day.isoformat(),
        "last_day": series.last_day.isoformat(),
        "later": series.next_day.isoformat() if series.next_day else None,
    }


_SERIES: dict[str, Any] = {
    "id": 12,
    "lot_name": SAMPLE["lot_name"],
    "lot_address": SAMPLE["lot_address"],
    "lot_timezone": SAMPLE["lot_timezone"],
    "start_time": "08:00",
    "end_time": "17:30",
    "days": ["mo", "we"],
    "every_weeks": 1,
    "first_day": "2026-11-25",
    "last_day": "2027-02-24",
    "later": "2027-01-25",
}


def _booked_sample() -> dict[str, Any]:
    days = ("2026-11-25", "2026-11-30", "2026-12-02")
    dates = [
        {
            "id": 4711 + n,
            "reference": f"PW-7K3M-Q{2 + n}",
            "sequence": 0,
            "spot_number": 17 if n != 1 else 18,
            "reserved_start": f"{day}T08:00:00Z",
            "reserved_end": f"{day}T17:30:00Z",
        }
        for n, day in enumerate(days)
    ]
    price = {"tariff": SAMPLE["tariff"], "currency": SAMPLE["currency"], "total_minor": 5400}
    return {"series": _SERIES, "dates": dates, **price}


def _booked_subject(context: SeriesBooking, fmt: Formatter) -> str:
    if not context["dates"]:
        return fmt.t.subject("series_booked.subject_later", lot=context["series"]["lot_name"])
    number = fmt.t.count("series_booked.dates", len(context["dates"]))
    return fmt.t.subject("series_booked.subject", dates=number, lot=context["series"]["lot_name"])


@mail.register("series_booked", context=SeriesBooking, subject=_booked_subject, sample=_booked_sample)
def booked_message(context: SeriesBooking, fmt: Formatter) -> Message:
    """The dates of a new series that are booked. Carries a calendar file with all of them."""
    series, dates, t = context["series"], context["dates"], fmt.t
    rows = [
        Detail(t.span(one["reserved_start"], one["reserved_end"], series["lot_timezone"]), _spot(one, fmt))
        for one in dates
    ]
    later = series.get("later")
    prices = [Detail(t("common.price"), tariff_line(context["tariff"], context["currency"], t))]
    if dates:
        total = t.money(context["total_minor"], context["currency"])
        prices.append(Detail(t("common.estimate"), total, strong=True))
    return Message(
        preheader=t.preheader("series_booked.preheader", rhythm=_rhythm(series, fmt)),
        summary=Summary(
            title=t("series_booked.title"),
            status=t("series_booked.status"),
            value_label=t("series_booked.number") if dates else "",
            value=t.number(len(dates)) if dates else "",
            place=series["lot_name"],
            address=series.get("lot_address") or "",
        ),
        blocks=(
            _rule(series, fmt),
            *([Details(tuple(rows), title=t("series_booked.list"))] if dates else ()),
            *([Paragraph(t("series_booked.later", day=t.day(date.fromisoformat(later))))] if later else ()),
            *([Paragraph(t("series_booked.cancel"))] if dates else ()),
            Details(tuple(prices)),
            _open(series, fmt),
        ),
        reason=t("why.booking", site=fmt.site_name),
        dates=tuple(_entry(series, one, fmt) for one in dates),
    )


def series_booked(
    session: Session, user: Any, bookings: list[dict[str, Any]], series: dict[str, Any], tariff: Tariff
) -> None:
    """Queues the mail about a new series: one for all its dates."""
    names = ("id", "reference", "sequence", "spot_number", "reserved_start", "reserved_end")
    context = {
        "series": series,
        "dates": [{name: one[name] for name in names} for one in bookings],
        "tariff": tariff_context(tariff),
        "currency": tariff.currency,
        "total_minor": sum(one["estimate_minor"] for one in bookings),
    }
    mail.queue(session, "series_booked", recipient(user), context, dedupe_key=f"series:{series['id']}")


def _missed_subject(context: MissedDate, fmt: Formatter) -> str:
    day = fmt.t.day(date.fromisoformat(context["date"]))
    return fmt.t.subject("series_date_missed.subject", day=day, lot=context["series"]["lot_name"])


def _missed_sample() -> dict[str, Any]:
    return {"series": _SERIES, "date": "2027-01-25", "why": "full", "place": {"position": 2, "entry_id": 12}}


@mail.register("series_date_missed", context=MissedDate, subject=_missed_subject, sample=_missed_sample)
def missed_message(context: MissedDate, fmt: Formatter) -> Message:
    """A date of a series could not be booked when it came near enough."""
    series, t = context["series"], fmt.t
    day = t.day(date.fromisoformat(context["date"]))
    event: tuple[News, ...] = (Paragraph(t(f"series_date_missed.{context['why']}", day=day)),)
    button = Button(t("common.book_again"), fmt.page("/"))
    if place := context.get("place"):
        event += (Paragraph(t("series_date_missed.waiting", n=t.number(place["position"]))),)
        button = Button(t("waitlist.open"), fmt.page("/waitlist/{id}", id=place["entry_id"]))
    goes_on = () if context["why"] == "closed" else (Paragraph(t("series_date_missed.goes_on")),)
    return Message(
        preheader=t.preheader("series_date_missed.preheader", rhythm=_rhythm(series, fmt)),
        summary=Summary(
            title=t("series_date_missed.title"),
            status=t("series_date_missed.status"),
            place=series["lot_name"],
            address=series.get("lot_address") or "",
        ),
        blocks=(*event, *goes_on, _rule(series, fmt), _open(series, fmt), button),
        reason=t("why.booking", site=fmt.site_name),
        notice=(*event, *goes_on),
    )


def series_date_missed(
    session: Session, user: User, series: dict[str, Any], day: str, why: str, place: dict[str, Any] | None
) -> None:
    """Tells the driver, by mail and notice, that a date of their series could not be booked, and their place on the
    waitlist."""
    context = {"series": series, "date": day, "why": why, "place": place}
    key = f"series-missed:{series['id']}:{day}"
    mail.queue(session, "series_date_missed", recipient(user), context, dedupe_key=key)
    notices.add(session, "series_date_missed", user.id, context, booking_id=None, key=key)


def _rhythm(series: SeriesContext, fmt: Formatter) -> str:
    """The days and times in words: "Mon, Wed 08:00–17:30"."""
    names = fmt.t("time.weekdays").split()
    days = ", ".join(names[WEEKDAYS.index(day)] for day in series["days"])
    return f"{days} {series['start_time']}–{series['end_time']}"


def _rule(series: SeriesContext, fmt: Formatter) -> Details:
    t = fmt.t
    first, last = (t.day(date.fromisoformat(series[name])) for name in ("first_day", "last_day"))
    rows = [Detail(t("series_booked.when"), _rhythm(series, fmt), strong=True)]
    if series["every_weeks"] > 1:
        rows.append(Detail(t("series_booked.rhythm"), t("series_booked.weeks", n=series["every_weeks"])))
    rows += [Detail(t("common.from"), first), Detail(t("common.until"), last)]
    return Details((*rows, Detail(t("common.zone"), t.zone_label(series["lot_timezone"]))))


def _spot(one: SeriesDate, fmt: Formatter) -> str:
    return f"{fmt.t('common.spot')} {one['spot_number']} · {one['reference']}"


def _entry(series: SeriesContext, one: SeriesDate, fmt: Formatter) -> CalendarEntry:
    booking = {**one, "lot_name": series["lot_name"], "lot_address": series.get("lot_address"), "status": "Reserved"}
    return calendar_entry(cast(BookingContext, booking | {"start_time": one["reserved_start"]}), fmt, "PUBLISH")


def _open(series: SeriesContext, fmt: Formatter) -> Button:
    return Button(fmt.t("series_booked.button"), fmt.page("/series/{id}", id=series["id"]))
