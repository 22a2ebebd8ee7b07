"""How gunicorn serves the API and the page. The command line (see launch/programs.py) may override."""

import contextlib
import gc
import os
import signal
from pathlib import Path

from config import load
from launch.guard import die_with_parent
from private_files import UMASK, set_umask

set_umask()
_settings = load()

bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
worker_class = "gthread"
workers = _settings.web_workers
# An open event stream holds a thread for as long as the page is open. Threads are made when needed and
# cost 30 KiB each; parking/live refuses streams well before the last one is taken.
threads = 512
worker_connections = 2000
backlog = 2048
keepalive = 30
timeout = 60
graceful_timeout = 8
control_socket_disable = True
preload_app = False  # connections to the database must not be shared over a fork
umask = UMASK
accesslog = None  # the application writes its own, with the request id
# The workers' heartbeat file: in memory where possible, since a slow disk would look like a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # gunicorn makes its own file in it


def post_fork(server, worker):
    """A worker must not outlive a master that was killed."""
    die_with_parent(worker.ppid)


def worker_int(worker):
    _end_streams()


def post_worker_init(worker):
    """The program is loaded: the garbage collector need not walk through all of it again in the middle of an answer
    (which made long ones take up to twice as long). And on TERM, end the open event streams first: otherwise they hold
    the stop until the grace is over."""
    gc.collect()
    gc.freeze()
    gentle = signal.getsignal(signal.SIGTERM)

    def stop(number, frame):
        _end_streams()
        if callable(gentle):
            gentle(number, frame)

    signal.signal(signal.SIGTERM, stop)


def _end_streams():
    with contextlib.suppress(ImportError, AttributeError):
        from parking.live import service

        service.close_streams()
