"""`flask reports run`: what the buttons of the administrator do, from a terminal."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from parking.reports import send_now
from parking.reports.report_types import REPORTS
from parking.text.counting import counted

cli = AppGroup("reports", help="Scheduled reminders and reports.")


@cli.command("run")
@click.argument("kinds", nargs=-1, type=click.Choice(tuple(REPORTS)))
@click.option("--dry-run", is_flag=True, help="Send nothing; print who would get what.")
@click.option("--force", is_flag=True, help="Also to users who have already received it.")
def run_command(kinds: tuple[str, ...], dry_run: bool, force: bool) -> None:
    """Queue these reports now (all if none is named), for the last period that ended."""
    selected = kinds or tuple(REPORTS)
    if dry_run:
        mails = send_now.preview(selected, force=force)
        for kind, recipient in mails:
            click.echo(f"{kind}\t{recipient.user.email}")
        click.echo(f"{counted(len(mails), 'email')} would be queued.", err=True)
        return
    click.echo(f"{counted(send_now.send(selected, force=force), 'email')} queued.")
