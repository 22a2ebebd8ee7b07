"""A process on PostgreSQL keeps few connections, and a rush waits for them instead of making new ones."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, text

from parking.database import db, is_sqlite, postgres

PEOPLE = 32


@pytest.fixture(autouse=True)
def only_postgres(app):
    if is_sqlite():
        pytest.skip("connections of PostgreSQL")
    db.session.remove()
    db.engine.dispose()


@pytest.fixture
def opened():
    """A list with an entry for each connection that is opened."""
    connections: list[int] = []

    def note(connection, _record) -> None:
        connections.append(connection.info.backend_pid)

    event.listen(db.engine, "connect", note)
    yield connections
    event.remove(db.engine, "connect", note)


def rush(seconds: float) -> None:
    """So many people at once, each of whom uses a connection so long."""
    together, engine = threading.Barrier(PEOPLE), db.engine

    def read() -> None:
        together.wait()
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})

    with ThreadPoolExecutor(PEOPLE) as pool:
        for done in [pool.submit(read) for _ in range(PEOPLE)]:
            done.result()


def test_a_rush_uses_the_connections_that_are_kept(opened, monkeypatch):
    monkeypatch.setattr(postgres, "WAIT_SECONDS", 60)
    for _ in range(3):
        rush(0.005)
    assert len(opened) <= postgres.POOL_SIZE


def test_control_without_a_wait_it_makes_others_and_closes_them(opened, monkeypatch):
    monkeypatch.setattr(postgres, "WAIT_SECONDS", 0)
    for _ in range(3):
        rush(0.2)
    assert len(opened) > 2 * postgres.POOL_SIZE


def test_who_has_waited_gets_a_new_one(opened):
    """However long the others keep theirs: they may wait for a lock."""
    with contextlib.ExitStack() as stack:
        for _ in range(postgres.POOL_SIZE):
            stack.enter_context(db.engine.connect())
        begun = time.monotonic()
        stack.enter_context(db.engine.connect())
        assert time.monotonic() - begun >= postgres.WAIT_SECONDS
    assert len(opened) == postgres.POOL_SIZE + 1
