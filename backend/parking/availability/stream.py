"""The counts of lots for the event stream."""

from __future__ import annotations

from typing import Any

from parking import clock
from parking.availability import queries
from parking.database import db


def counts(lot_ids: list[int]) -> list[dict[str, Any]]:
    """Returns the counts of these lots, read now; for a deleted lot `{"id": …, "gone": True}`."""
    views = queries.counts_view(db.session(), clock.now(), lot_ids)
    deleted = set(lot_ids) - {lot["id"] for lot in views}
    return [*views, *({"id": lot_id, "gone": True} for lot_id in sorted(deleted))]
