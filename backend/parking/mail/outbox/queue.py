"""Putting mails into the outbox, in the transaction of their cause.

Two things limit the number of mails: a mail about a booking can replace the one before it that has not been sent
(`at_most_every`), and mails to an address that nobody has confirmed are limited (allowance.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from parking import clock, realtime
from parking.database import Prepared, UTCDateTime, after_commit, changed_rows, is_sqlite, upsert
from parking.mail.models import OutboxMail, search_text
from parking.mail.outbox import allowance, delivery, replies
from parking.mail.preferences import wants
from parking.mail.registry import TEMPLATES, Template
from parking.mail.rendering import render
from parking.settings import current


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a mail goes to. `timezone` is an IANA name; `user_id` is required for subscriptions.

    `confirmed`: the recipient has used a link that was mailed to this address.
    """

    email: str
    name: str
    locale: str = "en"
    timezone: str = "UTC"
    user_id: int | None = None
    confirmed: bool = False


class FileReference(TypedDict, total=False):
    """An attachment: `path` relative to EXPORT_DIR, or a small `text`; both with `filename` and `mimetype`."""

    filename: str
    mimetype: str
    path: str
    text: str


Merge = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


def queue(
    session: Session,
    template: str,
    to: Recipient,
    context: dict[str, Any],
    *,
    booking_id: int | None = None,
    dedupe_key: str | None = None,
    attachments: Sequence[FileReference] | None = None,
    expires_at: datetime | None = None,
    at_most_every: timedelta | None = None,
    merge: Merge | None = None,
) -> int | None:
    """Puts one mail into the caller's transaction; it is sent if and only if that commits.

    Returns its id; its state is "suppressed" when the recipient has unsubscribed from this template, or too many mails
    went to an address that is not confirmed. Returns None when a mail with this `dedupe_key` has been queued before. A
    mail that is not sent before `expires_at` is discarded.
    `at_most_every`: of this template, booking and account one mail is sent in that time, with the latest context; the
    caller must hold the booking's lock. `merge(waiting, new)` is the context of a mail that replaces a waiting one.
    Raises KeyError for an unknown template; KeyError, ValueError or TypeError for a wrong context.
    """
    entry = TEMPLATES[template]
    if entry.category == "subscription" and to.user_id is None:
        raise ValueError(f"{template} can be unsubscribed from, so it needs a user_id")
    row = _row(entry, to, context, booking_id, dedupe_key, attachments, expires_at)
    if at_most_every is not None:
        replaced = _join_waiting(session, row, at_most_every, merge)
        if replaced is not None:
            return replaced
    if to.user_id is not None and not wants(session, to.user_id, template):
        row["state"] = "suppressed"
    elif reason := allowance.refusal(session, template, to.email, to.confirmed):
        row["state"], row["last_reply"] = "suppressed", reason
    inserted = _INSERT["sqlite" if is_sqlite() else "postgresql"].run(
        session, **row, search_text=search_text(row["email"], row["name"], row["subject"])
    )
    if not inserted:
        return None
    if row["state"] == "queued":
        wake_worker()
    return int(inserted[0].id)


_WAITING = ("queued", "retrying")


