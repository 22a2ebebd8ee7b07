"""The price of a window and the spots that are free over it, read before booking."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from parking import clock, pricing
from parking.bookings import allocation, matching
from parking.bookings.reading import alternatives
from parking.bookings.requests.windows import read_window
from parking.database import db
from parking.lots import open_lot, priced_lot
from parking.money import to_number
from parking.pricing import price_lines, terms_of
from parking.spot_features import Needs
from parking.timestamps import to_rfc3339


def quote(lot_id: int, start_text: str | None, end_text: str | None, needs: Needs = ()) -> dict[str, Any]:
    """Returns the price of a window, line by line, and (with needs) the spots that have them and are free over it.

    Raises NotFound, Invalid.
    """
    (lot, tariff), now = priced_lot(lot_id), clock.now()
    start, end = read_window(lot, start_text, end_text, now, ("from", "to"))
    lines = pricing.cost_lines(terms_of(tariff), start, end)
    return {
        "lot_id": lot.id,
        "from": to_rfc3339(start),
        "to": to_rfc3339(end),
        "duration_hours": round((end - start) / timedelta(hours=1), 4),
        "price_per_hour": to_number(tariff.hourly_minor),
        "currency": tariff.currency,
        "lines": price_lines(lines, tariff),
        "total_cost": to_number(sum(line.amount_minor for line in lines)),
        "matching": _matching(lot.id, start, end, needs),
    }


def _matching(lot_id: int, start: datetime, end: datetime, needs: Needs) -> dict[str, Any] | None:
    if not needs:
        return None
    return matching.over(None, [lot_id], start, end, needs).get(lot_id, matching.Matching()).view(needs)


def availability(lot_id: int, start_text: str, end_text: str, needs: Needs = ()) -> dict[str, Any]:
    """Returns the spots with the needs that are free over a window; if none is, the next window of this length.

    Raises NotFound, Invalid.
    """
    session, now = db.session(), clock.now()
    lot = open_lot(session, lot_id)
    start, end = read_window(lot, start_text, end_text, now, ("from", "to"))
    free = allocation.free_spot_ids(session, lot.id, start, end, needs=needs)
    later = None if free else alternatives.next_free(None, lot.id, start, end, needs)
    return {
        "lot_id": lot.id,
        "from": to_rfc3339(start),
        "to": to_rfc3339(end),
        "capacity": lot.capacity,
        "available_spots": len(free),
        "spot_ids": free,
        "matching": _matching(lot.id, start, end, needs),
        "next_free": {"from": to_rfc3339(later[0]), "to": to_rfc3339(later[1])} if later else None,
    }
