"""Programs of a host, and what can happen to a host: no cable, no power, killed programs, frozen programs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil

from bench.hosts.network import Network
from tests.postgres import exit_with_parent

READY_SECONDS = 120


class Program(Protocol):
    """A program that can be started again after `kill`; the tests' Valkey and Postgres are such."""

    process: Any

    def start(self) -> None: ...

    def kill(self) -> None: ...


class Command:
    """A command line of the version whose files are in `tree`; its output goes to the end of `log`."""

    def __init__(self, command: Sequence[str], tree: Path, environment: dict[str, str], log: Path) -> None:
        self.tree = tree
        self._command, self._environment, self._log = command, environment, log
        self.process: Any = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=self.tree / "backend",
                env=environment_of(self.tree, self._environment),
                stdout=log,
                stderr=log,
                preexec_fn=exit_with_parent,
            )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)


def environment_of(tree: Path, environment: dict[str, str]) -> dict[str, str]:
    """The environment for a program of the version in `tree`."""
    return {**environment, "PYTHONPATH": f"{tree}:{tree / 'backend'}"}


@dataclass
class Host:
    """One machine. `is_ready` says, asked from outside, whether it does its work."""

    name: str
    address: str
    network: Network
    programs: list[Program] = field(default_factory=list)
    is_ready: Callable[[], bool] = lambda: True

    def start(self) -> None:
        """Starts its programs; those that say when they are ready are ready then."""
        with self.network.inside(self.name):
            for program in self.programs:
                program.start()

    def commands(self) -> list[Command]:
        return [one for one in self.programs if isinstance(one, Command)]

    def stop(self) -> None:
        """SIGTERM for its command lines, which end what they have begun."""
        for program in self.commands():
            program.process.terminate()
        for program in self.commands():
            program.process.wait(READY_SECONDS)

    def kill(self) -> None:
        """SIGKILL for every process; the kernel closes their connections."""
        _signal(self._processes(), signal.SIGKILL)
        for program in self.programs:
            program.kill()

    @contextmanager
    def without_cable(self) -> Iterator[None]:
        self.network.cut(self.name)
        try:
            yield
        finally:
            self.network.mend(self.name)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """SIGSTOP: the kernel still acknowledges what comes, and nobody answers."""
        processes = self._processes()
        _signal(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(processes, signal.SIGCONT)

    @contextmanager
    def killed(self) -> Iterator[None]:
        self.kill()
        yield
        self.start()

    @contextmanager
    def without_power(self) -> Iterator[None]:
        """The cable first, so that no peer hears that the connections have ended."""
        with self.without_cable():
            self.kill()
            yield
            self.start()

    def wait_until_ready(self) -> None:
        """Raises AssertionError when it is not after READY_SECONDS."""
        end = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            assert all(one.process.poll() is None for one in self.programs), f"a program of {self.name} ended"
            assert time.monotonic() < end, f"{self.name} is not ready after {READY_SECONDS} s"
            time.sleep(0.2)

    def _processes(self) -> list[psutil.Process]:
        started = [one.process for one in self.programs if one.process is not None]
        processes = [psutil.Process(one.pid) for one in started if one.poll() is None]
        for process in list(processes):
            with contextlib.suppress(psutil.NoSuchProcess):
                processes += process.children(recursive=True)
        return processes


def _signal(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
