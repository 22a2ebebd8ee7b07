"""`flask reports run`: what the buttons of the administrator do, from a terminal."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from parking.reports import schedule
from parking.text.counting import counted

cli = AppGroup("reports", help="Scheduled reminders and reports.")


@cli.command("run")
@click.argument("kinds", nargs=-1, type=click.Choice(tuple(schedule.REPORTS)))
@click.option("--dry-run", is_flag=True, help="Send nothing; print who would get what.")
@click.option("--force", is_flag=True, help="Also to users who have already received it.")
def run_command(kinds: tuple[str, ...], dry_run: bool, force: bool) -> None:
    """Queue these reports now (all if none is named), for the last period that ended."""
    chosen = kinds or tuple(schedule.REPORTS)
    if dry_run:
        found = schedule.preview(chosen, force=force)
        for kind, reader in found:
            click.echo(f"{kind}\t{reader.user.email}")
        click.echo(f"{counted(len(found), 'email')} would be queued.", err=True)
        return
    schedule.send_now(chosen, force=force)
    click.echo(f"{counted(schedule.work_off(), 'email')} queued.")
