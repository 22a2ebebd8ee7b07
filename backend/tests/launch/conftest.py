"""Real runs: `python -m launch` in a folder of its own on a free port, and everything that belongs to it."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import config
from tests.ports import free_port
from tests.services import own_environment

BACKEND = config.ROOT / "backend"
PRODUCT = {name.upper() for name in config.Settings.__dataclass_fields__}


def wait_for(condition, seconds=60, what="it"):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


def parent_of(pid):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).ppid()


class Run:
    """One installation: its data folder, its port, and its processes however they were started."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.port = environ.get("PORT") or free_port()
        self.log = folder / "log.txt"
        inherited = {name: value for name, value in own_environment().items() if name not in PRODUCT}
        self.environ = {
            **inherited,
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(folder / "data"),
            "EXPORT_DIR": str(folder / "exports"),
            "PORT": str(self.port),
            "WEB_WORKERS": "1",
            "WORKER_CONCURRENCY": "2",
            **environ,
        }

    @property
    def data(self):
        return Path(self.environ["DATA_DIR"])

    def start(self, *arguments, command=(sys.executable, "-m", "launch"), cwd=BACKEND):
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], cwd=cwd, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def ready(self, seconds=120):
        """Wait until the run says so, which is after /healthz answered."""

        def announced():
            assert self.process.poll() is None, self.output()
            return "is ready:" in self.output()

        wait_for(announced, seconds, "the run to be ready")
        return self

    def output(self):
        return self.log.read_text()

    def says(self, text, seconds=60):
        return wait_for(lambda: text in self.output(), seconds, f"{text!r} in:\n{self.output()}")

    def health(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", "/healthz")
            return connection.getresponse().status

    def healthy(self):
        try:
            return self.health() == 200
        except OSError:
            return False

    def family(self):
        """pid → arguments (a program's path without its folder) of every living process with our data folder in its
        environment."""
        processes = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("DATA_DIR") == str(self.data) and process.status() != psutil.STATUS_ZOMBIE:
                    processes[process.pid] = [Path(argument).name for argument in process.cmdline()]
        return processes

    def process_with(self, *arguments):
        """The pid of the one process with all these arguments and no parent with them; None when there is none.

        Whole arguments: Beat's line has `celery_worker.celery` in it, and once the worker has been restarted Beat's pid
        is the lower one.
        """
        matching = {pid for pid, line in self.family().items() if set(arguments) <= set(line)}
        eldest = [pid for pid in sorted(matching) if parent_of(pid) not in matching]
        assert len(eldest) <= 1, f"several processes with {arguments}: {eldest}"
        return eldest[0] if eldest else None

    def wait_for_end(self, seconds=60):
        wait_for(lambda: not self.family(), seconds, f"nothing to be left of {self.family()}")

    def stop(self, number=signal.SIGTERM, seconds=120):
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def fails(self, *arguments, seconds=120, **more):
        """Start it; the exit code and what it said when it gave up."""
        self.start(*arguments, **more)
        code = self.process.wait(seconds)
        self.wait_for_end()
        return code, self.output()

    def clean_up(self):
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if hasattr(self, "process"):
            self.process.wait()


@pytest.fixture
def new_run(tmp_path):
    """Makes runs; whatever a test leaves of them is killed."""
    runs = []

    def new_run(name="one", **environ):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        runs.append(Run(folder, **environ))
        return runs[-1]

    yield new_run
    for run in runs:
        run.clean_up()


@pytest.fixture
def until():
    return wait_for
