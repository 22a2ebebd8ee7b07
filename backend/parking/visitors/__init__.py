"""Bookings for visitors, who have no account: made by lot staff, or by a driver for a guest."""

from __future__ import annotations

from apiflask import APIFlask

__all__ = ["init_app"]


def init_app(app: APIFlask) -> None:
    """Registers the routes."""
    from parking.visitors.routes import bp

    app.register_blueprint(bp)
