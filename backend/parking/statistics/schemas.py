"""What the routes of statistics take and return."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from parking.csv_writer import Format
from parking.web import Day, Out, Query
from parking.web.errors.validation import MONTH, wrong

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
        check_period(self.from_, self.to)
        return self


def check_period(first: date, last: date) -> None:
    """Raises a validation error for a period that ends before it begins, or is too long to answer at once."""
    if not EARLIEST <= first <= last <= LATEST:
        raise wrong("from", "The first day must be 1971 or later, and not after the last day.")
    if (last - first).days >= MOST_DAYS:
        raise wrong("to", f"A period has at most {MOST_DAYS:,} days.")


class AdminStatsQuery(Query):
    """The statistics of a period, and the table of a CSV. `from` and `to` are local days of each lot, both included;
    without them, everything since the first booking."""

    from_: Annotated[Day | None, Field(alias="from", description="With `to`; without both: all time")] = None
    to: Day | None = None
    lot_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    compare: bool = False
    table: Annotated[Table, Field(description="Which table a CSV holds")] = "days"
    format: Format | None = Field(default=None, description=CSV_FORMAT)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.from_ is not None and self.to is not None:
            check_period(self.from_, self.to)
        elif self.from_ is not None or self.to is not None:
            raise wrong("to" if self.to is None else "from", "Please give both the first and the last day, or neither.")
        return self


class HourQuery(PeriodQuery):
    """One cell of the heat map."""

    weekday: Annotated[int, Field(ge=0, le=6, description="0 = Monday")]
    hour: Annotated[int, Field(ge=0, le=23)]


class UserStatsQuery(Query):
    month: Annotated[str, StringConstraints(pattern=MONTH)] | None = Field(
        default=None, description="YYYY-MM; by default the current month"
    )
    format: Format | None = Field(default=None, description=CSV_FORMAT)


class NowOut(Out):
    """The spots now; the four counts add up to the capacity."""

    capacity: int
    occupied: int
    reserved: int
    out_of_service: int
    available: int
    occupancy_percent: float


class MetricOut(Out):
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
    """Stays that ended in the period and lasted from_minutes to less than to_minutes."""

    from_minutes: int
    to_minutes: int | None
    count: int
    bookings_query: str


class CurveOut(Out):
    """Parked cars and spots in service at this instant."""

    at: datetime
    occupied: int
    capacity: int


class TurnedAwayOut(Out):
    """The waitlist: `joined` counts the entries made in the period, the others those that ended so in it."""

    joined: int
    claimed: int
    lapsed: int
    declined: int
    left: int
    expired: int


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
    figures: list[MetricOut]
    busiest_hour: BusiestOut | None
    days: Annotated[list[DayOut], Field(description="Of all time: the last three years")]
    lots: list[LotStatsOut]
    lots_total: int
    hours: Annotated[
        list[list[float | None]], Field(description="Occupancy in percent, [Monday first][local hour]; null: no spots")
    ]
    stays: list[StayOut]
    curve: Annotated[list[CurveOut], Field(description="Half-hourly, for periods of at most two days; else empty")]
    turned_away: TurnedAwayOut


class LotRevenueOut(Out):
    lot_name: str
    revenue: float | int


class AdminStatsEnvelope(Out):
    """Without a period, the totals of the whole history stand beside `stats`."""

    stats: AdminStatsOut
    total_revenue: Annotated[float | int, Field(default_factory=int, description="Cost of all bookings")]
    occupancy_rate: Annotated[
        float, Field(default_factory=float, description="Percent of the spots' time during which a car was parked")
    ]
    total_bookings: Annotated[int, Field(default_factory=int, description="Number of bookings of every status")]
    active_bookings: Annotated[int, Field(default_factory=int, description="Active at this moment")]
    reserved_bookings: Annotated[int, Field(default_factory=int, description="Reserved at this moment")]
    completed_bookings: Annotated[int, Field(default_factory=int)]
    revenue_by_lot: Annotated[
        list[LotRevenueOut], Field(default_factory=list, description="The 200 lots with the highest revenue")
    ]


class HourDayOut(Out):
    """One local hour of one day. `occupancy_percent` is null when no spot was in service."""

    day: date
    partial: bool
    occupied_seconds: int
    available_seconds: int
    occupancy_percent: float | None
    bookings_query: str


class HourOut(Out):
    """One cell of the heat map and its days, whose seconds add up to those of the cell."""

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


class UserMonthOut(Out):
    """A month in local days of each lot: the bookings that started in it, and the cost of those that ended in it."""

    month: Annotated[str, Field(examples=["Nov 2026"])]
    bookings: int
    spending: float | int


class UserStatsEnvelope(Out):
    stats: UserStatsOut
    total_spent: Annotated[float | int, Field(description="Cost of all your bookings")]
    monthly_bookings: Annotated[list[UserMonthOut], Field(description="Six months, the current one last")]
