"""Statistics: the metrics of a period, for the page, the mails and the CSV files."""

from __future__ import annotations

from apiflask import APIFlask

from parking.statistics.daily.pending import mark_changed
from parking.statistics.daily.refresh import roll_up
from parking.statistics.definitions import LotMetrics, PeriodStatistics, UserStatistics
from parking.statistics.reading.summary import period_statistics, user_statistics

__all__ = [
    "LotMetrics",
    "PeriodStatistics",
    "UserStatistics",
    "init_app",
    "mark_changed",
    "period_statistics",
    "roll_up",
    "user_statistics",
]


def init_app(app: APIFlask) -> None:
    """Registers the routes and commands of the statistics."""
    from parking.statistics import routes, tasks

    app.register_blueprint(routes.bp)
    app.cli.add_command(tasks.cli)
