"""What only PostgreSQL has: a session that waits for pg_dump, and other databases of the same server."""

from __future__ import annotations

import os
import shutil

import pytest
from psycopg import sql
from sqlalchemy import text

from parking.backup import service
from parking.backup.archive import BackupError
from parking.database import db, is_sqlite


@pytest.fixture(autouse=True)
def only_postgres(app):
    if is_sqlite():
        pytest.skip("a server with several databases and programs of its own")


@pytest.fixture
def slow_pg_dump(tmp_path, monkeypatch, client_programs):
    """As with a large database: pg_dump takes a while."""
    program = tmp_path / "slow" / "pg_dump"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n"{shutil.which("pg_dump")}" "$@" && sleep 2\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def test_where_the_client_programs_are_missing_it_says_so(app, folder, monkeypatch):
    file = service.create()[0]
    monkeypatch.setenv("PATH", "/nowhere")
    for command, program in ((service.create, "pg_dump"), (lambda: service.verify(file), "pg_restore")):
        with pytest.raises(BackupError, match=f"^{program} was not found. Install PostgreSQL's client programs"):
            command()
    assert list(folder.iterdir()) == [file]


def test_a_long_dump_is_not_ended_by_the_limit_on_idle_transactions(app, leave, slow_pg_dump):
    """The role has such a limit behind PgBouncer (docs/operations.md)."""
    name = db.engine.url.database
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE \"{name}\" SET idle_in_transaction_session_timeout = '500ms'"))
    leave()
    file, manifest = service.create()
    assert manifest.contents.tables["role"]["rows"] == 2
    assert service.verify(file) == manifest


def test_a_restore_deletes_no_database_of_somebody_else(app, leave):
    """Only what a killed restore has left: its new database, and the old one that it had renamed."""
    server = service._configured()
    endings = {
        "theirs": ("test", "2026", "0123abcd", "0123abcd4567_copy"),
        "ours": ("0123abcd4567", "4567cdef0123_old"),
    }
    theirs, ours = (
        [server.url.set(database=f"{server.name}_restore_{end}") for end in endings[whose]] for whose in endings
    )
    leave()
    try:
        for url in (*theirs, *ours):
            server._maintain(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(url.database)))
        server.drop_leftovers("restore")
        left = set(db.session.scalars(text("SELECT datname FROM pg_database")))
        assert {url.database for url in theirs} & left == {url.database for url in theirs}
        assert {url.database for url in ours} & left == set()
    finally:
        for url in (*theirs, *ours):
            server.drop(url)
