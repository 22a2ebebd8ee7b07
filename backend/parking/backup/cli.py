"""flask backup: create, verify, restore, list."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from parking.backup import restored, service
from parking.backup.archive import BackupError

backup_cli = AppGroup("backup", help="Back up the database, check a backup, and restore one.")
_FILE = click.Path(dir_okay=False, path_type=Path)


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """A failure is a sentence and exit code 1."""
    try:
        yield
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'A file'}: {(error.strerror or str(error)).lower()}.") from None


@backup_cli.command("create")
@click.argument("file", type=_FILE, required=False)
def create_command(file: Path | None) -> None:
    """Back up the database to FILE (by default a new file in BACKUP_DIR). The product may run meanwhile."""
    with _sentences():
        target, manifest = service.create(file.absolute() if file else None)
    rows = sum(table["rows"] for table in manifest.contents.tables.values())
    click.echo(f"{target}: {rows:,} rows, {_megabytes(target)} MB. Check it with `flask backup verify {target}`.")


@backup_cli.command("verify")
@click.argument("file", type=_FILE)
def verify_command(file: Path) -> None:
    """Restore FILE into a scratch database and check everything in it."""
    with _sentences():
        manifest = service.verify(file.absolute())
    tables = len(manifest.contents.tables)
    click.echo(f"{file} is good: {tables} tables of {manifest.created_at}, migration {manifest.contents.revision}.")


@backup_cli.command("restore")
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore_command(file: Path, yes: bool) -> None:
    """Replace the database by the backup FILE. Stop web server, worker and Beat first."""
    if not yes:
        click.confirm("Everything that happened after this backup will be gone. Continue?", abort=True)
    with _sentences():
        manifest, before = service.restore(file.absolute())
    click.echo(f"The database is now as it was at {manifest.created_at}. Everybody must sign in again.")
    if before:
        click.echo(f"What was there before is in {before}.")
    click.echo("No emails or reports are sent until an administrator releases them on the Email page.")


@backup_cli.command("list")
def list_command() -> None:
    """List the backups in BACKUP_DIR."""
    for file, manifest in service.listing():
        what = f"{manifest.database:<10}  {manifest.contents.revision}" if manifest else "not a backup, or damaged"
        moment = manifest.created_at if manifest else " " * 20
        click.echo(f"{moment}  {_megabytes(file):>8} MB  {what}  {file}")


@backup_cli.command("prepare-restored", hidden=True)
@click.argument("backup_of", type=datetime.fromisoformat)
def prepare_command(backup_of: datetime) -> None:
    """Prepare a restored database; `restore` calls it."""
    restored.prepare(backup_of)


def _megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 2**20:,.1f}"
