"""The state of the system: health, metrics, and what the page asks before anybody has signed in."""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts the routes on the application."""
    from parking.system.routes import bp

    app.register_blueprint(bp)
