"""The programs of an installation and how each is called."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import sys
from pathlib import Path

from config import ROOT, Settings
from launch.supervisor import Program, StartError

BACKEND = ROOT / "backend"
FRONTEND = ROOT / "frontend"
VITE_PORT = 5173
#: Seconds the running jobs may take to finish after the stop is asked.
WORKER_GRACE = 12
#: Worker and Beat give a sign of life every few seconds, also while Redis is away. A busy machine needs some slack.
SILENT_SECONDS = 60


def prepare(environment: dict[str, str], *, only_schema: bool = False) -> Program:
    """Migrations and, unless `only_schema`, the first administrator; ends by itself."""
    step = ("launch.prepare", *(["--only-schema"] if only_schema else []))
    return Program(name="prepare", command=_python(*step), directory=BACKEND, environment=environment)


def demo(environment: dict[str, str]) -> Program:
    """Demonstration data, once; ends by itself."""
    return Program(name="demo", command=_python("flask", "demo", "load"), directory=BACKEND, environment=environment)


def web(environment: dict[str, str], settings: Settings, listener: socket.socket, reload: bool) -> Program:
    extra = ("--reload", "--workers", "1") if reload else ()
    return Program(
        name="web",
        command=(
            *_python("gunicorn", "--config", "gunicorn.conf.py"),
            *("--bind", f"fd://{listener.fileno()}", *extra, "app:create_app()"),
        ),
        directory=BACKEND,
        environment=environment,
        inherit=(listener.fileno(),),
        grace=15 + settings.drain_seconds,
    )


def worker(environment: dict[str, str], settings: Settings) -> Program:
    """TERM lets it finish what it has begun. (Celery's timed "soft" stop is not for the threads pool: it would
    always wait its full time and then fail.) A job that is not finished in time is killed
    and runs again later.
    """
    return Program(
        name="worker",
        command=(
            *_python("celery", "--quiet", "-A", "celery_worker.celery", "worker", "--pool", "threads"),
            *("--concurrency", str(settings.worker_concurrency), "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle"),  # for clusters of workers; they delay the start
        ),
        directory=BACKEND,
        environment=environment,
        stage=1,
        grace=WORKER_GRACE,
        silent_after=SILENT_SECONDS,
    )


def beat(environment: dict[str, str]) -> Program:
    return Program(
        name="beat",
        command=_python("celery", "--quiet", "-A", "celery_worker.celery", "beat", "--pidfile=", "--loglevel", "INFO"),
        directory=BACKEND,
        environment=environment,
        silent_after=SILENT_SECONDS,
    )


def vite(environment: dict[str, str], settings: Settings) -> Program:
    """The page with live reload. Vite itself, not npm: a killed npm leaves its child behind."""
    script = FRONTEND / "node_modules" / "vite" / "bin" / "vite.js"
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if node is None or not script.exists():
        raise StartError("The page's tools are missing. `make dev` installs them; `python app.py` needs none.")
    return Program(
        name="vite",
        command=(node, str(script), "--port", str(VITE_PORT), "--strictPort"),
        directory=FRONTEND,
        environment={**environment, "API_ORIGIN": f"http://{local_address(settings.host)}:{settings.port}"},
    )


def healthy(settings: Settings) -> bool:
    """GET /healthz answers 200."""
    connection = http.client.HTTPConnection(local_address(settings.host).strip("[]"), settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def local_address(host: str) -> str:
    """The host part of a URL that reaches this machine when we listen on `host`."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    return f"[{reachable}]" if ":" in reachable else reachable


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
