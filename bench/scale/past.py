"""A large generated past for measurements: created once by the database itself, stored outside the repository.

Of every hundred lots one is busy, ten are usual and the rest quiet; they lie in three time zones. Every spot's year is
cut into equal slots, and each slot holds one stay (a quarter of an hour to ten hours, begun by day), so that no two
overlap. One in five is reserved; some of these are cancelled or missed. One driver in five hundred bookings is always
the same (the long history), the others come more or less often. Some spots were or are out of use; prices changed
once. Bookings are created in the order of time. The constraints are removed while the rows are inserted, and restored
and checked afterwards.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, insert, text
from sqlalchemy.orm import Session

from bench.scale.server import Size
from parking import clock
from parking.database import constraints, db
from parking.lot_calendar import local_day
from parking.statistics.daily import compute, lot_progress, refresh, store
from parking.statistics.daily.models import ALL_LOTS, LotDay, LotDayDetail, LotRolled
from parking.statistics.daily.months import mark_months_stale

DAYS, AHEAD_DAYS, USERS = 365, 7, 100_000


# the words of the two databases ---------------------------------------------------------------


def _sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def _numbers(count: int) -> str:
    """A table of n = 0..count-1."""
    if _sqlite():
        return f"(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s LIMIT {count}) SELECT n FROM s)"
    return f"(SELECT CAST(n AS bigint) AS n FROM generate_series(0, {count - 1}) n)"


def _at(seconds: str) -> str:
    return f"({seconds})" if _sqlite() else f"to_timestamp({seconds})"


def _drawn(number: int, below: str | int) -> str:
    """A whole number 0..below-1 that the row's `g` decides; `number` tells the draws of a row apart."""
    return f"((g * {2654435761 + 1013904 * number} + {number * 97}) % 4294967291 * ({below}) / 4294967291)"


# making it ------------------------------------------------------------------------------------


def fill(size: Size) -> None:
    """Fills an empty, migrated database; one that has lots is left as it is. Then the figures are rolled up."""
    with db.engine.connect() as connection:
        there = connection.scalar(text("SELECT count(*) FROM (SELECT 1 FROM parking_lot LIMIT 1) one"))
    if not there:
        _timed("lots, spots and drivers", lambda: _write(_lots(size)))
        _timed("bookings", lambda: _load(size))
    with db.engine.connect() as connection:
        rolled = connection.scalar(text("SELECT count(*) FROM (SELECT 1 FROM lot_rolled LIMIT 1) one"))
    if not rolled:
        _timed("lot-days rolled up", _roll_up)
    _timed("lot-days rolled up by the product", refresh.roll_up)


def _timed(what: str, work: Callable[[], int]) -> None:
    """Says how many of what were made, and how long it took."""
    began = time.monotonic()
    count = work()
    print(f"{count:,} {what} in {time.monotonic() - began:.0f} s", flush=True)


def _write(statements: list[str]) -> int:
    """Runs the statements one by one, with triggers and foreign keys off; the rows of the last one."""
    pooled = db.engine.raw_connection()
    connection: Any = pooled.driver_connection
    cursor = connection.cursor()
    if _sqlite():
        cursor.execute("PRAGMA foreign_keys=0")
    else:
        connection.autocommit = True
        cursor.execute("SET session_replication_role = replica")
    for statement in statements:
        cursor.execute(statement)
    count = cursor.rowcount
    pooled.invalidate()  # it is of no further use as it is set
    return int(count)


def _begin() -> int:
    """The midnight (UTC) with which the past begins."""
    return int((clock.now().replace(hour=0, minute=0, second=0) - timedelta(days=DAYS)).timestamp())


