"""`flask admin create`: an administrator from the command line. The password is never an argument."""

from __future__ import annotations

import sys
from typing import TextIO

import click
from flask.cli import AppGroup

from parking.accounts import setup
from parking.accounts.admin import duplicates_report
from parking.accounts.second_factor import service as second_factor
from parking.database import db, derived_columns
from parking.errors import Problem

group = AppGroup("admin", help="Administrators.")
names_group = AppGroup("names", help="Names and addresses that must be unique.")


@names_group.command("duplicates")
def list_duplicates() -> None:
    """List accounts and lots that have the same name or address as an earlier one. Exit code 1 when there are some.

    An older version allowed them, because it compared names by a weaker rule. Both stay in use; a new one with that
    name is refused.
    """
    lines = duplicates_report.report_lines(db.session())
    click.echo("\n".join(lines) or duplicates_report.describe_duplicates(0))
    sys.exit(1 if lines else 0)


# The old name of "duplicates".
names_group.add_command(click.Command("twins", callback=list_duplicates.callback, hidden=True))


@names_group.command("check")
def check_keys() -> None:
    """Check that every stored key matches its name. Exit code 1 when one does not."""
    wrong = derived_columns.wrong_values(db.session())
    for table, column, row_id in wrong:
        click.echo(f"{table} {row_id}: {column} does not match its row")
    click.echo(f"Wrong keys: {len(wrong)}.")
    sys.exit(1 if wrong else 0)


@group.command("create")
@click.option("--email", prompt="Email address", help="The address with which the administrator signs in.")
@click.option("--username", default=None, help="Display name. Default: the part of the address before the @.")
@click.option(
    "--password-file", type=click.File("r", encoding="utf-8"), help="File whose first line is the password; - is stdin."
)
def create(email: str, username: str | None, password_file: TextIO | None) -> None:
    """Create an administrator, or make the account of this address one (its password is replaced).

    Asks for the password on a terminal; otherwise reads it from --password-file or standard input.
    """
    try:
        user = setup.create_admin(email, username, _password(password_file))
    except (ValueError, Problem) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{user.email} is now an administrator.")


@group.command("reset-totp")
@click.argument("email")
def reset_totp(email: str) -> None:
    """Remove the second factor of the account with this address, which is signed out everywhere."""
    try:
        was_on = second_factor.reset_by_email(email)
    except Problem as error:
        raise click.ClickException(error.detail) from None
    click.echo("The second factor is removed." if was_on else "This account has no second factor.")


def _password(file: TextIO | None) -> str:
    if file is None and sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt="Repeat the password"))
    return (file or sys.stdin).readline().rstrip("\r\n")
