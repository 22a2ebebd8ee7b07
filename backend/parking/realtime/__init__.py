"""Live: hints between processes and to open pages, over Redis, never in the way of a request."""

from __future__ import annotations

from apiflask import APIFlask

from parking.realtime import routes, service
from parking.realtime.service import (
    changed_lots,
    changed_since,
    close_streams,
    last_change,
    publish,
    redis_state,
    register_lot_counts,
    shared_redis,
    wake_task,
)

__all__ = [
    "changed_lots",
    "changed_since",
    "close_streams",
    "init_app",
    "last_change",
    "publish",
    "redis_state",
    "register_lot_counts",
    "shared_redis",
    "wake_task",
]


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application."""
    service.init_app(app, app.extensions["settings"].redis_url)
    app.register_blueprint(routes.bp)
