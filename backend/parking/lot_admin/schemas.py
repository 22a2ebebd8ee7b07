"""Lots and spots as the contract has them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

import timezones
from parking.bookings.schemas import TariffOut
from parking.money import MoneyIn
from parking.text import names
from parking.web import In, Out, Query

_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


def _degrees(value: object) -> object:
    """A whole number as a float; one that is too large for a float is refused as infinite."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    return float(value) if abs(value) < 1_000 else math.inf


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"),
    AfterValidator(names.visible),
]
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=_PRINTABLE)]
Zone = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    Field(json_schema_extra=timezones.DOCUMENTED),
    AfterValidator(timezones.checked),
]
Capacity = Annotated[int, Field(ge=1, le=10_000)]
Latitude = Annotated[float, BeforeValidator(_degrees), Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, BeforeValidator(_degrees), Field(ge=-180, le=180, allow_inf_nan=False)]
Level = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20, pattern=r"^[^\x00-\x1f\x7f]*$")]
Why = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^[^\x00]*$")]
CapDay = Literal["rolling", "calendar"]


class LotEdit(In):
    """Any of the fields; what is left out stays as it is."""

    name: Name | None = None
    capacity: Capacity | None = None
    price_per_hour: MoneyIn | None = None
    timezone: Zone | None = None
    address: Address | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    description: Prose | None = None
    require_checkin: bool | None = None
    checkin_grace_minutes: Annotated[int, Field(ge=0, le=1440)] | None = None
    instant_hold_minutes: Annotated[int, Field(ge=5, le=1440)] | None = None
    billing_step_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    free_minutes: Annotated[int, Field(ge=0, le=1440)] | None = None
    daily_cap: MoneyIn | None = None
    cap_day: CapDay | None = None


class LotIn(LotEdit):
    """A new lot."""

    name: Name
    capacity: Capacity
    price_per_hour: MoneyIn


class SpotEdit(In):
    out_of_service: bool | None = None
    reason: Why | None = None
    level: Level | None = None
    ev: bool | None = None
    accessible: bool | None = None
    covered: bool | None = None


class SpotsEdit(SpotEdit):
    """The same for many spots of a lot, named by their numbers."""

    numbers: Annotated[list[Annotated[int, Field(ge=1, le=10_000)]], Field(min_length=1, max_length=1_000)]


class FeaturesOut(Out):
    ev: int
    accessible: int
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
    checkin_grace_minutes: int
    instant_hold_minutes: int
    tariff: TariffOut
    features: FeaturesOut
    version: int
    created_at: datetime
    updated_at: datetime


class LotEnvelope(Out):
    lot: LotOut


class LotMessage(LotEnvelope):
    message: str


class LotsOut(Out):
    lots: list[LotOut]
    next: str | None
    total: int


class DialectOut(Out):
    """How a CSV file was read. `decimal` is null where no number shows which sign it uses."""

    encoding: str
    separator: Literal[",", ";", "\t"]
    decimal: Literal[",", "."] | None


class LotsMessage(Out):
    message: str
    lots: list[LotOut]
    dialect: DialectOut


class PublicLotOut(Out):
    id: int
    name: str
    address: str | None
    price_per_hour: float
    currency: str
    available_spots: int
    capacity: int


class PublicLotsOut(Out):
    lots: list[PublicLotOut]


class ComingOut(Out):
    start: datetime
    end: datetime
    user_email: str | None = None


class SpotStayOut(Out):
    id: int
    reference: str
    user_id: int
    user_email: str
    username: str
    start_time: datetime
    held_until: datetime
    running_cost: float
    booking_type: Literal["instant", "reserved"]


class SpotOut(Out):
    id: int
    lot_id: int
    spot_number: int
    status: Literal["Available", "Occupied", "Reserved", "Out of service"]
    level: str | None
    ev: bool
    accessible: bool
    covered: bool
    out_of_service_reason: str | None
    mine: bool
    reservations: list[ComingOut]
    booking: SpotStayOut | None = None


class SpotsOut(Out):
    lot: LotOut
    spots: list[SpotOut]


class SpotMessage(Out):
    message: str
    spot: SpotOut


class SpotsMessage(LotMessage):
    changed: int


class LotsQuery(Query):
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: Annotated[str, StringConstraints(max_length=1200)] | None = None
    q: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00]*$")] | None = None


class DeleteQuery(Query):
    cancel_reservations: bool = False


class UpdateQuery(Query):
    confirm_timezone: bool = Field(
        default=False, description="Change the time zone although reservations are to come; their owners are told"
    )


class ImportQuery(Query):
    dry_run: bool = False
