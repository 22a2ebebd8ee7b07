"""The mail's service: the outbox as administrators see and change it, samples, and what other domains ask.

The package exports the names that other domains use:
    from parking import mail
    mail.queue(session, "release_receipt", mail.Recipient("a@example.com", "Amelia"), {"booking": {...}})
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, column, delete, func, select, table
from sqlalchemy.orm import Session

from parking import audit, clock
from parking.database import db, transaction
from parking.database.functions import contains, unix_seconds
from parking.errors import Conflict, NotFound
from parking.mail import hooks, unsubscribe
from parking.mail.contexts import erase_value
from parking.mail.models import OPEN, STATES, OutboxMail
from parking.mail.outbox import delivery, entries, hold, replies
from parking.mail.outbox.queue import Recipient, new_message_id, queue, wake_worker
from parking.mail.preferences import delete_preferences, set_preferences
from parking.mail.registry import TEMPLATES, subscriptions
from parking.mail.rendering import calendar, render
from parking.mail.rendering.calendar import CalendarEntry
from parking.mail.rendering.formatter import Formatter
from parking.mail.rendering.layout import Message
from parking.mail.smtp import certificate, circuit_breaker
from parking.settings import current

LATE_SECONDS = 3600
"""A mail that waits longer says that something is wrong with the server."""
SAMPLE_MOMENT = datetime.fromisoformat("2026-11-23T10:00:00+00:00")


def queue_sample(template: str, to: Recipient) -> OutboxMail:
    """Queues a mail with the template's sample context. Raises NotFound."""
    if template not in TEMPLATES:
        raise NotFound("There is no such kind of email.")
    with transaction() as session:
        mail_id = queue(session, template, to, TEMPLATES[template].sample())
        assert mail_id is not None  # only a dedupe_key makes it None
        return get(session, mail_id)


def delete_user(session: Session, user_id: int) -> int:
    """Deletes the mails and preferences of a deleted account; returns how many mails."""
    delete_preferences(session, user_id)
    return session.query(OutboxMail).filter_by(user_id=user_id).delete(synchronize_session=False)


def delete_of_bookings(session: Session, booking_ids: Sequence[int]) -> None:
    """Deletes the mails about these bookings that are no longer to be sent."""
    ended = OutboxMail.state.not_in(("queued", "retrying", "sending"))
    session.execute(delete(OutboxMail).where(OutboxMail.booking_id.in_(booking_ids), ended))


def erase_plates(session: Session, booking_ids: Sequence[int]) -> None:
    """Deletes the number plates from the mails about these bookings, whatever their state."""
    erase_value(session, OutboxMail.facts, booking_ids, "vehicle_plate")


def token_subject(session: Session, token: str) -> tuple[int, str]:
    """The user's id and the template that an unsubscribe token turns off. Raises unsubscribe.BadToken, also when the
    account no longer exists."""
    user_id, template = unsubscribe.read(current(), token)
    if template not in subscriptions():
        raise unsubscribe.BadToken("this kind cannot be turned off")
    if session.scalar(select(_USER.c.id).where(_USER.c.id == user_id)) is None:
        raise unsubscribe.BadToken("this account is no longer there")
    return user_id, template


def unsubscribe_by_token(token: str) -> tuple[int, str]:
    """Turns off what the token says; returns the user's id and the template. Raises unsubscribe.BadToken."""
    user_id, template = token_subject(db.session(), token)
    with transaction() as session:
        set_preferences(session, user_id, {template: False})
    return user_id, template


# The users' table by its name alone: this domain knows no more of it.
_USER = table("app_user", column("id"))


def latest_states(session: Session, template: str, booking_ids: Iterable[int]) -> dict[int, str]:
    """booking id → state of its newest mail of this template, for the page's "sent" or "will be sent"."""
    rows = (
        select(OutboxMail.booking_id, OutboxMail.state)
        .where(OutboxMail.booking_id.in_(list(booking_ids)), OutboxMail.kind == template)
        .order_by(OutboxMail.id)
    )
    return {booking_id: state for booking_id, state in session.execute(rows) if booking_id is not None}


def calendar_file(to: Recipient, build: Callable[[Formatter], CalendarEntry]) -> str:
    """The .ics text of an entry, to be downloaded by this recipient."""
    fmt = formatter_for(to)
    return calendar.ics(build(fmt), fmt)


def formatter_for(to: Recipient) -> Formatter:
    """Writes values for this person, now."""
    draft = render.Draft("", to.email, to.name, to.locale, to.timezone, {}, clock.now(), "")
    return render.formatter(draft, delivery.site(current()))


def build(template: str, context: dict[str, Any], fmt: Formatter) -> Message:
    """The message of a template. Raises KeyError for an unknown one, and what `render.build` raises."""
    return TEMPLATES[template].build(render.one_line(context), fmt)


