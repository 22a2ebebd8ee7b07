"""Booking, releasing and the list of lots while people wait, beside a product where nobody does.

    make bench-job WHAT=waitlist
    make bench-job WHAT=waitlist ARGS="--database postgresql --entries 1000 --rounds 15"

They wait for a window in some days for which the lot is full, while one driver books a spot there from now on, looks at
the list of lots and gives the spot back; or they wait for another lot. Both products run side by side and are asked in
turns, so that what else the machine does meets both. The first row has nobody waiting in either: what it differs from 1
is the error of the others. Goal: nothing takes more than a twentieth longer.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import func, select

from bench.product import Product, people, running, send
from bench.speed.client import Connection, booking_id, request, with_key
from bench.speed.cpu import cpu_seconds
from bench.speed.table import HEAD, Goal, Row, quantile
from parking import create_app
from parking.accounts import User
from parking.database import db, transaction
from parking.waitlist import WaitlistEntry, WaitlistLot

GOAL = Goal(most=1.05)
LOTS, CAPACITY = 50, 20
OPERATIONS = ("book", "list of lots", "release")
Where = Literal["the same lot", "another lot"]
#: Operation -> its seconds and the CPU milliseconds of the server, each time.
Sample = dict[str, list[tuple[float, float]]]


@dataclass
class Site:
    """A product, its driver, the lot in which they book, and how many wait."""

    product: Product
    token: str
    lots: list[int]
    entries: int

    def sample(self, number: int) -> Sample:
        """Books, looks and releases so many times. Raises AssertionError at a wrong answer."""
        took: Sample = {name: [] for name in OPERATIONS}
        own = Connection(self.product.address)  # one that waits for the other product's turn is closed by the server

        def ask(operation: str, expected: int, data: bytes) -> bytes:
            cpu, begun = cpu_seconds(self.product.web), time.perf_counter()
            status, body = own.ask(data)
            seconds = time.perf_counter() - begun
            took[operation].append((seconds, (cpu_seconds(self.product.web) - cpu) * 1000))
            assert status == expected, body
            return body

        order = {"lot_id": self.lots[0], "booking_type": "instant"}
        with contextlib.closing(own):
            for _ in range(number):
                answer = ask("book", 201, with_key(request("POST", "/api/book", self.token, order)))
                ask("list of lots", 200, request("GET", "/api/lots", self.token))
                ask("release", 200, request("POST", f"/api/release/{booking_id(answer)}", self.token, {}))
        return took

    def check(self) -> None:
        """Raises AssertionError unless all of them still wait: an offer would be other work."""
        app = create_app(self.product.settings)
        with app.app_context():
            waiting = select(func.count()).where(WaitlistEntry.status == "Waiting")
            assert db.session().scalar(waiting) == self.entries, "somebody was offered a spot"
            db.session.remove()
            db.engine.dispose()


def prepare(product: Product, accounts: int, entries: int, where: Where) -> Site:
    """Lots, two of which are full for a window in some days, and people who wait for it in one of them."""
    (_, admin), (_, driver), *_ = people(product, accounts)
    connection, lots = product.connect(), list[int]()
    for n in range(LOTS):
        body = {"name": f"Lot {n}", "capacity": CAPACITY, "price_per_hour": 2}
        lots.append(send(connection, "POST", "/api/lots", body, admin)[1]["lot"]["id"])
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    window = start, start + timedelta(hours=10)
    times = {
        name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in zip(("reserved_start", "reserved_end"), window, strict=True)
    }
    for lot_id in lots[:2]:
        for _ in range(CAPACITY):
            body = {"lot_id": lot_id, "booking_type": "reserved", **times}
            status, answer = send(connection, "POST", "/api/book", body, admin)
            assert status == 201, answer
    _let_wait(product, lots[0] if where == "the same lot" else lots[1], entries, window)
    return Site(product, driver, lots, entries)


def _let_wait(product: Product, lot_id: int, number: int, window: tuple[datetime, datetime]) -> None:
    """Puts so many people on the waitlist, straight into the database; the driver is none of them."""
    app, (start, end) = create_app(product.settings), window
    with app.app_context():
        with transaction() as session:
            users = session.scalars(select(User.id).order_by(User.id).offset(2).limit(number)).all()
            assert len(users) == number
            wait = {"status": "Waiting", "booking_type": "reserved", "reserved_start": start, "reserved_end": end}
            now = datetime.now(UTC).replace(microsecond=0)
            entries = [WaitlistEntry(user_id=one, waits_until=start, created_at=now, **wait) for one in users]
            session.add_all(entries)
            session.flush()
            session.add_all(WaitlistLot(entry_id=entry.id, lot_id=lot_id, is_waiting=True) for entry in entries)
        db.engine.dispose()


def compare(base: Site, site: Site, what: str, rounds: int, number: int) -> Iterator[Row]:
    """Rows of each operation: its time, and the server's CPU."""
    pairs = list[tuple[Sample, Sample]]()
    for one in (base, site):
        one.sample(number)  # caches, connections and plans are made
    for n in range(rounds):
        if n % 2:  # neither is always the first
            theirs, ours = base.sample(number), site.sample(number)
        else:
            ours, theirs = site.sample(number), base.sample(number)
        pairs.append((ours, theirs))
    site.check()
    for operation in OPERATIONS:
        for column, name in enumerate(("time", "CPU")):
            values = [[_column(side[operation], column) for side in pair] for pair in pairs]
            ratio = statistics.median(statistics.median(mine) / statistics.median(other) for mine, other in values)
            mine, other = ([one for pair in values for one in pair[side]] for side in (0, 1))
            times = (quantile(mine, 0.5), quantile(mine, 0.99)) if name == "time" else (0.0, 0.0)
            shown = f"{statistics.median(mine):.2f} ms", f"{statistics.median(other):.2f} ms"
            yield Row(f"{operation}, {what}: {name}", ratio, GOAL, *shown, *times)


def _column(values: list[tuple[float, float]], column: int) -> list[float]:
    """Milliseconds."""
    return [seconds * 1000 if column == 0 else cpu for seconds, cpu in values]


def measure(database: str, entries: list[int], rounds: int, number: int) -> list[Row]:
    """Everything on one database, printed as it comes."""
    print(f"\n{database}: {rounds} pairs of {number}, 1 web process\n\n{HEAD}", flush=True)
    accounts, rows = max(entries, default=0) + 1, list[Row]()
    kinds: list[tuple[int, Where]] = [(0, "the same lot")]
    kinds += [(n, where) for n in entries for where in ("another lot", "the same lot")]
    with running(database, workers=1) as product:
        base = prepare(product, accounts, 0, "the same lot")
        for n, where in kinds:
            with running(database, workers=1) as other:
                site = prepare(other, accounts, n, where)
                what = f"{n:,} wait for {where}" if n else "nobody waits in either"
                for row in compare(base, site, what, rounds, number):
                    rows.append(row)
                    print(row, flush=True)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--entries", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("--rounds", type=int, default=9, help="pairs of both products")
    parser.add_argument("--number", type=int, default=40, help="of each operation in a round")
    options = parser.parse_args()
    for database in options.database or ["sqlite", "postgresql"]:
        measure(database, options.entries, options.rounds, options.number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
