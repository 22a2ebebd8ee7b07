"""Every page of a large installation, over HTTP, with the plan of every query. `make bench-scale`.

    make bench-scale ARGS="--database sqlite --runs 50"

10,000 lots × 100 spots and 10 million bookings on PostgreSQL, a tenth of it on SQLite (past.py), made the first
time and kept in BENCH_DATA (else a folder of the user's cache) with report-*.md and plans-*.txt beside them. The
product runs as in life: Gunicorn with two processes, Valkey, and one client that asks for one page after the other.
Every page is asked for in several variants in turn (other lots, other drivers, other depths).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import http.client
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import event, select, text

import config
from bench.product import Product, running
from bench.scale import past
from bench.scale.server import SIZES, Size, folder, stored_database
from parking import clock, create_app
from parking.accounts.sessions import access_tokens
from parking.bookings import Booking
from parking.database import db, schema, transaction
from parking.lot_calendar import midnight
from parking.statistics.daily import local_hours, months, refresh
from parking.statistics.daily.models import StatsChange

ADMIN, DRIVER = "bench-1", "bench-0"
"""What stands in the tokens of the administrator and of the driver with the long history."""
PAGE_MS, STATS_MS, ROLL_MS = 200, 300, 500
LONGEST_S = 20.0
"""Seconds after which a page that is slow is not asked for any more."""


@dataclass
class Page:
    """One kind of page: its name, its addresses, who asks, and how many milliseconds 95 of 100 may take."""

    name: str
    paths: list[str]
    who: str = ADMIN
    goal: int = PAGE_MS
    took: list[float] = field(default_factory=list)

    def quantile(self, part: float) -> float:
        return sorted(self.took)[min(len(self.took) - 1, int(part * len(self.took)))]

    def row(self) -> str:
        p50, p95, p99 = (self.quantile(part) for part in (0.5, 0.95, 0.99))
        verdict = "ok" if p95 <= self.goal else "**slow**"
        return f"| {self.name} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {self.goal} | {verdict} |"


HEADER = "| page | p50 ms | p95 ms | p99 ms | goal p95 | |\n|---|---|---|---|---|---|"


# what is asked for ----------------------------------------------------------------------------


def pages(size: Size) -> list[Page]:
    """Every page, on lots from busy to quiet, on the driver with the longest history, near and deep in the past."""
    today = clock.now().date()
    busy = [100 * n for n in range(1, size.lots // 100 + 1)][:10] or [size.lots]
    lots = [*busy, *range(1, size.lots, max(1, size.lots // 10))]
    return [*_drivers_pages(lots, today), *_desk_pages(busy, today), *_figure_pages(busy, today)]


def _drivers_pages(lots: list[int], today: date) -> list[Page]:
    soon = f"from={today + timedelta(days=2)}T09:00:00Z&to={today + timedelta(days=2)}T12:00:00Z"
    history = "/api/bookings?limit=50"
    return [
        Page("list of lots", ["/api/lots", "/api/lots?limit=50&cursor=" + _lots_cursor()], DRIVER),
        Page("lots by name", [f"/api/lots?limit=50&q=park%20{n}" for n in lots], DRIVER),
        Page("a lot", [f"/api/lots/{n}" for n in lots], DRIVER),
        Page("spots of a lot", [f"/api/spots/{n}" for n in lots], DRIVER),
        Page("availability", [f"/api/lots/{n}/availability?{soon}" for n in lots], DRIVER),
        Page("long history", [history], DRIVER),
        Page("long history, narrowed", [f"{history}&status=No-show", f"{history}&lot_id={lots[0]}"], DRIVER),
        Page("long history, deep", _deep(history, DRIVER), DRIVER),
        Page("driver's month", [f"/api/stats/user?month={month:%Y-%m}" for month in _months(today)], DRIVER, STATS_MS),
    ]


def _desk_pages(busy: list[int], today: date) -> list[Page]:
    listed, totals = "/api/admin/bookings?limit=50", "/api/admin/bookings/totals?"
    with db.engine.connect() as connection:
        some = connection.execute(
            select(Booking.reference, Booking.id, Booking.spot_id).where(Booking.id % 999_983 < 3).limit(20)
        ).all()
    back = [today - timedelta(days=days) for days in (1, 40, 150, 330)]
    periods = [f"from={day}&to={day + timedelta(days=3)}" for day in back]
    statuses = ("Active", "Reserved", "Completed", "Cancelled", "No-show")
    month = _months(today)[0]
    behind = f"from_day={month}&to_day={months.month_end(month)}"
    return [
        Page("all bookings", [listed]),
        Page("all bookings, deep", _deep(listed, ADMIN)),
        Page("… of a status", [f"{listed}&status={one}" for one in statuses]),
        Page("… of a lot", [f"{listed}&lot_id={n}" for n in busy]),
        Page("… of a lot and status", [f"{listed}&lot_id={n}&status={one}" for n in busy[:4] for one in statuses]),
        Page("… of a driver", [f"{listed}&user_id={n}" for n in (1, 3, 500, 50_000)]),
        Page("… of a spot", [f"{listed}&spot_id={row.spot_id}" for row in some]),
        Page("… of some days", [f"{listed}&{period}" for period in periods]),
        Page("… of some days and a status", [f"{listed}&{period}&status=No-show" for period in periods]),
        Page("… of some days and a lot", [f"{listed}&{period}&lot_id={n}" for period in periods for n in busy[:3]]),
        Page("search: reference", [f"{listed}&q={row.reference}" for row in some]),
        Page("search: plate", [f"{listed}&q={quote(f'KI-PW {1000 + 37 * n}')}" for n in range(20)]),
        Page("search: person", [f"{listed}&q=driver{n}@" for n in (0, 5, 77, 9_999, 50_000)]),
        Page("search: lot", [f"{listed}&q={quote(f'car park {n}')}" for n in (99, 1, 777)]),
        Page("search: everybody", [f"{listed}&q=example.com"]),
        Page("search: nothing", [f"{listed}&q=nobody{n}" for n in range(5)]),
        Page("search in some days", [f"{listed}&q=driver5&{period}" for period in periods]),
        Page("behind a month's revenue", [f"{listed}&counted=ended&{behind}"]),
        Page("behind a month's no-shows", [f"{listed}&counted=ended&{behind}&status=No-show"]),
        Page("behind a month's visits", [f"{listed}&counted=started&came=true&{behind}"]),
        Page("behind a month's occupancy", [f"{listed}&counted=parked&{behind}"]),
        Page("behind a lot's month", [f"{listed}&counted=ended&{behind}&lot_id={n}" for n in busy]),
        Page("behind an hour", [f"{listed}&counted=parked&from_day={day}&to_day={day}&hour=8" for day in back]),
        Page("behind a bar of stays", [f"{listed}&counted=ended&came=true&{behind}&stay_from=480&stay_to=1440"]),
        Page("what an hour comes to", [f"{totals}counted=parked&from_day={day}&to_day={day}&hour=8" for day in back]),
        Page("what a lot's month comes to", [f"{totals}counted=ended&{behind}&lot_id={n}" for n in busy]),
        Page("what a month comes to", [f"{totals}counted=ended&{behind}"]),
    ]


def _figure_pages(busy: list[int], today: date) -> list[Page]:
    last, before, *_ = _months(today)
    whole = f"from={last}&to={months.month_end(last)}"
    days30 = f"from={today - timedelta(days=30)}&to={today - timedelta(days=1)}"
    so_far = f"from={today.replace(day=1)}&to={today}"
    year = f"from={today - timedelta(days=364)}&to={today - timedelta(days=1)}"
    url = "/api/stats/admin?"
    named = {
        "a month and its heat map": [whole, f"from={before}&to={months.month_end(before)}"],
        "a month against the one before": [f"{whole}&compare=true"],
        "30 days": [days30],
        "this month so far": [so_far],
        "today": [f"from={today}&to={today}"],
        "a year": [year],
    }
    return [
        *(Page(f"{name}, all lots", [url + one for one in periods], goal=STATS_MS) for name, periods in named.items()),
        *(
            Page(f"{name}, one lot", [f"{url}{one}&lot_id={n}" for one in periods for n in busy], goal=STATS_MS)
            for name, periods in named.items()
        ),
        Page("the days of an hour, all lots", [f"/api/stats/admin/hour?{whole}&weekday=0&hour=8"], goal=STATS_MS),
        Page("a month's lots as CSV", [f"/api/stats/admin.csv?{whole}&table=lots"], goal=STATS_MS),
    ]


def _months(today: date) -> list[date]:
    """The first days of the last three closed months, the newest first."""
    days = [today.replace(day=1)]
    for _ in range(3):
        days.append((days[-1] - timedelta(days=1)).replace(day=1))
    return days[1:]


def _lots_cursor() -> str:
    from parking.web import pagination

    return pagination.encode(6, "car park 5")


def _deep(path: str, who: str) -> list[str]:
    """The same list far down: where a year, half a year and a month ago begin."""
    from parking.web import pagination

    ago = [clock.now() - timedelta(days=days) for days in (30, 180, 350)]
    return [f"{path}&cursor={pagination.encode(int(at.timestamp()), 2**40)}" for at in ago]


# asking ---------------------------------------------------------------------------------------


def ask(product: Product, page: Page, runs: int, verbose: bool = True) -> None:
    """`runs` times, the variants in turn, after each was asked for once."""
    connection, headers = product.connect(), {"Authorization": f"Bearer {_token(page.who)}"}
    for path in page.paths:
        _get(connection, path, headers)
    begun = time.monotonic()
    for run in range(runs):
        page.took.append(_get(connection, page.paths[run % len(page.paths)], headers))
        if time.monotonic() - begun > LONGEST_S:
            break
    connection.close()
    if verbose:
        print(page.row(), flush=True)


def _get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> float:
    """Milliseconds of one request."""
    begun = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status, body[:500])
    return 1000 * (time.perf_counter() - begun)


def _token(who: str) -> str:
    return access_tokens.issue(who)


# the plans ------------------------------------------------------------------------------------


@contextlib.contextmanager
def _statements() -> Iterator[list[tuple[str, Any]]]:
    """Every reading statement that is executed meanwhile."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip("( \n").upper().startswith(("SELECT", "WITH")):
            statements.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


_SCANS = re.compile(r"(?:Parallel )?Seq Scan on (\w+)|\bSCAN (\w+)\b(?! USING)")


def explain(app: Any, page: Page, into: Any) -> set[str]:
    """Writes the plan of every query of the page's first and last variant; the tables that were read as a whole."""
    whole: set[str] = set()
    for path in dict.fromkeys((page.paths[0], page.paths[-1])):
        with app.app_context(), _statements() as statements:
            assert (
                app.test_client().get(path, headers={"Authorization": f"Bearer {_token(page.who)}"}).status_code == 200
            )
        print(f"\n{'=' * 100}\n{page.name}: {path}  ({len(statements)} queries)", file=into)
        for statement, parameters in statements:
            lines = _plan(statement, parameters)
            whole |= {one or other for line in lines for one, other in _SCANS.findall(line)}
            print(f"\n-- {' '.join(statement.split())[:2000]}", *lines, sep="\n    ", file=into)
    return whole


def _plan(statement: str, parameters: Any) -> list[str]:
    how = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, BUFFERS)"
    with db.engine.connect() as connection:
        return [str(row[-1]) for row in connection.exec_driver_sql(f"{how} {statement}", parameters)]


