"""Reports: mails on a schedule, each sent once."""

from __future__ import annotations

from apiflask import APIFlask

from parking.reports import emails as _templates  # noqa: F401 - registers them


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application."""
    from parking import audit
    from parking.reports import cli, routes, send_log

    audit.register_names("report_batch", send_log.names_of)
    app.register_blueprint(routes.bp)
    app.cli.add_command(cli.cli)


def at_start() -> list[str]:
    """Once the database is up to date: the schedule begins with this installation."""
    from parking.reports import schedule

    schedule.begin()
    return []
