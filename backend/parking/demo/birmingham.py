"""A real city: thirty lots of Birmingham (UK) over 77 days, from readings of the number of cars in each.

The file ("Parking Birmingham", UCI Machine Learning Repository, CC BY 4.0) has no header; its columns are lot,
capacity, cars and local time of the reading. It does not say who came and who left, so the least that explains it is
assumed: between two readings cars only come, or only leave, evenly spread; the car that came first leaves first; a
car takes the lowest free spot. At the moment of every reading exactly as many cars stand there as it says, cut to
0..capacity (some readings lie outside). When the readings end, everyone drives home within six hours.

Unless asked not to, the days are moved by whole weeks so that they end in the week before today: weekdays stay what
they were.
"""

from __future__ import annotations

import csv
import gzip
import heapq
import itertools
import resource
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from parking import clock, pricing, settings, statistics
from parking.accounts import User
from parking.bookings import Booking, new_reference
from parking.database import db, is_sqlite, transaction
from parking.lots import Lot, Spot
from parking.pricing import Tariff
from parking.text import names

ZONE = "Europe/London"
BATCH = 10_000
HOME_WITHIN_S = 6 * 3600
SPREAD_S = 3600
"""Over a night, cars leave in the six hours after the last reading and come in the hour before the first."""
DAY_CAP_HOURS = 6


class Reading(NamedTuple):
    """The number of cars at an instant (unix seconds)."""

    at: int
    cars: int


@dataclass(frozen=True, slots=True)
class CarPark:
    code: str
    capacity: int
    readings: tuple[Reading, ...]


class Stay(NamedTuple):
    """A car on a spot of its lot (0 = the first), from start to end."""

    start: int
    end: int
    lot: int
    spot: int


def read(path: Path, shift: timedelta = timedelta(0)) -> list[CarPark]:
    """Returns the lots of the file, their local times moved by `shift`. Of two readings of one instant the last counts.

    Raises ValueError, naming the line, for a file of another kind.
    """
    by_code: dict[str, dict[int, int]] = defaultdict(dict)
    capacities: dict[str, int] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for number, line in enumerate(csv.reader(file), start=1):
            try:
                code, capacity, cars, at = (cell.strip() for cell in line)
                local = datetime.fromisoformat(at) + shift
                capacities[code] = int(capacity)
                instant = int(local.replace(tzinfo=ZoneInfo(ZONE)).timestamp())
                by_code[code][instant] = min(max(int(cars), 0), int(capacity))
            except ValueError:
                raise ValueError(f"line {number} is not: lot, capacity, cars, local time") from None
    return [
        CarPark(code, capacities[code], tuple(Reading(*one) for one in sorted(readings.items())))
        for code, readings in sorted(by_code.items())
    ]


def stays(park: CarPark, lot: int = 0) -> Iterator[Stay]:
    """Yields stays that give these readings, ordered by start and, first in first out, by end."""
    inside: deque[tuple[int, int]] = deque()
    free = list(range(park.capacity))
    for before, now in itertools.pairwise((Reading(park.readings[0].at - SPREAD_S, 0), *park.readings)):
        change = now.cars - len(inside)
        if change > 0:
            for at in _spread(max(before.at, now.at - SPREAD_S), now.at, change):
                inside.append((at, heapq.heappop(free)))
            continue
        for at in _spread(before.at, min(now.at, before.at + HOME_WITHIN_S), -change):
            start, spot = inside.popleft()
            heapq.heappush(free, spot)
            yield Stay(start, at, lot, spot)
    last = park.readings[-1].at
    for at in _spread(last, last + HOME_WITHIN_S, len(inside)):
        start, spot = inside.popleft()
        yield Stay(start, at, lot, spot)


