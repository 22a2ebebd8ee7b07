"""The sums of a day, and the charts of several days together. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import date


@dataclass(slots=True)
class Sums:
    """The counts and sums that add up over days and lots."""

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

    def add(self, other: Sums, sign: int = 1) -> None:
        """Field by field for speed: one answer may add ten thousand lots."""
        self.bookings += sign * other.bookings
        self.instant += sign * other.instant
        self.reserved += sign * other.reserved
        self.visits += sign * other.visits
        self.completed += sign * other.completed
        self.cancelled += sign * other.cancelled
        self.no_shows += sign * other.no_shows
        self.revenue_minor += sign * other.revenue_minor
        self.stays += sign * other.stays
        self.stay_s += sign * other.stay_s
        self.occupied_s += sign * other.occupied_s
        self.reserved_s += sign * other.reserved_s
        self.available_s += sign * other.available_s


SUMS = tuple(f.name for f in fields(Sums))
EMPTY_SUMS = Sums()


@dataclass(slots=True)
class Day:
    """One local day of one lot, or of several together."""

    sums: Sums = field(default_factory=Sums)
    drivers: set[int] = field(default_factory=set)
    peak_cars: int = 0
    occupied: list[int] = field(default_factory=lambda: [0] * 24)
    available: list[int] = field(default_factory=lambda: [0] * 24)
    stay_minutes: Counter[int] = field(default_factory=Counter)

    def is_empty(self) -> bool:
        return not self.peak_cars and self.sums == EMPTY_SUMS

    def add(self, other: Day, sign: int = 1) -> None:
        """Adds (sign -1: subtracts) everything but drivers and peak, which do not add up."""
        self.sums.add(other.sums, sign)
        self.occupied = [a + sign * b for a, b in zip(self.occupied, other.occupied, strict=True)]
        self.available = [a + sign * b for a, b in zip(self.available, other.available, strict=True)]
        for minutes, count in other.stay_minutes.items():
            self.stay_minutes[minutes] += sign * count
            if not self.stay_minutes[minutes]:
                del self.stay_minutes[minutes]


Busiest = tuple[int, int, date, int]
"""(occupied, available spot-seconds, day, hour) of an hour."""


@dataclass(slots=True)
class Charts:
    """The data of the charts over several days: by [weekday][hour], and by the length of the stays."""

    occupied: list[list[int]] = field(default_factory=lambda: [[0] * 24 for _ in range(7)])
    available: list[list[int]] = field(default_factory=lambda: [[0] * 24 for _ in range(7)])
    stay_minutes: Counter[int] = field(default_factory=Counter)
    busiest: Busiest | None = None
    """The hour with the highest occupancy; of equal hours the first."""

    def add_day(self, day: date, totals: Day) -> None:
        """Adds a day. Call it in the order of the days."""
        weekday = day.weekday()
        for hours, more in ((self.occupied, totals.occupied), (self.available, totals.available)):
            hours[weekday] = [a + b for a, b in zip(hours[weekday], more, strict=True)]
        self.stay_minutes.update(totals.stay_minutes)
        for hour, (occupied, available) in enumerate(zip(totals.occupied, totals.available, strict=True)):
            if occupied and available:
                self._update_busiest((occupied, available, day, hour))

    def add(self, other: Charts) -> None:
        """Adds the charts of other days."""
        for hours, more in ((self.occupied, other.occupied), (self.available, other.available)):
            for weekday in range(7):
                hours[weekday] = [a + b for a, b in zip(hours[weekday], more[weekday], strict=True)]
        self.stay_minutes.update(other.stay_minutes)
        if other.busiest is not None:
            self._update_busiest(other.busiest)

    def _update_busiest(self, hour: Busiest) -> None:
        best = self.busiest
        if best is None or (hour[0] / hour[1], best[2:]) > (best[0] / best[1], hour[2:]):
            self.busiest = hour