# rolling up again -----------------------------------------------------------------------------


def rolling(size: Size, runs: int) -> list[Page]:
    """How long the worker takes to make past days again: of a busy lot, of a quiet one, of every lot."""
    day = _months(clock.now().date())[0] + timedelta(days=9)
    everyone = list(range(1, size.lots + 1))
    cases = {
        "a day of a busy lot again": [100],
        "a day of a quiet lot again": [2],
        "a day of every lot again": everyone,
    }
    measured = []
    for name, lots in cases.items():
        page = Page(name, [], goal=ROLL_MS)
        for _ in range(runs if len(lots) == 1 else min(runs, 5)):
            _mark(lots, day)
            begun = time.perf_counter()
            refresh.roll_up()
            page.took.append(1000 * (time.perf_counter() - begun))
        print(page.row(), flush=True)
        measured.append(page)
    return measured


def _mark(lots: list[int], day: date) -> None:
    """As if a booking of that day had changed."""
    quarter = (midnight(day, "UTC") + 12 * 3600) // local_hours.QUARTER_S
    with transaction() as session:
        marks = [{"lot_id": n, "from_quarter": quarter, "to_quarter": quarter} for n in lots]
        session.execute(StatsChange.__table__.insert(), marks)


# all of it ------------------------------------------------------------------------------------


