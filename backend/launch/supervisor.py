"""Child processes: started with a guard, their lines prefixed, restarted when they crash, stopped in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from launch import guard
from launch.pulse import VARIABLE as PULSE_VARIABLE
from launch.pulse import Pulse

POLL_SECONDS = 0.2
#: Pause before the first, second, … restart in a row; the last one repeats. The first one is immediate:
#: nobody can be served before it.
RESTART_PAUSES = (0, 1, 2, 5, 10, 30)
#: A child that lived this long has recovered: its next crash counts as the first.
STEADY_SECONDS = 15
#: A second request to stop counts only this long after the first: a terminal, systemd or `kill` of a whole group
#: sends the same signal twice at once, directly and through make.
SECOND_REQUEST_SECONDS = 0.5
#: Number of last lines stored per child.
MAX_LINES = 200


class StartError(Exception):
    """The start cannot go on. The text says what is wrong and what to do, in a line or two."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One child. Stages stop one after the other, lowest first; `grace` is seconds between TERM and KILL.

    The output of a quiet program is printed only when it ends by itself. One with `silent_after` sends a sign of life
    (launch/pulse.py) and is restarted when none arrives for so many seconds.
    """

    name: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    inherit: tuple[int, ...] = ()
    stage: int = 0
    grace: float = 15
    quiet: bool = False
    silent_after: float | None = None


def to_terminal(text: str) -> None:
    """Writes unbuffered to standard output, so that nothing is lost when its reader ends (`| head`)."""
    data = text.encode()
    while data:
        data = data[os.write(1, data) :]


class Supervisor:
    def __init__(self, write: Callable[[str], object] = to_terminal) -> None:
        self._write = write
        self._write_lock = threading.Lock()
        self._children: list[_Child] = []
        self._stop_requested_at: float | None = None
        self._hurry = False

    @property
    def stopping(self) -> bool:
        return self._stop_requested_at is not None

    def ask_to_stop(self) -> None:
        """Once: stop gently. Again after SECOND_REQUEST_SECONDS: kill what has not ended yet.

        Safe in a signal handler: it assigns plain attributes and takes no lock. (A handler that interrupts
        `Event.set()` in the same thread and calls it too waits for itself for ever.)
        """
        now = time.monotonic()
        if self._stop_requested_at is None:
            self._stop_requested_at = now
        elif now - self._stop_requested_at >= SECOND_REQUEST_SECONDS:
            self._hurry = True

    def say(self, line: str, name: str = "run") -> None:
        """Prints one line. A closed terminal must not stop the children."""
        with self._write_lock, contextlib.suppress(OSError):
            self._write(f"{name:<7}| {line}\n")

    def start(self, program: Program) -> _Child:
        child = _Child(program, self.say)
        self._children.append(child)
        child.start()
        return child

    def discard(self, child: _Child) -> None:
        """Kills a child and removes it."""
        self._children.remove(child)
        child.kill()
        child.drain()
        child.report_exit()

    def run_step(self, program: Program) -> tuple[int, list[str], list[str]]:
        """Run a program to its end; a stop asked meanwhile ends it. Exit code, its output, its complaints."""
        child = _Child(program, self.say)
        child.start()
        while child.running:
            if self._stop_requested_within(POLL_SECONDS / 4):
                child.terminate()
                child.wait(program.grace)
                child.kill()
        child.drain()
        return child.exit_code, list(child.output), list(child.complaints)

    def wait_until(self, ready: Callable[[], bool], child: _Child, seconds: float) -> bool:
        """True when `ready()`; False when the child ended, a stop was asked, or the time is over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and child.running and not self.stopping:
            if ready():
                return True
            self._stop_requested_within(POLL_SECONDS / 4)
        return False

    def watch(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Restart what crashes, until a stop is asked or `go_on()` says no."""
        while not self._stop_requested_within(POLL_SECONDS) and go_on():
            for child in self._children:
                child.kill_if_silent()
                child.restart_if_due()

    def stop(self) -> None:
        """End all children, stage by stage; within a stage at the same time."""
        if self._stop_requested_at is None:
            self._stop_requested_at = time.monotonic()
        for stage in sorted({child.program.stage for child in self._children}):
            self._stop_together([child for child in self._children if child.program.stage == stage])
        self._children.clear()

    def _stop_requested_within(self, seconds: float) -> bool:
        """Wait so long at most; True as soon as a stop is requested. Polled, because a signal handler that only
        assigns an attribute wakes nobody."""
        deadline = time.monotonic() + seconds
        while not self.stopping and (remaining := deadline - time.monotonic()) > 0:
            time.sleep(min(remaining, POLL_SECONDS / 4))
        return self.stopping

    def _stop_together(self, children: Iterable[_Child]) -> None:
        children = list(children)
        asked_at = time.monotonic()
        for child in children:
            child.terminate()
        for child in children:
            deadline = asked_at + child.program.grace
            while child.running and time.monotonic() < deadline and not self._hurry:
                time.sleep(POLL_SECONDS / 4)
            if child.running:
                self.say(f"{child.program.name} did not end in time; killing it")
            child.kill()  # also whatever it left in its process group
            child.drain()


class _Child:
    """One program and the process that runs it now, in a process group of its own."""

    def __init__(self, program: Program, say: Callable[[str, str], None]) -> None:
        self.program = program
        self.output: deque[str] = deque(maxlen=MAX_LINES)
        self.complaints: deque[str] = deque(maxlen=MAX_LINES)
        self._say = say
        self._crashes = 0
        self._restart_at: float | None = None

    def start(self) -> None:
        # PR_SET_PDEATHSIG looks at the starting thread: only the main thread comes here.
        program = self.program
        self._pulse = Pulse(program.silent_after) if program.silent_after else None
        pulse = {PULSE_VARIABLE: str(self._pulse.writer)} if self._pulse else {}
        self._process = subprocess.Popen(  # noqa: S603  # the commands are ours, no shell is involved
            [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *program.command],
            cwd=program.directory,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **program.environment, **pulse},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(*program.inherit, *([self._pulse.writer] if self._pulse else [])),
            start_new_session=True,  # Ctrl-C reaches the runner alone, which then stops all in order
        )
        if self._pulse:
            self._pulse.handed_over()
        self._started_at = time.monotonic()
        self._restart_at = None
        self._feed(program.stdin)
        pipes = ((self._process.stdout, self.output), (self._process.stderr, self.complaints))
        self._readers = [threading.Thread(target=self._forward, args=pipe, daemon=True) for pipe in pipes]
        for reader in self._readers:
            reader.start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int:
        return self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def terminate(self) -> None:
        if self.running:
            self._process.terminate()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def drain(self) -> None:
        """Waits up to 2 s for the last lines: a grandchild process may hold the pipe open."""
        for reader in self._readers:
            reader.join(timeout=2)

    def report_exit(self) -> None:
        """Prints the last lines of a quiet program that failed."""
        if self.program.quiet:
            for line in (*list(self.output)[-10:], *list(self.complaints)[-10:]):
                self._say(line, self.program.name)

    def kill_if_silent(self) -> None:
        """Kills a process without a sign of life: it may hold a lock that others wait for."""
        if self._pulse and self.running and self._pulse.is_silent():
            self._say(f"{self.program.name} has been silent for {self.program.silent_after:.0f} s; killing it", "run")
            self.kill()

    def restart_if_due(self) -> None:
        now = time.monotonic()
        if self._restart_at is not None:
            if now >= self._restart_at:
                self.start()
        elif not self.running:
            self._crashes = 1 if now - self._started_at > STEADY_SECONDS else self._crashes + 1
            if self._pulse:
                self._pulse.close()
                self._pulse = None
            pause = RESTART_PAUSES[min(self._crashes, len(RESTART_PAUSES)) - 1]
            self._restart_at = now + pause
            self.kill()  # what it left in its process group
            self.drain()
            self.report_exit()
            when = f"in {pause} s" if pause else "now"
            self._say(f"{self.program.name} ended (exit code {self.exit_code}); starting it again {when}", "run")

    def _feed(self, data: bytes) -> None:
        pipe = self._process.stdin
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.write(data)
                pipe.close()

    def _forward(self, pipe: IO[bytes], buffer: deque[str]) -> None:
        with pipe:
            for raw in pipe:
                line = raw.decode(errors="replace").rstrip()
                if line:
                    buffer.append(line)
                    if not self.program.quiet:
                        self._say(line, self.program.name)
