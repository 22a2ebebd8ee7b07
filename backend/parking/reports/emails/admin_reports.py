"""The daily and monthly reports to administrators, and to managers about their lots: context, samples, messages,
writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, NotRequired, cast

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import mail, settings
from parking.csv_writer import Dialect
from parking.mail import Bar, Bars, Block, Button, Formatter, Grid, Message, Paragraph, Summary, Texts, Tiles
from parking.reports.emails.attachments import bookings_file, dialect_for, lots_file
from parking.reports.emails.parts import (
    MOST_BARS,
    MOST_LOTS,
    Days,
    Writer,
    Written,
    comparison_note,
    digest_note,
    tile,
)
from parking.reports.periods import Period
from parking.reports.recipients import ReportRecipient
from parking.statistics import PeriodStatistics, period_statistics


class LotRow(TypedDict):
    """Percentages are not rounded here: that is done once, where they are written."""

    name: str
    bookings: int
    revenue_minor: int
    occupancy_percent: float


class SystemMetrics(TypedDict):
    bookings: int
    revenue_minor: int
    occupancy_percent: float
    new_users: NotRequired[int]
    peak_occupancy_percent: NotRequired[float]
    active_users: NotRequired[int]
    cancelled: NotRequired[int]
    no_shows: NotRequired[int]
    parked_seconds: NotRequired[int]


class AdminReport(TypedDict):
    """`day` (daily, ISO date) or `month` (monthly, "YYYY-MM"); `previous` is the period before. `of_manager`: it is
    about the lots of a manager, without numbers of the whole site."""

    day: NotRequired[str]
    month: NotRequired[str]
    since: NotRequired[str | None]  # a digest: first day (ISO date) also covered
    timezone: str
    currency: str
    figures: SystemMetrics
    previous: SystemMetrics | None
    lots: list[LotRow]
    of_manager: NotRequired[bool]
    bookings_attached: NotRequired[bool]  # monthly; False when that file is too large for a mail


_LOTS: list[dict[str, Any]] = [
    {"name": "Harbour Street Garage", "bookings": 84, "revenue_minor": 96450, "occupancy_percent": 71.5},
    {"name": "Station North", "bookings": 61, "revenue_minor": 80160, "occupancy_percent": 88.0},
    {"name": "Castle Park", "bookings": 17, "revenue_minor": 10980, "occupancy_percent": 24.5},
]
_METRICS = {
    "bookings": 162,
    "revenue_minor": 187590,
    "occupancy_percent": 64.5,
    "new_users": 7,
    "cancelled": 9,
    "no_shows": 3,
}
_BEFORE = {
    "bookings": 148,
    "revenue_minor": 191020,
    "occupancy_percent": 61.0,
    "new_users": 7,
    "cancelled": 12,
    "no_shows": 4,
}


def _daily_sample() -> dict[str, Any]:
    return {
        "day": "2026-11-22",
        "timezone": "Europe/London",
        "currency": "EUR",
        "figures": _METRICS,
        "previous": _BEFORE,
        "lots": _LOTS,
    }


def _monthly_sample() -> dict[str, Any]:
    return {
        "month": "2026-10",
        "timezone": "Europe/London",
        "currency": "EUR",
        "figures": {
            **_month_of(_METRICS),
            "peak_occupancy_percent": 97.5,
            "active_users": 412,
            "parked_seconds": 51_768_000,
        },
        "previous": {
            **_month_of(_BEFORE),
            "peak_occupancy_percent": 96.0,
            "active_users": 398,
            "parked_seconds": 50_112_000,
        },
        "lots": [_month_of(lot) for lot in _LOTS],
    }


def _month_of(day: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers thirty times as large, so that the lots still add up to the sum."""
    return {name: value * 30 if isinstance(value, int) else value for name, value in day.items()}


# messages ----------------------------------------------------------------------------------


def _daily_subject(context: AdminReport, fmt: Formatter) -> str:
    t, metrics = fmt.t, context["figures"]
    return t.subject(
        "admin_daily_report.subject",
        day=t.day(date.fromisoformat(context["day"])),
        revenue=t.money(metrics["revenue_minor"], context["currency"]),
        bookings=t.count("admin_daily_report.bookings", metrics["bookings"]),
    )


