"""What is free on the dates of a series. Plain reads: they lock nothing and decide nothing; the statement that holds a
spot checks each of them again.

A series gets the same spot on as many dates as possible, within the rule of single bookings that plain spots are given
out first: on each date only the free spots of the plainest kind come into question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.pool import PoolProxiedConnection

from parking import pricing, settings
from parking.bookings import allocation
from parking.bookings.matching import has_needs
from parking.bookings.models import Booking
from parking.bookings.new_booking import NewBooking
from parking.bookings.requests.booking_request import BookRequest, Place, new_booking, over_window, read_place
from parking.bookings.rules.limits import days_later
from parking.bookings.rules.recurrence import Occurrence
from parking.bookings.series.requests import SeriesRequest, occurrences
from parking.bookings.status_sql import is_block, is_for_visitor, is_live, is_stay
from parking.database import Read, UTCDateTime
from parking.errors import NotFound
from parking.lots import Spot
from parking.money import to_number
from parking.pricing import terms_of
from parking.spot_features import FEATURES, required
from parking.timestamps import to_rfc3339

SPOTS_COMPARED = 100
"""So many free spots of each date are compared for one that is free on most of them."""
_BOOKING: Any = Booking.__table__
_SPOT: Any = Spot.__table__
_OVERLAPS = (
    is_live,
    _BOOKING.c.start_time < bindparam("until", type_=UTCDateTime()),
    _BOOKING.c.held_until > bindparam("start", type_=UTCDateTime()),
)
_OWN = Read(
    select(_BOOKING.c.start_time, _BOOKING.c.held_until).where(
        *_OVERLAPS, is_stay, ~is_for_visitor, _BOOKING.c.user_id == bindparam("user_id")
    )
)
_BLOCKED = Read(
    select(
        exists(
            select(_SPOT.c.id)
            .join_from(_SPOT, _BOOKING, _BOOKING.c.spot_id == _SPOT.c.id)
            .where(_SPOT.c.lot_id == bindparam("lot_id"), _SPOT.c.retired_at.is_(None), *has_needs())
            .where(_BOOKING.c.lot_id == bindparam("lot_id"), is_block, *_OVERLAPS)
        ).label("blocked")
    )
)
_THE_SPOT = Read(
    select(_SPOT.c.id, _SPOT.c.spot_number).where(
        _SPOT.c.id == bindparam("spot_id"), _SPOT.c.lot_id == bindparam("lot_id"), _SPOT.c.retired_at.is_(None)
    )
)


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """One date: what is to be known of it, the spot (id, spot_number) that it would get, and its price. `later`: it
    lies too far ahead to be booked now. `clashes`: it begins before another date of the series ends."""

    occurrence: Occurrence
    status: str
    spot: Any | None
    later: bool
    cost_minor: int
    clashes: bool = False

    @property
    def available(self) -> bool:
        return not self.clashes and (self.spot is not None or (self.later and self.occurrence.exists))

    def view(self) -> dict[str, Any]:
        """As the contract has it."""
        return {
            "date": self.occurrence.day.isoformat(),
            "status": self.status,
            "available": self.available,
            "reserved_start": to_rfc3339(self.occurrence.start),
            "reserved_end": to_rfc3339(max(self.occurrence.start, self.occurrence.end)),
            "spot_number": self.spot.spot_number if self.spot else None,
            "total_cost": to_number(self.cost_minor),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The dates of a series, and what its bookings are made of."""

    place: Place
    new: NewBooking
    dates: list[PlannedDate]

    def view(self) -> dict[str, Any]:
        """As the contract has it."""
        total = sum(one.cost_minor for one in self.dates if one.available)
        return {
            "dates": [one.view() for one in self.dates],
            "total_cost": to_number(total),
            "currency": self.place.tariff.currency,
            "lot_timezone": self.place.lot.timezone,
        }


