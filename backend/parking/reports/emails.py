"""What the reminders and reports say. Every figure comes from `stats`, as on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parking import clock, csv_writer, mail, settings
from parking.bookings import occupancy
from parking.bookings.models import Booking
from parking.bookings.reading.queries import Filters
from parking.bookings.status_sql import is_block
from parking.csv_writer import Dialect
from parking.exports import columns, files, stream
from parking.exports import queries as export_queries
from parking.lot_calendar import local_day
from parking.lots.models import Lot
from parking.pricing import Tariff
from parking.reports.periods import Period
from parking.reports.recipients import Addressee
from parking.rounding import half_up
from parking.statistics.definitions import LotMetrics, PeriodStatistics, UserStatistics
from parking.statistics.reading import summary

Writer = Callable[[Session, Sequence[Addressee]], Iterator["Written"]]
FREE_LOTS = 3
ATTACHED_UP_TO = mail.MAX_ATTACHMENT_BYTES * 7 // 10
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Written:
    """One letter, ready to be queued."""

    reader: Addressee
    facts: dict[str, Any]
    attachments: Sequence[mail.FileReference] = ()


@dataclass(frozen=True, slots=True)
class Days:
    """The local days a report covers, both included; `since` is set for a digest."""

    first: date
    last: date
    since: date | None

    @classmethod
    def of(cls, period: Period) -> Days:
        is_day = len(period.key) == 10
        own = date.fromisoformat(period.key if is_day else f"{period.key}-01")
        last = own if is_day else (own + timedelta(days=31)).replace(day=1) - _ONE_DAY
        return cls(period.since or own, last, period.since)

    def before(self) -> tuple[date, date]:
        """The day, or the month, to compare with."""
        last = self.first - _ONE_DAY
        return (last, last) if self.first == self.last else (last.replace(day=1), last)

    @property
    def months(self) -> list[str]:
        found, day = [], self.first
        while day <= self.last:
            found.append(f"{day:%Y-%m}")
            day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        return found


# reminders ---------------------------------------------------------------------------------


def reminders(_period: Period) -> Writer:
    """To people who have not booked for a while: the lot they used last, and those with the most room."""

    def write(session: Session, readers: Sequence[Addressee]) -> Iterator[Written]:
        lots = _free_lots(session)
        last_lots = _last_lots(session, [reader.user.id for reader in readers])
        for reader in readers:
            own = last_lots.get(reader.user.id)
            shown = sorted(lots, key=lambda lot: lot[0] != own)[:FREE_LOTS]
            facts = {"days_since_last": reader.days, "lots": [lot for _, lot in shown], "last": reader.final}
            yield Written(reader, facts)

    return write


def _free_lots(session: Session) -> list[tuple[int, dict[str, Any]]]:
    """(id, facts) of the lots with room, the most room first."""
    counts = occupancy.counts(session, clock.now())
    query = (
        select(Lot.id, Lot.name, Lot.capacity, Tariff.hourly_minor, Tariff.currency)
        .join(Tariff, (Tariff.lot_id == Lot.id) & (Tariff.id == Lot.tariff_id))
        .where(Lot.deleted_at.is_(None))
    )
    found = []
    for lot_id, name, capacity, price, currency in session.execute(query):
        free = capacity - (counts[lot_id].taken if lot_id in counts else 0)
        if free > 0:
            facts = {"name": name, "available_spots": free, "price_per_hour_minor": price, "currency": currency}
            found.append((lot_id, facts))
    return sorted(found, key=lambda lot: (-lot[1]["available_spots"], lot[1]["name"]))


def _last_lots(session: Session, user_ids: Iterable[int]) -> dict[int, int]:
    newest = (
        select(func.max(Booking.id)).where(Booking.user_id.in_(list(user_ids)), ~is_block).group_by(Booking.user_id)
    )
    return dict(session.execute(select(Booking.user_id, Booking.lot_id).where(Booking.id.in_(newest))).all())


# the administrators' reports ---------------------------------------------------------------


def admin_daily(period: Period) -> Writer:
    """The day before, the same for every administrator."""

    def write(session: Session, readers: Sequence[Addressee]) -> Iterator[Written]:
        facts = {"day": period.key, **_admin_facts(session, Days.of(period))} if readers else {}
        return (Written(reader, facts) for reader in readers)

    return write


def admin_monthly(period: Period) -> Writer:
    """The month, with the lots and every booking behind the figures as files."""

    def write(session: Session, readers: Sequence[Addressee]) -> Iterator[Written]:
        if not readers:
            return iter(())
        covered = Days.of(period)
        facts = {"month": period.key, **_admin_facts(session, covered)}
        dialects = {csv_writer.dialect_of("auto", reader.user.locale) for reader in readers}
        bookings = {dialect: _bookings_file(covered, dialect) for dialect in dialects}
        lots = {dialect: _lots_file(session, covered, dialect) for dialect in dialects}

        def written(reader: Addressee) -> Written:
            dialect = csv_writer.dialect_of("auto", reader.user.locale)
            files = bookings[dialect]
            return Written(reader, {**facts, "bookings_attached": bool(files)}, [lots[dialect], *files])

        return map(written, readers)

    return write


def _admin_facts(session: Session, covered: Days) -> dict[str, Any]:
    figures = summary.period_statistics(session, covered.first, covered.last)
    before = None
    if covered.since is None:
        before = summary.period_statistics(session, *covered.before())
    return {
        "since": covered.since.isoformat() if covered.since else None,
        "timezone": settings.current().timezone,
        "currency": figures.currency,
        "figures": _told(figures),
        "previous": _told(before) if before else None,
        "lots": [
            {
                "name": lot.name,
                "bookings": lot.metrics.bookings,
                "revenue_minor": lot.metrics.revenue_minor,
                "occupancy_percent": lot.metrics.occupancy_percent,
            }
            for lot in figures.lots
        ],
    }


def _told(figures: PeriodStatistics) -> dict[str, Any]:
    sums = figures.totals
    return {
        "bookings": sums.bookings,
        "revenue_minor": sums.revenue_minor,
        "occupancy_percent": sums.occupancy_percent,
        "new_users": figures.new_users,
        "peak_occupancy_percent": figures.busiest_hour.occupancy_percent if figures.busiest_hour else 0.0,
        "active_users": figures.drivers,
        "parked_seconds": sums.occupied_s,
        "cancelled": sums.cancelled,
        "no_shows": sums.no_shows,
    }


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
        columns.money(sums.revenue_minor, settings.current().currency),
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


def _lots_file(session: Session, covered: Days, dialect: Dialect) -> mail.FileReference:
    figures = summary.period_statistics(session, covered.first, covered.last)
    text = csv_writer.whole(LOT_FIGURES, [_lot_row(lot) for lot in figures.lots], dialect).decode()
    return {"filename": f"lots_{covered.months[-1]}.csv", "mimetype": "text/csv", "text": text}


def _bookings_file(covered: Days, dialect: Dialect) -> list[mail.FileReference]:
    """Every booking that was there in these days, packed when it is large; none when even that is too large for a
    mail, which then says where they are to be had."""
    name = f"bookings_{covered.months[-1]}"
    path = files.report(f"{name}.csv" if dialect.language == "en" else f"{name}_{dialect.language}.csv")
    now = clock.now()
    table = columns.bookings(export_queries.as_of(now), with_user=True)
    query = export_queries.bookings(_around(covered), now, with_user=True)
    with files.whole_file(path) as file:
        for piece in csv_writer.document(table, _present(stream.parts(query), covered), dialect):
            file.write(piece)
    if path.stat().st_size > ATTACHED_UP_TO:
        packed = path.with_suffix(".zip")
        files.pack(packed, [path], lambda: None)
        path.unlink()
        path = packed
    if path.stat().st_size > ATTACHED_UP_TO:
        path.unlink()
        return []
    mimetype = "application/zip" if path.suffix == ".zip" else "text/csv"
    return [{"filename": f"{name}{path.suffix}", "mimetype": mimetype, "path": files.inside(path)}]


def _around(covered: Days, **more: Any) -> Filters:
    """Wide enough for these days in every zone of the world."""
    zone = ZoneInfo("UTC")
    first = datetime.combine(covered.first - _ONE_DAY, datetime.min.time(), zone)
    return Filters(from_=first, to=datetime.combine(covered.last + 2 * _ONE_DAY, datetime.min.time(), zone), **more)


def _present(parts: Iterable[Sequence[Sequence[Any]]], covered: Days) -> Iterator[Sequence[Sequence[Any]]]:
    """Those that were there on these days of their lot."""
    for part in parts:
        yield [row for row in part if _overlaps(row, covered)]


def _overlaps(row: Sequence[Any], covered: Days) -> bool:
    zone, start, end = row[3], row[7], row[8]
    ended = local_day(end, zone) if end is not None else date.max
    return local_day(start, zone) <= covered.last and ended >= covered.first


# the driver's report -----------------------------------------------------------------------


def user_monthly(period: Period) -> Writer:
    """One person's month, with the bookings behind it as a file."""
    covered = Days.of(period)

    def write(session: Session, readers: Sequence[Addressee]) -> Iterator[Written]:
        for reader in readers:
            facts = _user_facts(session, reader.user.id, covered)
            dialect = csv_writer.dialect_of("auto", reader.user.locale)
            yield Written(reader, facts, [_own_file(session, reader.user.id, covered, dialect)])

    return write


