"""The figures as the API gives them, and the same as tables for CSV. Every number carries the query that lists the
bookings behind it (/api/admin/bookings)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from parking.money import to_number
from parking.rounding import half_up
from parking.statistics.definitions import AdminFigures, DayFigures, Figures, LotFigures, UserFigures
from parking.timestamps import to_rfc3339

MOST_LOTS = 200
"""Lots in one JSON answer, the highest revenue first; the CSV has every one."""
STAY_EDGES = (0, 15, 30, 60, 120, 240, 480, 1440)
"""Minutes at which the bars of the stay histogram begin."""


def _money(minor: float | None) -> float | int | None:
    if minor is None:
        return None
    return to_number(minor) if isinstance(minor, int) else minor / 100


Narrowing = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Figure:
    """How one number is told: its unit, its value, and the bookings behind it (what they are narrowed by)."""

    name: str
    unit: str
    value: Callable[[AdminFigures], float | int | None]
    bookings: Narrowing | None


_STARTED, _ENDED, _PARKED = (("counted", "started"),), (("counted", "ended"),), (("counted", "parked"),)
_KEPT_FREE, _CAME = (("counted", "kept_free"),), (("came", "true"),)
FIGURES = (
    _Figure("revenue", "money", lambda f: _money(f.totals.revenue_minor), _ENDED),
    _Figure("occupancy", "percent", lambda f: f.totals.occupancy_percent, _PARKED),
    _Figure(
        "peak_occupancy", "percent", lambda f: f.busiest_hour.occupancy_percent if f.busiest_hour else None, _PARKED
    ),
    _Figure(
        "revenue_per_spot_hour", "money_per_spot_hour", lambda f: _money(f.totals.revenue_minor_per_spot_hour), _ENDED
    ),
    _Figure("turnover", "per_spot_day", lambda f: f.totals.turnover, _STARTED + _CAME),
    _Figure("average_stay", "seconds", lambda f: f.totals.average_stay_s, _ENDED + _CAME),
    _Figure("median_stay", "minutes", lambda f: f.median_stay_minutes, _ENDED + _CAME),
    _Figure("bookings", "count", lambda f: f.totals.bookings, _STARTED),
    _Figure("instant", "count", lambda f: f.totals.instant, (*_STARTED, ("booking_type", "instant"))),
    _Figure("reserved", "count", lambda f: f.totals.reserved, (*_STARTED, ("booking_type", "reserved"))),
    _Figure("visits", "count", lambda f: f.totals.visits, _STARTED + _CAME),
    _Figure("drivers", "count", lambda f: f.drivers, _STARTED + _CAME),
    _Figure("completed", "count", lambda f: f.totals.completed, (*_ENDED, ("status", "Completed"))),
    _Figure("no_shows", "count", lambda f: f.totals.no_shows, (*_ENDED, ("status", "No-show"))),
    _Figure("no_show_rate", "percent", lambda f: f.totals.no_show_percent, (*_ENDED, ("status", "No-show"))),
    _Figure("cancelled", "count", lambda f: f.totals.cancelled, (*_ENDED, ("status", "Cancelled"))),
    _Figure("cancellation_rate", "percent", lambda f: f.totals.cancelled_percent, (*_ENDED, ("status", "Cancelled"))),
    _Figure("stays", "count", lambda f: f.totals.stays, _ENDED + _CAME),
    _Figure("parked", "seconds", lambda f: f.totals.occupied_s, _PARKED),
    _Figure("kept_free", "seconds", lambda f: f.totals.reserved_s, _KEPT_FREE),
    _Figure("available", "seconds", lambda f: f.totals.available_s, None),
    _Figure("new_users", "count", lambda f: f.new_users, None),
)


def bookings_query(counted: Iterable[tuple[str, str]], from_: date, to: date, lot_id: int | None) -> str:
    """The parameters of /api/admin/bookings that list what was counted."""
    asked = [*counted, ("from_day", from_.isoformat()), ("to_day", to.isoformat())]
    return urlencode([*asked, ("lot_id", str(lot_id))] if lot_id is not None else asked)


def hour_query(day: date, hour: int, lot_id: int | None) -> str:
    """The same for one local hour of a day: the bookings whose car stood there in it."""
    return bookings_query((*_PARKED, ("hour", str(hour))), day, day, lot_id)


def admin_view(
    figures: AdminFigures, previous: AdminFigures | None, now: dict[str, Any], curve: list[dict[str, Any]]
) -> dict[str, Any]:
    """`stats` of GET /api/stats/admin."""
    before = _revenues(previous)
    return {
        "from": figures.from_.isoformat(),
        "to": figures.to.isoformat(),
        "lot_id": figures.lot_id,
        "as_of": to_rfc3339(figures.as_of),
        "partial": figures.partial,
        "currency": figures.currency,
        "previous": _previous_view(previous) if previous else None,
        "now": now,
        "figures": [_figure_view(one, figures, previous) for one in FIGURES],
        "busiest_hour": _busiest_view(figures),
        "days": [_day_view(day, figures.lot_id) for day in figures.days],
        "lots": [_lot_view(lot, figures, before) for lot in figures.lots],
        "lots_total": figures.lots_total,
        "hours": [list(line) for line in figures.hours],
        "stays": [bar | {"bookings_query": _stays_query(bar, figures)} for bar in stay_bars(figures.stay_minutes)],
        "curve": curve,
    }


def _figure_view(one: _Figure, figures: AdminFigures, previous: AdminFigures | None) -> dict[str, Any]:
    before = one.value(previous) if previous else None
    users = None
    if one.name == "new_users":
        users = urlencode({"created_from_day": figures.from_.isoformat(), "created_to_day": figures.to.isoformat()})
    told = {"name": one.name, "unit": one.unit, "value": one.value(figures), "previous": before}
    return told | {"bookings": _behind(one, figures), "users": users}


def _behind(one: _Figure, figures: AdminFigures) -> str | None:
    if one.name == "peak_occupancy" and (best := figures.busiest_hour):
        return hour_query(best.day, best.hour, figures.lot_id)
    if one.bookings is None:
        return None
    return bookings_query(one.bookings, figures.from_, figures.to, figures.lot_id)


def _previous_view(previous: AdminFigures) -> dict[str, Any]:
    period = {"from": previous.from_.isoformat(), "to": previous.to.isoformat()}
    return {**period, "busiest_hour": _busiest_view(previous)}


def _busiest_view(figures: AdminFigures) -> dict[str, Any] | None:
    if (best := figures.busiest_hour) is None:
        return None
    return {
        "day": best.day.isoformat(),
        "hour": best.hour,
        "occupancy_percent": best.occupancy_percent,
        "bookings_query": hour_query(best.day, best.hour, figures.lot_id),
    }


def _stays_query(bar: dict[str, int | None], figures: AdminFigures) -> str:
    """The stays of one bar; the last has no upper end."""
    ends = {"stay_from": bar["from_minutes"], "stay_to": bar["to_minutes"]}
    asked = [(name, str(minutes)) for name, minutes in ends.items() if minutes is not None]
    return bookings_query([*_ENDED, *asked], figures.from_, figures.to, figures.lot_id)


def _counts(figures: Figures, *names: str) -> dict[str, int]:
    return {name: getattr(figures, name) for name in names}


def _day_view(day: DayFigures, lot_id: int | None) -> dict[str, Any]:
    sums = day.figures
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


def _lot_view(lot: LotFigures, period: AdminFigures, before: dict[int, int] | None) -> dict[str, Any]:
    query = bookings_query(_ENDED, period.from_, period.to, lot.lot_id)
    return dict(zip(_LOT_COLUMNS, _lot_row(lot, before), strict=True)) | {"bookings_query": query}


_LOT_COLUMNS = (
    *("lot_id", "name", "bookings", "visits", "revenue", "revenue_previous", "occupancy_percent", "peak_cars"),
    *("turnover", "revenue_per_spot_hour", "average_stay_seconds", "occupied_seconds", "reserved_seconds"),
    *("available_seconds", "no_shows", "cancelled"),
)


def _lot_row(lot: LotFigures, before: dict[int, int] | None) -> list[Any]:
    sums = lot.figures
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


def all_time_view(figures: AdminFigures, live: dict[str, int]) -> dict[str, Any]:
    """The totals of the whole history. `live` has how many bookings of each status are not over: what has ended is
    counted on the day it ended, so together they are all bookings there are."""
    totals = figures.totals
    ended = totals.completed + totals.no_shows + totals.cancelled
    return {
        "total_revenue": _money(totals.revenue_minor),
        "occupancy_rate": float(half_up(totals.occupancy_percent, 2)),  # the client's page shows it as it comes
        "total_bookings": ended + sum(live.values()),
        "active_bookings": live["Active"],
        "reserved_bookings": live["Reserved"],
        "completed_bookings": totals.completed + live["Completed"],
        "revenue_by_lot": [
            {"lot_name": lot.name, "revenue": _money(lot.figures.revenue_minor)} for lot in figures.lots
        ],
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


def user_view(figures: UserFigures) -> dict[str, Any]:
    """`stats` of GET /api/stats/user."""
    return {
        "month": figures.month,
        "as_of": to_rfc3339(figures.as_of),
        "partial": figures.partial,
        "currency": figures.currency,
        "visits": figures.visits,
        "parked_seconds": figures.parked_s,
        "spent": to_number(figures.spent_minor),
        "favourite": figures.lots[0].name if figures.lots and figures.lots[0].visits else None,
        "lots": [
            {
                "lot_id": lot.lot_id,
                "name": lot.name,
                "visits": lot.visits,
                "parked_seconds": lot.parked_s,
                "spent": to_number(lot.spent_minor),
            }
            for lot in figures.lots
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
    """Which local hour was the busiest, as a line of the figures (how full it was is `peak_occupancy`)."""
    hours = [period and period["busiest_hour"] for period in (view, view["previous"])]
    value, previous = (best and f"{best['day']}T{best['hour']:02}:00" for best in hours)
    return {"name": "busiest_hour", "unit": "local_hour", "value": value, "previous": previous}


_EMPTY_HEADERS: dict[str, tuple[str, ...]] = {
    "days": ("day", "partial", "bookings", "revenue", "occupancy_percent"),
    "curve": ("at", "occupied", "capacity"),
}


def lots_table(figures: AdminFigures, previous: AdminFigures | None) -> Rows:
    """(header, rows) of all the lots in the figures."""
    before = _revenues(previous)
    return list(_LOT_COLUMNS), [_lot_row(lot, before) for lot in figures.lots]


def _revenues(figures: AdminFigures | None) -> dict[int, int] | None:
    return {lot.lot_id: lot.figures.revenue_minor for lot in figures.lots} if figures else None


def user_table(view: dict[str, Any]) -> Rows:
    header = ["lot_id", "name", "visits", "parked_seconds", "spent"]
    return header, [[lot[name] for name in header] for lot in view["lots"]]
