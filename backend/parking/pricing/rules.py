"""What a stay costs: whole numbers in, whole numbers out. No clock, no database, no binary fractions.

Durations are differences of instants, so a night on which the clocks change costs what it lasted. The stay is
rounded up once to the tariff's step and the amount once, half up, to the smallest amount of the currency (per day
where a cap applies).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = 86_400


@dataclass(frozen=True, slots=True)
class TariffTerms:
    """A price list. The defaults are the client's formula: hours times the hourly price, to the second."""

    hourly_minor: int
    step_s: int = 1
    """Billing step in seconds: 60 charges every started minute, 3600 every started hour."""
    free_s: int = 0
    """A stay no longer than this costs nothing; a longer one is charged whole."""
    day_cap_minor: int | None = None
    cap_day: str = "rolling"
    """`rolling`: each 24 hours from the start; `calendar`: each local day of the lot (23, 24 or 25 hours)."""
    timezone: str = "UTC"
    unit_minor: int = 1
    """The smallest amount that is charged: 1, or 100 in a currency without hundredths."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a quote or receipt: `seconds` charged, `amount_minor` for them, `capped` where the cap decided,
    `free` where the stay was no longer than the free minutes."""

    starts: datetime
    seconds: int
    amount_minor: int
    capped: bool = False
    free: bool = False


def cost_minor(tariff: TariffTerms, start: datetime, end: datetime) -> int:
    """The price of [start, end) in minor units. Raises ValueError for naive times or an end before the start."""
    return sum(line.amount_minor for line in cost_lines(tariff, start, end))


def cost_lines(tariff: TariffTerms, start: datetime, end: datetime) -> list[Line]:
    """The price in parts that add up: one part, or one a day under a daily cap. Raises as `cost_minor` does."""
    begin, seconds = _instant(start), seconds_between(start, end)
    if seconds <= tariff.free_s:
        return [Line(begin, seconds, 0, free=tariff.free_s > 0)]
    billed = -(-seconds // tariff.step_s) * tariff.step_s
    if tariff.day_cap_minor is None:
        return [Line(begin, billed, _amount(tariff, billed))]
    return [_capped(tariff, starts, length) for starts, length in _days(tariff, begin, billed)]


def stay_cost(
    tariff: TariffTerms,
    start: datetime,
    end: datetime,
    reserved: tuple[datetime, datetime] | None = None,
) -> int:
    """What a finished stay costs: an instant one its time; a reserved one its window (the client's rule) together
    with what the car stood there before or after it. Raises as `cost_minor` does."""
    if reserved is not None:
        start, end = min(start, reserved[0]), max(end, reserved[1])
    return cost_minor(tariff, start, end)


def seconds_between(start: datetime, end: datetime) -> int:
    """Elapsed seconds, a started one counted whole. Raises ValueError for naive times or a negative span."""
    begin, finish = _instant(start), _instant(end)
    if finish < begin:
        raise ValueError("the end lies before the start")
    return -((begin - finish) // timedelta(seconds=1))


def _instant(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a naive time is no instant")
    return moment.astimezone(UTC)  # before any subtraction: within one zone Python subtracts wall clocks


def _amount(tariff: TariffTerms, seconds: int) -> int:
    unit = tariff.unit_minor
    return unit * ((2 * seconds * tariff.hourly_minor + 3600 * unit) // (7200 * unit))  # half up


def _capped(tariff: TariffTerms, starts: datetime, seconds: int) -> Line:
    amount, cap = _amount(tariff, seconds), tariff.day_cap_minor
    if cap is not None and amount > cap:
        return Line(starts, seconds, cap - cap % tariff.unit_minor, capped=True)
    return Line(starts, seconds, amount)


def _days(tariff: TariffTerms, begin: datetime, billed: int) -> Iterator[tuple[datetime, int]]:
    """The billed time cut into the days of the cap, as (start, seconds)."""
    end = begin + timedelta(seconds=billed)
    while begin < end:
        cut = min(_day_end(tariff, begin), end)
        yield begin, seconds_between(begin, cut)
        begin = cut


def _day_end(tariff: TariffTerms, moment: datetime) -> datetime:
    if tariff.cap_day == "rolling":
        return moment + timedelta(seconds=DAY)
    zone = ZoneInfo(tariff.timezone)
    return local_midnight(moment.astimezone(zone).date() + timedelta(days=1), zone)


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
