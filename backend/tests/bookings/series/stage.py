"""Series in tests, through the product's own services."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from parking import clock
from parking.bookings.rules.recurrence import Recurrence
from parking.bookings.series import service
from parking.bookings.series.requests import SeriesRequest


def day(days: int) -> date:
    """So many days from today."""
    return clock.now().date() + timedelta(days=days)


def request(user, lot, *, days=("tu", "th"), first=None, start="08:00", end="10:00", every=1, accept=None, **more):
    """A request for a series; `last` or `count` says how long, four dates unless said otherwise."""
    length: dict[str, Any] = {name: more.pop(name) for name in ("last", "count") if name in more} or {"count": 4}
    rule = Recurrence(time.fromisoformat(start), time.fromisoformat(end), tuple(days), every, first or day(1), **length)
    return SeriesRequest(lot["id"], user.id, rule, accept=None if accept is None else frozenset(accept), **more)


def book_series(user, lot, **more) -> dict[str, Any]:
    """The answer of POST /api/series."""
    return service.create(request(user, lot, **more))


def statuses(user, lot, **more) -> dict[str, str]:
    """Date -> status, of a preview."""
    return {one["date"][5:]: one["status"] for one in service.preview(request(user, lot, **more))["dates"]}
