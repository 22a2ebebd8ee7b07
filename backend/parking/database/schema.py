"""The database schema: upgrades it, and checks it before requests are served."""

from __future__ import annotations

import importlib
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import Migrate
from flask_migrate import upgrade as _upgrade

from parking.database import constraints, db, postgres

TABLES = (
    "jobs.models",
    "audit.models",
    "idempotency.models",
    "mail.models",
    "accounts.models",
    "pricing.models",
    "lots.models",
    "staff.models",
    "bookings.models",
    "exports.models",
    "statistics.daily.models",
    "reports.models",
    "backup.models",
    "retention.models",
)
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


class SchemaError(Exception):
    """The database cannot be used; the text says why and what to do."""


def init_app(app: Flask) -> None:
    for module in TABLES:  # a table exists for SQLAlchemy once its model was imported
        importlib.import_module(f"parking.{module}")
    app.extensions["upgrade_schema"] = upgrade
    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True, compare_type=True)


def upgrade() -> None:
    """Upgrades the database to the schema of this program. Raises SchemaError when a newer program made it."""
    _refuse_newer()
    _upgrade(directory=str(MIGRATIONS))


def problems() -> list[str]:
    """Why this database cannot be used, one sentence each. Empty: it can."""
    with db.engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
        head = _scripts().get_current_head()
        if at != head:
            return [f"the database is at migration {at or 'none'}, this program needs {head}: run `flask db upgrade`"]
        missing = constraints.missing(connection)
        lost = [f"the database has lost its constraint {name}: run `flask db upgrade`" for name in missing]
        return lost + (postgres.role_problems(connection) if _is_pooled() else [])


def _is_pooled() -> bool:
    return db.engine.dialect.name == "postgresql" and (
        current_app.extensions["settings"].database_pooler == "transaction"
    )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def revisions() -> set[str]:
    """The migrations that this program knows."""
    return {script.revision for script in _scripts().walk_revisions()}


def is_outdated() -> bool:
    """Whether the database has tables of an older version of this program."""
    with db.engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    return at is not None and at != _scripts().get_current_head()


def newer_migration() -> str | None:
    """The migration to which a newer version of this program has upgraded the database; None: none has."""
    with db.engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    return at if at and at not in revisions() else None


def _refuse_newer() -> None:
    if at := newer_migration():
        raise SchemaError(
            f"The database was made by a newer version of this program (migration {at}). "
            "Start that version, or point DATABASE_URL at another database."
        )