@mail.register(
    "admin_daily_report",
    context=AdminReport,
    subject=_daily_subject,
    sample=_daily_sample,
    category="subscription",
    admin_only=True,
)
def daily_message(context: AdminReport, fmt: Formatter) -> Message:
    """The day before: bookings, revenue, occupancy, new users, lot by lot."""
    t = fmt.t
    return Message(
        preheader=_preheader(context["figures"], t),
        summary=Summary(title=t("admin_daily_report.title", day=t.day(date.fromisoformat(context["day"])))),
        blocks=_blocks(context, fmt, attached=False),
        reason=_reason(context, fmt),
    )


def _monthly_subject(context: AdminReport, fmt: Formatter) -> str:
    t = fmt.t
    revenue = t.money(context["figures"]["revenue_minor"], context["currency"])
    month = t.month(context["month"])
    return t.subject("admin_monthly_report.subject", site=fmt.site_name, month=month, revenue=revenue)


@mail.register(
    "admin_monthly_report",
    context=AdminReport,
    subject=_monthly_subject,
    sample=_monthly_sample,
    category="subscription",
    admin_only=True,
)
def monthly_message(context: AdminReport, fmt: Formatter) -> Message:
    """All lots, or those of a manager, in the month that just ended. The writer attaches the CSV files."""
    t = fmt.t
    return Message(
        preheader=_preheader(context["figures"], t),
        summary=Summary(title=t("admin_monthly_report.title", month=t.month(context["month"]))),
        blocks=_blocks(context, fmt, attached=True),
        reason=_reason(context, fmt),
    )


def _preheader(metrics: SystemMetrics, t: Texts) -> str:
    """The metrics that are not in the subject. The label comes before the number, so that no word depends on it."""
    of_site = {"new_users": t.number(metrics["new_users"])} if "new_users" in metrics else {}
    return t.preheader(
        "report.preheader" if of_site else "report.preheader_lots",
        **of_site,
        occupancy=t.percent(metrics["occupancy_percent"]),
        cancelled=t.number(metrics.get("cancelled", 0)),
        no_shows=t.number(metrics.get("no_shows", 0)),
    )


def _reason(context: AdminReport, fmt: Formatter) -> str:
    return fmt.t("why.manager" if context.get("of_manager") else "why.admin", site=fmt.site_name)


def _blocks(context: AdminReport, fmt: Formatter, *, attached: bool) -> tuple[Block, ...]:
    t, lots = fmt.t, context["lots"]
    blocks: list[Block] = [*digest_note(context.get("since"), t), _tiles(context, t), *comparison_note(context, t)]
    if not context["figures"]["bookings"]:
        blocks.append(Paragraph(t("report.nothing")))
    if lots:
        fullest = sorted(lots, key=lambda lot: -lot["occupancy_percent"])[:MOST_BARS]
        bars = tuple(
            Bar(lot["name"], t.percent(lot["occupancy_percent"]), min(100, round(lot["occupancy_percent"])))
            for lot in fullest
        )
        if any(lot["occupancy_percent"] for lot in lots):
            blocks.append(Bars(t("report.occupancy_by_lot"), bars))
        blocks.append(_lot_grid(context, t))
        blocks += _more_lots(len(lots), t, attached)
    if attached and context.get("bookings_attached", True):
        blocks.append(Paragraph(t("report.attached_admin")))
    elif attached:
        blocks.append(Paragraph(t("report.too_large"), url=fmt.page("/admin/exports")))
    note = t("report.period_note")
    if "new_users" in context["figures"]:
        note += " " + t("report.period_note_accounts", zone=context["timezone"])
    blocks += [Button(t("report.button"), fmt.page("/admin/analytics")), Paragraph(note, quiet=True)]
    return tuple(blocks)


def _tiles(context: AdminReport, t: Texts) -> Tiles:
    """The four metrics of every report, then the others that the context has."""

    def money(minor: int) -> str:
        return t.money(minor, context["currency"])

    tiles: dict[str, tuple[str, Callable[[Any], str], int]] = {
        "bookings": ("report.bookings", t.number, 1),
        "revenue_minor": ("report.revenue", money, 1),
        "occupancy_percent": ("report.occupancy", t.percent, 1),
        "new_users": ("report.new_users", t.number, 1),
        "peak_occupancy_percent": ("report.peak", t.percent, 0),
        "active_users": ("report.active_users", t.number, 1),
        "parked_seconds": ("report.parked", t.duration, 0),
        "cancelled": ("report.cancelled", t.number, -1),
        "no_shows": ("report.no_shows", t.number, -1),
    }
    now, before = cast(Mapping[str, Any], context["figures"]), cast(Mapping[str, Any], context["previous"] or {})
    return Tiles(
        tuple(
            tile(t, t(label), now[key], before.get(key), write, direction)
            for key, (label, write, direction) in tiles.items()
            if key in now
        )
    )


