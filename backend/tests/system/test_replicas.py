"""The lag of replicas, with a real one: a second server that streams from the tests' own."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from parking.database import db, is_sqlite, transaction
from parking.system import replication
from tests.postgres import Postgres, folder_in_memory

NAME = "reports"


def wait_for(condition):
    """Waits until the condition is true, for as long as a busy machine needs, and returns what it says."""
    deadline = time.monotonic() + 120
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
    return value


def status():
    db.session.remove()
    return replication.status(db.session())


def write(words: str) -> None:
    with transaction() as session:
        session.execute(text("UPDATE parking_lot SET description = :words"), {"words": words})


@pytest.fixture
def replica(app, postgres):
    if is_sqlite():
        pytest.skip("SQLite has no replicas")
    server = Postgres(
        folder_in_memory(), primary=postgres, cluster_name=NAME, hot_standby="on", wal_receiver_status_interval="1"
    )
    yield server
    server.stop()
    wait_for(lambda: status() is None)


def follows() -> bool:
    now = status()
    return bool(now and now["replicas"][0]["state"] == "streaming" and now["replicas"][0]["lag_seconds"] == 0)


def test_without_a_replica_there_is_nothing_to_say(app, client, auth, carol):
    assert client.get("/api/admin/system", headers=auth(carol)).json["system"]["replicas"] is None
    assert "parking_replica_lag_seconds" not in client.get("/metrics").text


def test_a_replica_that_follows_and_one_that_lags(app, client, auth, carol, replica, monkeypatch):
    wait_for(follows)
    answer = client.get("/api/admin/system", headers=auth(carol)).json["system"]["replicas"]
    assert (answer["ok"], answer["visible"]) == (True, True)
    assert [(one["name"], one["state"]) for one in answer["replicas"]] == [(NAME, "streaming")]
    assert f'parking_replica_lag_seconds{{replica="{NAME}"}}' in client.get("/metrics").text

    replica.admin.execute("SELECT pg_wal_replay_pause()")
    wait_for(lambda: replica.admin.execute("SELECT pg_get_wal_replay_pause_state()").fetchone()[0] == "paused")
    monkeypatch.setattr(replication, "LATE_SECONDS", 1)
    write("not replayed")
    late = wait_for(lambda: (now := status()) and not now["ok"] and now)
    assert (late["replicas"][0]["lag_seconds"] > 1, f"{NAME} is " in late["detail"]) == (True, True)

    replica.admin.execute("SELECT pg_wal_replay_resume()")
    wait_for(follows)
    assert status()["ok"]


def test_without_the_right_to_see_them_it_says_so(app, postgres, replica, carol):
    wait_for(follows)
    postgres.admin.execute("DROP ROLE IF EXISTS limited")
    postgres.admin.execute("CREATE ROLE limited")
    db.session.execute(text("SET ROLE limited"))
    hidden = replication.status(db.session())
    db.session.rollback()
    assert (hidden["visible"], hidden["detail"].count("GRANT pg_read_all_stats TO limited")) == (False, 1)
    assert hidden["replicas"] == [{"name": NAME, "state": None, "lag_seconds": None}]
    postgres.admin.execute("GRANT pg_read_all_stats TO limited")
    db.session.execute(text("SET ROLE limited"))
    assert replication.status(db.session())["visible"]
    db.session.rollback()
    postgres.admin.execute("DROP ROLE limited")


def test_two_replicas_with_one_name_are_one_metric(app, client, monkeypatch):
    rows = [{"name": "walreceiver", "state": "streaming", "lag_seconds": lag} for lag in (3.0, 9.5, None)]
    monkeypatch.setattr(replication, "status", lambda session: {"replicas": rows})
    lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith("parking_replica_lag")]
    assert lines == ['parking_replica_lag_seconds{replica="walreceiver"} 9.5']
