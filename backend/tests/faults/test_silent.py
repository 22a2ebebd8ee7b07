"""A process of the running product is stopped: it is replaced, what it held is free again, and nothing else ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3

import psutil
import pytest

from tests.launch.conftest import wait_for
from tests.services import Gunicorn

SECONDS = 400
"""The product waits a minute for a sign of life; a busy machine is slow to start another one."""


def signed(data) -> set[str]:
    """The programs that have noted in the database that they live."""
    with contextlib.closing(sqlite3.connect(f"file:{data}/parking.db?mode=ro", uri=True, timeout=60)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM heartbeat")}


@pytest.mark.slow
@pytest.mark.parametrize("part", ["worker", "beat"])
def test_a_stopped_worker_or_beat_is_replaced(new_run, part):
    one = new_run()
    one.start().ready()
    wait_for(lambda: part in signed(one.data), SECONDS, f"{part} to be at work")
    stopped = one.process_with("celery", part)
    web = one.process_with("gunicorn")
    os.kill(stopped, signal.SIGSTOP)
    one.says(f"{part} has been silent for 60 s; killing it", SECONDS)
    wait_for(lambda: one.process_with("celery", part) not in (None, stopped), SECONDS, f"another {part}")
    assert stopped not in one.family()
    assert one.process_with("gunicorn") == web
    assert one.stop() == 0
    one.wait_for_end()


@pytest.mark.slow
def test_a_worker_without_its_redis_is_alive(new_run, valkey):
    """It waits and says so over its pipe: a Redis that is away for minutes is no reason to be replaced."""
    one = new_run(REDIS_URL=valkey.url)
    one.start().ready()
    wait_for(lambda: "celery@" in one.output() and "ready" in one.output(), SECONDS, "the worker to be ready")
    valkey.stop()
    try:
        with pytest.raises(AssertionError):
            one.says("has been silent", 90)
    finally:
        valkey.start()
    assert one.stop() == 0


@pytest.mark.slow
def test_a_stopped_web_process_is_replaced_and_the_other_one_serves(tmp_path):
    server = Gunicorn(tmp_path, WEB_WORKERS="2")

    def workers() -> set[int]:
        return {child.pid for child in psutil.Process(server.process.pid).children()}

    try:
        before = wait_for(lambda: len(workers()) == 2 and workers(), SECONDS, "two processes")
        stopped = min(before)
        os.kill(stopped, signal.SIGSTOP)
        wait_for(lambda: stopped not in workers() and len(workers()) == 2, SECONDS, "another process")
        assert max(before) in workers()
    finally:
        server.kill()
