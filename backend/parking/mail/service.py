"""The mail's front door for the other domains: queue a letter, keep get_preferences, look at the outbox.

from parking.mail import service as mail
mail.queue(session, "booking_confirmation", mail.Recipient("a@example.com", "Amelia"), {"booking": {...}})
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, column, func, select, table
from sqlalchemy.orm import Session

from parking import clock
from parking.errors import Conflict, NotFound
from parking.mail import calendar, render, unsubscribe
from parking.mail.models import OPEN, STATES, OutboxMail
from parking.mail.outbox import delivery, entries
from parking.mail.outbox.queue import FileReference, Recipient, new_message_id, queue, supersede, wake_worker
from parking.mail.preferences import forget_preferences, get_preferences, set_preferences, unwilling, wants
from parking.mail.smtp import circuit_breaker
from parking.mail.templates import KINDS, SUBSCRIPTIONS, Kind
from parking.mail.templates.contexts import BookingFacts
from parking.settings import current
from parking.text import names

__all__ = [
    "KINDS",
    "MAX_ATTACHMENT_BYTES",
    "STATES",
    "SUBSCRIPTIONS",
    "FileReference",
    "Kind",
    "Recipient",
    "get_preferences",
    "new_message_id",
    "queue",
    "set_preferences",
    "supersede",
    "unwilling",
    "wants",
]

MAX_ATTACHMENT_BYTES = delivery.MAX_ATTACHMENT_BYTES
NOT_CONFIGURED = "not sent: no SMTP server configured"


def queue_sample(session: Session, kind: str, to: Recipient) -> OutboxMail:
    """The kind with made-up facts, to an administrator who wants to see it arrive. Raises NotFound."""
    if kind not in KINDS:
        raise NotFound("There is no such kind of email.")
    mail = queue(session, kind, to, KINDS[kind].sample())
    assert mail is not None  # only a dedupe_key makes it None
    return mail


def forget_user(session: Session, user_id: int) -> int:
    """A deleted account's mails and get_preferences, sent or not. Returns how many mails."""
    forget_preferences(session, user_id)
    return session.query(OutboxMail).filter_by(user_id=user_id).delete(synchronize_session=False)


def token_subject(session: Session, token: str) -> tuple[int, str]:
    """Whose mails of which kind an unsubscribe token stops. Raises unsubscribe.BadToken, also when he is gone."""
    user_id, kind = unsubscribe.read(current(), token)
    if kind not in SUBSCRIPTIONS:
        raise unsubscribe.BadToken("this kind cannot be turned off")
    if session.scalar(select(_USER.c.id).where(_USER.c.id == user_id)) is None:
        raise unsubscribe.BadToken("this account is no longer there")
    return user_id, kind


# The users' table by its name alone: this domain knows no more of it.
_USER = table("app_user", column("id"))


# looking at the outbox ---------------------------------------------------------------------


def confirmation_states(session: Session, booking_ids: Iterable[int]) -> dict[int, str]:
    """booking id → state of its newest confirmation, for the page's "sent" or "will be sent"."""
    rows = (
        select(OutboxMail.booking_id, OutboxMail.state)
        .where(OutboxMail.booking_id.in_(list(booking_ids)), OutboxMail.kind == "booking_confirmation")
        .order_by(OutboxMail.id)
    )
    return {booking_id: state for booking_id, state in session.execute(rows) if booking_id is not None}


def health(session: Session) -> dict[str, Any]:
    """The outbox at a glance: is there a server, is its login refused, how long does the oldest mail wait."""
    now, settings = clock.now(), current()
    tally = counts(session)
    oldest = session.scalar(select(func.min(OutboxMail.created_at)).where(OPEN))
    return {
        "configured": bool(settings.smtp_host),
        "detail": None if settings.smtp_host else NOT_CONFIGURED,
        "oldest_unsent_seconds": int((now - oldest).total_seconds()) if oldest else None,
        "queued": tally["queued"] + tally["sending"] + tally["retrying"],
        "failed": tally["failed"],
        "circuit": circuit_breaker.state(session, settings, now),
    }


def counts(session: Session) -> dict[str, int]:
    rows = session.execute(select(OutboxMail.state, func.count()).group_by(OutboxMail.state))
    found = {state: int(n) for state, n in rows}
    return {state: found.get(state, 0) for state in STATES}