def _join_waiting(session: Session, row: dict[str, Any], interval: timedelta, merge: Merge | None) -> int | None:
    """Puts a newer context into the mail of this template and booking that still waits, if there is one; otherwise the
    new mail waits until the last one is `interval` old.

    The UPDATE decides: if a worker leases the waiting mail at this moment, it sends the old context, and the new one
    is sent on its own.
    """
    last = session.scalars(
        select(OutboxMail)
        .where(OutboxMail.booking_id == row["booking_id"], OutboxMail.kind == row["kind"])
        .where(OutboxMail.user_id.is_not_distinct_from(row["user_id"]))  # a visitor's copy is another mail
        .order_by(OutboxMail.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if last is None:
        return None
    now: datetime = row["created_at"]
    if last.state in _WAITING:
        row = _with_context(row, merge(last.facts, row["facts"])) if merge else row
        changed = session.execute(
            update(OutboxMail)
            .where(OutboxMail.id == last.id, OutboxMail.state.in_(_WAITING))
            .values(
                facts=row["facts"],
                subject=row["subject"],
                search_text=search_text(last.email, last.name, row["subject"]),
                message_id=row["message_id"],
                dedupe_key=row["dedupe_key"],
                last_reply=replies.REPLACED,
            )
            .execution_options(synchronize_session=False)
        )
        if changed_rows(changed):
            session.expire(last)
            return last.id
    busy_until = now if last.state == "sending" else last.sent_at or last.created_at
    row["due_at"] = max(now, busy_until + interval)
    return None


def _with_context(row: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    return row if context == row["facts"] else {**row, "facts": context, "subject": _subject({**row, "facts": context})}


def _subject(row: dict[str, Any]) -> str:
    """The subject alone: the blocks of the mail are built when it is sent."""
    to = (row["email"], row["name"], row["locale"], row["timezone"])
    draft = render.Draft(row["kind"], *to, row["facts"], row["created_at"], row["message_id"])
    return render.subject(draft, delivery.site(current()))


_MAIL: Any = OutboxMail.__table__
_SUPERSEDE = Prepared(
    update(_MAIL)
    .where(_MAIL.c.booking_id == bindparam("of_booking"), _MAIL.c.kind == bindparam("template"))
    .where(_MAIL.c.state == "queued", _MAIL.c.due_at > bindparam("now", type_=UTCDateTime()), _MAIL.c.attempts == 0)
    .values(state="discarded", last_reply=bindparam("reason"))
)


def supersede(session: Session, template: str, booking_id: int, newer: str) -> None:
    """Discards a mail of this template and booking that waits because of `at_most_every`: a mail of the template
    `newer` says more."""
    reason = replies.newer(newer)
    _SUPERSEDE.run(session, of_booking=booking_id, template=template, now=clock.now(), reason=reason)


def _insert_once(dialect: str) -> ReturningInsert[Any]:
    """The statement is built once, because building it would take longer than running it."""
    columns: dict[str, Any] = {name: bindparam(name) for name in _COLUMNS}
    return (
        upsert.insert(OutboxMail.__table__, dialect)
        .values(columns)
        .on_conflict_do_nothing()
        .returning(OutboxMail.__table__.c.id)
    )


_COLUMNS = (
    *("kind", "state", "user_id", "booking_id", "email", "name", "locale", "timezone", "subject", "message_id"),
    *("dedupe_key", "facts", "attachments", "created_at", "due_at", "expires_at", "attempts", "lost_leases"),
    *("server_fault", "last_reply", "search_text"),
)
_INSERT = {dialect: Prepared(_insert_once(dialect)) for dialect in ("sqlite", "postgresql")}


def _row(
    template: Template,
    to: Recipient,
    context: dict[str, Any],
    booking_id: int | None,
    dedupe_key: str | None,
    attachments: Sequence[FileReference] | None,
    expires_at: datetime | None,
) -> dict[str, Any]:
    template.validate(context)
    now = clock.now()
    row = {
        "kind": template.name,
        "state": "queued",
        "user_id": to.user_id,
        "booking_id": booking_id,
        "email": to.email,
        "name": to.name[:200],
        "locale": to.locale,
        "timezone": to.timezone,
        "message_id": new_message_id(),
        "dedupe_key": dedupe_key,
        "facts": context,
        "attachments": list(attachments or ()),
        "created_at": now,
        "due_at": now,
        "expires_at": expires_at,
        "attempts": 0,
        "lost_leases": 0,
        "server_fault": False,
        "last_reply": None,
    }
    return {**row, "subject": _subject(row)}


def wake_worker() -> None:
    """Wakes a worker after the commit. It is only a hint: without Redis the sweep delivers."""
    after_commit(lambda: realtime.wake_task("tasks.deliver_mail"))


def new_message_id() -> str:
    """A new Message-ID. It is stored with the mail, so that a second delivery can be recognised."""
    return f"<{secrets.token_hex(16)}@{delivery.site(current()).domain}>"
