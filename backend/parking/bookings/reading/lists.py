"""Lists of bookings as JSON: a page, and the totals of all pages."""

from __future__ import annotations

from typing import Any

from parking import clock
from parking.bookings.reading import own_list, pages
from parking.bookings.reading.filters import Filters
from parking.bookings.reading.views import list_view
from parking.database import db, reading
from parking.money import to_number
from parking.timestamps import to_rfc3339


def page(
    filters: Filters, limit: int, cursor: str | None = None, *, for_admin: bool = False, oldest_first: bool = False
) -> dict[str, Any]:
    """Returns one page of bookings, newest first unless `oldest_first`. For a user the first page has the totals of all
    pages.

    Raises Invalid for a cursor that this list did not give out.
    """
    now = clock.now()
    if not for_admin and own_list.covers(filters):
        with reading() as connection:
            rows, following = own_list.read_page(connection, filters, limit, cursor)
            sums = own_list.read_totals(connection, filters) if cursor is None else None
    else:
        session = db.session()
        rows, following = pages.read_page(
            session, filters, now, limit, cursor, with_user=for_admin, oldest_first=oldest_first
        )
        sums = None if for_admin or cursor else pages.read_user_totals(session, filters, now)
    bookings = list_view(rows, now, for_admin=for_admin)
    answer: dict[str, Any] = {"bookings": bookings, "next": following, "server_time": to_rfc3339(now)}
    if for_admin:
        return answer
    return answer | {"total": sums["count"] if sums else None, "totals": _cost_view(sums) if sums else None}


def totals(filters: Filters) -> dict[str, Any]:
    """Returns the totals of everything that matches the filters, for an administrator."""
    sums = pages.read_totals(db.session(), filters, clock.now())
    timed = filters.days is not None and filters.days.counted != "started"
    return _cost_view(sums) | {"people": sums["people"], "seconds": int(sums["seconds"] or 0) if timed else None}


def _cost_view(sums: dict[str, Any]) -> dict[str, Any]:
    """The count and the cost; no cost where the bookings have several currencies."""
    if sums["currencies"] > 1:
        return {"count": sums["count"], "total_cost": None, "currency": None}
    return {"count": sums["count"], "total_cost": to_number(int(sums["cost"])), "currency": sums["currency"]}
