"""The files of the monthly report to administrators and managers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from parking import clock, csv_writer, exports, mail, settings
from parking.bookings import Filters
from parking.csv_writer import Dialect
from parking.exports import BookingRow
from parking.lot_calendar import local_day
from parking.reports.emails.parts import ONE_DAY, Days
from parking.reports.recipients import ReportRecipient
from parking.rounding import half_up
from parking.statistics import LotMetrics, period_statistics

ATTACHED_UP_TO = mail.MAX_ATTACHMENT_BYTES * 7 // 10
"""Bytes of a file that is attached: base64 makes it a third larger."""


def dialect_for(recipient: ReportRecipient) -> Dialect:
    """How the files of this recipient are written."""
    return csv_writer.dialect_of("auto", recipient.user.locale, recipient.user.csv_format)


def _lot_row(lot: LotMetrics) -> list[csv_writer.Cell]:
    sums = lot.metrics
    return [
        lot.lot_id,
        lot.name,
        sums.bookings,
        sums.visits,
        sums.completed,
        sums.cancelled,
        sums.no_shows,
        exports.money(sums.revenue_minor, settings.current().currency),
        settings.current().currency,
        half_up(sums.occupied_s / 3600, 2),
        half_up(sums.occupancy_percent, 2),
        lot.peak_cars,
    ]


LOT_FIGURES = csv_writer.Table(
    "lots",
    ("lot_id", "lot_name", "bookings", "visits", "completed", "cancelled", "no_shows", "revenue", "currency",
     "occupied_hours", "occupancy_percent", "peak_cars"),
    lambda row, _times: row,
)  # fmt: skip


def lots_file(
    session: Session, covered: Days, dialect: Dialect, lots: frozenset[int] | None = None
) -> mail.FileReference:
    """The statistics of these lots (None: all) as a file."""
    statistics = period_statistics(session, covered.first, covered.last, lots)
    text = csv_writer.whole(LOT_FIGURES, [_lot_row(lot) for lot in statistics.lots], dialect).decode()
    return {"filename": f"lots_{covered.months[-1]}.csv", "mimetype": "text/csv", "text": text}


def bookings_file(covered: Days, dialect: Dialect, lots: frozenset[int] | None = None) -> list[mail.FileReference]:
    """The bookings of these days in these lots (None: all) as a file, packed when it is large. No file when even
    that is too large for a mail, which then links to the page that has them."""
    name = f"bookings_{covered.months[-1]}"
    path = exports.report_path(f"{name}{_suffix(dialect)}{_of_lots(lots)}.csv")
    now = clock.now()
    table = exports.booking_table(exports.live_values_at(now), with_user=True)
    query = exports.booking_rows(bookings_around(covered, lot_ids=lots), now, with_user=True)
    with exports.whole_file(path) as file:
        for piece in csv_writer.document(table, _present(exports.read_parts(query), covered), dialect):
            file.write(piece)
    if path.stat().st_size > ATTACHED_UP_TO:
        packed = path.with_suffix(".zip")
        exports.pack(packed, [path], lambda: None)
        path.unlink()
        path = packed
    if path.stat().st_size > ATTACHED_UP_TO:
        path.unlink()
        return []
    mimetype = "application/zip" if path.suffix == ".zip" else "text/csv"
    return [{"filename": f"{name}{path.suffix}", "mimetype": mimetype, "path": exports.stored_path(path)}]


def _suffix(dialect: Dialect) -> str:
    """Keeps the files of one report apart that are written differently."""
    usual = csv_writer.dialect_of("auto", dialect.language)
    language = "" if dialect.language == "en" else f"_{dialect.language or 'programs'}"
    if dialect in (usual, csv_writer.MACHINE):
        return language
    return f"{language}_{'comma' if dialect.separator == ',' else 'semicolon'}"


def _of_lots(lots: frozenset[int] | None) -> str:
    """Keeps the files of different lots apart, in a name of any number of lots."""
    if lots is None:
        return ""
    return "_lots_" + hashlib.sha256(",".join(map(str, sorted(lots))).encode()).hexdigest()[:16]


def bookings_around(covered: Days, **more: Any) -> Filters:
    """Filters that include these days in every zone of the world."""
    zone = ZoneInfo("UTC")
    first = datetime.combine(covered.first - ONE_DAY, datetime.min.time(), zone)
    return Filters(from_=first, to=datetime.combine(covered.last + 2 * ONE_DAY, datetime.min.time(), zone), **more)


def _present(parts: Iterable[Sequence[Sequence[Any]]], covered: Days) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows that were there on these days in the zone of their lot."""
    for part in parts:
        yield [row for row in part if _overlaps(BookingRow(*row), covered)]


def _overlaps(booking: BookingRow, covered: Days) -> bool:
    last_day = local_day(booking.end, booking.calendar) if booking.end is not None else date.max
    return local_day(booking.start, booking.calendar) <= covered.last and last_day >= covered.first
