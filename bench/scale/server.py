"""The databases of the measurements at scale, stored outside the repository and used again."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import Postgres

SERVER = {
    "listen_addresses": "",
    "shared_buffers": "2GB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",  # flash, not a turning disk
    "max_connections": "100",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is generated: lots, and spots in each; bookings of the year before today."""

    lots: int
    spots: int = 100

    @property
    def name(self) -> str:
        return f"{self.lots}x{self.spots}"


SIZES = {"postgresql": Size(10_000), "sqlite": Size(1_000)}


def folder() -> Path:
    """BENCH_DATA, or the user's cache; root's home is closed to the user as whom PostgreSQL then runs."""
    if named := os.environ.get("BENCH_DATA"):
        return Path(named)
    cache = "/var/tmp" if os.geteuid() == 0 else os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "parkwell-bench"


class StoredPostgres(Postgres):
    """The tests' server on a folder that stays, set up as a small production server (durable)."""

    def __init__(self, stored: Path) -> None:
        self.folder = stored
        stored.mkdir(parents=True, exist_ok=True)
        self.owner = self._owner()
        if not (stored / "data").exists():
            self._run("initdb", "-D", str(stored / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        settings = {**SERVER, "unix_socket_directories": str(stored)}
        self.options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.start()

    def database(self, name: str) -> str:
        """The URL of the database, made where it is missing."""
        if not self.admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            self.admin.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def stop(self) -> None:
        self.admin.close()
        self.process.send_signal(signal.SIGINT)  # "fast": open connections are ended
        self.process.wait(120)


@contextlib.contextmanager
def stored_database(kind: str, size: Size) -> Iterator[str]:
    """The URL of the stored database (empty the first time)."""
    folder().mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        yield f"sqlite:///{folder() / size.name}.db"
        return
    server = StoredPostgres(folder() / "postgresql")
    try:
        yield server.database(size.name)
    finally:
        server.stop()
