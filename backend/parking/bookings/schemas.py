"""Bookings as the contract has them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    RootModel,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)

from parking.bookings.rules.reasons import Code as ReasonCode
from parking.bookings.rules.times import check_time
from parking.pricing import LineOut, TariffOut
from parking.spot_features import Feature, NeedsIn, NeedsText
from parking.text import names
from parking.web import Day, In, Out, Query
from parking.web.errors.validation import wrong

MAX_ID = 2**53 - 1
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
TimeText = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(check_time),
    Field(
        description="RFC 3339; without an offset, the lot's local time",
        json_schema_extra={"pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?$"},
    ),
]
Plate = Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(names.plate)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300, pattern=r"^[^\x00]*$")]
Status = Literal["Active", "Reserved", "Completed", "Cancelled", "No-show"]


class _Book(In):
    lot_id: Id
    spot_id: Id | None = None
    vehicle_plate: Plate | None = None
    needs: (
        Annotated[NeedsIn, Field(description="Features that the spot must have, unless `spot_id` names one")] | None
    ) = None


class InstantIn(_Book):
    booking_type: Annotated[
        Literal["instant", "immediate"] | None, Field(description="`immediate` is another word for `instant`")
    ] = "instant"
    reserved_start: None = None
    reserved_end: None = None

    @model_validator(mode="before")
    @classmethod
    def _no_window(cls, body: object) -> object:
        """A window says that another type was meant: nobody is to pay for the wrong booking. Null is no window."""
        if isinstance(body, dict) and any(body.get(name) is not None for name in ("reserved_start", "reserved_end")):
            raise wrong("booking_type", "For a time in the future, the booking type must be “reserved”.")
        return body


class ReservedIn(_Book):
    booking_type: Literal["reserved"]
    reserved_start: TimeText
    reserved_end: TimeText


def _booking_type(body: Any) -> str | None:
    """Which of the two bodies this is; without a type, and with the client's word `immediate`, an instant one."""
    name = body.get("booking_type") if isinstance(body, dict) else None
    name = "instant" if name is None else name
    return {"instant": "instant", "immediate": "instant", "reserved": "reserved"}.get(str(name))


class BookIn(
    RootModel[
        Annotated[
            Annotated[InstantIn, Tag("instant")] | Annotated[ReservedIn, Tag("reserved")],
            Discriminator(
                _booking_type,
                custom_error_type="booking_type",
                custom_error_message="The booking type must be “instant” or “reserved”.",
                custom_error_context={"field": "booking_type"},
            ),
        ]
    ]
):
    """A booking for now, or for a window in the future."""


class Nothing(In):
    """No fields."""


class ExtendIn(In):
    """Either `minutes` (how much longer) or `until`, not both."""

    minutes: Annotated[int, Field(ge=1, le=60 * 24 * 367)] | None = None
    until: TimeText | None = None


class ShortenIn(In):
    until: Annotated[
        TimeText, Field(description="The new end, which is earlier; without an offset, the lot's local time")
    ]


class ReasonIn(In):
    reason: Reason


VisitorName = Annotated[
    str | None, Field(description="Of a booking for a visitor: for whom it is; empty once the name is deleted")
]


class MailOut(Out):
    state: str


class BookingOut(Out):
    id: int
    reference: str
    lot_id: int
    lot_name: str
    lot_timezone: str
    lot_address: str | None
    spot_id: int
    spot_number: int
    booking_type: Literal["instant", "reserved"]
    status: Status
    start_time: datetime
    end_time: Annotated[
        datetime | None, Field(description="When the stay ended; of a cancelled reservation the end of its window")
    ]
    reserved_start: datetime | None
    reserved_end: datetime | None
    held_until: datetime | None
    checked_in_at: datetime | None
    duration_hours: float | None
    price_per_hour: float
    currency: str
    tariff: TariffOut
    total_cost: Annotated[float, Field(description="The final cost; the window's price while Reserved; 0 while Active")]
    running_cost: Annotated[float | None, Field(description="While Active: the cost if it ended now")]
    created_at: datetime
    require_checkin: bool
    checkin_deadline: datetime | None
    ended_by: Literal["user", "admin", "system"] | None
    reason: str | None
    reason_code: Annotated[ReasonCode | None, Field(description="Why, when the program itself decided; else null")]
    vehicle_plate: str | None
    visitor_name: VisitorName
    visitor_email: str | None
    needs: Annotated[list[Feature], Field(description="The features that the driver asked for")]
    series_id: Annotated[int | None, Field(description="The series of which it is one date")]
    actions: Annotated[
        list[Literal["cancel", "extend", "shorten", "check_in", "release"]],
        Field(description="What the caller can do now: its driver, or staff for them"),
    ]
    mail: MailOut | None = None


class AdminBookingOut(BookingOut):
    user_id: int
    user_email: str
    username: str


class BookedOut(Out):
    message: str
    booking: BookingOut


class ReleasedOut(BookedOut):
    total_cost: float


class AdminBookedOut(Out):
    message: str
    booking: AdminBookingOut
    total_cost: float | None = None


class OneBookingOut(Out):
    booking: BookingOut
    server_time: datetime


class TotalsOut(Out):
    count: int
    total_cost: float | None
    currency: str | None


class BookingsOut(Out):
    bookings: list[BookingOut]
    next: str | None
    server_time: datetime
    total: int | None
    totals: TotalsOut | None


class AdminBookingsOut(Out):
    bookings: list[AdminBookingOut]
    next: str | None
    server_time: datetime


