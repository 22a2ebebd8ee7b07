"""Live: hints between processes and to open pages, over Redis, never in the way of a request."""

from __future__ import annotations

from apiflask import APIFlask

from parking.live import routes, service


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application."""
    service.init_app(app, app.extensions["settings"].redis_url)
    app.register_blueprint(routes.bp)
