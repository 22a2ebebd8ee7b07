"""Backups of the database: created, checked, restored, and made on a schedule."""

from __future__ import annotations

from apiflask import APIFlask

from parking.backup.archive import BackupError
from parking.backup.cli import backup_cli
from parking.backup.schedule import status
from parking.backup.service import create

__all__ = ["BackupError", "create", "init_app", "status"]


def init_app(app: APIFlask) -> None:
    """Registers the commands."""
    app.cli.add_command(backup_cli)