def _lots(size: Size) -> list[str]:
    at, true, false = _at(str(_begin())), "1" if _sqlite() else "true", "0" if _sqlite() else "false"
    line = (
        "char(10)" if _sqlite() else "chr(10)"
    )  # the texts of the keys (parking/database/derived_columns.py), written by hand
    zone = "CASE WHEN n % 10 < 6 THEN 'Europe/Berlin' WHEN n % 10 < 9 THEN 'Europe/London' ELSE 'America/New_York' END"
    return [
        "INSERT INTO app_user (id, email, username, active, fs_uniquifier, locale, theme, plates, created_at,"
        " email_key, username_key, search_text)"
        f" SELECT n + 1, 'driver' || n || '@example.com', 'driver' || n, {true}, 'bench-' || n, 'en', 'system', '[]',"
        f" {at}, 'driver' || n || '@example.com', 'driver' || n, 'driver' || n || {line} || 'driver' || n ||"
        f" '@example.com' FROM {_numbers(USERS)} numbers",
        "INSERT INTO app_user_role (user_id, role_id) SELECT u.id, r.id FROM app_user u JOIN role r"
        " ON r.name = 'user' OR (u.id = 2 AND r.name = 'admin')",
        "INSERT INTO parking_lot (id, name, capacity, timezone, calendar, address, latitude, longitude, instant_hold_s,"
        " checkin_grace_s, require_checkin, version, created_at, updated_at, tariff_id, name_key, sort_key,"
        " search_text)"
        f" SELECT n + 1, 'Car park ' || n, {size.spots}, {zone}, {zone}, 'Street ' || n % 700, 40.0 + n % 150 / 10.0,"
        f" n % 300 / 10.0, 14400, 900, {false}, 1, {at}, {at}, 2 * n + 2, 'car park ' || n, 'car park ' || n,"
        f" 'car park ' || n || {line} || 'street ' || n % 700 FROM {_numbers(size.lots)} numbers",
        "INSERT INTO tariff (id, lot_id, currency, hourly_minor, step_s, free_s, cap_day, timezone, created_at)"
        " SELECT 2 * l.id - n, l.id, 'EUR', 200 + l.id % 20 * 10 + 20 * (1 - n), 1, 0, 'rolling', l.timezone,"
        f" {_at(f'{_begin()} + (1 - n) * 180 * 86400')} FROM parking_lot l CROSS JOIN {_numbers(2)} numbers",
        "INSERT INTO parking_spot (id, lot_id, spot_number, ev, accessible, covered, created_at)"
        f" SELECT (l.id - 1) * {size.spots} + n + 1, l.id, n + 1, {false}, {false}, {false}, {at}"
        f" FROM parking_lot l CROSS JOIN {_numbers(size.spots)} numbers",
    ]


def _bookings(size: Size) -> str:
    """SELECT of the bookings' columns; see the module's words for what it makes."""
    begin, now, year = _begin(), int(clock.now().timestamp()), (DAYS + AHEAD_DAYS) * 86_400
    slots = "CASE WHEN l.id % 100 = 0 THEN 104 WHEN l.id % 10 = 1 THEN 28 WHEN s.id % 5 = 0 THEN 8 ELSE 7 END"
    cut = (
        f"SELECT s.id AS spot_id, l.id AS lot_id, s.id * 128 + n AS g, n, {year} / ({slots}) AS length,"
        f" {begin} + n * ({year} / ({slots})) AS begun FROM parking_lot l JOIN parking_spot s ON s.lot_id = l.id"
        f" JOIN {_numbers(104)} numbers ON n < {slots}"
    )
    day = f"(begun / 86400 + 1 + {_drawn(1, 'length / 86400 - 2')}) * 86400"
    drawn = (
        f"SELECT *, {_drawn(5, 5)} = 0 AS reserved, {_drawn(6, 100)} AS fate, 900 + {_drawn(4, 190)} *"
        f" {_drawn(4, 190)} AS stay, {day} + 18000 + {_drawn(2, 36000)} + {_drawn(3, 25200)} AS wish,"
        f" CASE WHEN g % 500 = 0 THEN 1 ELSE 3 + {_drawn(8, USERS - 3)} * {_drawn(8, USERS - 3)} / {USERS} END"
        " AS user_id"
        f" FROM ({cut}) cut WHERE NOT (spot_id % 97 = 0 AND n = 2)"
        f" AND NOT (spot_id % 331 = 0 AND begun + length > {now - 86_400})"
    )
    timed = (
        "SELECT *, CASE WHEN reserved THEN wish - wish % 900 ELSE wish END AS start,"
        f" CASE WHEN reserved THEN wish - wish % 900 - 3600 * (1 + {_drawn(7, 48)}) ELSE wish END AS created,"
        " CASE WHEN NOT reserved OR fate >= 12 THEN 'Completed' WHEN fate >= 8 THEN 'No-show' ELSE 'Cancelled' END"
        f" AS becomes FROM ({drawn}) drawn"
    )
    ended = (
        "SELECT *, CASE becomes WHEN 'Completed' THEN start + stay WHEN 'No-show' THEN start + 900"
        " ELSE (start + created) / 2 END AS ended, start + (stay + 1799) / 1800 * 1800 AS window_end"
        f" FROM ({timed}) timed WHERE created <= {now}"
    )
    return f"SELECT *, ended <= {now} AS over, start <= {now} AND becomes = 'Completed' AS came FROM ({ended}) ended"


