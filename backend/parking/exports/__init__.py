"""Exports: bookings and all data as CSV files, built by the worker, mailed, and kept for a week."""

from __future__ import annotations

from apiflask import APIFlask

from parking.exports import emails as _templates  # noqa: F401 - registers them


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application."""
    from parking.accounts import hooks
    from parking.exports import routes, service

    app.register_blueprint(routes.bp)
    hooks.register_eraser(service.delete_of_user)
