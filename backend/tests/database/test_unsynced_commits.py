"""While a new database is filled, commits do not wait for the disk; afterwards they do, and all is in the file."""

from pathlib import Path

import pytest
from sqlalchemy import text

from parking.database import SQLITE_PRAGMAS, db, unsynced_commits


def synchronous() -> int:
    with db.engine.connect() as connection:
        return int(connection.exec_driver_sql("PRAGMA synchronous").scalar())


@pytest.fixture
def on_sqlite(app):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL waits for its disk by settings of its own")


@pytest.mark.usefixtures("on_sqlite")
def test_commits_wait_for_the_disk_before_and_after_but_not_inside():
    assert synchronous() == SQLITE_PRAGMAS["synchronous"] == 2
    with unsynced_commits(db.engine):
        assert synchronous() == 0
    assert synchronous() == 2


@pytest.mark.usefixtures("on_sqlite")
def test_what_was_committed_inside_is_in_the_file_itself_afterwards():
    file = Path(db.engine.url.database)
    with unsynced_commits(db.engine), db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE filled (id INTEGER)"))
        connection.execute(text("INSERT INTO filled VALUES (7)"))
    log = file.with_name(file.name + "-wal")
    assert not log.exists() or log.stat().st_size == 0
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT id FROM filled")) == 7


@pytest.mark.usefixtures("on_sqlite")
def test_commits_wait_again_after_an_error():
    with pytest.raises(RuntimeError), unsynced_commits(db.engine):
        raise RuntimeError
    assert synchronous() == 2


def test_postgresql_is_left_alone(app):
    with unsynced_commits(db.engine), db.engine.begin() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
