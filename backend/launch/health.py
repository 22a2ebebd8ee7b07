"""`python -m launch.health web|worker|beat`: exit code 0 when that part of this container is healthy."""

from __future__ import annotations

import os
import socket
import sys
import time

from celery import Celery
from kombu.exceptions import OperationalError

import config
from launch.programs import healthy

#: Beat writes its schedule file every three minutes.
BEAT_SILENCE_SECONDS = 600
PING_SECONDS = 10.0


def web(settings: config.Settings) -> bool:
    return healthy(settings)


def worker(settings: config.Settings) -> bool:
    """The worker of this host answers a ping over Redis."""
    name = f"celery@{socket.gethostname()}"
    broker = Celery(broker=settings.redis_url)  # in this process: a command line, with the password, anybody may read
    try:
        return bool(broker.control.inspect(destination=[name], timeout=PING_SECONDS).ping())
    except (OSError, OperationalError):
        return False


def beat(settings: config.Settings) -> bool:
    """Beat's schedule file is fresh."""
    files = list(settings.data_dir.glob("celerybeat-schedule*"))
    newest = max((os.stat(file).st_mtime for file in files), default=0)
    return time.time() - newest < BEAT_SILENCE_SECONDS


if __name__ == "__main__":
    checks = {"web": web, "worker": worker, "beat": beat}
    sys.exit(not checks[sys.argv[1]](config.load()))