def _lot_grid(context: AdminReport, t: Texts) -> Grid:
    return Grid(
        title=t("report.by_lot"),
        columns=(t("common.lot"), t("report.bookings"), t("report.revenue"), t("report.occupancy")),
        rows=tuple(
            (
                lot["name"],
                t.number(lot["bookings"]),
                t.money(lot["revenue_minor"], context["currency"]),
                t.percent(lot["occupancy_percent"]),
            )
            for lot in context["lots"][:MOST_LOTS]
        ),
    )


def _more_lots(lots: int, t: Texts, attached: bool) -> tuple[Paragraph, ...]:
    if lots <= MOST_LOTS:
        return ()
    return (
        Paragraph(t.count("report.more_lots" if attached else "report.more_lots_page", lots - MOST_LOTS), quiet=True),
    )


# writers -----------------------------------------------------------------------------------


def admin_daily(period: Period) -> Writer:
    """Writes the report of the day before, the same for everybody with the same lots."""

    def write(session: Session, recipients: Sequence[ReportRecipient]) -> Iterator[Written]:
        contexts: dict[Lots, dict[str, Any]] = {}
        for recipient in recipients:
            if recipient.lots not in contexts:
                contexts[recipient.lots] = {"day": period.key, **_context(session, Days.of(period), recipient.lots)}
            yield Written(recipient, contexts[recipient.lots])

    return write


def admin_monthly(period: Period) -> Writer:
    """Writes the report of the month, with its lots and bookings as files."""

    def write(session: Session, recipients: Sequence[ReportRecipient]) -> Iterator[Written]:
        covered = Days.of(period)
        contexts: dict[Lots, dict[str, Any]] = {}
        files: dict[tuple[Lots, Dialect], _Files] = {}
        for recipient in recipients:
            lots, dialect = recipient.lots, dialect_for(recipient)
            if lots not in contexts:
                contexts[lots] = {"month": period.key, **_context(session, covered, lots)}
            if (lots, dialect) not in files:
                bookings = bookings_file(covered, dialect, lots)
                files[lots, dialect] = _Files(lots_file(session, covered, dialect, lots), bookings)
            attached = files[lots, dialect]
            context = {**contexts[lots], "bookings_attached": bool(attached.bookings)}
            yield Written(recipient, context, [attached.lots, *attached.bookings])

    return write


Lots = frozenset[int] | None
"""The lots of a report; None: all."""


class _Files(NamedTuple):
    """The files of a monthly report; of the bookings none when they are too large for a mail."""

    lots: mail.FileReference
    bookings: list[mail.FileReference]


def _context(session: Session, covered: Days, lots: Lots) -> dict[str, Any]:
    statistics = period_statistics(session, covered.first, covered.last, lots)
    before = None
    if covered.since is None:
        before = period_statistics(session, *covered.before(), lots)
    return {
        **({} if lots is None else {"of_manager": True}),
        "since": covered.since.isoformat() if covered.since else None,
        "timezone": settings.current().timezone,
        "currency": statistics.currency,
        "figures": _metrics(statistics),
        "previous": _metrics(before) if before else None,
        "lots": [
            {
                "name": lot.name,
                "bookings": lot.metrics.bookings,
                "revenue_minor": lot.metrics.revenue_minor,
                "occupancy_percent": lot.metrics.occupancy_percent,
            }
            for lot in statistics.lots
        ],
    }


def _metrics(statistics: PeriodStatistics) -> dict[str, Any]:
    sums = statistics.totals
    return {
        "bookings": sums.bookings,
        "revenue_minor": sums.revenue_minor,
        "occupancy_percent": sums.occupancy_percent,
        **({} if statistics.new_users is None else {"new_users": statistics.new_users}),
        "peak_occupancy_percent": statistics.busiest_hour.occupancy_percent if statistics.busiest_hour else 0.0,
        "active_users": statistics.drivers,
        "parked_seconds": sums.occupied_s,
        "cancelled": sums.cancelled,
        "no_shows": sums.no_shows,
    }
