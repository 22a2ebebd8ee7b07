"""What the event stream says of lots."""

from __future__ import annotations

from typing import Any

from parking import clock
from parking.availability import queries
from parking.database import db


def counts(lot_ids: list[int]) -> list[dict[str, Any]]:
    """The free counts of these lots, read now; of one that was closed only that it is gone."""
    found = queries.counts_view(db.session(), clock.now(), lot_ids)
    gone = set(lot_ids) - {lot["id"] for lot in found}
    return [*found, *({"id": lot_id, "gone": True} for lot_id in sorted(gone))]
