"""The audit log: who changed what, before and after."""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts the log on the application. (Imported here, so that `record` can be used without the routes.)"""
    from parking.audit.routes import bp

    app.register_blueprint(bp)
