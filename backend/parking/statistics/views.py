"""The statistics as the API returns them, and as tables for CSV files. Every number carries the query that lists its
bookings (/api/admin/bookings)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from parking.money import to_number
from parking.rounding import half_up
from parking.statistics.definitions import DayMetrics, LotMetrics, Metrics, PeriodStatistics, UserStatistics
from parking.timestamps import to_rfc3339

MAX_LOTS = 200
"""Lots in one JSON answer, the highest revenue first; the CSV has every one."""
STAY_EDGES = (0, 15, 30, 60, 120, 240, 480, 1440)
"""Minutes at which the bars of the stay histogram begin."""


def _money(minor: float | None) -> float | int | None:
    if minor is None:
        return None
    return to_number(minor) if isinstance(minor, int) else minor / 100


Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Metric:
    """One number: its unit, its value, and the filters that list its bookings (None: no bookings)."""

    name: str
    unit: str
    value: Callable[[PeriodStatistics], float | int | None]
    bookings: Parameters | None


_STARTED, _ENDED, _PARKED = (("counted", "started"),), (("counted", "ended"),), (("counted", "parked"),)
_HELD, _VISITED = (("counted", "kept_free"),), (("came", "true"),)
METRICS = (
    _Metric("revenue", "money", lambda s: _money(s.totals.revenue_minor), _ENDED),
    _Metric("occupancy", "percent", lambda s: s.totals.occupancy_percent, _PARKED),
    _Metric(
        "peak_occupancy", "percent", lambda s: s.busiest_hour.occupancy_percent if s.busiest_hour else None, _PARKED
    ),
    _Metric(
        "revenue_per_spot_hour", "money_per_spot_hour", lambda s: _money(s.totals.revenue_minor_per_spot_hour), _ENDED
    ),
    _Metric("turnover", "per_spot_day", lambda s: s.totals.turnover, _STARTED + _VISITED),
    _Metric("average_stay", "seconds", lambda s: s.totals.average_stay_s, _ENDED + _VISITED),
    _Metric("median_stay", "minutes", lambda s: s.median_stay_minutes, _ENDED + _VISITED),
    _Metric("bookings", "count", lambda s: s.totals.bookings, _STARTED),
    _Metric("instant", "count", lambda s: s.totals.instant, (*_STARTED, ("booking_type", "instant"))),
    _Metric("reserved", "count", lambda s: s.totals.reserved, (*_STARTED, ("booking_type", "reserved"))),
    _Metric("visits", "count", lambda s: s.totals.visits, _STARTED + _VISITED),
    _Metric("drivers", "count", lambda s: s.drivers, _STARTED + _VISITED),
    _Metric("completed", "count", lambda s: s.totals.completed, (*_ENDED, ("status", "Completed"))),
    _Metric("no_shows", "count", lambda s: s.totals.no_shows, (*_ENDED, ("status", "No-show"))),
    _Metric("no_show_rate", "percent", lambda s: s.totals.no_show_percent, (*_ENDED, ("status", "No-show"))),
    _Metric("cancelled", "count", lambda s: s.totals.cancelled, (*_ENDED, ("status", "Cancelled"))),
    _Metric("cancellation_rate", "percent", lambda s: s.totals.cancelled_percent, (*_ENDED, ("status", "Cancelled"))),
    _Metric("stays", "count", lambda s: s.totals.stays, _ENDED + _VISITED),
    _Metric("parked", "seconds", lambda s: s.totals.occupied_s, _PARKED),
    _Metric("kept_free", "seconds", lambda s: s.totals.reserved_s, _HELD),
    _Metric("available", "seconds", lambda s: s.totals.available_s, None),
    _Metric("new_users", "count", lambda s: s.new_users, None),
)


def bookings_query(counted: Iterable[tuple[str, str]], from_: date, to: date, lot_id: int | None) -> str:
    """The query of /api/admin/bookings that lists the counted bookings."""
    parameters = [*counted, ("from_day", from_.isoformat()), ("to_day", to.isoformat())]
    return urlencode([*parameters, ("lot_id", str(lot_id))] if lot_id is not None else parameters)


def hour_query(day: date, hour: int, lot_id: int | None) -> str:
    """The same for the cars parked in one local hour of a day."""
    return bookings_query((*_PARKED, ("hour", str(hour))), day, day, lot_id)


def admin_view(
    period: PeriodStatistics, previous: PeriodStatistics | None, now: dict[str, Any], curve: list[dict[str, Any]]
) -> dict[str, Any]:
    """`stats` of GET /api/stats/admin."""
    before = _revenues(previous)
    return {
        "from": period.from_.isoformat(),
        "to": period.to.isoformat(),
        "lot_id": period.lot_id,
        "as_of": to_rfc3339(period.as_of),
        "partial": period.partial,
        "currency": period.currency,
        "previous": _previous_view(previous) if previous else None,
        "now": now,
        "figures": [_metric_view(metric, period, previous) for metric in METRICS if not _is_left_out(metric, period)],
        "busiest_hour": _busiest_view(period),
        "days": [_day_view(day, period.lot_id) for day in period.days],
        "lots": [_lot_view(lot, period, before) for lot in period.lots],
        "lots_total": period.lots_total,
        "hours": [list(line) for line in period.hours],
        "stays": [bar | {"bookings_query": _stays_query(bar, period)} for bar in stay_bars(period.stay_minutes)],
        "curve": curve,
    }


def _is_left_out(metric: _Metric, period: PeriodStatistics) -> bool:
    """Staff see no number of the whole site."""
    return metric.name == "new_users" and period.new_users is None


def _metric_view(metric: _Metric, period: PeriodStatistics, previous: PeriodStatistics | None) -> dict[str, Any]:
    before = metric.value(previous) if previous else None
    users = None
    if metric.name == "new_users":
        users = urlencode({"created_from_day": period.from_.isoformat(), "created_to_day": period.to.isoformat()})
    view = {"name": metric.name, "unit": metric.unit, "value": metric.value(period), "previous": before}
    return view | {"bookings": _metric_query(metric, period), "users": users}


def _metric_query(metric: _Metric, period: PeriodStatistics) -> str | None:
    if metric.name == "peak_occupancy" and (best := period.busiest_hour):
        return hour_query(best.day, best.hour, period.lot_id)
    if metric.bookings is None:
        return None
    return bookings_query(metric.bookings, period.from_, period.to, period.lot_id)


def _previous_view(previous: PeriodStatistics) -> dict[str, Any]:
    period = {"from": previous.from_.isoformat(), "to": previous.to.isoformat()}
    return {**period, "busiest_hour": _busiest_view(previous)}


def _busiest_view(period: PeriodStatistics) -> dict[str, Any] | None:
    if (best := period.busiest_hour) is None:
        return None
    return {
        "day": best.day.isoformat(),
        "hour": best.hour,
        "occupancy_percent": best.occupancy_percent,
        "bookings_query": hour_query(best.day, best.hour, period.lot_id),
    }


def _stays_query(bar: dict[str, int | None], period: PeriodStatistics) -> str:
    """The stays of one bar; the last has no upper end."""
    ends = {"stay_from": bar["from_minutes"], "stay_to": bar["to_minutes"]}
    parameters = [(name, str(minutes)) for name, minutes in ends.items() if minutes is not None]
    return bookings_query([*_ENDED, *parameters], period.from_, period.to, period.lot_id)


def _counts(metrics: Metrics, *names: str) -> dict[str, int]:
    return {name: getattr(metrics, name) for name in names}


def _day_view(day: DayMetrics, lot_id: int | None) -> dict[str, Any]:
    sums = day.metrics
    return {
        "day": day.day.isoformat(),
        "partial": day.partial,
        **_counts(sums, "bookings", "instant", "reserved", "visits", "completed", "cancelled", "no_shows"),
        "revenue": _money(sums.revenue_minor),
        "occupied_seconds": sums.occupied_s,
        "reserved_seconds": sums.reserved_s,
        "available_seconds": sums.available_s,
        "occupancy_percent": sums.occupancy_percent,
        "bookings_query": bookings_query(_ENDED, day.day, day.day, lot_id),
    }


def _lot_view(lot: LotMetrics, period: PeriodStatistics, before: dict[int, int] | None) -> dict[str, Any]:
    query = bookings_query(_ENDED, period.from_, period.to, lot.lot_id)
    return dict(zip(_LOT_COLUMNS, _lot_row(lot, before), strict=True)) | {"bookings_query": query}


_LOT_COLUMNS = (
    *("lot_id", "name", "bookings", "visits", "revenue", "revenue_previous", "occupancy_percent", "peak_cars"),
    *("turnover", "revenue_per_spot_hour", "average_stay_seconds", "occupied_seconds", "reserved_seconds"),
    *("available_seconds", "no_shows", "cancelled"),
)


def _lot_row(lot: LotMetrics, before: dict[int, int] | None) -> list[Any]:
    sums = lot.metrics
    return [
        lot.lot_id,
        lot.name,
        sums.bookings,
        sums.visits,
        _money(sums.revenue_minor),
        None if before is None else _money(before.get(lot.lot_id, 0)),
        sums.occupancy_percent,
        lot.peak_cars,
        sums.turnover,
        _money(sums.revenue_minor_per_spot_hour),
        sums.average_stay_s,
        sums.occupied_s,
        sums.reserved_s,
        sums.available_s,
        sums.no_shows,
        sums.cancelled,
    ]


def all_time_view(period: PeriodStatistics, live: dict[str, int]) -> dict[str, Any]:
    """The totals of the whole history. `live` is the number of bookings per status that have not ended. Ended bookings
    are counted on the day they ended, so that together they are all bookings."""
    totals = period.totals
    ended = totals.completed + totals.no_shows + totals.cancelled
    return {
        "total_revenue": _money(totals.revenue_minor),
        "occupancy_rate": float(half_up(totals.occupancy_percent, 2)),  # the client's page shows it unrounded
        "total_bookings": ended + sum(live.values()),
        "active_bookings": live["Active"],
        "reserved_bookings": live["Reserved"],
        "completed_bookings": totals.completed + live["Completed"],
        "revenue_by_lot": [{"lot_name": lot.name, "revenue": _money(lot.metrics.revenue_minor)} for lot in period.lots],
    }


def stay_bars(minutes: dict[int, int]) -> list[dict[str, int | None]]:
    """The histogram of the stays' lengths."""
    ends = [*STAY_EDGES[1:], None]
    return [
        {
            "from_minutes": low,
            "to_minutes": high,
            "count": sum(n for length, n in minutes.items() if length >= low and (high is None or length < high)),
        }
        for low, high in zip(STAY_EDGES, ends, strict=True)
    ]