def subject(template: str, context: dict[str, Any], fmt: Formatter) -> str:
    """The subject of a template. Raises KeyError for an unknown one."""
    return TEMPLATES[template].subject(render.one_line(context), fmt)


# reading the outbox ------------------------------------------------------------------------


def health(session: Session) -> dict[str, Any]:
    """The state of the outbox. `held_up`: why waiting mails are not sent; `ok`: they are, and none has failed."""
    now, settings, held = clock.now(), current(), hold.current_hold(session)
    tally = counts(session)
    oldest = session.scalar(select(func.min(OutboxMail.created_at)).where(OPEN))
    age = int((now - oldest).total_seconds()) if oldest else None
    waiting = tally["queued"] + tally["sending"] + tally["retrying"]
    circuit = circuit_breaker.state(session, settings, now)
    held_up = None
    if held:
        held_up = "restored"
    elif waiting and not settings.smtp_host:
        held_up = "no_server"
    elif circuit["state"] == "open":
        held_up = "login_refused"
    elif (age or 0) > LATE_SECONDS:
        held_up = "late"
    return {
        "ok": held_up is None and tally["failed"] == 0,
        "held_up": held_up,
        "configured": bool(settings.smtp_host),
        "detail": None if settings.smtp_host else replies.NOT_CONFIGURED,
        "oldest_unsent_seconds": age,
        "queued": waiting,
        "failed": tally["failed"],
        "circuit": circuit,
        "hold": {"since": held.since, "backup_of": held.backup_of} if held else None,
    }


def certificate_health(session: Session) -> dict[str, Any] | None:
    """The end of the mail server's certificate; None where mail is sent without TLS, or not at all."""
    return certificate.status(session, current(), clock.now())


def can_send() -> bool:
    """Whether a server is configured. Without one mails only wait, so nobody must be promised any."""
    return bool(current().smtp_host)


def waiting_note() -> str:
    """A sentence, after a blank, for an administrator whose mails only wait; empty when they are sent."""
    return "" if can_send() else " No mail server is configured, so emails wait in the outbox."


def counts(session: Session) -> dict[str, int]:
    """state → number of mails."""
    rows = session.execute(select(OutboxMail.state, func.count()).group_by(OutboxMail.state))
    numbers = {state: int(n) for state, n in rows}
    return {state: numbers.get(state, 0) for state in STATES}


def page(
    session: Session,
    filters: Filters,
    limit: int = 200,
    last_id: int | None = None,
    *,
    oldest_first: bool = False,
) -> tuple[list[OutboxMail], int | None]:
    """Mails newest first unless `oldest_first`, and the id to go on after (None at the end)."""
    query: Select[OutboxMail] = select(OutboxMail).where(*_matching(filters)).limit(limit + 1)
    query = query.order_by(OutboxMail.id if oldest_first else OutboxMail.id.desc())
    if last_id is not None:
        query = query.where(OutboxMail.id > last_id if oldest_first else OutboxMail.id < last_id)
    rows = list(session.scalars(query))
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def mail_rows(filters: Filters) -> Select[*tuple[Any, ...]]:
    """Selects the fields of all mails that match, newest first; times in unix seconds, the next attempt only of mails
    that wait."""
    names_of_fields = ("id", "kind", "subject", "email", "state", "attempts", "booking_id", "user_id", "message_id")
    fields = [getattr(OutboxMail, name) for name in names_of_fields]
    reply: ColumnElement[Any] = OutboxMail.last_reply.expression
    if not current().smtp_host:
        reply = case((OutboxMail.state.in_(("queued", "retrying")), replies.NOT_CONFIGURED), else_=reply)
    fields += [
        reply.label("last_reply"),
        unix_seconds(OutboxMail.created_at).label("created"),
        unix_seconds(OutboxMail.sent_at).label("sent"),
        case((OPEN, unix_seconds(OutboxMail.due_at))).label("next_attempt"),
    ]
    return select(*fields).where(*_matching(filters)).order_by(OutboxMail.id.desc())


@dataclass(frozen=True, slots=True)
class Filters:
    """`kind` is a template, `q` a part of the address, name or subject."""

    state: str | None = None
    kind: str | None = None
    q: str | None = None
    user_id: int | None = None


def _matching(filters: Filters) -> list[ColumnElement[bool]]:
    conditions = [
        getattr(OutboxMail, name) == value for name in ("state", "kind", "user_id") if (value := getattr(filters, name))
    ]
    if filters.q:
        conditions.append(contains(OutboxMail.search_text, filters.q))
    return conditions


