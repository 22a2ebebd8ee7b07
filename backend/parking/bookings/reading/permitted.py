"""The actions of a booking that the caller of a request may take: what is offered is what would be allowed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from parking.staff import lots_of
from parking.web import Identity


def keep_permitted(views: Iterable[dict[str, Any]], who: Identity, *, as_staff: bool = False) -> None:
    """Takes those actions out of views of bookings that the caller may not take: an API token that only reads takes
    none; of staff (`as_staff`) only those of the lot from attendants on act for its drivers."""
    lots = lots_of(who, "attendant") if as_staff else None
    only_reads = who.token is not None and "bookings:write" not in who.token.scopes
    for view in views:
        if only_reads or (lots is not None and view["lot_id"] not in lots):
            view["actions"] = []
