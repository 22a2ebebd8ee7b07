"""How long personal data is kept: what a setting says is too old is deleted, and every sum stays as it was."""

from __future__ import annotations

from apiflask import APIFlask

from parking.retention.cli import retention_cli

__all__ = ["init_app"]


def init_app(app: APIFlask) -> None:
    """Registers the command."""
    app.cli.add_command(retention_cli)