def _reference() -> str:
    letters = "'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'"
    scrambled = "(g * 387420489 % 1073741824)"
    return " || ".join(f"substr({letters}, CAST({scrambled} / {32**n} % 32 AS integer) + 1, 1)" for n in range(6))


def _load(size: Size) -> int:
    """The bookings, then the indexes and guards."""
    rebuild = _take_away_indexes()
    now = int(clock.now().timestamp())
    price = "(200 + lot_id % 20 * 10 + CASE WHEN {} THEN 20 ELSE 0 END)".format(f"created >= {_begin() + 180 * 86_400}")
    nothing = "NULL" if _sqlite() else "CAST(NULL AS timestamptz)"

    def when(condition: str, seconds: str) -> str:
        return f"CASE WHEN {condition} THEN {_at(seconds)} ELSE {nothing} END"

    columns = {
        "reference": _reference(),
        "lot_id": "lot_id",
        "spot_id": "spot_id",
        "user_id": "user_id",
        "tariff_id": f"2 * lot_id - CASE WHEN created >= {_begin() + 180 * 86_400} THEN 0 ELSE 1 END",
        "booking_type": "CASE WHEN reserved THEN 'reserved' ELSE 'instant' END",
        "status": "CASE WHEN over THEN becomes WHEN came THEN 'Active' ELSE 'Reserved' END",
        "start_time": _at("start"),
        "held_until": _at(f"CASE WHEN over THEN ended WHEN reserved THEN window_end + 900 ELSE {now} + 7200 END"),
        "end_time": when("over", "ended"),
        "reserved_start": when("reserved", "start"),
        "reserved_end": when("reserved", "window_end"),
        "checked_in_at": when("came", "start"),
        "checkin_grace_s": "CASE WHEN becomes = 'No-show' THEN 900 END",
        "total_cost_minor": f"CASE WHEN over THEN CASE becomes WHEN 'Completed' THEN stay * {price} / 3600"
        " ELSE 0 END END",
        "vehicle_plate": "CASE WHEN g % 10 < 7 THEN 'KI-PW ' || (1000 + user_id % 9000) END",
        "plate_key": "CASE WHEN g % 10 < 7 THEN 'kipw' || (1000 + user_id % 9000) END",
        "ended_by": "CASE WHEN over THEN 'user' END",
        "sequence": "0",
        "created_at": _at("created"),
    }
    insert = f"INSERT INTO booking ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
    rows = _write([f"{insert} FROM ({_bookings(size)}) made ORDER BY created"])
    _write(_blocks(size))
    _write(rebuild)
    _restore_constraints()
    return rows


def _blocks(size: Size) -> list[str]:
    """Spots that were out of use for some days, and those that are."""
    now, year = int(clock.now().timestamp()), (DAYS + AHEAD_DAYS) * 86_400
    slots = "CASE WHEN lot_id % 100 = 0 THEN 104 WHEN lot_id % 10 = 1 THEN 28 WHEN id % 5 = 0 THEN 8 ELSE 7 END"
    into = (
        "INSERT INTO booking (reference, lot_id, spot_id, user_id, booking_type, status, start_time, held_until,"
        " end_time, checked_in_at, reason, ended_by, sequence, created_at)"
    )
    start = f"{_begin()} + 2 * ({year} / ({slots})) + 3600"
    end = f"{_begin()} + 3 * ({year} / ({slots})) - 7200"
    forever = int(clock.FOREVER.timestamp())
    return [
        f"{into} SELECT 'out of service', lot_id, id, 2, 'block', 'Completed', {_at(start)}, {_at(end)}, {_at(end)},"
        f" {_at(start)}, 'Repairs', 'admin', 0, {_at(start)} FROM parking_spot WHERE id % 97 = 0",
        f"{into} SELECT 'out of service', lot_id, id, 2, 'block', 'Active', {_at(str(now - 86_400))},"
        f" {_at(str(forever))}, NULL, {_at(str(now - 86_400))}, 'Repairs', NULL, 0, {_at(str(now - 86_400))}"
        " FROM parking_spot WHERE id % 331 = 0",
    ]


def _take_away_indexes() -> list[str]:
    """Drops the booking table's indexes; the statements that make them again."""
    if _sqlite():
        listed = "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'booking' AND type = 'index' AND sql IS NOT NULL"
        triggers = "SELECT name, NULL FROM sqlite_master WHERE tbl_name = 'booking' AND type = 'trigger'"
    else:
        listed = (
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid ="
            " 'booking'::regclass AND NOT indisprimary AND NOT indisexclusion"
        )
        triggers = ""
    with db.engine.connect() as connection:
        indexes = [tuple(row) for row in connection.exec_driver_sql(listed)]
        dropped = [f"DROP INDEX {name}" for name, _ in indexes]
        if triggers:
            dropped += [f"DROP TRIGGER {name}" for name, _ in connection.exec_driver_sql(triggers)]
        else:
            dropped.append("ALTER TABLE booking DROP CONSTRAINT booking_no_overlap")
    _write(dropped)
    return [statement for _, statement in indexes]