def user_view(month: UserStatistics) -> dict[str, Any]:
    """`stats` of GET /api/stats/user."""
    return {
        "month": month.month,
        "as_of": to_rfc3339(month.as_of),
        "partial": month.partial,
        "currency": month.currency,
        "visits": month.visits,
        "parked_seconds": month.parked_s,
        "spent": to_number(month.spent_minor),
        "favourite": month.lots[0].name if month.lots and month.lots[0].visits else None,
        "lots": [
            {
                "lot_id": lot.lot_id,
                "name": lot.name,
                "visits": lot.visits,
                "parked_seconds": lot.parked_s,
                "spent": to_number(lot.spent_minor),
            }
            for lot in month.lots
        ],
    }


# tables ------------------------------------------------------------------------------------

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Rows = tuple[list[str], list[list[Any]]]


def admin_table(view: dict[str, Any], table: str) -> Rows:
    """(header, rows) of one part of the answer (of the lots: lots_table); money in major units, times as ISO 8601."""
    if table == "hours":
        return ["weekday", "hour", "occupancy_percent"], [
            [WEEKDAYS[weekday], hour, percent]
            for weekday, line in enumerate(view["hours"])
            for hour, percent in enumerate(line)
        ]
    parts = view[table]
    if table == "figures":
        parts = [*parts, _busiest_row(view)]
    hidden = {"bookings_query", *({"bookings", "users"} if table == "figures" else set())}
    header = [name for name in (parts[0] if parts else _EMPTY_HEADERS[table]) if name not in hidden]
    return header, [[part[name] for name in header] for part in parts]


