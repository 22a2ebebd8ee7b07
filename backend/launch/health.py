"""`python -m launch.health web|worker|beat`: exit code 0 when that part of this container is well."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import config
from launch.programs import healthy

#: Beat writes its schedule file every three minutes.
BEAT_SILENCE_SECONDS = 600


def web(settings: config.Settings) -> bool:
    return healthy(settings)


def worker(settings: config.Settings) -> bool:
    """The worker of this host answers a ping over Redis."""
    name = f"celery@{socket.gethostname()}"
    command = [sys.executable, "-m", "celery", "--quiet", "-b", settings.redis_url or "", "inspect", "ping", "-d", name]
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0  # noqa: S603  # no shell


def beat(settings: config.Settings) -> bool:
    """Beat's schedule file is fresh."""
    files = list(settings.data_dir.glob("celerybeat-schedule*"))
    newest = max((os.stat(file).st_mtime for file in files), default=0)
    return time.time() - newest < BEAT_SILENCE_SECONDS


if __name__ == "__main__":
    checks = {"web": web, "worker": worker, "beat": beat}
    sys.exit(not checks[sys.argv[1]](config.load()))
