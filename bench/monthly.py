"""The monthly reports of many users, and whether anybody who books meanwhile notices.

    make bench-job WHAT=monthly [ARGS="--users 10000 --database sqlite"]

Every user has three stays in the month that ended. Real web processes are booked by a few people at an even pace,
at rest, beside the run (in a process of its own, as in the worker), and at rest again. Promise: all letters, no
transaction over a quarter of a second (SQLite has one writer at a time), p95 of a booking within 10 % of its rest.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, insert, select

from bench.exports import _booking
from bench.product import Product, people, running, send
from parking import clock, create_app
from parking.accounts import User
from parking.bookings.models import Booking
from parking.database import db, transaction
from parking.lots.models import Lot, Spot
from parking.mail.models import OutboxMail
from parking.reports import schedule
from parking.reports.models import ReportBatch
from tests.conftest import make_settings

MOST_MS, MOST_RATIO = 250, 1.1
STAYS, BOOKERS, PAUSE_SECONDS, REST_SECONDS = 3, 4, 0.25, 30
FIRST_USER = 1000
Book = Callable[[threading.Event], list[float]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        return _run(json.loads(options.run))
    return max(_measure(database, options.users) for database in options.database or ["sqlite", "postgresql"])


def _measure(database: str, users: int) -> int:
    with running(database) as product:
        lot, tokens = _prepare(product, users)
        book = _bookers(product, lot, tokens)
        rest = _for_seconds(book, REST_SECONDS)
        beside, results = _beside(book, product)
        rest += _for_seconds(book, REST_SECONDS)
    ratio = _p95(beside) / _p95(rest)
    print(
        f"{database}: {results['letters']} monthly reports in {results['seconds']:.0f} s; "
        f"{results['transactions']} transactions, p50 {results['p50']:.0f} ms, p99 {results['p99']:.0f} ms, "
        f"longest {results['longest']:.0f} ms\n"
        f"booking p95 {_p95(rest):.1f} ms at rest ({len(rest)} bookings), {_p95(beside):.1f} ms beside "
        f"({len(beside)}): ×{ratio:.2f}"
    )
    good = results["letters"] >= users and results["longest"] <= MOST_MS and ratio <= MOST_RATIO
    print("within the promise" if good else f"NOT within: all letters, {MOST_MS} ms, ×{MOST_RATIO}", flush=True)
    return 0 if good else 1


# the bookings ------------------------------------------------------------------------------


def _bookers(product: Product, lot: int, tokens: list[str]) -> Book:
    def book(end: threading.Event) -> list[float]:
        took: list[float] = []
        threads = [threading.Thread(target=_booker, args=(product, lot, token, end, took)) for token in tokens]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return took

    return book


def _booker(product: Product, lot: int, token: str, end: threading.Event, took: list[float]) -> None:
    """Books, leaves, and pauses: an even pace, so that a queue is the run's doing and not ours."""
    connection = product.connect()
    while not end.wait(PAUSE_SECONDS):
        begun = time.perf_counter()
        status, answer = send(connection, "POST", "/api/book", {"lot_id": lot, "booking_type": "instant"}, token)
        took.append((time.perf_counter() - begun) * 1000)
        assert status == 201, answer
        send(connection, "POST", f"/api/release/{answer['booking']['id']}", None, token)
    connection.close()


def _for_seconds(book: Book, seconds: float) -> list[float]:
    end = threading.Event()
    threading.Timer(seconds, end.set).start()
    return book(end)


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


# the run -----------------------------------------------------------------------------------


