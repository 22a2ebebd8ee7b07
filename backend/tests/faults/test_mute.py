"""PostgreSQL goes mute: no answer, no reset. Requests end, others never ask, and the pool recovers by itself."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextvars import copy_context

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from parking.database import db, postgres
from tests.conftest import make_user
from tests.exports.stage import make_lot
from tests.services import PATIENCE

LIMIT = 10.0
"""Seconds within which a request is answered, as the requirement has it."""


@pytest.fixture
def reader(app_behind_proxy):
    from parking.accounts.sessions import access_tokens

    app, proxy = app_behind_proxy
    make_lot(capacity=2)
    alice = make_user("alice", "user")
    headers = {"Authorization": f"Bearer {access_tokens.issue(alice.fs_uniquifier)}"}
    db.session.remove()
    assert app.test_client().get("/api/lots", headers=headers).status_code == 200
    return app, proxy, headers


def timed(ask):
    begun = time.monotonic()
    answer = ask()
    return answer, time.monotonic() - begun


def recovered(client, headers, seconds=PATIENCE) -> None:
    end = time.monotonic() + seconds
    while client.get("/api/lots", headers=headers).status_code != 200:
        assert time.monotonic() < end, "the pool did not recover"
        time.sleep(0.1)


REQUESTS = [
    ("GET", "/api/lots", None),
    ("GET", "/auth/me", None),
    ("GET", "/readyz", None),
    ("POST", "/api/book", {"lot_id": 1, "booking_type": "instant"}),
    ("POST", "/auth/login", {"email": "alice@example.com", "password": "correct horse battery"}),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS, ids=[path for _, path, _ in REQUESTS])
def test_a_request_on_a_pooled_connection_is_answered_in_time(reader, method, path, body):
    app, proxy, headers = reader
    client = app.test_client()
    proxy.mute()
    answer, seconds = timed(lambda: client.open(path, method=method, json=body, headers=headers))
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"]
    assert seconds < LIMIT
    health, seconds = timed(lambda: client.get("/healthz"))
    assert health.status_code == 200
    again, seconds = timed(lambda: client.open(path, method=method, json=body, headers=headers))
    assert again.status_code == 503
    assert seconds < LIMIT
    proxy.speak()
    recovered(client, headers)


def test_a_new_connection_is_given_up_in_time(reader):
    app, proxy, headers = reader
    db.engine.dispose()
    proxy.mute()
    answer, seconds = timed(lambda: app.test_client().get("/api/lots", headers=headers))
    assert answer.status_code == 503
    assert seconds < LIMIT
    proxy.speak()
    recovered(app.test_client(), headers)


def test_a_server_that_goes_mute_in_the_middle_of_a_statement(reader):
    """Its connection was good a moment ago, so only the statement's own limit helps."""
    app, proxy, _ = reader
    with app.test_request_context():
        db.session.execute(text("SELECT 1"))
        proxy.mute()
        begun = time.monotonic()
        with pytest.raises(OperationalError, match="silent"):
            db.session.execute(text("SELECT 2"))
        assert time.monotonic() - begun < LIMIT
        db.session.remove()


def test_many_more_requests_than_connections_are_all_answered_in_time(reader):
    app, proxy, headers = reader
    proxy.mute()
    answers = []

    def ask():
        answers.append(timed(lambda: app.test_client().get("/api/lots", headers=headers)))

    # each thread with the test's standing clock, by which the token is good
    threads = [threading.Thread(target=copy_context().run, args=(ask,)) for _ in range(120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert [answer.status_code for answer, _ in answers] == [503] * 120
    assert max(seconds for _, seconds in answers) < LIMIT
    proxy.speak()
    recovered(app.test_client(), headers)


def test_a_frozen_server_whose_kernel_still_acknowledges(postgres, reader):
    """SIGSTOP on the backends of this database (the server is shared with other tests)."""
    app, proxy, headers = reader
    name = proxy.name
    backends = [
        row[0] for row in postgres.admin.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,))
    ]
    assert backends
    for pid in backends:
        os.kill(pid, signal.SIGSTOP)
    try:
        answer, seconds = timed(lambda: app.test_client().get("/api/lots", headers=headers))
    finally:
        for pid in backends:
            os.kill(pid, signal.SIGCONT)
    assert answer.status_code == 503
    assert seconds < LIMIT
    recovered(app.test_client(), headers)


def test_a_slow_statement_ends_for_a_request_and_goes_on_for_a_job(reader, monkeypatch):
    app, _, _ = reader
    monkeypatch.setattr(postgres, "REQUEST", postgres.Limits(1, 5))
    db.session.remove()
    with app.test_request_context(), pytest.raises(OperationalError, match="statement timeout"):
        db.session.execute(text("SELECT pg_sleep(3)"))
    db.session.remove()
    with app.app_context():
        assert db.session.scalar(text("SHOW statement_timeout")) == "15min"
        db.session.execute(text("SELECT pg_sleep(1.5)"))
        db.session.remove()
        with postgres.limited(postgres.UNLIMITED):
            assert db.session.scalar(text("SHOW statement_timeout")) == "0"
        db.session.remove()


def last_statement(postgres_server, pid: int) -> str:
    """Of one connection: those that were closed a moment ago may still be listed."""
    [(statement,)] = postgres_server.admin.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", (pid,))
    return statement


def take_one() -> None:
    with db.engine.connect():
        pass


@pytest.mark.parametrize(("seconds", "greeted"), [(3600.0, False), (0.0, True)])
def test_a_connection_that_answered_a_moment_ago_is_not_greeted_again(postgres, reader, monkeypatch, seconds, greeted):
    """`postgres` is the server of the tests. With 0 seconds, the control, each one taken is."""
    from parking.database import postgres as limits

    monkeypatch.setattr(limits, "FRESH_SECONDS", seconds)
    db.session.remove()
    db.engine.dispose()
    with db.engine.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    take_one()
    assert last_statement(postgres, pid).startswith("SET statement_timeout") is greeted


def test_a_connection_whose_server_ended_a_moment_ago_is_replaced_unnoticed(postgres, reader):
    app, proxy, headers = reader
    client = app.test_client()
    assert client.get("/auth/me", headers=headers).status_code == 200
    postgres.admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (proxy.name,)
    )
    assert client.get("/auth/me", headers=headers).status_code == 200


def test_the_server_is_asked_whether_a_client_that_gave_up_is_still_there(reader):
    assert db.session.scalar(text("SHOW client_connection_check_interval")) == "2s"


def test_tcp_notices_unanswered_packets(reader):
    parameters = db.engine.raw_connection().driver_connection.info.get_parameters()
    limits = {name: parameters[name] for name in ("keepalives_idle", "keepalives_interval", "keepalives_count")}
    assert limits == {"keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "2"}
    assert parameters["tcp_user_timeout"] == "8000"