def _busiest_row(view: dict[str, Any]) -> dict[str, Any]:
    """The busiest local hour as a line of the figures (its occupancy is `peak_occupancy`)."""
    hours = [period and period["busiest_hour"] for period in (view, view["previous"])]
    value, previous = (best and f"{best['day']}T{best['hour']:02}:00" for best in hours)
    return {"name": "busiest_hour", "unit": "local_hour", "value": value, "previous": previous}


_EMPTY_HEADERS: dict[str, tuple[str, ...]] = {
    "days": ("day", "partial", "bookings", "revenue", "occupancy_percent"),
    "curve": ("at", "occupied", "capacity"),
}


def lots_table(period: PeriodStatistics, previous: PeriodStatistics | None) -> Rows:
    """(header, rows) of all lots of the period."""
    before = _revenues(previous)
    return list(_LOT_COLUMNS), [_lot_row(lot, before) for lot in period.lots]


def _revenues(period: PeriodStatistics | None) -> dict[int, int] | None:
    return {lot.lot_id: lot.metrics.revenue_minor for lot in period.lots} if period else None


def user_table(view: dict[str, Any]) -> Rows:
    header = ["lot_id", "name", "visits", "parked_seconds", "spent"]
    return header, [[lot[name] for name in header] for lot in view["lots"]]
