"""kill -9 of the worker at six points of a delivery and two between mails: nothing is lost; twice only what SMTP itself
cannot tell.

The SMTP server stops inside a step, tells the test, and the test kills the real process that is sending.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from parking import clock
from parking.database import db
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from tests.mail.conftest import Gate, put, states

DELIVERER = Path(__file__).resolve().with_name("deliverer.py")
ROUNDS = {"sqlite": 17, "postgresql": 5}  # of each of the six points: 102 kills, and 30


class Worker:
    """The process under test."""

    def __init__(self, settings, port):
        folder = str(settings.data_dir.parent)
        self.process = subprocess.Popen(
            [sys.executable, DELIVERER, settings.database_url, folder, str(port)],
            env={**os.environ, "PYTHONPATH": str(DELIVERER.parents[3])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def deliver(self) -> int:
        """Starts one delivery; the pid of the process that does it."""
        self.process.stdin.write(f"{clock.now().isoformat()}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def wait(self) -> None:
        assert self.process.stdout.readline() == "ended\n"

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)


@pytest.fixture
def worker(app, settings, smtp_server):
    worker = Worker(settings, smtp_server.port)
    yield worker
    worker.stop()


@contextlib.contextmanager
def recording_is_blocked(row_id):
    """Holds what the worker needs to write down the outcome: SQLite's gate, or on PostgreSQL the row."""
    if db.engine.dialect.name == "sqlite":
        with Path(db.engine.url.database + ".gate").open("ab") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield
        return
    with db.engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT id FROM outbox_mail WHERE id = :id FOR UPDATE"), {"id": row_id})
        yield


def kill(worker, pid):
    os.kill(pid, signal.SIGKILL)
    worker.wait()


def stop_at(sink, step):
    gate = Gate()
    setattr(sink, step, gate)
    return gate


def let_pass(sink, step, gate):
    gate.go_on.set()
    setattr(sink, step, lambda *_arguments: None)


@pytest.mark.parametrize(
    ("point", "state_after", "may_arrive_twice"),
    [
        ("on_hello", "queued", False),  # connected, before the claim
        ("on_mail", "sending", False),  # claimed, nothing said yet
        ("on_rcpt", "sending", False),  # sender said
        ("mid_data", "sending", False),  # a part of the message is under way
        ("on_data", "sending", True),  # the final dot is sent, the answer is not
        ("after_250", "sending", True),  # the answer is there, the outcome is not written
    ],
)
def test_a_killed_worker_loses_no_mail(app, sink, worker, point, state_after, may_arrive_twice):
    arrivals, rounds = Counter(), ROUNDS[db.engine.dialect.name]
    for _ in range(rounds):
        row = put()
        _kill_at(point, sink, worker, row.id)
        db.session.remove()
        assert db.session.get(OutboxMail, row.id).state == state_after
        clock.travel(121)  # the dead worker's lease runs out
        assert delivery.deliver_due().sent == 1
        arrivals.update({row.message_id: sink.message_ids().count(row.message_id)})
    assert states() == {"sent": rounds}
    assert len(arrivals) == rounds
    assert min(arrivals.values()) >= 1
    assert max(arrivals.values()) <= (2 if may_arrive_twice else 1)


@pytest.mark.parametrize(
    ("point", "states_after", "first_may_arrive_twice"),
    [
        ("before_the_commit", {"sending": 1, "queued": 1}, True),  # the first is sent, its outcome not committed
        ("after_the_commit", {"sent": 1, "sending": 1}, False),  # recorded, and the next leased, nothing said of it
    ],
)
def test_a_kill_between_two_mails_concerns_one_of_them(app, sink, worker, point, states_after, first_may_arrive_twice):
    """One commit records a mail and leases the next: a worker that dies around it holds one mail, never two."""
    first, second = put(), put()
    if point == "before_the_commit":
        _kill_after_the_answer(sink, worker, first.id)
    else:
        _kill_at_the_second_mail(sink, worker)
    db.session.remove()
    assert states() == states_after
    clock.travel(121)
    delivery.deliver_due()
    assert states() == {"sent": 2}
    assert 1 <= sink.message_ids().count(first.message_id) <= (2 if first_may_arrive_twice else 1)
    assert sink.message_ids().count(second.message_id) == 1


def _kill_at_the_second_mail(sink, worker):
    gate = Gate()
    sink.on_mail = lambda sender: None
    sink.on_data = lambda delivery: setattr(sink, "on_mail", gate) if not sink.accepted else None
    pid = worker.deliver()
    assert gate.reached.wait(60)
    kill(worker, pid)
    sink.on_data = lambda delivery: None
    let_pass(sink, "on_mail", gate)


def _kill_at(point, sink, worker, row_id):
    if point == "after_250":
        _kill_after_the_answer(sink, worker, row_id)
        return
    if point == "mid_data":
        _kill_inside_the_message(sink, worker)
        return
    gate = stop_at(sink, point)
    pid = worker.deliver()
    assert gate.reached.wait(60)
    kill(worker, pid)
    let_pass(sink, point, gate)
    time.sleep(0.05)  # the server notices; what it still accepts counts as arrived


def _kill_after_the_answer(sink, worker, row_id):
    gate = stop_at(sink, "on_data")
    pid = worker.deliver()
    assert gate.reached.wait(60)
    before = len(sink.accepted)
    with recording_is_blocked(row_id):
        let_pass(sink, "on_data", gate)
        while len(sink.accepted) == before:
            time.sleep(0.005)
        time.sleep(0.05)  # the answer reaches the worker, which now waits to write it down
        kill(worker, pid)


def _kill_inside_the_message(sink, worker):
    """The worker is stopped before the message and killed when the server has said 354 but has no message yet."""
    gate = stop_at(sink, "on_rcpt")
    pid = worker.deliver()
    assert gate.reached.wait(60)
    sink.slow_reader = True
    let_pass(sink, "on_rcpt", gate)
    assert sink.reading.wait(60)
    kill(worker, pid)
    sink.slow_reader = False
    sink.reading.clear()