class MatchingOut(Out):
    """The spots with every needed feature, and how many of them are free."""

    needs: list[Feature]
    spots: int
    available_spots: int


Matching = Annotated[MatchingOut | None, Field(description="Null where no needs were given")]


class QuoteOut(Out):
    lot_id: int
    from_: Annotated[datetime, Field(alias="from")]
    to: datetime
    duration_hours: float
    price_per_hour: float
    currency: str
    lines: list[LineOut]
    total_cost: float
    matching: Matching


class QuoteEnvelope(Out):
    quote: QuoteOut


class WindowOut(Out):
    from_: Annotated[datetime, Field(alias="from")]
    to: datetime


class AvailabilityOut(WindowOut):
    lot_id: int
    capacity: int
    available_spots: int
    spot_ids: list[int]
    matching: Matching
    next_free: WindowOut | None


class AvailabilityEnvelope(Out):
    availability: AvailabilityOut


class ReceiptOut(Out):
    number: str
    issued_at: datetime
    site_name: str
    booking: BookingOut
    customer: dict[str, Any]
    charged_from: datetime
    charged_to: datetime
    lines: list[LineOut]
    total_cost: float
    currency: str


class ReceiptEnvelope(Out):
    receipt: ReceiptOut


class Paging(Query):
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: Annotated[str, StringConstraints(max_length=40)] | None = None


class BookingFilters(Query):
    """Filters of a list of bookings."""

    status: Status | None = None
    lot_id: Id | None = None
    booking_type: Literal["instant", "reserved"] | None = None
    from_: Annotated[
        str | None, Field(alias="from", max_length=40, description="Bookings that overlap the time from here on")
    ] = None
    to: Annotated[str | None, Field(max_length=40, description="Bookings that overlap the time before this")] = None


class ListQuery(BookingFilters, Paging):
    """Your list. A booking that has ended counts at its end, as in /api/stats/user; an Active or Reserved one counts in
    every period that it touches. So the totals of months add up."""

    from_: Annotated[
        str | None,
        Field(alias="from", max_length=40, description="Bookings that ended (or are still open) from here on"),
    ] = None
    to: Annotated[
        str | None, Field(max_length=40, description="Bookings that ended (or, if still open, begin) before this")
    ] = None
    from_day: Day | None = Field(
        default=None, description="With to_day: the same in days of each lot's own calendar, both included"
    )
    to_day: Day | None = None

    @model_validator(mode="after")
    def _both_days(self) -> Self:
        if (self.from_day is None) is not (self.to_day is None):
            raise ValueError("Please give both the first and the last day")
        return self


Minutes = Annotated[int, Field(ge=0, le=10_000_000)]


class AdminBookingFilters(BookingFilters):
    """Filters for all bookings. `counted` and the fields after it select the bookings behind a statistic."""

    user_id: Id | None = None
    spot_id: Id | None = None
    q: Annotated[str | None, Field(max_length=100)] = None
    overstayed: bool = Field(
        default=False, description="Only cars that are still parked after their reserved or guaranteed time has ended"
    )
    counted: Literal["started", "ended", "parked", "kept_free"] | None = Field(
        default=None,
        description="With from_day and to_day: what happened on those local days of each lot. `kept_free`: the spot "
        "was kept free for a reservation whose driver had not arrived",
    )
    from_day: Day | None = None
    to_day: Day | None = None
    came: bool = Field(default=False, description="With counted: only bookings whose driver arrived")
    hour: Annotated[int, Field(ge=0, le=23)] | None = Field(
        default=None, description="With counted and one day: only this hour by the lot's own clock"
    )
    at: Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description="With counted=parked: only this moment of the days"
    )
    stay_from: Minutes | None = Field(
        default=None, description="With counted=ended: stays of at least this many minutes (each rounded down)"
    )
    stay_to: Minutes | None = Field(default=None, description="With counted=ended: stays of fewer minutes than this")

    @field_validator("q")
    @classmethod
    def _words(cls, text: str | None) -> str | None:
        return (text or "").strip() or None

    @model_validator(mode="after")
    def _counted_filters(self) -> Self:
        """What only narrows a count stands with the count that it narrows."""
        if self.hour is not None and (self.counted is None or self.from_day != self.to_day):
            raise wrong("hour", "An hour needs `counted` and the same first and last day.")
        if self.at is not None and self.counted != "parked":
            raise wrong("at", "A time needs `counted` to be “parked”.")
        least, most = self.stay_from, self.stay_to
        if (least is not None or most is not None) and self.counted != "ended":
            raise wrong("stay_from", "The length of a stay needs `counted` to be “ended”.")
        if most is not None and (least or 0) >= most:
            raise wrong("stay_to", "The longest stay must be longer than the shortest.")
        return self


class AdminListQuery(AdminBookingFilters, Paging):
    """The list of all bookings."""

    order: Literal["newest", "oldest"] = Field(
        default="newest", description="By start; by end where `counted` is `ended`"
    )


class AdminTotalsOut(TotalsOut):
    """`people`: number of different drivers, without visitors. `seconds`: with counted=ended the whole stays, with
    parked or kept_free the part within the period; otherwise null."""

    people: int
    seconds: int | None


class AdminTotalsEnvelope(Out):
    totals: AdminTotalsOut


class WindowQuery(Query):
    from_: Annotated[str, Field(alias="from", max_length=40)]
    to: Annotated[str, Field(max_length=40)]
    needs: NeedsText = None


class QuoteQuery(WindowQuery):
    lot_id: Id
