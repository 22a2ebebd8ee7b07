"""Demonstration data: `flask demo …`."""

from __future__ import annotations

from apiflask import APIFlask
from flask.cli import AppGroup

cli = AppGroup("demo", help="Demonstration data.")


def init_app(app: APIFlask) -> None:
    """Puts the commands on the application."""
    from parking.demo import birmingham, load

    cli.add_command(birmingham.command)
    cli.add_command(load.command)
    app.cli.add_command(cli)
