"""Reports: the figures behind charts and mails, the timetable of mails, and the ledger that keeps it honest."""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application."""
    from parking.reports import rollup_tasks, schedule_cli, schedule_routes, stats_routes

    app.register_blueprint(stats_routes.bp)
    app.register_blueprint(schedule_routes.bp)
    app.cli.add_command(rollup_tasks.cli)
    app.cli.add_command(schedule_cli.cli)


def at_start() -> list[str]:
    """Once the database is up to date: the timetable begins with this installation."""
    from parking.reports import timetable

    timetable.begin()
    return []
