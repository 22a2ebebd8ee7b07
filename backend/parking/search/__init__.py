"""One search over lots, spots, plates, users and booking references, for administrators and staff."""

from __future__ import annotations

from apiflask import APIFlask

__all__ = ["init_app"]


def init_app(app: APIFlask) -> None:
    """Registers the route."""
    from parking.search.routes import bp

    app.register_blueprint(bp)