def plan(connection: PoolProxiedConnection, request: SeriesRequest, now: datetime) -> Plan:
    """Reads what is free on each date.

    Raises Invalid (dates), NotFound (lot, spot), Forbidden where the driver's address is not confirmed.
    """
    place, new = _read_place(connection, request, now)
    zone = place.lot.timezone
    coming = occurrences(request.rule, zone, now)
    limit = days_later(now, settings.current().reservation_max_days_ahead, zone)
    windows = {
        one.day: over_window(new, place.lot, one.start, one.end) for one in coming if one.exists and one.start <= limit
    }
    free = {day: candidates(connection, window, request.spot_id) for day, window in windows.items()}
    usual = request.spot_id or _free_on_most(free.values())
    own = own_windows(connection, request.user_id, coming[0].start, max(one.end for one in coming))
    dates, taken_until = list[PlannedDate](), now
    for one in coming:
        clashes = one.exists and one.start < taken_until
        spot = None if clashes else pick(free.get(one.day, ()), usual)
        status = _status(one, spot, usual, later=one.start > limit, own=overlaps(own, one), clashes=clashes)
        if status == "full" and _BLOCKED.rows(connection, **_window(windows[one.day]))[0].blocked:
            status = "blocked"
        cost = pricing.cost_minor(terms_of(place.tariff), one.start, one.end) if one.exists else 0
        planned = PlannedDate(one, status, spot, one.start > limit, cost, clashes)
        if planned.available and (request.accept is None or one.day in request.accept):
            taken_until = one.end
        dates.append(planned)
    return Plan(place, new, dates)


def _read_place(connection: PoolProxiedConnection, request: SeriesRequest, now: datetime) -> tuple[Place, NewBooking]:
    """Returns the place, and a booking of the driver from which those of the dates are made."""
    single = BookRequest(
        lot_id=request.lot_id,
        user_id=request.user_id,
        spot_id=request.spot_id,
        vehicle_plate=request.vehicle_plate,
        needs=request.needs,
    )
    place = read_place(connection, single, now)
    if request.spot_id is not None and not _THE_SPOT.rows(connection, spot_id=request.spot_id, lot_id=place.lot.id):
        raise NotFound("This lot has no such spot.")
    return place, new_booking(single, place.lot, now)


def candidates(connection: PoolProxiedConnection, new: NewBooking, spot_id: int | None) -> list[Any]:
    """Returns the free spots (id, spot_number) that the reservation may get: the named one, else those of the plainest
    kind, in the order in which they are given out."""
    if spot_id is not None and allocation.is_free(connection, new, spot_id):
        return _THE_SPOT.rows(connection, spot_id=spot_id, lot_id=new.lot_id)
    free = allocation.free_spots(connection, new, SPOTS_COMPARED)
    return [spot for spot in free if _kind(spot) == _kind(free[0])]


def pick(spots: Sequence[Any], usual: int | None) -> Any | None:
    """Returns the usual spot where it is among them, else the first one; None: there is none."""
    return next((spot for spot in spots if spot.id == usual), next(iter(spots), None))


def own_windows(connection: PoolProxiedConnection, user_id: int, start: datetime, until: datetime) -> list[Any]:
    """Returns the driver's bookings (start_time, held_until), in any lot, that overlap this time; not those for their
    guests, who come with cars of their own."""
    return _OWN.rows(connection, user_id=user_id, start=start, until=until)


def overlaps(bookings: Sequence[Any], one: Occurrence) -> bool:
    """Whether one of the bookings overlaps the date's window."""
    return any(booking.start_time < one.end and booking.held_until > one.start for booking in bookings)


def _kind(spot: Any) -> tuple[bool, ...]:
    return tuple(bool(getattr(spot, name)) for name in FEATURES)


def _free_on_most(dates: Iterable[Sequence[Any]]) -> int | None:
    """Returns the spot that comes into question on most of the dates; of several the one that is given out first."""
    spots = {spot.id: spot for free in dates for spot in free}
    times = Counter(spot.id for free in dates for spot in free)
    order = {
        spot_id: (times[spot_id], [not has for has in _kind(spot)], -spot.spot_number)
        for spot_id, spot in spots.items()
    }
    return max(order, key=lambda spot_id: order[spot_id], default=None)


def _window(new: NewBooking) -> dict[str, Any]:
    return {"lot_id": new.lot_id, "start": new.start_time, "until": new.held_until, **required(new.needs)}


def _status(one: Occurrence, spot: Any | None, usual: int | None, *, later: bool, own: bool, clashes: bool) -> str:
    if not one.exists:
        return "clock_change"
    if clashes:
        return "yours_already"
    if spot is None and not later:
        return "full"
    if own:
        return "yours_already"
    if one.moved:
        return "clock_change"
    if later or spot is None:
        return "later"
    return "ok" if spot.id == usual else "other_spot"
