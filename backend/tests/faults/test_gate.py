"""The gate of SQLite: one at a time over processes, in a fair order, and nobody waits for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy.exc import OperationalError

from parking.database import db, sqlite, transaction
from parking.database.gate import Gate, GateTimeout
from parking.database.outages import Busy
from tests.conftest import Client, make_settings, make_user
from tests.exports.stage import make_lot
from tests.services import BACKEND, PATIENCE

HOLD = """
import sys, time
from pathlib import Path
from parking.database.gate import Gate
with Gate(Path(sys.argv[1])).entered(60):
    print("inside", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """A process of ours that stands in the gate of this file."""
    started = []

    def holder(path):
        process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], cwd=BACKEND, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"inside\n"
        return process

    yield holder
    for process in started:
        process.kill()
        process.wait(PATIENCE)
        process.stdout.close()


TERMINAL = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("inside", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def terminal(tmp_path):
    """Opens somebody's `sqlite3` in a terminal, with a transaction left open; `.end()` closes it."""
    started = []

    def terminal():
        command = [sys.executable, "-c", TERMINAL, str(tmp_path / "parking.db")]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"inside\n"
        process.end = lambda: process.communicate(timeout=PATIENCE)
        return process

    yield terminal
    for process in started:
        process.kill()
        process.wait(PATIENCE)


@pytest.fixture
def app(templates, request, tmp_path, at):
    import shutil

    from parking import create_app

    shutil.copy(templates("sqlite", request), tmp_path / "parking.db")
    app = create_app(make_settings(tmp_path, database_url=f"sqlite:///{tmp_path / 'parking.db'}"))
    app.test_client_class = Client
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def race(path, kind: str) -> int:
    """Three processes with four threads each, fifteen times; what the counter says."""
    (path / "count").write_text("0")
    command = [sys.executable, "-m", "tests.faults.counting", str(path), kind]
    processes = [subprocess.Popen(command, cwd=BACKEND) for _ in range(3)]
    assert [process.wait(3 * PATIENCE) for process in processes] == [0, 0, 0]
    return int((path / "count").read_text())


def test_one_at_a_time_over_threads_and_processes(tmp_path):
    assert race(tmp_path, "guarded") == 180


def test_without_the_gate_counts_are_lost(tmp_path):
    """The control run: it must go wrong."""
    assert race(tmp_path, "bare") < 180


def test_a_process_that_is_stopped_while_it_holds_the_gate_does_not_block_others_for_ever(tmp_path, holder):
    gate = Gate(tmp_path / "gate")
    process = holder(tmp_path / "gate")
    os.kill(process.pid, signal.SIGSTOP)
    for _ in range(2):  # the second one finds the helper of the first still waiting
        begun = time.monotonic()
        with pytest.raises(GateTimeout), gate.entered(0.3):
            pytest.fail("two inside")
        assert time.monotonic() - begun < PATIENCE
    process.kill()
    with gate.entered(PATIENCE):
        pass
    with gate.entered(PATIENCE):
        pass


def test_a_client_that_gave_up_does_not_block_others(tmp_path, holder):
    """The helper gets the lock when nobody of its process wants it any more, and gives it back."""
    gate = Gate(tmp_path / "gate")
    process = holder(tmp_path / "gate")
    with pytest.raises(GateTimeout), gate.entered(0.1):
        pytest.fail("two inside")
    process.kill()
    process.wait(PATIENCE)
    holder(tmp_path / "gate")  # another process gets in, so our helper has let go


def test_a_waiting_process_gets_its_turn_between_the_threads_of_a_busy_one(tmp_path):
    """Eight threads of this process never leave the gate alone; another process gets in nevertheless."""
    stop = threading.Event()

    def keep_busy(gate):
        while not stop.is_set():
            with gate.entered(PATIENCE):
                time.sleep(0.001)

    gate = Gate(tmp_path / "gate")
    threads = [threading.Thread(target=keep_busy, args=(gate,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    code = (
        "import sys; from pathlib import Path; from parking.database.gate import Gate\n"
        "gate = Gate(Path(sys.argv[1]))\n"
        "for _ in range(50):\n    with gate.entered(60): pass"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "gate")], cwd=BACKEND, timeout=PATIENCE)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert done.returncode == 0


def test_a_forked_child_neither_holds_nor_frees_the_lock_of_its_parent(tmp_path):
    gate = Gate(tmp_path / "gate")
    with gate.entered(1):
        child = os.fork()
        if child == 0:
            try:
                with gate.entered(0.2):
                    os._exit(1)  # two inside
            except GateTimeout:
                os._exit(0)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with gate.entered(1):
        pass


def test_an_exception_that_passes_a_waiting_thread_leaves_the_queue(tmp_path, monkeypatch):
    gate, other = Gate(tmp_path / "gate"), Gate(tmp_path / "gate")

    class Stopped(threading.Event):
        def wait(self, timeout=None):
            raise SystemExit

    with other.entered(1):
        monkeypatch.setattr("parking.database.gate.Event", Stopped)
        with pytest.raises(SystemExit), gate.entered(5):
            pytest.fail("two inside")
        monkeypatch.undo()
    with gate.entered(PATIENCE):
        pass


def test_writes_are_refused_in_time_and_reads_go_on(app, holder, tmp_path, auth, monkeypatch):
    lot = make_lot(capacity=2)
    headers = auth(make_user("alice", "user"))
    monkeypatch.setattr(sqlite, "WRITER_SECONDS", 0.5)
    os.kill(holder(tmp_path / "parking.db.gate").pid, signal.SIGSTOP)
    client = app.test_client()
    body = {"lot_id": lot.id, "booking_type": "instant"}
    refused = client.post("/api/book", json=body, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (503, "unavailable"), refused.text
    assert "The database is busy. Nothing was changed" in refused.json["detail"]
    assert refused.headers["Retry-After"]
    assert client.get("/api/lots", headers=headers).status_code == 200
    assert client.get("/api/bookings", headers=headers).json["bookings"] == []
    sign_in = client.post("/auth/login", json={"email": "alice@example.com", "password": "correct horse battery"})
    assert sign_in.status_code == 503


def test_a_writer_past_the_gate_is_waited_for_no_longer(app, terminal, auth, monkeypatch):
    lot = make_lot(capacity=2)
    headers = auth(make_user("alice", "user"))
    monkeypatch.setitem(sqlite.SQLITE_PRAGMAS, "busy_timeout", 300)
    db.session.remove()
    db.engine.dispose()
    other = terminal()
    body = {"lot_id": lot.id, "booking_type": "instant"}
    refused = app.test_client().post("/api/book", json=body, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (503, "unavailable"), refused.text
    other.end()
    assert app.test_client().post("/api/book", json=body, headers=headers).status_code == 201


def test_the_wait_at_the_gate_counts_for_the_wait_behind_it(app, holder, terminal, tmp_path, monkeypatch):
    """Two waits in a row end at one deadline: what is left of it is all that BEGIN gets."""
    monkeypatch.setattr(sqlite, "WRITER_SECONDS", 4)
    process = holder(tmp_path / "parking.db.gate")
    other = terminal()
    threading.Timer(2, process.kill).start()
    begun = time.monotonic()
    with pytest.raises(OperationalError, match="locked"), transaction():
        pytest.fail("two writers")
    assert time.monotonic() - begun < 10  # not 2 + the pragma's 10
    other.end()
    with transaction() as session:
        assert session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


def test_a_job_gets_it_as_an_error_of_the_database(app, holder, tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "WRITER_SECONDS", 0.2)
    holder(tmp_path / "parking.db.gate")
    with pytest.raises(Busy), transaction():
        pytest.fail("two writers")
