"""What the figures' addresses take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from parking.csv_writer import Format
from parking.web import Day, Out, Query

EARLIEST, LATEST = date(1971, 1, 1), date(9000, 1, 1)
CSV_FORMAT = "How a CSV is written (see POST /api/exports); by default `auto` at a .csv address, else `machine`"
MOST_DAYS = 1_100
"""Three years: more than a chart can show, and little enough to answer at once."""

Table = Literal["figures", "days", "lots", "hours", "stays", "curve"]
Unit = Literal["count", "money", "percent", "seconds", "minutes", "per_spot_day", "money_per_spot_hour"]


class PeriodQuery(Query):
    """`from` and `to` are local days of each lot, both included."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day
    lot_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    format: Format | None = Field(default=None, description=CSV_FORMAT)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not EARLIEST <= self.from_ <= self.to <= LATEST:
            raise ValueError("`from` must not lie after `to`, nor before 1971")
        if (self.to - self.from_).days >= MOST_DAYS:
            raise ValueError(f"at most {MOST_DAYS} days at once")
        return self


class AdminStatsQuery(PeriodQuery):
    """The figures of a period, and which of them a CSV holds."""

    compare: bool = False
    table: Annotated[Table, Field(description="Which table a CSV holds")] = "days"


class HourQuery(PeriodQuery):
    """One cell of the heat map."""

    weekday: Annotated[int, Field(ge=0, le=6, description="0 = Monday")]
    hour: Annotated[int, Field(ge=0, le=23)]


class UserStatsQuery(Query):
    month: Annotated[str, StringConstraints(pattern=r"^(2\d{3}|19[89]\d)-(0[1-9]|1[0-2])$")] | None = Field(
        default=None, description="YYYY-MM; by default the present month"
    )
    format: Format | None = Field(default=None, description=CSV_FORMAT)


class NowOut(Out):
    """The spots at this moment; the four counts make up the capacity."""

    capacity: int
    occupied: int
    reserved: int
    out_of_service: int
    available: int
    occupancy_percent: float


class FigureOut(Out):
    """One number. `previous` is the same over the period before; `bookings` are the query parameters of
    /api/admin/bookings that list the bookings behind it, `users` those of /api/users that list the people. (What makes
    up `available` stands lot by lot in `lots`.)"""

    name: str
    unit: Unit
    value: float | int | None
    previous: float | int | None
    bookings: str | None
    users: str | None


class BusiestOut(Out):
    day: date
    hour: int
    occupancy_percent: float
    bookings_query: str


class PeriodOut(Out):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    from_: Annotated[date, Field(alias="from")]
    to: date
    busiest_hour: BusiestOut | None


class DayOut(Out):
    day: date
    partial: bool
    bookings: int
    instant: int
    reserved: int
    visits: int
    completed: int
    cancelled: int
    no_shows: int
    revenue: float | int
    occupied_seconds: int
    reserved_seconds: int
    available_seconds: int
    occupancy_percent: float
    bookings_query: str


class LotStatsOut(Out):
    lot_id: int
    name: str
    bookings: int
    visits: int
    revenue: float | int
    revenue_previous: float | int | None
    occupancy_percent: float
    peak_cars: int
    turnover: float | None
    revenue_per_spot_hour: float | int | None
    average_stay_seconds: int | None
    occupied_seconds: int
    reserved_seconds: int
    available_seconds: int
    no_shows: int
    cancelled: int
    bookings_query: str


class StayOut(Out):
    """Stays that ended in the period and lasted from_minutes up to (not including) to_minutes."""

    from_minutes: int
    to_minutes: int | None
    count: int
    bookings_query: str


class CurveOut(Out):
    """The cars that stood in the lots at this instant, of the spots in service then."""

    at: datetime
    occupied: int
    capacity: int


class AdminStatsOut(Out):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    from_: Annotated[Day, Field(alias="from")]
    to: Day
    lot_id: int | None
    as_of: datetime
    partial: bool
    currency: str
    previous: PeriodOut | None
    now: NowOut
    figures: list[FigureOut]
    busiest_hour: BusiestOut | None
    days: list[DayOut]
    lots: list[LotStatsOut]
    lots_total: int
    hours: Annotated[
        list[list[float | None]], Field(description="Occupancy in percent, [Monday first][local hour]; null: no spots")
    ]
    stays: list[StayOut]
    curve: Annotated[list[CurveOut], Field(description="Half-hourly, for periods of at most two days; else empty")]


class AdminStatsEnvelope(Out):
    stats: AdminStatsOut


class HourDayOut(Out):
    """One local hour of one day. `occupancy_percent` is null where there was no spot."""

    day: date
    partial: bool
    occupied_seconds: int
    available_seconds: int
    occupancy_percent: float | None
    bookings_query: str


class HourOut(Out):
    """A cell of the heat map, and the days that it is made of: their seconds sum up to its own."""

    weekday: int
    hour: int
    occupied_seconds: int
    available_seconds: int
    occupancy_percent: float | None
    days: list[HourDayOut]


class HourEnvelope(Out):
    hour: HourOut


class UserLotOut(Out):
    lot_id: int
    name: str
    visits: int
    parked_seconds: int
    spent: float | int


class UserStatsOut(Out):
    month: str
    as_of: datetime
    partial: bool
    currency: str
    visits: int
    parked_seconds: int
    spent: float | int
    favourite: str | None
    lots: list[UserLotOut]


class UserStatsEnvelope(Out):
    stats: UserStatsOut
