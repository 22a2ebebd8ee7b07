"""The monthly report of one user: context, sample, message, writer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, cast

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import clock, csv_writer, exports, mail, settings
from parking.csv_writer import Dialect
from parking.exports import BookingRow
from parking.lot_calendar import local_day
from parking.mail import Bar, Bars, Block, Button, Formatter, Grid, Message, Paragraph, Summary, Texts, Tiles
from parking.reports.emails.attachments import bookings_around, dialect_for
from parking.reports.emails.parts import (
    MOST_BARS,
    MOST_LOTS,
    ONE_DAY,
    Days,
    Writer,
    Written,
    comparison_note,
    digest_note,
    tile,
)
from parking.reports.periods import Period
from parking.reports.recipients import ReportRecipient
from parking.statistics import UserStatistics, user_statistics


class LotVisits(TypedDict):
    name: str
    visits: int
    parked_seconds: int
    spent_minor: int


class UserMetrics(TypedDict):
    visits: int
    parked_seconds: int
    spent_minor: int


class UserReport(TypedDict):
    """`lots` comes most visited first; its first row is the favourite."""

    month: str
    since: NotRequired[str | None]
    timezone: str
    currency: str
    figures: UserMetrics
    previous: UserMetrics | None
    lots: list[LotVisits]


def _sample() -> dict[str, Any]:
    return {
        "month": "2026-10",
        "timezone": "Europe/London",
        "currency": "EUR",
        "figures": {"visits": 14, "parked_seconds": 243_000, "spent_minor": 16_425},
        "previous": {"visits": 11, "parked_seconds": 198_000, "spent_minor": 13_750},
        "lots": [
            {"name": "Harbour Street Garage", "visits": 9, "parked_seconds": 171_000, "spent_minor": 11_875},
            {"name": "Castle Park", "visits": 5, "parked_seconds": 72_000, "spent_minor": 4_550},
        ],
    }


def _subject(context: UserReport, fmt: Formatter) -> str:
    return fmt.t.subject("user_monthly_report.subject", month=fmt.t.month(context["month"]))


@mail.register(
    "user_monthly_report",
    context=UserReport,
    subject=_subject,
    sample=_sample,
    category="subscription",
    daily_limit=None,
)
def user_report_message(context: UserReport, fmt: Formatter) -> Message:
    """One user's month: visits, hours, money, favourite lot. The writer attaches the CSV."""
    t, lots = fmt.t, context["lots"]
    month = t.month(context["month"])
    metrics = context["figures"]
    blocks: list[Block] = [*digest_note(context.get("since"), t), _user_tiles(context, t), *comparison_note(context, t)]
    if lots:
        blocks += [
            Paragraph(t.count("report.favourite", lots[0]["visits"], lot=lots[0]["name"])),
            Bars(t("report.time_by_lot"), _time_bars(context, t)),
            _user_grid(context, t),
            Paragraph(t("report.attached")),
        ]
    else:
        blocks.append(Paragraph(t("report.nothing")))
    blocks += [
        Button(t("report.button_user"), fmt.page("/bookings")),
        Paragraph(t("report.period_note_user"), quiet=True),
    ]
    return Message(
        preheader=t.preheader(
            "user_monthly_report.preheader",
            visits=t.number(metrics["visits"]),
            parked=t.duration(metrics["parked_seconds"]),
            spent=t.money(metrics["spent_minor"], context["currency"]),
        ),
        summary=Summary(title=t("user_monthly_report.title", month=month)),
        blocks=tuple(blocks),
        reason=t("why.report", site=fmt.site_name),
    )


def _user_tiles(context: UserReport, t: Texts) -> Tiles:
    now, before = context["figures"], cast(Mapping[str, Any], context["previous"] or {})
    return Tiles(
        (
            tile(t, t("report.visits"), now["visits"], before.get("visits"), t.number, 0),
            tile(t, t("report.parked"), now["parked_seconds"], before.get("parked_seconds"), t.duration, 0),
            tile(
                t,
                t("report.spent"),
                now["spent_minor"],
                before.get("spent_minor"),
                lambda minor: t.money(minor, context["currency"]),
                0,
            ),
        )
    )


