"""One cell of the heat map day by day: a weekday and a local hour over a period."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from parking import clock
from parking.lot_calendar import local_day
from parking.staff import Scope
from parking.statistics.daily import lot_progress
from parking.statistics.daily.local_hours import days
from parking.statistics.daily.sums import Day
from parking.statistics.definitions import ratio
from parking.statistics.reading import summary
from parking.statistics.schemas import HourQuery
from parking.statistics.views import Rows, hour_query

_EMPTY = Day()
HEADER = ("day", "partial", "occupied_seconds", "available_seconds", "occupancy_percent")


def heat_map_cell(session: Session, query: HourQuery, scope: Scope) -> dict[str, Any]:
    """`hour` of GET /api/stats/admin/hour. Its percentage equals the one in the heat map. Raises NotFound for an
    unknown lot."""
    by_day = summary.by_day(session, query.from_, query.to, scope)
    now = int(clock.now().timestamp())
    today = [local_day(now, zone) for zone in lot_progress.zones(session, scope)] or [query.to]
    rows = [
        _row(day, by_day.get(day, _EMPTY), query, partial=day >= min(today))
        for day in days(query.from_, min(query.to, max(today)))
        if day.weekday() == query.weekday
    ]
    sums = {name: sum(row[name] for row in rows) for name in ("occupied_seconds", "available_seconds")}
    return {"weekday": query.weekday, "hour": query.hour, **sums, "occupancy_percent": _percent(**sums), "days": rows}


def _row(day: date, totals: Day, query: HourQuery, *, partial: bool) -> dict[str, Any]:
    seconds = {
        "occupied_seconds": totals.occupied[query.hour],
        "available_seconds": totals.available[query.hour],
    }
    return {
        "day": day.isoformat(),
        "partial": partial,
        **seconds,
        "occupancy_percent": _percent(**seconds),
        "bookings_query": hour_query(day, query.hour, query.lot_id),
    }


def _percent(occupied_seconds: int, available_seconds: int) -> float | None:
    return ratio(100 * occupied_seconds, available_seconds)


def table(cell: dict[str, Any]) -> Rows:
    """The same days for CSV."""
    return list(HEADER), [[row[name] for name in HEADER] for row in cell["days"]]
