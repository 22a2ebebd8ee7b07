"""Resources that one run holds exclusively: its port and its data folder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import time
from pathlib import Path
from typing import IO

from config import RUN_LOCK_FILE, Settings
from launch.supervisor import StartError


def claim_port(settings: Settings) -> socket.socket:
    """A bound socket that the web processes inherit, so that no other program can take the port in between."""
    host, port = settings.host, settings.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        _refuse_if_listened_on(listener)
    except OSError as error:
        raise StartError(_reason(error, host, port)) from None
    return listener


def _refuse_if_listened_on(listener: socket.socket) -> None:
    """With SO_REUSEADDR two sockets may bind one port as long as neither listens; listening decides."""
    listener.listen(2048)


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"PORT {port} on {host} is already in use. Stop the program that uses it, or take another: "
            f"PORT={port + 1} make run"
        )
    if error.errno == errno.EACCES:
        return f"PORT {port} needs special rights. Take one above 1023, for example PORT=5000."
    return f"HOST {host} cannot be listened on ({(error.strerror or str(error)).lower()}). Try HOST=127.0.0.1."


def claim_data_dir(data_dir: Path, wait_seconds: float = 5) -> IO[str]:
    """The locked file that reserves the folder for this run until its process ends."""
    path = data_dir / RUN_LOCK_FILE
    try:
        lock = path.open("a+")
    except OSError as error:
        raise StartError(
            f"DATA_DIR {data_dir} cannot be written to ({(error.strerror or str(error)).lower()}). "
            "Give this user the right to write there, or set DATA_DIR to another folder."
        ) from None
    deadline = time.monotonic() + wait_seconds
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        if time.monotonic() > deadline:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise StartError(
                f"DATA_DIR {data_dir} is in use by another run (process {owner}). Stop that one, or set DATA_DIR "
                "and PORT to others."
            )
        time.sleep(0.1)
    with contextlib.suppress(OSError):  # on a full disk the lock holds without our number in it
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
    return lock
