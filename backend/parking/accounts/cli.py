"""`flask admin create`: an administrator from the command line. The password is never an argument."""

from __future__ import annotations

import sys
from typing import TextIO

import click
from flask.cli import AppGroup

from parking.accounts import administrators
from parking.errors import Problem

group = AppGroup("admin", help="Administrators.")


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
        user = administrators.appoint(email, username, _password(password_file))
    except (ValueError, Problem) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{user.email} is an administrator now.")


def _password(file: TextIO | None) -> str:
    if file is None and sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt="The same again"))
    return (file or sys.stdin).readline().rstrip("\r\n")
