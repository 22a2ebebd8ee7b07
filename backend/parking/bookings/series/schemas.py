"""Series, and the cancellation of a range, as the contract has them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from parking.bookings.rules.recurrence import Recurrence
from parking.bookings.schemas import BookingOut, Id, Plate, TimeText
from parking.bookings.series.requests import MAX_DATES, SeriesRequest
from parking.spot_features import Feature, NeedsIn, ordered
from parking.web import ActionQuery, Day, In, Out, Query
from parking.web.errors.validation import wrong

Weekday = Literal["mo", "tu", "we", "th", "fr", "sa", "su"]
DateStatus = Literal["ok", "other_spot", "full", "blocked", "yours_already", "clock_change", "later"]
_NOT_A_CLOCK = "Please write a time like 08:00."
_NOT_A_DAY = "Please write a date like 2026-03-02."


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(_NOT_A_CLOCK)
    return text


def _day(text: str) -> str:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            dt.date.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise ValueError(_NOT_A_DAY)


ClockText = Annotated[
    str,
    StringConstraints(max_length=5),
    AfterValidator(_clock),
    Field(json_schema_extra={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}, examples=["08:00"]),
]
DayText = Annotated[
    str, StringConstraints(max_length=10), AfterValidator(_day), Field(json_schema_extra={"format": "date"})
]


class SeriesRule(In):
    """Reservations at the same wall times of the lot, on `days` of every n-th week from `from` on: until a date
    (included), or `count` of them. An end that is not later than the start is on the next day. A date of today whose
    start has passed is left out."""

    lot_id: Id
    start_time: ClockText
    end_time: ClockText
    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    every_weeks: Annotated[int, Field(ge=1, le=52)] = 1
    from_: Annotated[DayText, Field(alias="from")]
    until: DayText | None = None
    count: Annotated[int, Field(ge=1, le=MAX_DATES)] | None = None
    spot_id: Annotated[Id | None, Field(description="This spot where it is free; else another one")] = None
    vehicle_plate: Plate | None = None
    needs: Annotated[NeedsIn, Field(description="Features that the spots must have")] | None = None

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.until is None) is (self.count is None):
            raise wrong("until", "Please give either the last date or the number of dates, not both.")
        if self.until is not None and self.until < self.from_:
            raise wrong("until", "The last date must not be before the first.")
        if self.start_time == self.end_time:
            raise wrong("end_time", "The end must differ from the start.")
        return self

    def request(self, user_id: int) -> SeriesRequest:
        """As the service takes it."""
        day = dt.date.fromisoformat
        rule = Recurrence(
            start=dt.time.fromisoformat(self.start_time),
            end=dt.time.fromisoformat(self.end_time),
            days=tuple(self.days),
            every_weeks=self.every_weeks,
            first=day(self.from_),
            last=day(self.until) if self.until else None,
            count=self.count,
        )
        return SeriesRequest(
            lot_id=self.lot_id,
            user_id=user_id,
            rule=rule,
            spot_id=self.spot_id,
            vehicle_plate=self.vehicle_plate,
            needs=ordered(self.needs or ()),
        )


class SeriesIn(SeriesRule):
    accept: Annotated[
        list[DayText] | None,
        Field(
            max_length=MAX_DATES,
            description="The dates to be booked, all of them or none. Without it, every date of the rule; then each of "
            "them must be `ok`, `other_spot` or `later`",
        ),
    ] = None
    wait_if_full: Annotated[
        bool,
        Field(description="Join the waitlist where, once a `later` date can be booked, no spot is free on it"),
    ] = False

    def request(self, user_id: int) -> SeriesRequest:
        accept = None if self.accept is None else frozenset(dt.date.fromisoformat(one) for one in self.accept)
        return replace(super().request(user_id), accept=accept, wait_if_full=self.wait_if_full)


class DateOut(Out):
    """One date. `available`: it can be among those to be booked. `status` says what is to be known of it: another spot
    than on most dates; no spot is free (`full`), or the free ones are out of service (`blocked`); you have a booking at
    this time; the clocks leave its start or end out, so it is later (or there is no time left); or it lies too far
    ahead and is booked later, as soon as it can be."""

    date: dt.date
    status: DateStatus
    available: bool
    reserved_start: dt.datetime
    reserved_end: dt.datetime
    spot_number: int | None
    total_cost: float


class SeriesPreview(Out):
    """`total_cost` is that of all dates that are available."""

    dates: list[DateOut]
    total_cost: float
    currency: str
    lot_timezone: str


class SeriesOut(Out):
    """`next_date`: the next one that is too far ahead to be booked yet; null: there is none. `open_bookings`: its
    bookings that run or are to come."""

    id: int
    lot_id: int
    lot_name: str
    lot_timezone: str
    start_time: str
    end_time: str
    days: list[Weekday]
    every_weeks: int
    from_: Annotated[dt.date, Field(alias="from")]
    until: dt.date
    next_date: dt.date | None
    open_bookings: int
    needs: list[Feature]
    wait_if_full: bool
    created_at: dt.datetime
    ended_at: dt.datetime | None


class SeriesBooked(Out):
    message: str
    series: SeriesOut
    bookings: list[BookingOut]


class SeriesEnvelope(Out):
    """`bookings`: all of the series, the first one first."""

    series: SeriesOut
    bookings: list[BookingOut]
    server_time: dt.datetime


class SeriesList(Out):
    series: list[SeriesOut]
    next: str | None


class SeriesQuery(Query):
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: Annotated[str, StringConstraints(max_length=40)] | None = None


class EndQuery(ActionQuery):
    from_: Day | None = Field(
        default=None, alias="from", description="This date and those after it; without it, all that are to come"
    )


class SeriesEnded(SeriesBooked):
    """`bookings`: those that were cancelled, `count` of them."""

    count: int


class RangeIn(In):
    """Your reservations, the dates of your series that are not booked yet, and the windows for which you wait, if they
    begin from `from` on and before `until`. Times without an offset are those of each lot."""

    from_: Annotated[TimeText, Field(alias="from")]
    until: TimeText
    dry_run: Annotated[bool, Field(description="Only says which they are")] = False


class SkippedDate(Out):
    series_id: int
    lot_name: str
    date: dt.date


class WaitGivenUp(Out):
    entry_id: int
    lot_name: Annotated[str, Field(description="Of several lots, with commas between them")]
    lot_timezone: str
    reserved_start: dt.datetime
    reserved_end: dt.datetime


class RangeCancelled(Out):
    """`bookings`: those that are cancelled, `count` of them. `series_dates`: dates of your series that are not booked
    yet and that will not be. `waits`: your places on the waitlist that are given up."""

    message: str
    count: int
    bookings: list[BookingOut]
    series_dates: list[SkippedDate]
    waits: list[WaitGivenUp]
    dry_run: bool