def page(
    session: Session,
    *,
    state: str | None = None,
    kind: str | None = None,
    q: str | None = None,
    user_id: int | None = None,
    before_id: int | None = None,
    limit: int = 200,
) -> tuple[list[OutboxMail], int | None]:
    """Mails newest first, and the id to go on before (None at the end)."""
    wanted: Select[OutboxMail] = select(OutboxMail).order_by(OutboxMail.id.desc()).limit(limit + 1)
    if state:
        wanted = wanted.where(OutboxMail.state == state)
    if kind:
        wanted = wanted.where(OutboxMail.kind == kind)
    if user_id is not None:
        wanted = wanted.where(OutboxMail.user_id == user_id)
    if before_id is not None:
        wanted = wanted.where(OutboxMail.id < before_id)
    if q:
        wanted = wanted.where(OutboxMail.search_text.contains(names.search_key(q), autoescape=True))
    found = list(session.scalars(wanted))
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def get(session: Session, mail_id: int, *, lock: bool = False) -> OutboxMail:
    """Raises NotFound."""
    mail = session.get(OutboxMail, mail_id, with_for_update=lock)
    if mail is None:
        raise NotFound("There is no such email.")
    return mail


def shown_reply(mail: OutboxMail) -> str | None:
    """The last word on a mail, as the administrator should read it."""
    if mail.state in ("queued", "retrying") and not current().smtp_host:
        return NOT_CONFIGURED
    return mail.last_reply


@dataclass(frozen=True, slots=True)
class Preview:
    subject: str
    text: str
    html: str
    headers: list[tuple[str, str]]


def preview(mail: OutboxMail) -> Preview:
    """A stored mail as its reader gets it, except that secret links are hidden from everybody else."""
    entry, settings = KINDS.get(mail.kind), current()
    if entry is None:
        raise Conflict("This program does not know mails of this kind any more.")
    draft = delivery.draft(mail, settings, with_files=False)
    hidden = {name: "/#hidden" for name in entry.secret if mail.facts.get(name)}
    return _previewed(render.Draft(**{**_fields(draft), "facts": {**mail.facts, **hidden}}))


def sample(kind: str, locale: str = "en", timezone: str = "UTC") -> Preview:
    """The kind with made-up facts. Raises NotFound."""
    if kind not in KINDS:
        raise NotFound("There is no such kind of email.")
    return _previewed(sample_draft(kind, locale, timezone))


def sample_draft(kind: str, locale: str, timezone: str, facts: dict[str, Any] | None = None) -> render.Draft:
    site = delivery.site(current())
    subscription = KINDS[kind].category == "subscription"
    return render.Draft(
        kind=kind,
        email="amelia@example.com",
        name="Amelia Stone",
        locale=locale,
        timezone=timezone,
        facts=facts if facts is not None else KINDS[kind].sample(),
        made_at=SAMPLE_MOMENT,
        message_id=f"<sample.{kind.replace('_', '-')}.{locale}@{site.domain}>",
        unsubscribe_url=f"{site.public_url}/unsubscribe/sample" if subscription else "",
        unsubscribe_mail="unsubscribe%20sample" if subscription else "",
    )


SAMPLE_MOMENT = datetime.fromisoformat("2026-11-23T10:00:00+00:00")


def _fields(draft: render.Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in draft.__dataclass_fields__}


def _previewed(draft: render.Draft) -> Preview:
    site = delivery.site(current())
    shown = render.render(draft, site)
    headers = render.headers(draft, site)
    return Preview(shown.letter.subject, shown.text, shown.html, headers)


# an administrator's hand -------------------------------------------------------------------


def retry(session: Session, mail_id: int) -> OutboxMail:
    """A fresh start for a mail that has ended badly or waits too long. Raises NotFound, Conflict."""
    mail = get(session, mail_id, lock=True)
    if mail.state not in ("failed", "discarded", "retrying", "queued"):
        raise Conflict(f"An email in state {mail.state} cannot be sent again.")
    if entries.is_erased(mail):
        raise Conflict("The link in this email has been erased; its recipient must ask for a new one.")
    now = clock.now()
    mail.state, mail.due_at, mail.server_fault = "queued", now, False
    mail.attempts, mail.lost_leases, mail.first_attempt_at = 0, 0, None
    wake_worker()
    return mail


def discard(session: Session, mail_id: int) -> OutboxMail:
    """It will not be sent. Raises NotFound, Conflict."""
    mail = get(session, mail_id, lock=True)
    if mail.state not in ("queued", "retrying", "failed"):
        raise Conflict(f"An email in state {mail.state} cannot be discarded.")
    entries.finish(mail, "discarded", "discarded by an administrator")
    return mail


def resume(session: Session) -> None:
    """Tries the login again now, after the credentials were mended on the server's side."""
    circuit_breaker.close(session)
    entries.server_is_back(session, clock.now())
    wake_worker()


def calendar_file(facts: dict[str, Any], to: Recipient) -> str:
    """The calendar file of a booking (its facts as in the letters) for its owner to download."""
    draft = render.Draft("booking_confirmation", to.email, to.name, to.locale, to.timezone, facts, clock.now(), "")
    return calendar.entry(cast(BookingFacts, facts), render.context(draft, delivery.site(current())))
