"""An invented town for demonstrations: its lots, its users and their visits. Random, with a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from parking.bookings import Recurrence
from parking.spot_features import Needs, ordered

ZONE = "Europe/Berlin"
DAYS = 60
DRIVERS = 100
SHARE, BUSY_DAYS = 0.5, 14
"""The share of arrivals that are simulated, except in the last days; so the demonstration is ready in a minute."""
_DAY = (0, 0, 0, 0, 0, 1, 4, 9, 12, 10, 8, 7, 8, 7, 6, 5, 5, 4, 3, 2, 1, 1, 0, 0)
_SHOPS = (0, 0, 0, 0, 0, 0, 0, 1, 3, 6, 9, 10, 9, 10, 11, 10, 9, 8, 6, 3, 1, 1, 0, 0)
_NIGHT = (1, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 4, 5, 4, 4, 5, 7, 9, 12, 13, 9, 5, 3, 2)
_EVEN = (2, 1, 1, 2, 4, 6, 7, 7, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 5, 5, 4, 4, 3, 3)


@dataclass(frozen=True, slots=True)
class Park:
    """A lot: its API fields (money in cents), arrivals on a weekday, their distribution over the hours, the median
    stay in hours, and the factors for Saturday and Sunday."""

    fields: dict[str, Any]
    arrivals: int
    hours: tuple[int, ...]
    stay_hours: float
    weekend: tuple[float, float] = (1.0, 0.4)
    accessible: int = 2
    ev: int = 3
    covered: bool = False
    present: float = 0.6
    """The share of its spots that is occupied when the demonstration begins."""


def _park(name: str, capacity: int, price: int, address: str, at: tuple[float, float], **more: Any) -> dict[str, Any]:
    place = {"address": address, "latitude": at[0], "longitude": at[1]}
    return {"name": name, "capacity": capacity, "price_per_hour": price, "timezone": ZONE, **place, **more}


PARKS = (
    Park(
        _park("Harbour Street Garage", 14, 250, "Harbour Street 12", (54.3235, 10.1398), daily_cap=1800),
        13,
        _DAY,
        8.0,
        (0.8, 0.5),
        3,
        6,
        True,
        present=0.8,
    ),
    Park(
        _park("Station North", 16, 320, "Station Square 1", (54.3150, 10.1318), daily_cap=2200),
        13,
        _EVEN,
        4.5,
        (0.9, 0.8),
        present=0.75,
    ),
    Park(_park("Castle Park", 8, 180, "Castle Road 4", (54.3262, 10.1440)), 7, _SHOPS, 2.5, (1.6, 0.3), present=0.5),
    Park(
        _park("Market Hall", 10, 280, "Market 2", (54.3225, 10.1352), billing_step_seconds=900),
        11,
        _SHOPS,
        1.8,
        (1.8, 0.2),
        present=0.7,
    ),
    Park(
        _park("University West", 12, 120, "Campus Way 30", (54.3380, 10.1190), daily_cap=700),
        9,
        _DAY,
        6.5,
        (0.3, 0.2),
        present=0.5,
    ),
    Park(
        _park("City Hospital", 10, 200, "Hospital Lane 8", (54.3305, 10.1422), free_minutes=15),
        9,
        _EVEN,
        3.5,
        (0.9, 0.9),
        5,
        present=0.8,
    ),
    Park(
        _park("Opera Underground", 8, 350, "Theatre Square 3", (54.3208, 10.1330)),
        6,
        _NIGHT,
        4.0,
        (1.8, 1.2),
        covered=True,
        present=0.65,
    ),
    Park(
        _park("Beach Meadow", 14, 100, "Shore Road 77", (54.3900, 10.1800), daily_cap=500),
        5,
        _SHOPS,
        5.0,
        (2.6, 3.0),
        ev=0,
        present=0.45,
    ),
    Park(
        _park("Tech Yard", 6, 220, "Foundry Street 19", (54.3120, 10.1520), require_checkin=True),
        6,
        _DAY,
        8.5,
        (0.1, 0.1),
        1,
        8,
        present=0.65,
    ),
    Park(_park("Old Town", 6, 400, "Abbey Lane 5", (54.3241, 10.1376)), 6, _SHOPS, 1.5, (1.5, 0.6), 1, 1, present=1.0),
    Park(
        _park("Ferry Terminal", 12, 150, "Quay 9", (54.3170, 10.1450), daily_cap=1200),
        4,
        _EVEN,
        22.0,
        (1.2, 1.2),
        present=0.6,
    ),
    Park(_park("Sports Arena", 9, 200, "Arena Way 1", (54.3440, 10.1080)), 3, _NIGHT, 3.5, (3.0, 2.0), present=0.55),
)
_FIRST = (
    *("Amelia", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Klara", "Leo", "Mia"),
    *("Noah", "Olga", "Paul", "Rosa", "Samuel", "Tessa", "Victor", "Wanda", "Yusuf", "Zoe", "Anton", "Bella"),
)
_LAST = ("Albers", "Brandt", "Conrad", "Dietz", "Ehlers")


ARRIVALS = ((200, 0.5), (140, 0.75), (80, 0.9), (15, 1.0))
"""(minutes before the demonstration begins, share of the planned cars that are there by then)"""


WAITING = ((31, 14, 480), (0, 9, 240), (58, 4, 720))
"""(driver, minutes before the demonstration begins at which they join the waitlist of the full lot, minutes for which
they wait)"""
COMMUTER, COMMUTES_TO, COMMUTES_SINCE = 0, 0, timedelta(days=14)
"""The driver with a weekly series, its lot, and how long ago it was booked."""
VISITOR = ("Vera Winter", "vera.winter@example.com", "KI-VW 812")
VISITED = 5
"""The lot whose staff expect the visitor."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A booking to be made: when it is made, for when, how long, and how it ends."""

    at: datetime
    park: int
    driver: int
    start: datetime
    hours: float
    reserved: bool
    fate: str
    """`kept`, `cancelled`, `missed`, or `stays`: the car is still there when the demonstration begins."""


