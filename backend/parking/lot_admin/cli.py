"""`flask lots import FILE`."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from parking import settings
from parking.accounts import Role, User
from parking.database import db
from parking.errors import Problem
from parking.lot_admin import csv_import, service

lots = AppGroup("lots", help="Lots.")


@lots.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only check the file.")
def import_file(file: Path, dry_run: bool) -> None:
    """Create lots from a CSV FILE: all of them, or none."""
    by = db.session.scalar(select(User.id).join(User.roles).where(Role.name == "admin").order_by(User.id).limit(1))
    if by is None:
        raise click.ClickException("There is no administrator yet: `flask admin create`.")
    try:
        parsed = csv_import.parse(file.read_bytes(), currency=settings.current().currency, taken=service.taken_names())
        lots = service.create_many(parsed.lots, by, dry_run=dry_run)
    except Problem as problem:
        lines = [f"{where}: {sentence}" for where, many in problem.errors.items() for sentence in many]
        raise click.ClickException("\n".join([problem.detail, *lines])) from None
    click.echo(service.created(len(lots), dry_run=dry_run))