def _beside(book: Book, product: Product) -> tuple[list[float], dict]:
    """The bookings during the run, and what the run says of itself."""
    names = ("database_url", "redis_url", "secret_key", "jwt_secret", "security_password_salt")
    given = {name: getattr(product.settings, name) for name in names} | {"data_dir": str(product.settings.data_dir)}
    command = [sys.executable, "-m", "bench.monthly", "--run", json.dumps(given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it begins
        end = threading.Event()
        took: list[float] = []
        booking = threading.Thread(target=lambda: took.extend(book(end)))
        booking.start()
        line = process.stdout.readline()
        end.set()
        booking.join()
    return took, json.loads(line)


def _run(given: dict) -> int:
    """The sweeps of the worker until nothing is due, in a process of its own, as gently as there."""
    app = create_app(make_settings(Path(given.pop("data_dir")).parent, **given))
    with app.app_context():
        held = _watch()
        print("begins", flush=True)
        begun = time.monotonic()
        while schedule.run_due():
            pass
        seconds = time.monotonic() - begun
        letters = db.session.scalar(select(func.count()).where(OutboxMail.kind == "user_monthly_report"))
    ms = sorted(one * 1000 for one in held)
    p50, p99 = (statistics.quantiles(ms, n=100)[n] for n in (49, 98))
    results = {
        "letters": letters,
        "seconds": seconds,
        "transactions": len(ms),
        "p50": p50,
        "p99": p99,
        "longest": ms[-1],
    }
    print(json.dumps(results), flush=True)
    return 0


def _watch() -> list[float]:
    """Seconds of every transaction of the run, as they come."""
    held: list[float] = []
    real = schedule.transaction

    @contextmanager
    def watched() -> Iterator:
        with real() as session:
            begun = time.monotonic()
            yield session
        held.append(time.monotonic() - begun)

    schedule.transaction = watched
    return held


# the data ----------------------------------------------------------------------------------


def _prepare(product: Product, users: int) -> tuple[int, list[str]]:
    """A lot, its bookers, and everybody who parked in the month that ended."""
    bookers = people(product, BOOKERS)
    body = {"name": "Center", "capacity": 200, "price_per_hour": 2}
    lot = send(product.connect(), "POST", "/api/lots", body, bookers[0][1])[1]["lot"]
    app = create_app(product.settings)
    with app.app_context():
        ended = clock.now().replace(day=1, hour=0, minute=0, second=0)
        with clock.set_to(ended - timedelta(days=1)):
            schedule.begin()
        with transaction() as session:  # only what is monthly is late
            session.execute(delete(ReportBatch).where(ReportBatch.kind.not_like("%monthly%")))
        schedule.begin()
        _fill(users, lot["id"], (ended - timedelta(days=1)).replace(day=1))
        db.session.remove()
        db.engine.dispose()
    return lot["id"], [token for _, token in bookers[1:]]


def _fill(users: int, lot_id: int, first: datetime) -> None:
    tariff_id = db.session.get_one(Lot, lot_id).tariff_id
    spots = list(db.session.scalars(select(Spot.id).where(Spot.lot_id == lot_id).order_by(Spot.id)))
    for start in range(0, users, 2000):
        ids = range(FIRST_USER + start, FIRST_USER + min(start + 2000, users))
        with transaction() as session:
            session.execute(insert(User), [_user(n, first) for n in ids])
            stays = (_stay(n * STAYS + k, n, first) for n in ids for k in range(STAYS))
            where = {"lot_id": lot_id, "tariff_id": tariff_id}
            rows = [{**stay, **where, "spot_id": spots[i % len(spots)]} for i, stay in enumerate(stays)]
            session.execute(insert(Booking), rows)


def _user(n: int, at: datetime) -> dict:
    return {"id": n, "email": f"u{n}@example.com", "username": f"u{n}", "fs_uniquifier": f"u{n}", "active": True,
            "locale": "en", "theme": "system", "plates": [], "created_at": at}  # fmt: skip


def _stay(n: int, user_id: int, first: datetime) -> dict:
    begun = first + timedelta(minutes=n % 35_000)
    times = dict.fromkeys(("start_time", "checked_in_at", "created_at"), begun)
    end = begun + timedelta(hours=1)
    window = {"reserved_start": begun, "reserved_end": end} if n % 3 == 0 else {}
    return {**_booking(n, user_id, first), **times, "held_until": end, "end_time": end, **window}


if __name__ == "__main__":
    sys.exit(main())
