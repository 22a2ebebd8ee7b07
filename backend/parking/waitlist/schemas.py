"""The waitlist as the contract has it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from parking.bookings import BookingOut, Id, Paging, Plate, TimeText
from parking.spot_features import Feature, NeedsIn, NeedsText
from parking.waitlist.rules import MOST_LOTS, Reason, Status
from parking.web import In, Out, Query
from parking.web.errors.validation import wrong

Kind = Literal["instant", "reserved"]


class JoinIn(In):
    """A wait for a spot over a window, or (`instant`) from the moment on at which one is free. Without a type it is
    `reserved`."""

    lot_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_LOTS, description="Any of these lots will do")]
    booking_type: Kind = "reserved"
    reserved_start: Annotated[TimeText, Field(description="Without an offset, in the time of the first lot")] | None = (
        None
    )
    reserved_end: TimeText | None = None
    for_minutes: (
        Annotated[int, Field(ge=5, le=1440, description="Of an instant one: how long the person wants to wait")] | None
    ) = None
    needs: Annotated[NeedsIn, Field(description="Features that the spot must have")] | None = None
    vehicle_plate: Plate | None = None

    @field_validator("lot_ids")
    @classmethod
    def _each_once(cls, ids: list[int]) -> list[int]:
        if len(set(ids)) < len(ids):
            raise ValueError("Please name each lot once.")
        return ids

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        window = self.reserved_start is not None or self.reserved_end is not None
        if self.booking_type == "instant":
            if window:
                raise wrong("booking_type", "For a time in the future, the booking type must be “reserved”.")
            if self.for_minutes is None:
                raise wrong("for_minutes", "Please say how many minutes you want to wait.")
        elif self.for_minutes is not None:
            raise wrong("for_minutes", "A wait for a window ends when the window begins.")
        return self


class LotPlaceOut(Out):
    id: int
    name: str
    timezone: str
    position: Annotated[int | None, Field(description="The place in the queue, 1 is next; null unless Waiting")]


class OfferOut(Out):
    booking_id: Annotated[int, Field(description="The id that the booking will have")]
    lot_id: int
    lot_name: str
    lot_timezone: str
    spot_id: int
    spot_number: int
    offered_at: datetime
    claim_by: Annotated[datetime | None, Field(description="From this instant on it has lapsed")]
    booking_type: Kind
    reserved_start: datetime | None
    reserved_end: datetime | None
    price_per_hour: float
    currency: str
    total_cost: Annotated[float | None, Field(description="The price of the window; null without one")]


class EntryOut(Out):
    id: int
    status: Status
    booking_type: Kind
    lots: list[LotPlaceOut]
    position: Annotated[int | None, Field(description="The smallest of the lots' positions; null unless Waiting")]
    reserved_start: datetime | None
    reserved_end: datetime | None
    waits_until: datetime
    needs: list[Feature]
    vehicle_plate: str | None
    created_at: datetime
    ended_at: datetime | None
    told_at: Annotated[
        datetime | None,
        Field(description="When a free spot was told of that was not held: fewer than 5 minutes before the start"),
    ]
    reason: Annotated[
        Reason | None,
        Field(
            description="Why it has ended; while Waiting, why it lost its offer (`spot_closed`) or one of its lots"
            " (`lot_closed`). Null once Claimed"
        ),
    ]
    series_id: Annotated[int | None, Field(description="The series of which this is a date that was full")]
    booking_id: Annotated[int | None, Field(description="The booking, once Claimed")]
    offer: Annotated[
        OfferOut | None, Field(description="While Offered; of one that Lapsed or was Declined, what it was")
    ]


class AdminEntryOut(EntryOut):
    """With the person; null where they were taken off an entry that has ended."""

    user_id: int | None
    user_email: str | None
    username: str | None


class JoinedOut(Out):
    message: str
    entry: EntryOut


class OneEntryOut(Out):
    entry: EntryOut
    server_time: datetime


class EntriesOut(Out):
    entries: list[EntryOut]
    server_time: datetime


class ClaimedOut(Out):
    message: str
    booking: BookingOut
    entry: EntryOut


class AdminEntriesOut(Out):
    entries: list[AdminEntryOut]
    next: str | None
    total: int
    server_time: datetime


class AdminEntriesQuery(Paging):
    lot_id: Id | None = None
    status: Status | None = Field(
        default=None,
        description="Only these, the newest first. Without it those Waiting and Offered, in the order of the queue",
    )


class PlaceQuery(Query):
    lot_id: Id
    from_: Annotated[str | None, Field(alias="from", max_length=40)] = None
    to: Annotated[str | None, Field(max_length=40)] = None
    needs: NeedsText = None


class PlaceInQueueOut(Out):
    position: Annotated[int, Field(description="The place that you would have, or have")]
    entry_id: Annotated[int | None, Field(description="Your own entry for this time, even if it has an offer")]


class PlaceEnvelope(Out):
    waitlist: Annotated[PlaceInQueueOut | None, Field(description="Null where you cannot join because a spot is free")]