def _user_facts(session: Session, user_id: int, covered: Days) -> dict[str, Any]:
    figures = [summary.user_statistics(session, user_id, month) for month in covered.months]
    before = None
    if covered.since is None:
        before = summary.user_statistics(session, user_id, f"{covered.first - _ONE_DAY:%Y-%m}")
    return {
        "month": covered.months[-1],
        "since": covered.since.isoformat() if covered.since else None,
        "timezone": settings.current().timezone,
        "currency": figures[-1].currency,
        "figures": _sums(figures),
        "previous": _sums([before]) if before else None,
        "lots": _by_lot(figures),
    }


def _sums(months: Sequence[UserStatistics]) -> dict[str, int]:
    return {
        "visits": sum(month.visits for month in months),
        "parked_seconds": sum(month.parked_s for month in months),
        "spent_minor": sum(month.spent_minor for month in months),
    }


def _by_lot(months: Sequence[UserStatistics]) -> list[dict[str, Any]]:
    """Lots of all the months together, most visited first."""
    found: dict[int, dict[str, Any]] = {}
    for lot in (lot for month in months for lot in month.lots):
        sums = found.setdefault(lot.lot_id, {"name": lot.name, "visits": 0, "parked_seconds": 0, "spent_minor": 0})
        sums["visits"] += lot.visits
        sums["parked_seconds"] += lot.parked_s
        sums["spent_minor"] += lot.spent_minor
    return sorted(found.values(), key=lambda lot: (-lot["visits"], -lot["parked_seconds"], lot["name"]))


def _own_file(session: Session, user_id: int, covered: Days, dialect: Dialect) -> mail.FileReference:
    """The bookings of a person that ended in these days, as the history page's CSV has them."""
    now = clock.now()
    table = columns.bookings(export_queries.as_of(now))
    query = export_queries.bookings(_around(covered, user_id=user_id), now)
    rows = [row for row in session.execute(query) if _ended_within(row, covered)]
    name = f"bookings_{covered.months[-1]}.csv"
    return {"filename": name, "mimetype": "text/csv", "text": csv_writer.whole(table, rows, dialect).decode()}


def _ended_within(row: Sequence[Any], covered: Days) -> bool:
    zone, end = row[3], row[8]
    return end is not None and covered.first <= local_day(end, zone) <= covered.last
