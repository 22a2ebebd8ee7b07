"""From the outbox to the server: one SMTP session for a batch, and one commit for a mail: it records the outcome of
one mail and leases the next.

A crash loses nothing: a mail that was not leased waits, and a lease runs out. A worker holds one mail at a time, so a
crash between the last byte and the commit sends that one twice, with the same Message-ID (SMTP cannot prevent that);
before the commit the next mail still waits, and after it the one before is recorded.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import clock, signing
from parking.database import db, transaction
from parking.mail import unsubscribe
from parking.mail.models import OutboxMail
from parking.mail.outbox import entries, hold, replies
from parking.mail.registry import TEMPLATES
from parking.mail.rendering import render
from parking.mail.rendering.render import Attachment, Draft, Operator, Site
from parking.mail.smtp import certificate, circuit_breaker
from parking.mail.smtp.addresses import BadAddress, addr_spec
from parking.mail.smtp.smtp_client import Connection, LoginRefused, Lost, Refused, Server, ServerDown
from parking.settings import Settings, current

log = logging.getLogger(__name__)
MOST_SECONDS = 60.0  # of one sweep; the next one goes on
MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024
_LARGE = 1_000_000
_SLOWEST_BYTES_PER_SECOND = 50_000


class Unsendable(Exception):
    """This mail can never be made into a message; the text says why."""


@dataclass
class Tally:
    """The result of a sweep."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0
    more: bool = False  # time ran out before the mails did

    def numbers(self) -> dict[str, int]:
        return {"sent": self.sent, "failed": self.failed, "postponed": self.postponed}


def site(settings: Settings) -> Site:
    operator = Operator(
        settings.operator_name,
        settings.operator_contact,
        settings.operator_contact_url,
        settings.imprint_url,
        settings.privacy_url,
    )
    return Site(settings.site_name, settings.public_url, settings.mail_from, operator)


def server(settings: Settings) -> Server | None:
    """The configured server; None when mail only waits."""
    if not settings.smtp_host:
        return None
    name = site(settings).domain
    return Server(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,  # type: ignore[arg-type]  # the settings allow just these three words
        settings.smtp_user,
        settings.smtp_password,
        name if name.isascii() else "localhost",
    )


def deliver_due(most_seconds: float = MOST_SECONDS) -> Tally:
    """Sends everything that is due, until nothing is or the time is up. When nothing is due it only reads."""
    tally, until = Tally(), time.monotonic() + most_seconds
    while _something_to_do():
        if time.monotonic() >= until:
            tally.more = True
            break
        connection = _connect(tally)
        if connection is None:
            break
        with contextlib.closing(connection):
            mail = _lease()
            while mail is not None:
                mail = _deliver(connection, mail, tally, until)
        _release_waiting(connection)
    return tally


def deliver_one(mail_id: int) -> Tally:
    """Sends this mail now, before its time if need be; does nothing when it has been sent or is being sent."""
    tally = Tally()
    db.session.remove()
    if not _may_connect():
        return tally
    connection = _connect(tally)
    if connection is not None:
        with contextlib.closing(connection):
            mail = _lease(mail_id)
            if mail is not None:
                _deliver(connection, mail, tally)
        _release_waiting(connection)
    return tally


def deliver_latest(template: str, booking_id: int) -> dict[str, int]:
    """Sends the newest mail of this template and booking now, if it still waits; returns the tally."""
    newest = (
        select(OutboxMail.id)
        .where(OutboxMail.booking_id == booking_id, OutboxMail.kind == template)
        .order_by(OutboxMail.id.desc())
        .limit(1)
    )
    mail_id = db.session.scalar(newest)
    tally = deliver_one(mail_id) if mail_id is not None else Tally()
    return tally.numbers()


# steps -------------------------------------------------------------------------------------


def _may_connect() -> bool:
    settings = current()
    paused = circuit_breaker.paused_until(db.session(), settings, clock.now())
    return bool(settings.smtp_host) and not paused and hold.current_hold(db.session()) is None


def _something_to_do() -> bool:
    """Reads in a transaction of its own, so that it sees what was committed and none is open while mails are sent."""
    db.session.remove()
    try:
        return _may_connect() and entries.anything_due(db.session(), clock.now())
    finally:
        db.session.remove()


def _connect(tally: Tally) -> Connection | None:
    """A session with the server. None: there was none, and the due mails are postponed."""
    settings = current()
    target = server(settings)
    assert target is not None  # _may_connect was true
    try:
        connection = Connection(target)
    except (ServerDown, LoginRefused) as error:
        log.warning("mail server: %s", error)
        with transaction() as session:
            if isinstance(error, LoginRefused):
                circuit_breaker.login_refused(session, settings, str(error), clock.now())
            tally.postponed += entries.postpone_due(session, str(error), clock.now())
        return None
    if circuit_breaker.known(db.session()):
        with transaction() as session:
            circuit_breaker.login_accepted(session)
    expires_at = connection.certificate_expires_at
    if expires_at and not certificate.is_stored(db.session(), target.host, expires_at):
        with transaction() as session:
            certificate.store(session, target.host, expires_at)
    return connection