def _time_bars(context: UserReport, t: Texts) -> tuple[Bar, ...]:
    whole = max(sum(lot["parked_seconds"] for lot in context["lots"]), 1)
    return tuple(
        Bar(lot["name"], t.duration(lot["parked_seconds"]), round(100 * lot["parked_seconds"] / whole))
        for lot in context["lots"][:MOST_BARS]
    )


def _user_grid(context: UserReport, t: Texts) -> Grid:
    return Grid(
        title=t("report.by_lot"),
        columns=(t("common.lot"), t("report.visits"), t("report.parked"), t("report.spent")),
        rows=tuple(
            (
                lot["name"],
                t.number(lot["visits"]),
                t.duration(lot["parked_seconds"]),
                t.money(lot["spent_minor"], context["currency"]),
            )
            for lot in context["lots"][:MOST_LOTS]
        ),
    )


def user_monthly(period: Period) -> Writer:
    """Writes the reports: one user's month, with the bookings of that month as a file."""
    covered = Days.of(period)

    def write(session: Session, recipients: Sequence[ReportRecipient]) -> Iterator[Written]:
        for recipient in recipients:
            context = _context(session, recipient.user.id, covered)
            dialect = dialect_for(recipient)
            yield Written(recipient, context, [_own_file(session, recipient.user.id, covered, dialect)])

    return write


def _context(session: Session, user_id: int, covered: Days) -> dict[str, Any]:
    statistics = [user_statistics(session, user_id, month) for month in covered.months]
    before = None
    if covered.since is None:
        before = user_statistics(session, user_id, f"{covered.first - ONE_DAY:%Y-%m}")
    return {
        "month": covered.months[-1],
        "since": covered.since.isoformat() if covered.since else None,
        "timezone": settings.current().timezone,
        "currency": statistics[-1].currency,
        "figures": _sums(statistics),
        "previous": _sums([before]) if before else None,
        "lots": _by_lot(statistics),
    }


def _sums(months: Sequence[UserStatistics]) -> dict[str, int]:
    return {
        "visits": sum(month.visits for month in months),
        "parked_seconds": sum(month.parked_s for month in months),
        "spent_minor": sum(month.spent_minor for month in months),
    }


def _by_lot(months: Sequence[UserStatistics]) -> list[dict[str, Any]]:
    """Lots of all the months together, most visited first."""
    rows: dict[int, dict[str, Any]] = {}
    for lot in (lot for month in months for lot in month.lots):
        sums = rows.setdefault(lot.lot_id, {"name": lot.name, "visits": 0, "parked_seconds": 0, "spent_minor": 0})
        sums["visits"] += lot.visits
        sums["parked_seconds"] += lot.parked_s
        sums["spent_minor"] += lot.spent_minor
    return sorted(rows.values(), key=lambda lot: (-lot["visits"], -lot["parked_seconds"], lot["name"]))


def _own_file(session: Session, user_id: int, covered: Days, dialect: Dialect) -> mail.FileReference:
    """The user's bookings that ended in these days, as in the CSV of the history page."""
    now = clock.now()
    table = exports.booking_table(exports.live_values_at(now))
    query = exports.booking_rows(bookings_around(covered, user_id=user_id), now)
    rows = [row for row in session.execute(query) if _ended_within(BookingRow(*row), covered)]
    name = f"bookings_{covered.months[-1]}.csv"
    return {"filename": name, "mimetype": "text/csv", "text": csv_writer.whole(table, rows, dialect).decode()}


def _ended_within(booking: BookingRow, covered: Days) -> bool:
    return booking.end is not None and covered.first <= local_day(booking.end, booking.calendar) <= covered.last
