"""The statistics for the routes: JSON answers and CSV tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parking import clock, settings, waitlist
from parking.bookings import SpotCounts, total_counts
from parking.csv_writer import Dialect
from parking.database import db
from parking.lot_calendar import local_day, midnight
from parking.lots import Lot
from parking.money import to_number
from parking.staff import Scope
from parking.statistics import csv_tables, views
from parking.statistics.daily import lot_progress
from parking.statistics.definitions import PeriodStatistics, ratio
from parking.statistics.reading import all_time, hours, queries, summary, user_months
from parking.statistics.schemas import MOST_DAYS, AdminStatsQuery, HourQuery
from parking.statistics.scope import lot_ids, of_lots
from parking.timestamps import to_rfc3339

HALF_HOUR_S = 1800
CURVE_DAYS = 2
"""Periods up to so many days have a half-hourly curve."""


def admin(query: AdminStatsQuery, scope: Scope) -> dict[str, Any]:
    """The answer of GET /api/stats/admin for these lots: `stats` of the period; of all time also the totals beside it.
    Raises NotFound for a lot that never was."""
    period, previous = _statistics(query, scope, views.MAX_LOTS)
    view = _view(period, previous, scope)
    if query.from_ is not None:
        return {"stats": view}
    view["days"] = view["days"][-MOST_DAYS:]
    return {"stats": view, **views.all_time_view(period, all_time.live_bookings(db.session(), scope))}


def _statistics(
    query: AdminStatsQuery, scope: Scope, most: int | None
) -> tuple[PeriodStatistics, PeriodStatistics | None]:
    """The statistics of the period with the `most` first lots, and, with `compare`, those of the period before for the
    same lots (all time has none)."""
    session = db.session()
    if query.from_ is None or query.to is None:
        return summary.period_statistics(session, *all_time.period(session, scope), scope, most=most), None
    period = summary.period_statistics(session, query.from_, query.to, scope, most=most)
    if not query.compare:
        return period, None
    before = summary.previous_period(query.from_, query.to)
    only = None if most is None else [lot.lot_id for lot in period.lots]
    return period, summary.period_statistics(session, *before, scope, only=only)


def _view(period: PeriodStatistics, previous: PeriodStatistics | None, scope: Scope) -> dict[str, Any]:
    session = db.session()
    short = (period.to - period.from_).days < CURVE_DAYS
    line = curve(session, period.from_, period.to, scope) if short else []
    view = views.admin_view(period, previous, spots_now(session, scope), line)
    return {**view, "turned_away": turned_away(session, period.from_, period.to, scope)}


def turned_away(session: Session, from_: date, to: date, scope: Scope) -> dict[str, int]:
    """How many joined the waitlist of these lots in the local days of the period, and what became of those whose wait
    ended in it."""
    zones = lot_progress.zones(session, scope)
    periods = [
        (
            None if scope is None and len(zones) == 1 else _lots_in(session, zone, scope),
            datetime.fromtimestamp(midnight(from_, zone), UTC),
            datetime.fromtimestamp(midnight(to + timedelta(days=1), zone), UTC),
        )
        for zone in zones
    ]
    return waitlist.turned_away(session, periods, clock.now())


def _lots_in(session: Session, zone: str, scope: Scope) -> list[int]:
    return list(session.scalars(select(Lot.id).where(Lot.calendar == zone, *of_lots(Lot.id, scope))))


def admin_csv(query: AdminStatsQuery, scope: Scope, dialect: Dialect) -> str:
    """One table of the same answer, with every lot."""
    every = query.table == "lots"
    period, previous = _statistics(query, scope, None if every else views.MAX_LOTS)
    table = views.lots_table(period, previous) if every else None
    table = table or views.admin_table(_view(period, previous, scope), query.table)
    return _csv(table, period.currency, dialect)


def hour(query: HourQuery, scope: Scope) -> dict[str, Any]:
    """The days behind a cell of the heat map."""
    return hours.heat_map_cell(db.session(), query, scope)


def hour_csv(query: HourQuery, scope: Scope, dialect: Dialect) -> str:
    return _csv(hours.table(hour(query, scope)), "", dialect)


def user(user_id: int, month: str | None) -> dict[str, Any]:
    """The answer of GET /api/stats/user: `stats` of one month, by default the present one (by UTC), and beside it all
    that the user has spent and the last six months."""
    session = db.session()
    return {
        "stats": _user_month(user_id, month),
        "total_spent": to_number(user_months.total_spent(session, user_id)),
        "monthly_bookings": user_months.view(session, user_id),
    }


def _user_month(user_id: int, month: str | None) -> dict[str, Any]:
    month = month or f"{clock.now().astimezone(UTC):%Y-%m}"
    return views.user_view(summary.user_statistics(db.session(), user_id, month))


def user_csv(user_id: int, month: str | None, dialect: Dialect) -> str:
    view = _user_month(user_id, month)
    return _csv(views.user_table(view), view["currency"], dialect)


def _csv(table: views.Rows, currency: str, dialect: Dialect) -> str:
    return csv_tables.document(*table, currency=currency, zone=settings.current().timezone, dialect=dialect)


def spots_now(session: Session, scope: Scope) -> dict[str, Any]:
    """The state of the spots at this moment, as the lists and maps show it."""
    open_lots = select(func.coalesce(func.sum(Lot.capacity), 0)).where(Lot.deleted_at.is_(None))
    capacity = int(session.scalar(open_lots.where(*of_lots(Lot.id, scope))) or 0)
    taken = total_counts(session, clock.now(), lot_ids(scope)) if capacity else SpotCounts()
    in_service = capacity - taken.out_of_service
    return {
        "capacity": capacity,
        "occupied": taken.occupied,
        "reserved": taken.reserved,
        "out_of_service": taken.out_of_service,
        "available": max(0, capacity - taken.taken),
        "occupancy_percent": ratio(100 * taken.occupied, max(in_service, 0)) or 0.0,
    }


def curve(session: Session, from_: date, to: date, scope: Scope = None) -> list[dict[str, Any]]:
    """The parked cars and the spots in service at each full and half hour of the days, up to now."""
    zones = lot_progress.zones(session, scope)
    if not zones:
        return []
    now = int(clock.now().timestamp())
    low = min(midnight(from_, zone) for zone in zones)
    high = min(max(midnight(to + timedelta(days=1), zone) for zone in zones), now + 1)
    instants = range(low, high, HALF_HOUR_S)
    cars, spots = [0] * len(instants), [0] * len(instants)
    for zone, counts in queries.occupancy_at(session, instants, scope).items() if instants else ():
        for n, (occupied, usable) in enumerate(counts):
            if from_ <= local_day(instants[n], zone) <= to:
                cars[n], spots[n] = cars[n] + occupied, spots[n] + usable
    return [
        {"at": to_rfc3339(datetime.fromtimestamp(at, UTC)), "occupied": cars[n], "capacity": spots[n]}
        for n, at in enumerate(instants)
    ]
