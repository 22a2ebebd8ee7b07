"""`flask admin create`: an administrator from the command line. The password is never an argument."""

from __future__ import annotations

import sys
from typing import TextIO

import click
from flask.cli import AppGroup

from parking.accounts import setup
from parking.accounts.admin import duplicates_report
from parking.database import db, derived_columns
from parking.errors import Problem

group = AppGroup("admin", help="Administrators.")
names_group = AppGroup("names", help="Names and addresses that are to be there once.")


@names_group.command("twins")
def list_twins() -> None:
    """List accounts and lots that have the same name or address as an earlier one. Exit code 1 when there are some.

    They were allowed before names were compared by today's rule. Nothing was merged: both go on, and a new one of that
    name is refused.
    """
    lines = duplicates_report.lines(db.session())
    click.echo("\n".join(lines) or duplicates_report.sentence(0))
    sys.exit(1 if lines else 0)


@names_group.command("check")
def check_keys() -> None:
    """Look whether every stored key follows from its name. Exit code 1 when one does not."""
    wrong = derived_columns.untrue(db.session())
    for table, column, row_id in wrong:
        click.echo(f"{table} {row_id}: {column} does not follow from its row")
    click.echo(f"{len(wrong)} keys are wrong.")
    sys.exit(1 if wrong else 0)


@group.command("create")
@click.option("--email", prompt="E-mail address", help="What the administrator signs in with.")
@click.option("--username", default=None, help="Shown name; by default the part before the @.")
@click.option(
    "--password-file", type=click.File("r", encoding="utf-8"), help="Holds the password in its first line; - is stdin."
)
def create(email: str, username: str | None, password_file: TextIO | None) -> None:
    """Make an administrator, or turn the account of this address into one (its password is replaced).

    The password is asked for on a terminal, and otherwise read from --password-file or from standard input.
    """
    try:
        user = setup.appoint(email, username, _password(password_file))
    except (ValueError, Problem) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{user.email} is an administrator now.")


def _password(file: TextIO | None) -> str:
    if file is None and sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt="The same again"))
    return (file or sys.stdin).readline().rstrip("\r\n")
