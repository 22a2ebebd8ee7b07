"""How gunicorn serves the API and the page. The command line (see launch/programs.py) may override."""

import gc
import importlib
import os
import pkgutil
import resource
from pathlib import Path

import loading
from config import load
from launch import memory
from launch.guard import exit_with_parent
from private_files import UMASK, set_umask

set_umask()
_settings = load()
#: Connections of one process, event streams among them. A file descriptor each; the rest is for everything else.
_CONNECTIONS, _OTHER_FILES = 4000, 512
#: Loads Prometheus' library, which decides when it is loaded where this process counts.
_AFTER_FORK = ("parking.system.metric_files",)


def _raise_file_limit():
    """Many systems allow 1,024 open files and let a program ask for more. The connections that fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return _CONNECTIONS if soft == resource.RLIM_INFINITY else max(600, min(_CONNECTIONS, soft - _OTHER_FILES))


bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
worker_class = "launch.http_server.worker.Worker"
workers = _settings.web_workers
# An open event stream holds a thread for as long as the page is open. Threads are made when needed and
# cost 30 KiB each; parking/live refuses streams well before the last one is taken.
threads = 512
worker_connections = _raise_file_limit()
backlog = 2048
keepalive = 30
timeout = 60
# What a stop may take: DRAIN_SECONDS in which new requests are still served, then the running ones.
graceful_timeout = 8 + _settings.drain_seconds
control_socket_disable = True
# Nobody in front is believed here. What a proxy says is read in parking/web, if TRUSTED_PROXIES counts it.
forwarded_allow_ips = ""
preload_app = False  # connections to the database must not be shared over a fork
umask = UMASK
accesslog = None  # the application writes its own, with the request id
logger_class = "launch.http_server.log.Log"
# The workers' heartbeat file: in memory where possible, since a slow disk would look like a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # gunicorn makes its own file in it


def on_starting(server):
    """Load the program's modules once, before the workers are forked: three quarters of a worker's start, and a
    worker that is replaced serves again in half a second. Connections are made by create_app, after the fork. (With
    --reload a new worker has to read the files anew.)"""
    if not server.cfg.reload:
        for module in pkgutil.walk_packages([str(Path(__file__).parent / "parking")], "parking."):
            if module.name not in _AFTER_FORK:
                importlib.import_module(module.name)
    loading.finish()


def post_fork(server, worker):
    """A worker must not outlive a master that was killed."""
    exit_with_parent(worker.ppid)


def child_exit(server, worker):
    """Frees the ended worker's place for the one that follows it."""
    worker.counts.leave(worker.place)


def on_exit(server):
    """Removes the metrics files of its workers."""
    memory.remove(server.pid, _settings.data_dir)


def post_worker_init(worker):
    """The program is loaded: the garbage collector need not walk through all of it again in the middle of an answer
    (which made long ones take up to twice as long)."""
    gc.collect()
    gc.freeze()
