"""Statistics: what happened in a period, for the page, the mails and the CSV files."""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application."""
    from parking.statistics import routes, tasks

    app.register_blueprint(routes.bp)
    app.cli.add_command(tasks.cli)
