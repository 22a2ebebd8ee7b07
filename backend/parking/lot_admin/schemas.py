"""What administrators send to change lots and spots, and what is answered."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

import timezones
from parking.availability import ClosureOut, LotEnvelope, LotOut, SpotOut
from parking.bookings import Id, Paging, TimeText
from parking.money import MoneyIn
from parking.text import names
from parking.web import ActionQuery, In, Out
from parking.web.errors.validation import wrong

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
    """Any of the fields; the others stay as they are."""

    name: Name | None = None
    capacity: Capacity | None = None
    price_per_hour: MoneyIn | None = None
    timezone: Zone | None = None
    address: Address | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    description: Prose | None = None
    require_checkin: bool | None = None
    shorten_running: Annotated[
        bool | None, Field(description="Whether a reservation that has begun may be ended earlier")
    ] = None
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
    """`out_of_service` without a time: from now on, until it is set to false; with `from` or `until`: a closure for
    this window (without `until` it has no end)."""

    out_of_service: bool | None = None
    from_: Annotated[TimeText | None, Field(alias="from")] = None
    until: TimeText | None = None
    reason: Why | None = None
    level: Level | None = None
    ev: bool | None = None
    accessible: bool | None = None
    covered: bool | None = None

    @model_validator(mode="after")
    def _times_of_a_closure(self) -> Self:
        for name, time in (("from", self.from_), ("until", self.until)):
            if time is not None and not self.out_of_service:
                raise wrong(name, "A time needs `out_of_service` to be true.")
        return self


class SpotsEdit(SpotEdit):
    """The same for many spots of a lot, named by their numbers."""

    numbers: Annotated[list[Annotated[int, Field(ge=1, le=10_000)]], Field(min_length=1, max_length=1_000)]


class LotMessage(LotEnvelope):
    message: str


class LotSaved(LotMessage):
    """`removed_spots`: the numbers that a smaller capacity took. The old capacity brings them back, as they were."""

    removed_spots: list[int]


class DialectOut(Out):
    """How a CSV file was read. `decimal` is null where no number shows which sign it uses."""

    encoding: str
    separator: Literal[",", ";", "\t"]
    decimal: Literal[",", "."] | None


class LotsMessage(Out):
    message: str
    lots: list[LotOut]
    dialect: DialectOut


Moved = Annotated[int, Field(description="The number of bookings that were moved to other spots")]


class SpotMessage(Out):
    message: str
    spot: SpotOut
    moved: Moved = 0


class SpotsMessage(LotMessage):
    changed: int
    moved: Moved


class ClosureListed(ClosureOut):
    lot_id: int
    lot_name: str
    lot_timezone: str
    spot_id: int
    spot_number: int


class ClosuresOut(Out):
    closures: list[ClosureListed]
    next: str | None


class ClosuresQuery(Paging):
    lot_id: Id | None = None
    waiting: bool = Field(default=False, description="Only those that are due while a car is still on their spot")


class MoveQuery(ActionQuery):
    move: bool = Field(
        default=False, description="Moves all bookings in the way to other spots, or none; their drivers are notified"
    )


class DeleteQuery(ActionQuery):
    cancel_reservations: bool = False


class UpdateQuery(ActionQuery):
    confirm_timezone: bool = Field(
        default=False, description="Also with future reservations, whose drivers are notified"
    )


class ImportQuery(ActionQuery):
    dry_run: bool = False
    timezone: Zone | None = Field(default=None, description="The zone of the lots that name none; else the operator's")
