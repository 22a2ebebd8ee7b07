"""Figures for Prometheus: requests by route template and their durations, and the state of the system (gauges.py).

gunicorn has several processes and a scrape reaches one of them, so each writes its numbers to files of its own and a
scrape adds them up. The files are mapped into memory, and a page that the disk cannot give kills the process (SIGBUS):
so they lie in memory where there is such a file system, and their space is taken before they are mapped. Where there
is none, requests are not counted; nothing else happens. Files of servers that are gone are removed.
"""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
import logging
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint, APIFlask
from flask import Response, request

from launch import memory
from parking import settings
from parking.errors import Unauthorized
from parking.system import gauges
from parking.web import documented
from parking.web.logs.request_log import elapsed, route_template

log = logging.getLogger(__name__)
bp = APIBlueprint("metrics", __name__, tag="Operations")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
TEXT: Any = {200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}}}
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


def init_app(app: APIFlask) -> None:
    """Counts every request of this application."""
    app.register_blueprint(bp)
    data_dir = app.extensions["settings"].data_dir

    @app.after_request
    def count(response: Response) -> Response:
        method = request.method if request.method in METHODS else "other"
        try:
            requests, seconds = _meters(data_dir)(method, route_template(), response.status_code)
        except OSError as error:
            log.debug("this request is not counted: %s", error)
            return response
        requests.inc()
        seconds.observe(elapsed())
        return response


@cache
def _meters(data_dir: Path) -> Callable[[str, str, int], tuple[Any, Any]]:
    """This process's counter and clock for a method, route and status; made at the first request (so only where
    requests are answered). Raises OSError when there is no space for them; the next request tries again."""
    if FOLDER not in os.environ:  # read by the library when it is imported
        memory.remove_stale(data_dir)
        os.environ[FOLDER] = str(memory.folder_of(os.getppid(), data_dir))
    from prometheus_client import CollectorRegistry, Counter, Histogram, values

    from parking.system.metric_files import AllocatedDict

    values.MmapedDict = AllocatedDict  # type: ignore[misc]  # the library has no setting for it
    registry = CollectorRegistry()
    labels = ["method", "route"]
    requests = Counter("http_requests", "Requests answered.", [*labels, "status"], registry=registry)
    seconds = Histogram(
        "http_request_seconds", "Time to the answer's head.", labels, registry=registry, buckets=BUCKETS
    )
    return cache(lambda method, route, status: (requests.labels(method, route, status), seconds.labels(method, route)))


def _may_scrape() -> bool:
    """The bearer of METRICS_TOKEN; on a local run also a program on this machine that no proxy speaks for.

    In production an address proves nothing: behind a proxy on the same machine that sets no header everybody comes
    from the loopback address.
    """
    token = settings.current().metrics_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return hmac.compare_digest(given.encode(), token.encode())
    if settings.current().production:
        return False
    forwarded = request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded")
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(request.remote_addr or "").is_loopback and not forwarded
    return False


@bp.get("/metrics")
@bp.doc(
    summary="Metrics for Prometheus",
    description="For the bearer of METRICS_TOKEN; on a local run also for programs on the same machine.",
    responses=TEXT,
)
@documented(401)
def scrape() -> Response:
    if not _may_scrape():
        raise Unauthorized(
            "Send METRICS_TOKEN as the bearer token. On a local run, programs on this machine need none.",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    with contextlib.suppress(OSError):  # there is no space for counting
        _meters(settings.current().data_dir)
        MultiProcessCollector(registry)
    registry.register(gauges.Gauges())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
