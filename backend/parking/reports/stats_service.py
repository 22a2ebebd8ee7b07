"""Answering for the figures: what the addresses, the CSV and the command line share."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from parking import clock
from parking.bookings import states
from parking.db import db
from parking.lots.models import Lot
from parking.reports import stats, stats_queries, stats_views
from parking.reports.rollup_rules import local_day, midnight
from parking.reports.stats_schemas import AdminStatsQuery, Table

HALF_HOUR_S = 1800
CURVE_DAYS = 2
"""The longest period that is drawn half hour by half hour."""


def admin(asked: AdminStatsQuery) -> dict[str, Any]:
    """`stats` of the period. Raises NotFound for a lot that never was."""
    return _admin(asked)[0]


def _admin(asked: AdminStatsQuery) -> tuple[dict[str, Any], stats.AdminFigures, stats.AdminFigures | None]:
    session = db.session()
    figures = stats.admin_figures(session, asked.from_, asked.to, asked.lot_id)
    previous = None
    if asked.compare:
        previous = stats.admin_figures(session, *stats.previous_period(asked.from_, asked.to), asked.lot_id)
    short = (asked.to - asked.from_).days < CURVE_DAYS
    line = curve(session, asked.from_, asked.to, asked.lot_id) if short else []
    view = stats_views.admin_view(figures, previous, spots_now(session, asked.lot_id), line)
    return view, figures, previous


def admin_csv(asked: AdminStatsQuery) -> str:
    """One table of the same answer."""
    view, figures, previous = _admin(asked)
    table: Table = asked.table
    lots = stats_views.every_lot(figures, previous)
    return to_csv(*stats_views.admin_table(view, table, lots), currency=figures.currency)


def user(user_id: int, month: str | None) -> dict[str, Any]:
    """`stats` of one user's month, by default the present one (by UTC)."""
    month = month or f"{clock.now().astimezone(UTC):%Y-%m}"
    return stats_views.user_view(stats.user_figures(db.session(), user_id, month))


def user_csv(user_id: int, month: str | None) -> str:
    view = user(user_id, month)
    return to_csv(*stats_views.user_table(view), currency=view["currency"])


_FORMULA = re.compile(r"[\s\0\ufeff\u200b-\u200f\u2060]*[=+\-@|%＝＋－＠｜％]|[\t\r\n\0]")


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe; numbers stay numbers."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "'" + value if isinstance(value, str) and _FORMULA.match(value) else value


_MONEY = {"revenue", "revenue_previous", "revenue_per_spot_hour", "spent"}


def to_csv(header: list[str], rows: list[list[Any]], *, currency: str) -> str:
    """RFC 4180 with a byte order mark; a column of money is named with its currency."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([f"{name}_{currency}" if name in _MONEY else name for name in header])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def spots_now(session: Session, lot_id: int | None) -> dict[str, Any]:
    """How the spots stand at this moment, as the lists and maps show it."""
    open_lots = session.query(Lot.id, Lot.capacity).filter(Lot.deleted_at.is_(None))
    if lot_id is not None:
        open_lots = open_lots.filter(Lot.id == lot_id)
    capacities = {row.id: row.capacity for row in open_lots}
    found = states.counts(session, clock.now(), None if lot_id is None else [lot_id])
    counts = [found[n] for n in capacities if n in found]
    capacity = sum(capacities.values())
    taken = {
        "occupied": sum(one.occupied for one in counts),
        "reserved": sum(one.reserved for one in counts),
        "out_of_service": sum(one.out_of_service for one in counts),
    }
    in_service = capacity - taken["out_of_service"]
    return {
        "capacity": capacity,
        **taken,
        "available": max(0, capacity - sum(taken.values())),
        "occupancy_percent": round(100 * taken["occupied"] / in_service, 2) if in_service > 0 else 0.0,
    }


def curve(session: Session, from_: date, to: date, lot_id: int | None = None) -> list[dict[str, Any]]:
    """The cars standing at each full and half hour of the days (up to now), and the spots in service then."""
    lots = stats_queries.lots(session, lot_id)
    if not lots:
        return []
    now = int(clock.now().timestamp())
    low = min(midnight(from_, lot.zone) for lot in lots)
    high = min(max(midnight(to + timedelta(days=1), lot.zone) for lot in lots), now + 1)
    instants = range(low, high, HALF_HOUR_S)
    by_zone: dict[str, list[stats_queries.LotInfo]] = defaultdict(list)
    for lot in lots:
        by_zone[lot.zone].append(lot)
    cars, spots = [0] * len(instants), [0] * len(instants)
    for zone, mine in by_zone.items():
        found = stats_queries.standing(session, mine, instants)
        inside = [from_ <= local_day(at, zone) <= to for at in instants]
        for n, (occupied, usable) in enumerate(found):
            if inside[n]:
                cars[n], spots[n] = cars[n] + occupied, spots[n] + usable
    return [
        {"at": stats_views.iso(datetime.fromtimestamp(at, UTC)), "occupied": cars[n], "capacity": spots[n]}
        for n, at in enumerate(instants)
    ]