# the figures ----------------------------------------------------------------------------------

AT_ONCE = 25
"""Lots of which the whole year is added up together."""


def _roll_up() -> int:
    """Every closed day of every lot, by the product's own arithmetic, but written in bulk."""
    everyone: dict[date, store.DayChange] = defaultdict(store.DayChange)
    session, count = db.session(), 0
    lots = lot_progress.lots(session)
    session.close()
    first = datetime.fromtimestamp(_begin(), UTC).date() - timedelta(days=1)
    for zone in sorted({lot.zone for lot in lots}):
        mine = [lot for lot in lots if lot.zone == zone]
        last = local_day(int(clock.now().timestamp()), zone) - timedelta(days=1)
        for start in range(0, len(mine), AT_ONCE):
            computed = compute.compute_days(
                session, mine[start : start + AT_ONCE], first, last, int(clock.now().timestamp())
            )
            session.close()
            for (_, day), figures in computed.items():
                everyone[day].add(None, figures)
            _keep([store.day_rows(*key, figures) for key, figures in computed.items()])
            count += len(computed)
        _write_rolled([lot.id for lot in mine], zone, first, last)
    for day, change in everyone.items():
        change.difference.drivers = change.new_drivers
        _keep([store.day_rows(ALL_LOTS, day, change.difference)])
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM stats_change")
        months = sorted({day.replace(day=1) for day in everyone})
        mark_months_stale(Session(connection), months, [lot.id for lot in lots])
    return count


def _keep(rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Writes rows of lot_day and lot_day_detail."""
    for number, table in enumerate((LotDay.__table__, LotDayDetail.__table__)):
        values = [row[number] for row in rows]
        if _sqlite():
            with db.engine.begin() as connection:
                connection.execute(table.insert(), values)
            continue
        names = list(values[0])
        as_json = [isinstance(table.c[name].type, JSON) for name in names]
        with db.engine.begin() as connection:
            cursor: Any = connection.connection.cursor()
            with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
                for row in values:
                    values_of = zip(row.values(), as_json, strict=True)
                    copy.write_row([json.dumps(value) if encoded else value for value, encoded in values_of])


def _write_rolled(ids: list[int], zone: str, first: date, last: date) -> None:
    same = {"timezone": zone, "first_day": first, "last_day": last, "rolled_at": clock.now()}
    with db.engine.begin() as connection:
        connection.execute(insert(LotRolled), [{"lot_id": n, **same} for n in ids])


_FAULTS = {
    "a spot of another lot": "SELECT count(*) FROM booking b WHERE NOT EXISTS"
    " (SELECT 1 FROM parking_spot s WHERE s.lot_id = b.lot_id AND s.id = b.spot_id)",
    "a tariff of another lot": "SELECT count(*) FROM booking b WHERE tariff_id IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM tariff t WHERE t.lot_id = b.lot_id AND t.id = b.tariff_id)",
    "a driver who is none": "SELECT count(*) FROM booking b WHERE NOT EXISTS"
    " (SELECT 1 FROM app_user u WHERE u.id = b.user_id)",
    "two live claims on one spot at once": "SELECT count(*) FROM (SELECT start_time, lag(held_until) OVER"
    " (PARTITION BY spot_id ORDER BY start_time) AS before FROM booking WHERE status IN ('Reserved', 'Active')) live"
    " WHERE before > start_time",
}


def _restore_constraints() -> None:
    """Installs them (PostgreSQL checks the live claims with it), looks for what they would have refused, and marks
    every lot as changed since its beginning."""
    with db.engine.begin() as connection:
        constraints.install(connection)
        connection.exec_driver_sql("INSERT INTO stats_change (lot_id, from_quarter) SELECT id, 0 FROM parking_lot")
        for what, query in _FAULTS.items():
            assert connection.scalar(text(query)) == 0, what
        if not _sqlite():
            connection.exec_driver_sql("SELECT setval('app_user_id_seq', (SELECT max(id) FROM app_user))")
            for table in ("parking_lot", "tariff", "parking_spot"):
                connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    _write(["ANALYZE" if _sqlite() else "VACUUM (ANALYZE)"])
