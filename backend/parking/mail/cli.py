"""flask mail: check, render, test, unsubscribe."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from parking.mail import service
from parking.mail.i18n import LANGUAGES
from parking.mail.outbox import delivery
from parking.mail.registry import TEMPLATES
from parking.mail.rendering import render
from parking.mail.smtp import check as smtp_check
from parking.mail.smtp.addresses import BadAddress, addr_spec
from parking.mail.smtp.smtp_client import Connection, LoginRefused, Refused, ServerDown
from parking.mail.unsubscribe import BadToken
from parking.settings import current

mail_cli = AppGroup("mail", help="Check, preview and test emails.")


@mail_cli.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON list on standard output.")
def check_command(as_json: bool) -> None:
    """Check the mail server without sending: connection, TLS, login, sender. Exit code 1 when a check fails."""
    checks = smtp_check.run_checks(current())
    if as_json:
        click.echo(json.dumps([{"check": c.name, "ok": c.ok, "said": c.detail} for c in checks]))
    else:
        words = {True: "ok  ", False: "FAIL", None: "note"}
        for check in checks:
            click.echo(f"{words[check.ok]}  {check.name}: {check.detail}")
    sys.exit(1 if any(check.ok is False for check in checks) else 0)


# The old name of "check".
mail_cli.add_command(click.Command("doctor", callback=check_command.callback, params=check_command.params, hidden=True))


@mail_cli.command("render")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def render_command(folder: Path) -> None:
    """Write every kind of mail with sample data into FOLDER, as .html, .txt and .eml, in every language."""
    folder.mkdir(parents=True, exist_ok=True)
    site = delivery.site(current())
    for template in TEMPLATES:
        for language in LANGUAGES:
            draft = service.sample_draft(template, language, current().timezone)
            rendered, stem = render.render(draft, site), f"{template}.{language}"
            (folder / f"{stem}.html").write_text(rendered.html, encoding="utf-8")
            (folder / f"{stem}.txt").write_text(rendered.text, encoding="utf-8")
            (folder / f"{stem}.eml").write_bytes(render.wire(draft, site))
    click.echo(f"{len(TEMPLATES) * len(LANGUAGES)} mails in {folder}")


@mail_cli.command("test")
@click.argument("address")
def test_command(address: str) -> None:
    """Send one short mail to ADDRESS now, without the outbox, and print the server's answer."""
    settings = current()
    target = delivery.server(settings)
    if target is None:
        raise click.ClickException("SMTP_HOST is not set: there is no server to send with.")
    site = delivery.site(settings)
    try:
        message = render.wire(service.test_draft(address), site)
        connection = Connection(target)
        reply = connection.send(addr_spec(site.sender_email), addr_spec(address), message)
        connection.close()
    except (BadAddress, ServerDown, LoginRefused, Refused) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Accepted for {address}: {reply}")


@mail_cli.command("unsubscribe")
@click.argument("token")
def unsubscribe_command(token: str) -> None:
    """Unsubscribe the user of TOKEN, as a mail "unsubscribe TOKEN" in the From mailbox asks."""
    try:
        user_id, template = service.unsubscribe_by_token(token.removeprefix("unsubscribe").strip())
    except BadToken as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"User {user_id} gets no more emails of kind {template}.")
