"""The worker's and the operator's doors to the roll-ups."""

from __future__ import annotations

import logging
from typing import Any

import click
from celery import shared_task
from flask.cli import AppGroup

from parking.statistics.daily import refresh

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
def roll_up_figures() -> int:
    """Rolls up the days that have ended or changed since. Run twice, late or at the same time, it does no harm."""
    return refresh.roll_up()


@shared_task(name="tasks.check_figures", ignore_result=True)
def check_figures() -> int:
    """Compares everything kept with the bookings and makes it right; the number of differences found (normally 0)."""
    found = refresh.check()
    for one in found:
        log.error("figures: %s", one)
    if found:
        refresh.repair(found)
    return len(found)


cli = AppGroup("stats", help="The statistics stored per day and month.")


@cli.command("roll-up")
def roll_up_command() -> None:
    """Update the stored statistics now (the worker does it every minute)."""
    click.echo(f"{refresh.roll_up()} lot-days written.")


@cli.command("check")
@click.option("--repair", is_flag=True, help="Correct the values that differ.")
def check_command(repair: bool) -> None:
    """Compare all stored statistics with the bookings. Exit code 1 when one differs and was not repaired."""
    found = refresh.check()
    for one in found:
        click.echo(str(one))
    if not found:
        click.echo("All statistics equal the bookings.")
        return
    if repair:
        refresh.repair(found)
    left = len(refresh.check()) if repair else len(found)
    click.echo(f"Differences: {len(found)}. Repaired: {len(found) - left}.")
    if left:
        raise click.exceptions.Exit(1)
