"""A day of a real city's lots, played over HTTP: arrivals are instant bookings, departures are releases.

    make replay DATA=birmingham.csv.gz [DAY=2016-10-04] [ARGS="--database postgresql --speed 600"]

After every moment of the file the occupancy that GET /api/lots shows must equal the file's for every lot. Readings
outside 0..capacity are clipped and counted. Ends with 1 when anything differed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import http.client
import queue
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.product import Product, people, running, send

CLIENTS = 16
DRIVERS = 64
RENEW_SECONDS = 600


@dataclass
class Day:
    """One day of the file: capacities, and at each moment the cars in the lots that were read then."""

    capacities: dict[str, int]
    moments: list[tuple[datetime, dict[str, int]]]
    clipped: int


def read(path: Path, day: str | None, most: int | None = None) -> Day:
    """The readings of `day` (the file's first when None), the first `most` moments. Raises ValueError for a file of
    another kind or a day that it does not have."""
    capacities: dict[str, int] = {}
    at: dict[datetime, dict[str, int]] = defaultdict(dict)
    clipped = 0
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for code, capacity, cars, when in csv.reader(file):
            capacities[code] = int(capacity)
            moment = datetime.fromisoformat(when.strip())
            day = day or f"{moment:%Y-%m-%d}"
            if f"{moment:%Y-%m-%d}" != day:
                continue
            inside = min(max(int(cars), 0), int(capacity))
            clipped += inside != int(cars)
            at[moment][code] = inside
    if not at:
        raise ValueError(f"the file has no readings of {day}")
    return Day(capacities, sorted(at.items())[:most], clipped)


@dataclass
class Result:
    """What came of it."""

    bookings: int = 0
    releases: int = 0
    readings: int = 0
    mismatches: int = 0
    clipped: int = 0
    unanswered: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def quantile(self, part: float) -> float:
        """Milliseconds within which this part of the requests was answered."""
        return sorted(self.latencies)[int(part * (len(self.latencies) - 1))] * 1000 if self.latencies else 0.0


class Replay:
    """Plays a day against a running product with a crowd of clients."""

    def __init__(self, product: Product, day: Day, tell: Callable[[str], object]) -> None:
        self.product, self.day, self.tell = product, day, tell
        self.result = Result(clipped=day.clipped)
        self.inside: dict[str, deque[tuple[int, str]]] = {code: deque() for code in day.capacities}
        self.lots: dict[str, int] = {}
        self.renewed = time.monotonic()
        self._lock = threading.Lock()
        self._work: queue.Queue[Callable[[Any], None] | None] = queue.Queue()

    def play(self, speed: float | None = None) -> Result:
        """Everything as fast as it goes, or `speed` times as fast as it was."""
        crew = [threading.Thread(target=self._client, daemon=True) for _ in range(CLIENTS)]
        for client in crew:
            client.start()
        self._make_lots()
        begun = last = time.monotonic()
        before: datetime | None = None
        for number, (moment, cars) in enumerate(self.day.moments, start=1):
            if speed and before:
                last += (moment - before).total_seconds() / speed
                time.sleep(max(0.0, last - time.monotonic()))
            before = moment
            self._move(cars)
            while self._work.unfinished_tasks:
                time.sleep(0.1)
                self._progress(number - 1, moment)
            self._compare(cars)
            self._progress(number, moment)
        self.result.seconds = time.monotonic() - begun
        for _ in crew:
            self._work.put(None)
        self.tell("\n")
        return self.result

    def _client(self) -> None:
        connection = self.product.connect()
        while (job := self._work.get()) is not None:
            try:
                job(connection)
            except (OSError, http.client.HTTPException):  # an answer that never came is a mismatch, not a stop
                connection.close()
                connection = self.product.connect()
                with self._lock:
                    self.result.unanswered += 1
            finally:
                self._work.task_done()
        connection.close()

    def _make_lots(self) -> None:
        admin = self.product.tokens["bench0@example.com"]
        connection = self.product.connect()
        for code, capacity in self.day.capacities.items():
            body = {"name": code, "capacity": capacity, "price_per_hour": 2, "timezone": "Europe/London"}
            status, answer = send(connection, "POST", "/api/lots", body, admin)
            assert status == 201, answer
            self.lots[code] = answer["lot"]["id"]

    def _move(self, cars: dict[str, int]) -> None:
        """Arrivals and departures until every lot holds what was read; all of one moment at once."""
        self._renew()
        drivers = [email for email in self.product.tokens if email != "bench0@example.com"]
        for code, target in cars.items():
            there = self.inside[code]
            for n in range(target - len(there)):
                self._work.put(self._arrival(code, drivers[(n + target) % len(drivers)]))
            for _ in range(len(there) - target):
                self._work.put(self._departure(*there.popleft()))

    def _arrival(self, code: str, email: str) -> Callable[[Any], None]:
        body = {"lot_id": self.lots[code], "booking_type": "instant"}

        def go(connection: Any) -> None:
            status, answer = self._timed(connection, "/api/book", body, email)
            if status == 201:
                with self._lock:
                    self.inside[code].append((answer["booking"]["id"], email))
                    self.result.bookings += 1

        return go

    def _departure(self, booking_id: int, email: str) -> Callable[[Any], None]:
        def go(connection: Any) -> None:
            status, _ = self._timed(connection, f"/api/release/{booking_id}", None, email)
            with self._lock:
                self.result.releases += status == 200

        return go

    def _timed(self, connection: Any, path: str, body: Any, email: str) -> tuple[int, Any]:
        begun = time.perf_counter()
        status, answer = send(connection, "POST", path, body, self.product.tokens[email])
        took = time.perf_counter() - begun
        with self._lock:
            self.result.latencies.append(took)
        return status, answer

    def _compare(self, cars: dict[str, int]) -> None:
        token = self.product.tokens["bench0@example.com"]
        _, answer = send(self.product.connect(), "GET", "/api/lots", None, token)
        occupied = {lot["name"]: lot["occupied_spots"] for lot in answer["lots"]}
        for code, inside in self.inside.items():
            expected = cars.get(code, len(inside))
            self.result.readings += code in cars
            self.result.mismatches += occupied[code] != expected

    def _renew(self) -> None:
        if time.monotonic() - self.renewed > RENEW_SECONDS:
            for email in list(self.product.tokens):
                self.product.login(email)
            self.renewed = time.monotonic()

    def _progress(self, number: int, moment: datetime) -> None:
        total = len(self.day.moments)
        bar = "█" * (30 * number // total)
        counts = f"{self.result.bookings} in, {self.result.releases} out, {self.result.mismatches} mismatches"
        self.tell(f"\r{moment:%H:%M} [{bar:<30}] {counts}")


def summary(result: Result) -> str:
    """The figures of a replay in a few lines."""
    moved = result.bookings + result.releases
    return (
        f"{result.bookings} bookings and {result.releases} releases in {result.seconds:.1f} s:"
        f" {result.bookings / result.seconds:.0f} bookings/s, {moved / result.seconds:.0f} requests/s\n"
        f"p50 {result.quantile(0.5):.1f} ms, p99 {result.quantile(0.99):.1f} ms\n"
        f"{result.readings} readings compared, {result.clipped} clipped to 0..capacity\n"
        f"{result.mismatches} mismatches, {result.unanswered} requests without an answer"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--day", help="such as 2016-10-04; the file's first by default")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql, or a URL of an empty database")
    parser.add_argument("--speed", type=float, help="times real time; as fast as it goes by default")
    parser.add_argument("--moments", type=int, help="only so many moments of the day")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    try:
        day = read(options.data, options.day, options.moments)
    except (OSError, ValueError) as fault:
        sys.stderr.write(f"{options.data}: {fault}\n")
        return 2
    with running(options.database, workers=options.workers) as product:
        people(product, DRIVERS)
        result = Replay(product, day, lambda text: sys.stdout.write(text) and sys.stdout.flush()).play(options.speed)
    print(summary(result))
    return 1 if result.mismatches or result.unanswered else 0


if __name__ == "__main__":
    sys.exit(main())