def measure(kind: str, size: Size, runs: int, only: str) -> None:
    data = folder()
    with stored_database(kind, size) as url:
        settings = config.load({"DATA_DIR": str(data / "data"), "EXPORT_DIR": str(data / "exports")})
        app = create_app(dataclasses.replace(settings, database_url=url, redis_url=None, rate_limits=False))
        with app.app_context():
            schema.upgrade()
            past.fill(size)
            with db.engine.connect() as connection:
                rows = connection.scalar(text("SELECT count(*) FROM booking"))
            selection = [page for page in pages(size) if only in page.name]
            print(f"\n{kind}: {size.lots:,} lots × {size.spots}, {rows:,} bookings; plans in {data}\n\n{HEADER}")
            with running(url) as product:
                _as(product.settings)
                for page in selection:
                    refresh.roll_up()  # as the worker does every minute
                    ask(product, page, runs)
            selection += [] if only else rolling(size, min(runs, 20))
            _report(app, data / f"{kind}-{size.name}", selection)
            db.engine.dispose()


def _as(settings: Any) -> None:
    """Signs tokens as the running product does."""
    from flask import current_app

    current_app.extensions["settings"] = dataclasses.replace(
        current_app.extensions["settings"],
        jwt_secret=settings.jwt_secret,
        secret_key=settings.secret_key,
        security_password_salt=settings.security_password_salt,
    )


def _report(app: Any, name: Path, selection: list[Page]) -> None:
    """The table and the plans, for keeping; which tables were read as a whole, for everyone."""
    name.with_suffix(".md").write_text("\n".join([HEADER, *(page.row() for page in selection)]) + "\n")
    print("\nread as a whole:")
    with name.with_suffix(".plans.txt").open("w") as into:
        for page in selection:
            if page.paths and (whole := explain(app, page, into)):
                print(f"    {page.name}: {', '.join(sorted(whole))}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--database", action="append", choices=list(SIZES))
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--only", default="", help="a part of the names of the pages to ask for")
    parser.add_argument("--lots", type=int, help="fewer lots than usual, to try it out")
    options = parser.parse_args()
    for kind in options.database or list(SIZES):
        measure(kind, Size(options.lots) if options.lots else SIZES[kind], options.runs, options.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
