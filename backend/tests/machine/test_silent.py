"""A process of the running product is stopped: it is replaced, what it held is free again, and nothing else ends."""

from __future__ import annotations

import os
import signal

import pytest

from tests.launch.conftest import wait_for

SECONDS = 400
"""The product waits a minute for a sign of life; a busy machine is slow to start another one."""


@pytest.mark.slow
@pytest.mark.parametrize("part", ["worker", "beat"])
def test_a_stopped_worker_or_beat_is_replaced(new_run, part):
    one = new_run()
    one.start().ready()
    stopped = wait_for(lambda: one.process_with("celery", part), what=part)
    web = one.process_with("gunicorn")
    os.kill(stopped, signal.SIGSTOP)
    one.says(f"{part} has been silent for 60 s; killing it", SECONDS)
    wait_for(lambda: one.process_with("celery", part) not in (None, stopped), SECONDS, f"another {part}")
    assert stopped not in one.family()
    assert one.process_with("gunicorn") == web
    assert one.stop() == 0
    one.gone()


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