def _spread(after: int, until: int, number: int) -> Iterator[int]:
    """Yields `number` instants, evenly over (after, until]."""
    return (after + max(1, (until - after) * n // number) for n in range(1, number + 1))


def weeks_to_now(parks: Iterable[CarPark], now: datetime) -> timedelta:
    """Returns the whole weeks by which the days can be moved without reaching into today."""
    last = max(park.readings[-1].at for park in parks)
    end_of_day = datetime.fromtimestamp(last, ZoneInfo(ZONE)).replace(hour=0, minute=0, second=0) + timedelta(days=1)
    today = now.astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    return timedelta(weeks=(today.replace(tzinfo=None) - end_of_day.replace(tzinfo=None)) // timedelta(weeks=1))


# loading -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Lot:
    """A lot in the database."""

    id: int
    tariff_id: int
    price: pricing.TariffTerms
    spot_ids: list[int]


@dataclass(frozen=True, slots=True)
class Loaded:
    lots: int
    drivers: int
    bookings: int
    seconds: float

    @property
    def rate(self) -> int:
        """Bookings per second."""
        return round(self.bookings / max(self.seconds, 0.001))


def load(parks: list[CarPark]) -> Loaded:
    """Inserts lots, drivers and bookings, with every constraint and trigger of the database on.

    Raises ValueError when one of the lots exists already.
    """
    began = time.monotonic()
    since = datetime.fromtimestamp(min(park.readings[0].at for park in parks), ZoneInfo(ZONE))
    since = since.replace(hour=0, minute=0, second=0).astimezone(UTC)
    with transaction() as session:
        lots = [_make_lot(session, park, since) for park in parks]
    merged = heapq.merge(*(stays(park, n) for n, park in enumerate(parks)))
    pool = _Drivers(since)
    number = 0
    for batch in _batches(merged, BATCH):
        with transaction() as session:
            user_ids = pool.take(session, batch)
            _insert(session, [_row(stay, lots[stay.lot], user) for stay, user in zip(batch, user_ids, strict=True)])
        number += len(batch)
    return Loaded(len(lots), pool.number, number, time.monotonic() - began)


def _batches(rows: Iterator[Stay], size: int) -> Iterator[list[Stay]]:
    while batch := list(itertools.islice(rows, size)):
        yield batch


def _make_lot(session: Session, park: CarPark, since: datetime) -> _Lot:
    name = f"Birmingham {park.code}"
    if session.scalar(select(Lot.id).where(Lot.name_key == names.key(name), Lot.deleted_at.is_(None))):
        raise ValueError(f"{name} is there already: the file has been loaded before.")
    # The fewer spots, the dearer: small lots lie in the centre of the city.
    hourly = 120 + 20 * max(0, 10 - park.capacity // 250)
    price = pricing.TariffTerms(hourly_minor=hourly, step_s=60, day_cap_minor=DAY_CAP_HOURS * hourly, timezone=ZONE)
    lot = Lot(name=name, capacity=park.capacity, timezone=ZONE, created_at=since, updated_at=since)
    session.add(lot)
    session.flush()
    tariff = Tariff(
        lot_id=lot.id,
        currency=settings.current().currency,
        hourly_minor=price.hourly_minor,
        step_s=price.step_s,
        day_cap_minor=price.day_cap_minor,
        timezone=ZONE,
        created_at=since,
    )
    session.add(tariff)
    session.flush()
    lot.tariff_id = tariff.id
    numbers = range(1, park.capacity + 1)
    session.execute(insert(Spot), [{"lot_id": lot.id, "spot_number": n, "created_at": since} for n in numbers])
    ids = session.scalars(select(Spot.id).where(Spot.lot_id == lot.id).order_by(Spot.spot_number)).all()
    return _Lot(lot.id, tariff.id, price, list(ids))


class _Drivers:
    """Creates as many users as are needed for none to park two cars at once. Their accounts are inactive: they cannot
    sign in, and get no reminders."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._free: list[tuple[int, int]] = []
        self.number = 0

    def take(self, session: Session, batch: list[Stay]) -> list[int]:
        """Returns a driver for each of the stays."""
        user_ids: list[int] = []
        missing: list[int] = []
        for n, stay in enumerate(batch):
            if self._free and self._free[0][0] <= stay.start:
                user = heapq.heappop(self._free)[1]
                heapq.heappush(self._free, (stay.end, user))
                user_ids.append(user)
            else:
                missing.append(n)
                user_ids.append(0)
        for n, user in zip(missing, self._make(session, len(missing)), strict=True):
            user_ids[n] = user
            heapq.heappush(self._free, (batch[n].end, user))
        return user_ids

    def _make(self, session: Session, number: int) -> list[int]:
        if not number:
            return []
        first = (session.scalar(select(func.max(User.id))) or 0) + 1
        rows = [
            {
                "email": f"driver{first + n}@birmingham.example.com",
                "username": f"driver{first + n}",
                "active": False,
                "fs_uniquifier": f"birmingham-{first + n}",
                "created_at": self._since,
            }
            for n in range(number)
        ]
        session.execute(insert(User), rows)
        self.number += number
        return list(session.scalars(select(User.id).where(User.id >= first).order_by(User.id)))


_COLUMNS = (
    "reference", "lot_id", "spot_id", "user_id", "tariff_id", "booking_type", "status", "start_time", "held_until",
    "end_time", "checked_in_at", "total_cost_minor", "ended_by", "sequence", "created_at",
)  # fmt: skip


def _row(stay: Stay, lot: _Lot, user_id: int) -> tuple[Any, ...]:
    start, end = (datetime.fromtimestamp(at, UTC) for at in (stay.start, stay.end))
    cost = pricing.cost_minor(lot.price, start, end)
    ids = lot.id, lot.spot_ids[stay.spot], user_id, lot.tariff_id
    return (new_reference(), *ids, "instant", "Completed", start, end, end, start, cost, "user", 0, start)


def _insert(session: Session, rows: list[tuple[Any, ...]]) -> None:
    """Inserts finished bookings by the fastest way of each database; triggers and constraints check every row."""
    names = ", ".join(_COLUMNS)
    if is_sqlite():
        plain = [tuple(int(v.timestamp()) if isinstance(v, datetime) else v for v in row) for row in rows]
        marks = ", ".join("?" * len(_COLUMNS))
        session.connection().exec_driver_sql(f"INSERT INTO {Booking.__tablename__} ({names}) VALUES ({marks})", plain)  # noqa: S608 - our own column names
        return
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY {Booking.__tablename__} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def run(path: Path, *, original_dates: bool = False) -> Loaded:
    """Reads and loads the file and refreshes the daily statistics."""
    parks = read(path)
    if not original_dates:
        parks = read(path, weeks_to_now(parks, clock.now()))
    loaded = load(parks)
    statistics.roll_up()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return loaded


@click.command("birmingham")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--original-dates", is_flag=True, help="Keep the days of 2016 instead of moving them to the last weeks.")
def command(file: Path, original_dates: bool) -> None:
    """Load the real lots and readings of FILE (birmingham.csv.gz) as bookings with history."""
    try:
        loaded = run(file, original_dates=original_dates)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    summary = f"{loaded.bookings:,} bookings of {loaded.lots} lots and {loaded.drivers:,} drivers"
    click.echo(f"{summary} in {loaded.seconds:.0f} s ({loaded.rate:,} a second), {memory} MiB of memory at most.")