def _release_waiting(connection: Connection) -> None:
    """Makes the mails due that waited only for the server, if it answered for a mail in this session. A greeting is not
    enough: a server that then hangs up would be called again and again."""
    if connection.answered and entries.waiting_for_server(db.session(), clock.now()):
        with transaction() as session:
            entries.server_is_back(session, clock.now())


def _lease(mail_id: int | None = None) -> OutboxMail | None:
    with transaction() as session:
        return entries.lease(session, clock.now(), mail_id)


def _deliver(
    connection: Connection, mail: OutboxMail, tally: Tally, lease_until: float | None = None
) -> OutboxMail | None:
    """Sends one leased mail and records the outcome. Until the moment `lease_until` (of the monotonic clock) the same
    commit leases the next mail, which is returned; None: there is none, or the SMTP session is lost."""
    try:
        reply = connection.send(addr_spec(site(current()).sender_email), addr_spec(mail.email), _message(mail))
    except Exception as error:  # it must stop neither this worker nor the other mails
        record = _failure(mail, error, tally)
        if isinstance(error, ServerDown):
            lease_until = None
    else:
        record = _success(mail, reply, tally)
    return _record(record, lease_next=lease_until is not None and time.monotonic() < lease_until)


Record = Callable[[Session], object]
"""Writes the outcome of one mail; a second time it changes nothing."""


def _record(record: Record, *, lease_next: bool) -> OutboxMail | None:
    try:
        with transaction() as session:
            record(session)
            return entries.lease(session, clock.now()) if lease_next else None
    except Exception:
        if lease_next:  # what is wrong with the next mail must not undo this one's outcome
            with transaction() as session:
                record(session)
        raise


def _success(mail: OutboxMail, reply: str, tally: Tally) -> Record:
    tally.sent += 1

    def record(session: Session) -> None:
        if not entries.sent(session, mail, reply, clock.now()):
            log.warning("mail %s was sent, but its lease had run out", mail.id)

    return record


def _failure(mail: OutboxMail, error: Exception, tally: Tally) -> Record:
    if isinstance(error, ServerDown | Refused | BadAddress | Unsendable):
        reply = str(error)
    else:
        log.error("mail %s cannot be written", mail.id, exc_info=error)
        reply = replies.unwritable(error)
    if isinstance(error, ServerDown) or (isinstance(error, Refused) and not error.final):
        tally.postponed += 1
        at_server = isinstance(error, ServerDown) and not isinstance(error, Lost)
        return lambda session: entries.retry_later(session, mail, reply, clock.now(), server_fault=at_server)
    tally.failed += 1
    return lambda session: entries.failed(session, mail, reply)


def _message(mail: OutboxMail) -> bytes:
    """The bytes to send. Raises Unsendable, BadAddress, or what a builder raises for a wrong context."""
    if entries.is_erased(mail):
        raise Unsendable("its link was erased when the email ended; ask for a new one")
    settings = current()
    data = render.wire(draft(mail, settings), site(settings))
    if len(data) > _LARGE:
        with transaction() as session:
            longer = entries.LEASE + timedelta(seconds=len(data) / _SLOWEST_BYTES_PER_SECOND)
            entries.extend(session, mail, clock.now() + longer)
    return data


def draft(mail: OutboxMail, settings: Settings, *, with_files: bool = True) -> Draft:
    """The draft of a stored mail. Raises Unsendable."""
    if mail.kind not in TEMPLATES:
        raise Unsendable(f"this program does not know emails of kind {mail.kind}")
    unsubscribe_url = unsubscribe_mail = ""
    if TEMPLATES[mail.kind].category == "subscription" and mail.user_id is not None:
        token = unsubscribe.make(settings, mail.user_id, mail.kind)
        unsubscribe_url, unsubscribe_mail = f"{settings.public_url}/unsubscribe/{token}", f"unsubscribe%20{token}"
    return Draft(
        template=mail.kind,
        email=mail.email,
        name=mail.name,
        locale=mail.locale,
        timezone=mail.timezone,
        context=_with_secret(mail.facts, settings),
        created_at=mail.created_at,
        message_id=mail.message_id,
        subject=mail.subject,
        unsubscribe_url=unsubscribe_url,
        unsubscribe_mail=unsubscribe_mail,
        attachments=attachments(mail.attachments, settings.export_dir) if with_files else (),
    )


def _with_secret(context: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The context with its whole link. The stored part alone opens nothing."""
    seed = context.get("seed")
    return {**context, "link": context["link"] + signing.one_time_secret(settings, seed)} if seed else context


def attachments(references: Sequence[dict[str, str]], export_dir: Path) -> list[Attachment]:
    """The files of a mail: {filename, mimetype} and either `text` or a `path` inside EXPORT_DIR. Raises Unsendable."""
    return [
        Attachment(r["filename"], r["mimetype"], r["text"].encode() if "text" in r else _file(r["path"], export_dir))
        for r in references
    ]


def _file(path: str, export_dir: Path) -> bytes:
    root = export_dir.resolve()
    whole = (root / path).resolve()
    if not whole.is_relative_to(root):
        raise Unsendable("the attached file lies outside the export folder")
    try:
        if whole.stat().st_size > MAX_ATTACHMENT_BYTES:
            raise Unsendable("the attached file is larger than 10 MB")
        return whole.read_bytes()
    except FileNotFoundError:
        raise Unsendable("the attached file is no longer there") from None
