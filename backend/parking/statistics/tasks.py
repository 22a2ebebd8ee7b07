"""The Celery tasks and the commands of the roll-ups."""

from __future__ import annotations

import logging
from typing import Any

import click
from celery import shared_task
from flask.cli import AppGroup

from parking.statistics.daily import check, refresh

log = logging.getLogger(__name__)

ROLL_UP_SECONDS = 60.0
CHECK_SECONDS = 24 * 3600.0

BEAT: dict[str, dict[str, Any]] = {
    "roll-up-figures": {
        "task": "tasks.roll_up_figures",
        "schedule": ROLL_UP_SECONDS,
        "options": {"expires": ROLL_UP_SECONDS},
    },
    "check-figures": {"task": "tasks.check_figures", "schedule": CHECK_SECONDS, "options": {"expires": 3600}},
}
"""Entries for Beat's schedule, in seconds."""


@shared_task(name="tasks.roll_up_figures", ignore_result=True)
def roll_up_statistics() -> int:
    """Rolls up the days that have ended or changed. It may run twice, late or in parallel."""
    return refresh.roll_up()


@shared_task(name="tasks.check_figures", ignore_result=True)
def check_statistics() -> int:
    """Compares the stored statistics with the bookings, repairs them, and returns the number of differences (normally
    0)."""
    differences = check.find_differences()
    for difference in differences:
        log.error("statistics: %s", difference)
    if differences:
        check.repair(differences)
    return len(differences)


cli = AppGroup("stats", help="The statistics stored per day and month.")


@cli.command("roll-up")
def roll_up_command() -> None:
    """Update the stored statistics now (the worker does it every minute)."""
    click.echo(f"{refresh.roll_up()} lot-days written.")


@cli.command("check")
@click.option("--repair", is_flag=True, help="Correct the values that differ.")
def check_command(repair: bool) -> None:
    """Compare all stored statistics with the bookings. Exit code 1 when one differs and was not repaired."""
    differences = check.find_differences()
    for difference in differences:
        click.echo(str(difference))
    if not differences:
        click.echo("All statistics equal the bookings.")
        return
    if repair:
        check.repair(differences)
    left = len(check.find_differences()) if repair else len(differences)
    click.echo(f"Differences: {len(differences)}. Repaired: {len(differences) - left}.")
    if left:
        raise click.exceptions.Exit(1)
