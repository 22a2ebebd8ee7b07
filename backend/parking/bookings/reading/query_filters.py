"""The filters of a request's query, as `Filters`."""

from __future__ import annotations

from datetime import date
from typing import Any

from parking.bookings.reading import local_days
from parking.bookings.reading.filters import Filters
from parking.bookings.reading.local_days import LocalDays
from parking.bookings.rules.times import read_time
from parking.bookings.schemas import AdminBookingFilters, BookingFilters, ListQuery
from parking.database import db
from parking.errors import Invalid
from parking.staff import lots_named
from parking.web import identity, visible_lots


def of_all(query: AdminBookingFilters) -> Filters:
    """Filters for everybody's bookings, in the lots that the caller may see.

    Raises Invalid for a time that cannot be read, for days out of order and for one of two days, NotFound where staff
    name a lot that is not theirs.
    """
    return _filters(
        query,
        user_id=query.user_id,
        spot_id=query.spot_id,
        q=query.q,
        days=_days(query),
        overstayed=query.overstayed,
        lot_ids=lots_named(identity(), query.lot_id, "viewer"),
    )


def of_user(query: ListQuery, user_id: int) -> Filters:
    """Filters for one user's own bookings. Raises Invalid as `of_all`."""
    return _filters(query, user_id=user_id, by_end=True, own_days=_own_days(query), lot_ids=visible_lots())


def _days(query: AdminBookingFilters) -> LocalDays | None:
    """Returns the local days of the query. Raises Invalid when one of from_day and to_day is missing."""
    if query.counted is None:
        return None
    first, last = _run(query.from_day, query.to_day)
    stays = query.stay_from is not None or query.stay_to is not None
    return LocalDays(
        query.counted,
        first,
        last,
        local_days.zones(db.session()),
        came=query.came,
        hour=query.hour,
        at=read_time(query.at, "UTC", "at") if query.at else None,
        stay=(query.stay_from or 0, query.stay_to) if stays else None,
    )


def _own_days(query: ListQuery) -> LocalDays | None:
    """Returns the days of a user's list. Raises Invalid for days out of order or outside the calendar."""
    if query.from_day is None:
        return None
    return LocalDays("ended", *_run(query.from_day, query.to_day), local_days.zones(db.session()))


def _run(first: date | None, last: date | None) -> tuple[date, date]:
    if first is None or last is None or not date(1971, 1, 1) <= first <= last:
        raise Invalid.field("from_day", "Please give a first and a last day. The first must not be after the last.")
    if last >= date(9990, 1, 1):
        raise Invalid.field("to_day", "This day is out of range.")
    return first, last


def _filters(query: BookingFilters, **more: Any) -> Filters:
    """Filter times without an offset are UTC: a list may span lots of many zones."""
    return Filters(
        status=query.status,
        lot_id=query.lot_id,
        booking_type=query.booking_type,
        from_=read_time(query.from_, "UTC", "from") if query.from_ else None,
        to=read_time(query.to, "UTC", "to") if query.to else None,
        **more,
    )
