"""A monthly run over many users: how long it takes, and how long it ever keeps others from writing.

    cd backend && .venv/bin/python ../bench/monthly.py [--users 10000] [--postgresql]

Every user has some stays in the month. Promise: no transaction of the run holds the writers up for long (SQLite has one
writer at a time), so bookings go on beside it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backend"))

from exports import _app, _booking, _database, _fill
from sqlalchemy import func, insert, select

from parking import clock, schema
from parking.accounts.models import User
from parking.bookings.models import Booking
from parking.db import db, transaction
from parking.mail.models import OutboxMail
from parking.reports import timetable

MOST_MS = 250
STAYS = 3
FIRST = datetime(2026, 3, 2, tzinfo=UTC)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--postgresql", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own
        server, url = _database(Path(folder), chosen.postgresql)
        try:
            app = _app(Path(folder), url)
            with app.app_context(), clock.set_to(FIRST):
                return _run(chosen.users)
        finally:
            if server:
                server.cleanup()


def _run(users: int) -> int:
    schema.upgrade()
    _fill(0)
    _fill_users(users)
    timetable.begin()
    clock.travel(timedelta(days=30).total_seconds())
    held = _watch()
    begun = time.monotonic()
    while timetable.sweep():
        pass
    took = time.monotonic() - begun
    count = select(func.count()).where(OutboxMail.kind == "user_monthly_report")
    letters = db.session.scalar(count)
    p50, p99 = (statistics.quantiles(held, n=100)[n] * 1000 for n in (49, 98))
    print(f"{letters} monthly reports in {took:.1f} s; {len(held)} transactions, p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
          f"longest {max(held) * 1000:.0f} ms")  # fmt: skip
    good = letters == users and p99 <= MOST_MS
    print("within the promise" if good else f"NOT within: all letters, transactions of at most {MOST_MS} ms")
    return 0 if good else 1


def _fill_users(users: int) -> None:
    for start in range(0, users, 5000):
        ids = range(start + 2, min(start + 5000, users - 1) + 2)
        with transaction() as session:
            session.execute(insert(User), [_user(n) for n in ids if n <= users])
            stays = [(n, k) for n in ids for k in range(STAYS) if n <= users]
            rows = [{**_booking(n * STAYS + k, n, FIRST), **_in_march(n * STAYS + k)} for n, k in stays]
            session.execute(insert(Booking), rows)


def _user(n: int) -> dict:
    return {"id": n, "email": f"u{n}@example.com", "username": f"u{n}", "fs_uniquifier": f"u{n}", "active": True,
            "locale": "en", "theme": "system", "plates": [], "created_at": FIRST}  # fmt: skip


def _in_march(n: int) -> dict:
    begun = FIRST + timedelta(minutes=n % 40_000)
    times = dict.fromkeys(("start_time", "checked_in_at", "created_at"), begun)
    end = begun + timedelta(hours=1)
    window = {"reserved_start": begun, "reserved_end": end} if n % 3 == 0 else {}
    return {**times, "held_until": end, "end_time": end, **window}


def _watch() -> list[float]:
    """Seconds of every transaction of the run, as they come."""
    held: list[float] = []
    real = timetable.transaction

    @contextmanager
    def watched():
        begun = time.monotonic()
        with real() as session:
            yield session
        held.append(time.monotonic() - begun)

    timetable.transaction = watched
    return held


if __name__ == "__main__":
    sys.exit(main())
