"""flask retention: run."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup

from parking.retention import service

retention_cli = AppGroup("retention", help="Delete personal data that is older than the RETAIN_… settings allow.")
_NAMES = {
    "visitors": "visitors' names, addresses and plates",
    "plates": "number plates of ended stays and waits",
    "ip_addresses": "network addresses",
    "audit_details": "details of audit entries",
    "bookings_without_person": "bookings that no longer name a person",
}


@retention_cli.command("run")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
def run_command(dry_run: bool) -> None:
    """Delete what is too old now. The worker does it once a day."""
    counts = service.preview() if dry_run else service.run()
    for name, number in asdict(counts).items():
        click.echo(f"{number:>9,}  {_NAMES[name]}")
    if dry_run:
        click.echo("Nothing was changed.")
