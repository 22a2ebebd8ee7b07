"""The metrics: their definitions and their types. Page, mails and CSV files use the same values.

Definitions
-----------
Day: the local day of the booking's LOT, 23, 24 or 25 hours long; a period is a run of such days, first and last
    included. An instant at midnight belongs to the day that begins. Blocks (spots out of use) are no bookings and
    only reduce the available spots; holds (spots kept for a person who may claim them) count nowhere. Every metric is
    as of `as_of`; a day that has not ended counts up to then (its `partial` is true).
Counted on the day the booking STARTS (`start_time`; for a reservation the start of its window, or the earlier
check-in), whatever became of it:
    bookings, instant, reserved    all of them, and by type
    visits                         bookings with a check-in (`checked_in_at` is set)
    drivers                        different users among the visits; does not add up over days or lots. A visitor has
                                   no account and counts among the visits alone
Counted on the day the booking ENDED (`end_time`):
    completed, cancelled, no_shows by outcome
    revenue                        their final cost (`total_cost_minor`), in minor units
    stays, stay_s                  bookings with a check-in, and the sum of the seconds from check-in to end
    average stay, median stay      of these; the median in whole minutes, each stay cut to the minute (of an even
                                   number of stays the lower of the middle two)
Measured over time, cut to the day (a stay over midnight counts on both days, each with its part):
    occupied spot-seconds          [checked_in_at, end_time), or until now while the car is there
    reserved spot-seconds          a spot held for a reservation: [reserved_start, check-in or end), or until now
    available spot-seconds         spots in service x the day's length: a spot counts from its creation, not while a
                                   block stands on it (out of service, or taken away by a smaller capacity; a block
                                   that had to wait for a car stands there from when the car left), and not after its
                                   lot was deleted; of today, up to now
    occupancy                      occupied / available spot-seconds, in percent
    busiest hour                   the local hour of a day with the highest occupancy of all hours in the period
    peak cars                      the most cars in one lot at one moment
Rates (not rounded here, only where a metric is shown; the first two only from one spot-hour on, because below it a
single visit would count as tens of thousands a day):
    turnover                       visits per spot and day: visits / (available spot-seconds / 86,400)
    revenue per spot-hour          revenue / (available spot-seconds / 3,600)
    no-show rate                   no-shows / (completed + no-shows); cancellation rate: cancelled / all that ended
New users: accounts created in the period, by the operator's calendar (an account belongs to no lot).
A user's month: the bookings that ENDED in it (each in its lot's zone) with a check-in or a cost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple

from parking.statistics.daily.sums import SUMS, Sums

ONE_SPOT_HOUR_S = 3_600
"""Available spot-seconds below which there are no rates per day or hour."""


class Metrics(NamedTuple):
    """The sums of a period, a day or a lot; money in minor units, time in seconds."""

    bookings: int = 0
    instant: int = 0
    reserved: int = 0
    visits: int = 0
    completed: int = 0
    cancelled: int = 0
    no_shows: int = 0
    revenue_minor: int = 0
    stays: int = 0
    stay_s: int = 0
    occupied_s: int = 0
    reserved_s: int = 0
    available_s: int = 0

    @property
    def occupancy_percent(self) -> float:
        """0 where there was no spot."""
        return ratio(100 * self.occupied_s, self.available_s) or 0.0

    @property
    def average_stay_s(self) -> int | None:
        return round(self.stay_s / self.stays) if self.stays else None

    @property
    def turnover(self) -> float | None:
        return ratio(self.visits * 86_400, self._measurable_s)

    @property
    def revenue_minor_per_spot_hour(self) -> float | None:
        return ratio(self.revenue_minor * 3_600, self._measurable_s)

    @property
    def _measurable_s(self) -> int:
        return self.available_s if self.available_s >= ONE_SPOT_HOUR_S else 0

    @property
    def no_show_percent(self) -> float | None:
        return ratio(100 * self.no_shows, self.completed + self.no_shows)

    @property
    def cancelled_percent(self) -> float | None:
        return ratio(100 * self.cancelled, self.completed + self.no_shows + self.cancelled)


def ratio(part: int, whole: int) -> float | None:
    """The quotient, not rounded. None where `whole` is 0."""
    return part / whole if whole else None


class LotMetrics(NamedTuple):
    """One lot over the period."""

    lot_id: int
    name: str
    metrics: Metrics
    peak_cars: int


@dataclass(frozen=True, slots=True)
class DayMetrics:
    """One day over one lot or all. `partial`: it has not ended in the zone of one of them."""

    day: date
    metrics: Metrics
    partial: bool


@dataclass(frozen=True, slots=True)
class BusiestHour:
    """The local hour `hour`:00 to `hour + 1`:00 of a day."""

    day: date
    hour: int
    occupancy_percent: float


@dataclass(frozen=True, slots=True)
class PeriodStatistics:
    """A period over one lot or all of them."""

    from_: date
    to: date
    lot_id: int | None
    as_of: datetime
    currency: str
    partial: bool
    """The period has not ended in every zone; it is counted up to `as_of`."""
    totals: Metrics
    drivers: int
    new_users: int | None
    median_stay_minutes: int | None
    busiest_hour: BusiestHour | None
    lots: tuple[LotMetrics, ...]
    """Those with any booking, stay or spot in the period, the highest revenue first (then the most visits)."""
    lots_total: int
    """The number of these lots, also where `lots` is limited."""
    days: tuple[DayMetrics, ...]
    hours: tuple[tuple[float | None, ...], ...]
    """hours[weekday][hour] = occupancy in percent, Monday first; None where there was nothing to occupy."""
    stay_minutes: dict[int, int] = field(hash=False)
    """Whole minutes stayed -> number of stays that ended."""


@dataclass(frozen=True, slots=True)
class UserLot:
    """A user's month in one lot."""

    lot_id: int
    name: str
    visits: int
    parked_s: int
    spent_minor: int


@dataclass(frozen=True, slots=True)
class UserStatistics:
    """A user's month; `lots` comes most visited first (then longest parked), its first is the favourite."""

    month: str
    as_of: datetime
    currency: str
    partial: bool
    visits: int
    parked_s: int
    spent_minor: int
    lots: tuple[UserLot, ...]


_values = attrgetter(*SUMS)


def metrics(sums: Sums) -> Metrics:
    """The metrics of the sums."""
    return Metrics(*_values(sums))


def median(minutes: Counter[int]) -> int | None:
    """The (lower) median. None of no stays."""
    left = (sum(minutes.values()) + 1) // 2
    for value in sorted(minutes):
        left -= minutes[value]
        if left <= 0:
            return value
    return None
