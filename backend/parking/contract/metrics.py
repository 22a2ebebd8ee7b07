"""Figures for Prometheus: requests by route template, their durations, and the outbox.

gunicorn has several processes and a scrape reaches one of them, so each writes its numbers to a file under
DATA_DIR/metrics/<the parent's id>, and a scrape adds them up. Files of servers that are gone are removed.
"""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint, APIFlask
from flask import Response, request

from parking import settings
from parking.contract import system
from parking.contract.logs import elapsed, route_template
from parking.errors import Unauthorized
from parking.web import documented

bp = APIBlueprint("metrics", __name__, tag="Operations")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
TEXT: Any = {200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}}}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


def init_app(app: APIFlask) -> None:
    """Counts every request of this application."""
    app.register_blueprint(bp)
    folder = app.extensions["settings"].data_dir / "metrics"

    @app.after_request
    def count(response: Response) -> Response:
        method = request.method if request.method in METHODS else "other"
        requests, seconds = _meters(folder)(method, route_template(), response.status_code)
        requests.inc()
        seconds.observe(elapsed())
        return response


@cache
def _meters(folder: Path) -> Callable[[str, str, int], tuple[Any, Any]]:
    """This process's counter and clock for a method, route and status; made at the first request (so only where
    requests are answered)."""
    mine = folder / str(os.getppid())
    mine.mkdir(parents=True, exist_ok=True)
    _forget_the_dead(folder)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(mine))  # read by the library when it is imported
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()
    labels = ["method", "route"]
    requests = Counter("http_requests", "Requests answered.", [*labels, "status"], registry=registry)
    seconds = Histogram(
        "http_request_seconds", "Time to the answer's head.", labels, registry=registry, buckets=BUCKETS
    )
    return cache(lambda method, route, status: (requests.labels(method, route, status), seconds.labels(method, route)))


def _forget_the_dead(folder: Path) -> None:
    for left in folder.iterdir():
        with contextlib.suppress(ValueError, OSError):
            try:
                os.kill(int(left.name), 0)
            except ProcessLookupError:
                shutil.rmtree(left, ignore_errors=True)


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
    summary="Figures for Prometheus",
    description="For the bearer of METRICS_TOKEN; on a local run also for programs on the same machine.",
    responses=TEXT,
)
@documented(401)
def scrape() -> Response:
    if not _may_scrape():
        raise Unauthorized(
            "Figures are given with the token of METRICS_TOKEN; on a local run also to programs on this machine.",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(_Outbox())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Outbox:
    """What the database says at the moment of the scrape; the same from every process."""

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        outbox = system.outbox()
        mails = GaugeMetricFamily("parking_outbox_mails", "Mails by state.", labels=["state"])
        for state in ("queued", "failed"):
            mails.add_metric([state], outbox[state])
        yield mails
        yield GaugeMetricFamily(
            "parking_outbox_oldest_unsent_seconds",
            "Age of the oldest mail that waits.",
            value=outbox["oldest_unsent_seconds"] or 0,
        )
