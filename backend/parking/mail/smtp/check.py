"""Checks the mail server step by step, without sending anything."""

from __future__ import annotations

from dataclasses import dataclass

from parking.mail.outbox import delivery
from parking.mail.smtp.addresses import BadAddress, addr_spec
from parking.mail.smtp.smtp_client import Connection, LoginRefused, Refused, ServerDown
from parking.settings import Settings


@dataclass(frozen=True, slots=True)
class Check:
    """`ok` None: no error, but worth knowing."""

    name: str
    ok: bool | None
    detail: str


def run_checks(settings: Settings) -> list[Check]:
    """The results up to the first check that fails."""
    target = delivery.server(settings)
    if target is None:
        return [Check("server", False, "SMTP_HOST is not set: mails wait in the outbox and are read there")]
    checks = [Check("server", True, f"{target.host}:{target.port}, {target.tls}, EHLO as {target.name}")]
    try:
        connection = Connection(target)
    except LoginRefused as refusal:
        return [
            *checks,
            Check("connection", True, "reached"),
            Check("login", False, f"{refusal}{_gmail_hint(settings)}"),
        ]
    except ServerDown as error:
        return [*checks, Check("connection", False, str(error))]
    try:
        return [*checks, *_session(connection, settings), *alignment(settings)]
    finally:
        connection.close()


def _session(connection: Connection, settings: Settings) -> list[Check]:
    checks = [Check("connection", True, f"reached; it offers {', '.join(connection.features) or 'nothing special'}")]
    tls = connection.tls_version
    if tls:
        expires_at = connection.certificate_expires_at
        until = f", valid until {expires_at:%Y-%m-%d}" if expires_at else ""
        checks.append(Check("TLS", True, f"{tls}, certificate verified{until}"))
    else:
        checks.append(Check("TLS", None, "none: password and mails travel in the clear"))
    checks.append(
        Check("login", True, f"accepted as {settings.smtp_user}")
        if settings.smtp_user
        else Check("login", None, "none (SMTP_USER is not set)")
    )
    try:
        sender = addr_spec(delivery.site(settings).sender_email)
        checks.append(Check("From", True, f"{sender}: {connection.check_sender(sender)}"))
    except (BadAddress, Refused, ServerDown) as error:
        checks.append(Check("From", False, f"{settings.mail_from}: {error}"))
    return checks


def alignment(settings: Settings) -> list[Check]:
    """Compares the From domain with the login's, as receivers do, and names the DNS records that it needs."""
    domain = delivery.site(settings).domain
    login_domain = (settings.smtp_user or "").rpartition("@")[2]
    checks = []
    if login_domain and login_domain.lower() != domain.lower():
        checks.append(
            Check(
                "alignment", None, f"From is @{domain}, the login @{login_domain}: DMARC wants SPF or DKIM for {domain}"
            )
        )
    checks.append(
        Check(
            "DNS",
            None,
            f"{domain} should publish SPF (v=spf1 … naming this server), DKIM for the key the server signs with, and"
            f" _dmarc.{domain} (v=DMARC1; p=…); large providers refuse bulk mail without them",
        )
    )
    return checks


def _gmail_hint(settings: Settings) -> str:
    if "gmail" in (settings.smtp_host or ""):
        return ". Gmail wants an app password (16 letters, two-step verification on), not the account's password"
    return ""