def drivers() -> Iterator[tuple[str, str, str]]:
    """Yields (username, email address, plate) of every driver."""
    for n in range(DRIVERS):
        first, last = _FIRST[n % len(_FIRST)], _LAST[n // len(_FIRST) % len(_LAST)]
        yield f"{first} {last}", f"{first}.{last}@example.com".lower(), f"KI-{first[0]}{last[0]} {100 + n}"


def needs_of(driver: int) -> Needs:
    """What the driver with this number needs of a spot: one in twelve an accessible one, one in eight a charger."""
    return ordered(name for name, is_needed in (("accessible", driver % 12 == 5), ("ev", driver % 8 == 3)) if is_needed)


def visits(now: datetime, seed: int = 2026) -> list[Visit]:
    """Returns the visits of sixty days up to `now` and of the days to come, in the order in which they are booked."""
    draw = random.Random(seed)  # noqa: S311 - a town, not a secret
    zone = ZoneInfo(ZONE)
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0)
    visits: list[Visit] = []
    for day in range(-DAYS, 4):
        date = today + timedelta(days=day)
        for number, park in enumerate(PARKS):
            visits += _of_day(draw, number, park, date, now)
    return sorted(visits, key=lambda visit: visit.at)


def overstays(now: datetime) -> Iterator[Visit]:
    """Yields reservations whose drivers have checked in and stay on after their end."""
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    number = next(n for n, park in enumerate(PARKS) if park.fields.get("require_checkin"))
    for driver, late in ((3, 30), (17, 75)):
        start = quarter - timedelta(minutes=late) - timedelta(hours=2)
        yield Visit(start - timedelta(hours=1), number, driver, start, 2, reserved=True, fate="stays")


def commute(now: datetime) -> Recurrence:
    """Returns the dates of a series that is booked now: two working days a week, for eight weeks."""
    tomorrow = now.astimezone(ZoneInfo(ZONE)).date() + timedelta(days=1)
    return Recurrence(time(8), time(17), ("tu", "th"), 1, tomorrow, count=16)


def tomorrow_at(now: datetime, hour: int) -> datetime:
    """Returns this hour of the town's next day."""
    local = now.astimezone(ZoneInfo(ZONE)) + timedelta(days=1)
    return local.replace(hour=hour, minute=0, second=0, microsecond=0)


def _of_day(draw: random.Random, number: int, park: Park, date: datetime, now: datetime) -> Iterator[Visit]:
    busy = (1.0, 1.0, 1.05, 1.05, 1.15, *park.weekend)[date.weekday()]
    share = SHARE if date < now - timedelta(days=BUSY_DAYS) else 1
    for _ in range(round(park.arrivals * share * busy * draw.uniform(0.7, 1.3))):
        hour = draw.choices(range(24), park.hours)[0]
        start = date.replace(hour=hour, minute=draw.randrange(60), second=draw.randrange(60))
        hours = min(40.0, max(0.2, draw.lognormvariate(0, 0.6) * park.stay_hours))
        reserved = draw.random() < (0.5 if hour < 8 or park.stay_hours > 4 else 0.25)
        ahead = timedelta(hours=draw.choice((1, 3, 12, 24, 48))) if reserved else timedelta(0)
        fate = draw.choices(("kept", "cancelled", "missed"), (88, 8, 4) if reserved else (1, 0, 0))[0]
        if start - ahead <= now:
            if reserved:
                start = start.replace(minute=start.minute // 15 * 15, second=0)
                hours = max(0.5, round(hours * 2) / 2)
            yield Visit(start - ahead, number, draw.randrange(DRIVERS), start, hours, reserved, fate)
