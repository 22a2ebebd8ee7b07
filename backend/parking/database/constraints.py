"""The constraints that the database enforces for every program that writes to it.

1. Live holds of a spot never overlap (an exclusion constraint; on SQLite triggers with one index probe: live holds
   of one spot are disjoint, so only the last one that starts before the new one ends can overlap it).
2. A booking makes only the transitions of its life cycle, and a finished one never changes. What it is does not change
   either, but for a live hold that its person claims: that becomes their booking.
3. Tariffs and audit entries never change; bookings, spots and tariffs are never deleted. For the retention, and
   nothing else, a finished booking may pass to a deleted account, and an audit entry may lose its details and its
   address and name a deleted account instead of its actor.
4. Every change that can alter the statistics of a past day is logged (parking/database/change_log.py).

(The partial unique index "one Active booking per spot" and the CHECKs are in the model.) Alembic's batch mode rebuilds
SQLite tables without their triggers, so the triggers are installed again after every migration, and the program checks
that each of them exists before it serves.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, text

from parking.database import SQLITE_PRAGMAS, change_log

_IDENTITY = ("lot_id", "tariff_id", "created_at")
_CLAIMED = ("spot_id", "user_id", "reserved_start", "reserved_end")
"""What stays as it was offered when a hold is claimed."""
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
_TRANSITIONS = (
    "(OLD.status = 'Reserved' AND NEW.status IN ('Active', 'Cancelled', 'No-show', 'Completed', 'Lapsed'))"
    " OR (OLD.status = 'Active' AND NEW.status = 'Completed')"
)
_UNDELETABLE = ("booking", "parking_spot", "tariff", "audit_entry")
_AUDIT_KEPT = ("id", "at", "action", "entity", "entity_id", "request_id")
_AUDIT_ERASABLE = ('"before"', '"after"', "ip")


def _differs(columns: tuple[str, ...] | list[str], distinct: str) -> str:
    return " OR ".join(f"OLD.{c} {distinct} NEW.{c}" for c in columns)


def _illegal_transition(distinct: str) -> str:
    claim = (
        "OLD.booking_type = 'hold' AND OLD.status = 'Reserved' AND NEW.booking_type IN ('instant', 'reserved')"
        f" AND NEW.status IN ('Reserved', 'Active') AND NOT ({_differs(_CLAIMED, distinct)})"
    )
    return (
        f"(OLD.status <> NEW.status AND NOT ({_TRANSITIONS}))"
        f" OR (OLD.status NOT IN ('Reserved', 'Active') AND ({_differs(_RESULT, distinct)}))"
        f" OR {_differs(_IDENTITY, distinct)}"
        f" OR (OLD.booking_type <> NEW.booking_type AND NOT ({claim}))"
    )


def _passes_to_deleted(column: str, distinct: str) -> str:
    """False for a change of this column to anything but a deleted account."""
    deleted = f"EXISTS (SELECT 1 FROM app_user WHERE id = NEW.{column} AND deleted_at IS NOT NULL)"  # noqa: S608 - the names are this module's
    return f"(NOT (OLD.{column} {distinct} NEW.{column}) OR {deleted})"


def _audit_change_is_legal(distinct: str, text_of: str) -> str:
    """`text_of`: how a JSON column is compared (PostgreSQL has no equality of JSON)."""
    erased = [f"(NEW.{c} IS NULL OR NOT (OLD.{c}{text_of} {distinct} NEW.{c}{text_of}))" for c in _AUDIT_ERASABLE]
    unchanged = f"NOT ({_differs(_AUDIT_KEPT, distinct)})"
    return " AND ".join([unchanged, *erased, _passes_to_deleted("actor_id", distinct)])


def _owner_change_is_legal(distinct: str) -> str:
    return f"OLD.status NOT IN ('Reserved', 'Active') AND {_passes_to_deleted('user_id', distinct)}"


def _sqlite() -> dict[str, str]:
    overlap = """
      SELECT RAISE(ABORT, 'booking_no_overlap') WHERE (
        SELECT b.held_until FROM booking b
        WHERE b.lot_id = NEW.lot_id AND b.spot_id = NEW.spot_id AND b.status IN ('Reserved', 'Active')
          AND b.start_time < NEW.held_until {other}
        ORDER BY b.start_time DESC LIMIT 1) > NEW.start_time;"""
    live = "NEW.status IN ('Reserved', 'Active')"
    triggers = {
        "booking_no_overlap_insert": f"BEFORE INSERT ON booking WHEN {live} BEGIN {overlap.format(other='')} END",
        "booking_no_overlap_update": (
            "BEFORE UPDATE OF id, lot_id, spot_id, start_time, held_until, status ON booking"
            f" WHEN {live} BEGIN {overlap.format(other='AND b.id <> OLD.id')} END"
        ),
        "booking_transition": (
            f"BEFORE UPDATE ON booking WHEN {_illegal_transition('IS NOT')}"
            " BEGIN SELECT RAISE(ABORT, 'booking_transition'); END"
        ),
    }
    for table in _UNDELETABLE:
        triggers[f"{table}_keep"] = f"BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table}_keep'); END"
    triggers["tariff_frozen"] = "BEFORE UPDATE ON tariff BEGIN SELECT RAISE(ABORT, 'tariff_frozen'); END"
    triggers["audit_entry_frozen"] = (
        f"BEFORE UPDATE ON audit_entry WHEN NOT ({_audit_change_is_legal('IS NOT', '')})"
        " BEGIN SELECT RAISE(ABORT, 'audit_entry_frozen'); END"
    )
    triggers["booking_owner"] = (
        "BEFORE UPDATE OF user_id ON booking WHEN OLD.user_id IS NOT NEW.user_id"
        f" AND NOT ({_owner_change_is_legal('IS NOT')}) BEGIN SELECT RAISE(ABORT, 'booking_owner'); END"
    )
    return {name: f"CREATE TRIGGER {name} {body}" for name, body in triggers.items()} | change_log.sqlite()


def _postgresql() -> dict[str, str]:
    refuse = "EXECUTE FUNCTION parking_refuse()"
    triggers = {
        "booking_transition": (
            f"BEFORE UPDATE ON booking FOR EACH ROW WHEN ({_illegal_transition('IS DISTINCT FROM')}) {refuse}"
        ),
    }
    for table in _UNDELETABLE:
        triggers[f"{table}_keep"] = f"BEFORE DELETE ON {table} FOR EACH ROW {refuse}"
        triggers[f"{table}_keep_all"] = f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"
    triggers["tariff_frozen"] = f"BEFORE UPDATE ON tariff FOR EACH ROW {refuse}"
    triggers["audit_entry_frozen"] = (
        "BEFORE UPDATE ON audit_entry FOR EACH ROW EXECUTE FUNCTION parking_check_audit_entry()"
    )
    triggers["booking_owner"] = (
        "BEFORE UPDATE ON booking FOR EACH ROW WHEN (OLD.user_id IS DISTINCT FROM NEW.user_id)"
        " EXECUTE FUNCTION parking_check_owner()"
    )
    return {name: f"CREATE TRIGGER {name} {body}" for name, body in triggers.items()} | change_log.postgresql()


_REFUSE = """
CREATE OR REPLACE FUNCTION parking_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_NAME, ERRCODE = 'check_violation'; END $$"""


def _check(name: str, legal: str) -> str:
    """A trigger function that refuses an UPDATE which is not legal. (A WHEN clause can read no other table.)"""
    refuse = "RAISE EXCEPTION USING MESSAGE = TG_NAME, ERRCODE = 'check_violation';"
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN IF NOT ({legal}) THEN {refuse} END IF; RETURN NEW; END $$"
    )


def _postgresql_functions() -> dict[str, str]:
    """Name -> CREATE FUNCTION …"""
    distinct = "IS DISTINCT FROM"
    checks = {
        "parking_check_audit_entry": _audit_change_is_legal(distinct, "::text"),
        "parking_check_owner": _owner_change_is_legal(distinct),
    }
    functions = {name: _check(name, legal) for name, legal in checks.items()}
    return {"parking_refuse": _REFUSE} | functions | change_log.postgresql_functions()


_EXCLUSION = """
ALTER TABLE booking ADD CONSTRAINT booking_no_overlap EXCLUDE USING gist (
  lot_id WITH =, spot_id WITH =, tstzrange(start_time, held_until) WITH &&
) WHERE (status IN ('Reserved', 'Active'))"""


def install(connection: Connection) -> None:
    """Creates every trigger and constraint again. Raises the database's error when stored rows violate one.

    A database at a migration before the change log's table gets no change log.
    """
    skipped = frozenset() if connection.dialect.has_table(connection, change_log.TABLE) else change_log.sqlite().keys()
    if connection.dialect.name == "sqlite":
        for name, statement in _sqlite().items():
            if name in skipped:
                continue
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            connection.exec_driver_sql(statement)
        return
    connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for function in _postgresql_functions().values():
        connection.exec_driver_sql(function)
    for name, statement in _postgresql().items():
        if name in skipped:
            continue
        table = re.search(r" ON (\w+)", statement)[1]  # type: ignore[index]  # every statement names its table
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        connection.exec_driver_sql(statement)
    if not connection.scalar(text("SELECT 1 FROM pg_constraint WHERE conname = 'booking_no_overlap'")):
        connection.exec_driver_sql(_EXCLUSION)


def uninstall(connection: Connection) -> None:
    """Removes the functions that dropping the tables would leave behind."""
    if connection.dialect.name == "postgresql":
        for name in _postgresql_functions():
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}() CASCADE")


def missing(connection: Connection) -> list[str]:
    """Names of the triggers and constraints that are missing or differ. Empty: all are enforced."""
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
    return [n for n in _postgresql() if n not in triggers] + [
        n for n in ("booking_no_overlap", "booking_one_active") if n not in constraints
    ]


def _missing_sqlite(connection: Connection) -> list[str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'index')"))
    installed = {row.name: row.sql for row in rows}
    names = [name for name, statement in _sqlite().items() if installed.get(name) != statement]
    if "booking_one_active" not in installed:
        names.append("booking_one_active")
    for name, value in SQLITE_PRAGMAS.items():
        if connection.exec_driver_sql(f"PRAGMA {name}").scalar() != value:
            names.append(f"PRAGMA {name}")
    return names
