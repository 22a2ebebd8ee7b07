"""The search's query and its answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from parking.bookings import Status
from parking.web import Out, Query


class SearchQuery(Query):
    q: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]*$")] = (
        Field(description="A part of a name or address, a number, or the beginning of a plate or reference.")
    )


class LotMatch(Out):
    id: int
    name: str
    address: str | None


class SpotMatch(Out):
    id: int
    spot_number: int
    level: str | None
    lot_id: int
    lot_name: str


class UserMatch(Out):
    id: int
    username: str
    email: str
    active: bool


class BookingMatch(Out):
    id: int
    reference: str
    status: Status
    vehicle_plate: str | None
    visitor_name: str | None
    lot_id: int
    lot_name: str
    lot_timezone: str
    spot_number: int
    start_time: datetime
    user_id: int
    username: str


class SearchOut(Out):
    """At most five of each. `plates` has one booking for each plate: one that is under way or to come, else the
    newest."""

    lots: list[LotMatch]
    spots: list[SpotMatch]
    plates: list[BookingMatch]
    users: list[UserMatch]
    bookings: list[BookingMatch]
