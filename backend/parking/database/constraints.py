"""The rules that the database itself keeps, whoever writes to it.

1. Live claims of a spot never overlap (an exclusion constraint; on SQLite triggers with one index probe: live claims
   of one spot are disjoint, so only the last one that starts before the new one ends can overlap it).
2. A booking takes only the steps of its life cycle, and a finished one never changes.
3. Tariffs and audit entries never change; bookings, spots and tariffs are never deleted.
4. Every change that can alter a past day's figures leaves a mark (parking/database/change_log.py).

(The partial unique index "one Active booking per spot" and the CHECKs stand with the model.) Alembic's batch mode
rebuilds SQLite tables without their triggers, so the guards are installed again after every migration, and the
program looks for each of them before it serves.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, text

from parking.database import SQLITE_PRAGMAS, change_log

_IDENTITY = ("lot_id", "user_id", "tariff_id", "booking_type", "created_at")
_RESULT = [
    "spot_id",
    "start_time",
    "held_until",
    "end_time",
    "reserved_start",
    "reserved_end",
    "checked_in_at",
    "total_cost_minor",
]
_STEPS = (
    "(OLD.status = 'Reserved' AND NEW.status IN ('Active', 'Cancelled', 'No-show', 'Completed'))"
    " OR (OLD.status = 'Active' AND NEW.status = 'Completed')"
)
_KEPT = ("booking", "parking_spot", "tariff", "audit_entry")
_FROZEN = ("tariff", "audit_entry")


def _differs(columns: tuple[str, ...] | list[str], distinct: str) -> str:
    return " OR ".join(f"OLD.{c} {distinct} NEW.{c}" for c in columns)


def _illegal_step(distinct: str) -> str:
    return (
        f"(OLD.status <> NEW.status AND NOT ({_STEPS}))"
        f" OR (OLD.status NOT IN ('Reserved', 'Active') AND ({_differs(_RESULT, distinct)}))"
        f" OR {_differs(_IDENTITY, distinct)}"
    )


def _sqlite() -> dict[str, str]:
    overlap = """
      SELECT RAISE(ABORT, 'booking_no_overlap') WHERE (
        SELECT b.held_until FROM booking b
        WHERE b.lot_id = NEW.lot_id AND b.spot_id = NEW.spot_id AND b.status IN ('Reserved', 'Active')
          AND b.start_time < NEW.held_until {other}
        ORDER BY b.start_time DESC LIMIT 1) > NEW.start_time;"""
    live = "NEW.status IN ('Reserved', 'Active')"
    guards = {
        "booking_no_overlap_insert": f"BEFORE INSERT ON booking WHEN {live} BEGIN {overlap.format(other='')} END",
        "booking_no_overlap_update": (
            "BEFORE UPDATE OF id, lot_id, spot_id, start_time, held_until, status ON booking"
            f" WHEN {live} BEGIN {overlap.format(other='AND b.id <> OLD.id')} END"
        ),
        "booking_transition": (
            f"BEFORE UPDATE ON booking WHEN {_illegal_step('IS NOT')}"
            " BEGIN SELECT RAISE(ABORT, 'booking_transition'); END"
        ),
    }
    for table in _KEPT:
        guards[f"{table}_keep"] = f"BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table}_keep'); END"
    for table in _FROZEN:
        guards[f"{table}_frozen"] = f"BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{table}_frozen'); END"
    return {name: f"CREATE TRIGGER {name} {body}" for name, body in guards.items()} | change_log.sqlite()


def _postgresql() -> dict[str, str]:
    refuse = "EXECUTE FUNCTION parking_refuse()"
    guards = {
        "booking_transition": (
            f"BEFORE UPDATE ON booking FOR EACH ROW WHEN ({_illegal_step('IS DISTINCT FROM')}) {refuse}"
        ),
    }
    for table in _KEPT:
        guards[f"{table}_keep"] = f"BEFORE DELETE ON {table} FOR EACH ROW {refuse}"
        guards[f"{table}_keep_all"] = f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
    for table in _FROZEN:
        guards[f"{table}_frozen"] = f"BEFORE UPDATE ON {table} FOR EACH ROW {refuse}"
    return {name: f"CREATE TRIGGER {name} {body}" for name, body in guards.items()} | change_log.postgresql()


_REFUSE = """
CREATE OR REPLACE FUNCTION parking_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_NAME, ERRCODE = 'check_violation'; END $$"""
_EXCLUSION = """
ALTER TABLE booking ADD CONSTRAINT booking_no_overlap EXCLUDE USING gist (
  lot_id WITH =, spot_id WITH =, tstzrange(start_time, held_until) WITH &&
) WHERE (status IN ('Reserved', 'Active'))"""


def install(connection: Connection) -> None:
    """Creates every guard anew. Raises the database's error when the rows present already break one.

    A database at a migration before the marks' table goes without marks.
    """
    without = frozenset() if connection.dialect.has_table(connection, change_log.TABLE) else change_log.sqlite().keys()
    if connection.dialect.name == "sqlite":
        for name, statement in _sqlite().items():
            if name in without:
                continue
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            connection.exec_driver_sql(statement)
        return
    connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for function in (_REFUSE, *change_log.postgresql_functions().values()):
        connection.exec_driver_sql(function)
    for name, statement in _postgresql().items():
        if name in without:
            continue
        table = re.search(r" ON (\w+)", statement)[1]  # type: ignore[index]  # every statement names its table
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        connection.exec_driver_sql(statement)
    if not connection.scalar(text("SELECT 1 FROM pg_constraint WHERE conname = 'booking_no_overlap'")):
        connection.exec_driver_sql(_EXCLUSION)


def uninstall(connection: Connection) -> None:
    """Removes what `install` made and dropping the tables would leave behind."""
    if connection.dialect.name == "postgresql":
        for name in ("parking_refuse", *change_log.postgresql_functions()):
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}() CASCADE")


def missing(connection: Connection) -> list[str]:
    """The guards that are not there, or not as they should be. An empty list: the database keeps its rules."""
    if connection.dialect.name == "sqlite":
        return _missing_sqlite(connection)
    triggers = set(
        connection.scalars(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"))
    )
    constraints = set(
        connection.scalars(
            text(
                "SELECT conname FROM pg_constraint WHERE contype = 'x' AND convalidated UNION ALL"
                " SELECT relname FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid"
                " WHERE i.indisunique AND i.indisvalid"
            )
        )
    )
    wanted = [*_postgresql()]
    return [n for n in wanted if n not in triggers] + [
        n for n in ("booking_no_overlap", "booking_one_active") if n not in constraints
    ]


def _missing_sqlite(connection: Connection) -> list[str]:
    listed = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'index')"))
    there = {row.name: row.sql for row in listed}
    faults = [name for name, statement in _sqlite().items() if there.get(name) != statement]
    if "booking_one_active" not in there:
        faults.append("booking_one_active")
    for name, value in SQLITE_PRAGMAS.items():
        if connection.exec_driver_sql(f"PRAGMA {name}").scalar() != value:
            faults.append(f"PRAGMA {name}")
    return faults
