"""Series as JSON, and the statements that read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from parking.bookings.models import Booking
from parking.bookings.reading import queries
from parking.bookings.series.models import Series
from parking.bookings.status_sql import is_live
from parking.lots import Lot
from parking.timestamps import to_rfc3339


def select_series() -> Select[Any]:
    """Selects series with the name and zone of their lot, and the number of their bookings that run or are to come."""
    live = select(func.count()).select_from(Booking).where(is_live, Booking.series_id == Series.id)
    return select(Series, Lot.name, Lot.timezone, live.correlate(Series).scalar_subquery()).join(
        Lot, Lot.id == Series.lot_id
    )


def series_view(row: Iterable[Any]) -> dict[str, Any]:
    """Returns a row of `select_series()` as JSON."""
    series, lot_name, zone, open_bookings = row
    return {
        "id": series.id,
        "lot_id": series.lot_id,
        "lot_name": lot_name,
        "lot_timezone": zone,
        "start_time": series.start_time,
        "end_time": series.end_time,
        "days": list(series.days),
        "every_weeks": series.every_weeks,
        "from": series.first_day.isoformat(),
        "until": series.last_day.isoformat(),
        "next_date": series.next_day.isoformat() if series.next_day else None,
        "open_bookings": open_bookings,
        "needs": list(series.needs),
        "wait_if_full": series.wait_if_full,
        "created_at": to_rfc3339(series.created_at),
        "ended_at": to_rfc3339(series.ended_at),
    }


def booking_rows(session: Session, series_id: int) -> list[Any]:
    """Returns the bookings of the series as rows of `queries.listed()`, the first one first."""
    rows = queries.listed().where(Booking.series_id == series_id)
    return list(session.execute(rows.order_by(Booking.reserved_start, Booking.id)))