def get(session: Session, mail_id: int, *, lock: bool = False) -> OutboxMail:
    """Raises NotFound."""
    mail = session.get(OutboxMail, mail_id, with_for_update=lock)
    if mail is None:
        raise NotFound("There is no such email.")
    return mail


def last_reply(mail: OutboxMail) -> str | None:
    """The last reply of the server, or the reason why there is none yet."""
    if mail.state in ("queued", "retrying") and not current().smtp_host:
        return replies.NOT_CONFIGURED
    return mail.last_reply


# previews ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    subject: str
    text: str
    html: str
    headers: list[tuple[str, str]]


def preview(mail: OutboxMail) -> Preview:
    """A stored mail as its recipient gets it, with its secret links hidden. Raises Conflict."""
    template = TEMPLATES.get(mail.kind)
    if template is None:
        raise Conflict("This program does not know emails of this kind any more.")
    draft = delivery.draft(mail, current(), with_files=False)
    hidden = {name: "/#hidden" for name in template.secret if mail.facts.get(name)}
    return _preview(replace(draft, context={**mail.facts, **hidden}))


def sample(template: str, locale: str = "en", timezone: str = "UTC") -> Preview:
    """The template with its sample context. Raises NotFound."""
    if template not in TEMPLATES:
        raise NotFound("There is no such kind of email.")
    return _preview(sample_draft(template, locale, timezone))


def sample_draft(template: str, locale: str, timezone: str, context: dict[str, Any] | None = None) -> render.Draft:
    """A mail to a recipient who does not exist, with the sample context or another one."""
    site = delivery.site(current())
    subscription = template in subscriptions()
    return render.Draft(
        template=template,
        email="amelia@example.com",
        name="Amelia Stone",
        locale=locale,
        timezone=timezone,
        context=context if context is not None else TEMPLATES[template].sample(),
        created_at=SAMPLE_MOMENT,
        message_id=f"<sample.{template.replace('_', '-')}.{locale}@{site.domain}>",
        unsubscribe_url=f"{site.public_url}/unsubscribe/sample" if subscription else "",
        unsubscribe_mail="unsubscribe%20sample" if subscription else "",
    )


def test_draft(address: str) -> render.Draft:
    """The test message to an address, sent without the outbox."""
    return render.Draft("test_message", address, "", "en", current().timezone, {}, clock.now(), new_message_id())


def _preview(draft: render.Draft) -> Preview:
    site = delivery.site(current())
    rendered = render.render(draft, site)
    return Preview(rendered.subject, rendered.text, rendered.html, render.headers(draft, site))


# commands of an administrator --------------------------------------------------------------


def retry(mail_id: int) -> OutboxMail:
    """Queues a mail that failed, was discarded or waits, from its first attempt. Raises NotFound, Conflict."""
    with transaction() as session:
        mail = get(session, mail_id, lock=True)
        if mail.state not in ("failed", "discarded", "retrying", "queued"):
            raise Conflict(f"An email in state {mail.state} cannot be sent again.")
        if entries.is_erased(mail):
            raise Conflict("The link in this email has been erased; its recipient must ask for a new one.")
        if mail.state == "failed":
            hooks.retried(session, mail)
        now = clock.now()
        mail.state, mail.due_at, mail.server_fault = "queued", now, False
        mail.attempts, mail.lost_leases, mail.first_attempt_at = 0, 0, None
        wake_worker()
    return mail


def discard(mail_id: int) -> OutboxMail:
    """Takes a mail out of the queue for good. Raises NotFound, Conflict."""
    with transaction() as session:
        mail = get(session, mail_id, lock=True)
        if mail.state not in ("queued", "retrying", "failed"):
            raise Conflict(f"An email in state {mail.state} cannot be discarded.")
        entries.finish(mail, "discarded", replies.DISCARDED)
    return mail


def release(*, discard: bool) -> int:
    """Ends the hold after a restore; with `discard` the mails that waited are never sent. Returns how many waited.

    Raises Conflict when nothing is held.
    """
    with transaction() as session:
        held = hold.release(session)
        if held is None:
            raise Conflict("No email is held.", code="not_held")
        waiting = session.scalars(select(OutboxMail).where(OPEN, OutboxMail.created_at <= held.since)).all()
        if discard:
            for mail in waiting:
                entries.finish(mail, "discarded", replies.DISCARDED_AFTER_RESTORE)
        action = "mail.discarded_after_restore" if discard else "mail.released_after_restore"
        audit.record(session, action, "system", None, after={"count": len(waiting)})
        wake_worker()
    return len(waiting)


def resume() -> None:
    """Tries the login again now, after its credentials were repaired at the server."""
    with transaction() as session:
        circuit_breaker.close(session)
        entries.server_is_back(session, clock.now())
        wake_worker()
