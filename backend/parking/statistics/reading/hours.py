"""The days behind a cell of the heat map: one weekday and local hour over a period."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from parking import clock
from parking.statistics.daily.aggregate import Day, days, local_day
from parking.statistics.definitions import ratio
from parking.statistics.reading import queries, summary
from parking.statistics.schemas import HourQuery
from parking.statistics.views import Rows, hour_query

_NOTHING = Day()
HEADER = ("day", "partial", "occupied_seconds", "available_seconds", "occupancy_percent")


def cell(session: Session, asked: HourQuery) -> dict[str, Any]:
    """`hour` of GET /api/stats/admin/hour. Its percent is the one in the heat map: both come from the same days.
    Raises NotFound for a lot that never was."""
    made = summary.by_day(session, asked.from_, asked.to, asked.lot_id)
    now = int(clock.now().timestamp())
    today = [local_day(now, zone) for zone in queries.zones(session, asked.lot_id)] or [asked.to]
    rows = [
        _row(day, made.get(day, _NOTHING), asked, partial=day >= min(today))
        for day in days(asked.from_, min(asked.to, max(today)))
        if day.weekday() == asked.weekday
    ]
    sums = {name: sum(row[name] for row in rows) for name in ("occupied_seconds", "available_seconds")}
    return {"weekday": asked.weekday, "hour": asked.hour, **sums, "occupancy_percent": _percent(**sums), "days": rows}


def _row(day: date, made: Day, asked: HourQuery, *, partial: bool) -> dict[str, Any]:
    seconds = {
        "occupied_seconds": made.occupied[asked.hour],
        "available_seconds": made.available[asked.hour],
    }
    return {
        "day": day.isoformat(),
        "partial": partial,
        **seconds,
        "occupancy_percent": _percent(**seconds),
        "bookings_query": hour_query(day, asked.hour, asked.lot_id),
    }


def _percent(occupied_seconds: int, available_seconds: int) -> float | None:
    return ratio(100 * occupied_seconds, available_seconds)


def table(shown: dict[str, Any]) -> Rows:
    """The same days for CSV."""
    return list(HEADER), [[row[name] for name in HEADER] for row in shown["days"]]
