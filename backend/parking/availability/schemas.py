"""Lots and spots as they are answered, and the query of their list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from parking.bookings import MatchingOut
from parking.pricing import TariffOut
from parking.spot_features import NeedsText
from parking.web import Out, Query

SpotStatus = Literal["Available", "Occupied", "Reserved", "Out of service"]


class FeaturesOut(Out):
    accessible: int
    ev: int
    covered: int


class LotOut(Out):
    id: int
    name: str
    capacity: int
    price_per_hour: float
    currency: str
    timezone: str
    available_spots: int
    occupied_spots: int
    reserved_spots: int
    out_of_service_spots: int
    address: str | None
    latitude: float | None
    longitude: float | None
    description: str | None
    require_checkin: bool
    shorten_running: bool
    checkin_grace_minutes: int
    instant_hold_minutes: int
    tariff: TariffOut
    features: FeaturesOut
    matching: Annotated[MatchingOut | None, Field(description="Null where no needs were given")]
    version: int
    created_at: datetime
    updated_at: datetime


class LotEnvelope(Out):
    lot: LotOut


class LotsOut(Out):
    lots: list[LotOut]
    next: str | None
    total: int


class PublicLotOut(Out):
    id: int
    name: str
    address: str | None
    price_per_hour: float
    currency: str
    tariff: TariffOut
    available_spots: int
    capacity: int


class PublicLotsOut(Out):
    lots: list[PublicLotOut]


class PublicLotPageOut(PublicLotOut):
    description: str | None
    timezone: str
    features: FeaturesOut


class PublicSpotOut(Out):
    id: int
    spot_number: int
    status: SpotStatus
    level: str | None
    ev: bool
    accessible: bool
    covered: bool


class PublicSpotsOut(Out):
    lot: PublicLotPageOut
    spots: list[PublicSpotOut]


class ComingOut(Out):
    """A reservation of a spot. Administrators see its user; `user_email` is "You" for one's own."""

    start: datetime
    end: datetime
    user_email: str | None = None
    username: str | None = None
    visitor_name: str | None = None


class SpotStayOut(Out):
    id: int
    reference: str
    user_id: int
    user_email: str
    username: str
    visitor_name: str | None
    start_time: datetime
    held_until: datetime
    running_cost: float
    booking_type: Literal["instant", "reserved"]


class ClosureOut(Out):
    """A time in which a spot is out of service. `waiting`: it is due, but a car is still there."""

    id: int
    start: datetime
    end: Annotated[datetime | None, Field(description="Null: until further notice")]
    reason: Annotated[str | None, Field(description="For administrators")]
    state: Literal["planned", "waiting", "active"]


class SpotOut(Out):
    id: int
    lot_id: int
    spot_number: int
    status: SpotStatus
    level: str | None
    ev: bool
    accessible: bool
    covered: bool
    out_of_service_reason: Annotated[str | None, Field(description="For the lot's staff; null for others")]
    closures: Annotated[list[ClosureOut], Field(description="Those that run or are to come, by their start")]
    mine: bool
    reservations: list[ComingOut]
    booking: SpotStayOut | None = None


class SpotsOut(Out):
    lot: LotOut
    spots: list[SpotOut]


class LotsQuery(Query):
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: Annotated[str, StringConstraints(max_length=1200)] | None = None
    needs: NeedsText = None
    q: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00]*$")] | None = None


class LotQuery(Query):
    needs: NeedsText = None
