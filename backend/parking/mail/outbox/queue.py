"""Putting mails into the outbox, in the transaction of their cause.

Two things keep the number of mails in bounds: a mail that tells the state of a booking replaces the one before it
that has not been sent (`at_most_every`), and mails to an address that nobody has confirmed are few (allowance.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from parking import clock
from parking import realtime as live
from parking.database import after_commit, changed_rows, is_sqlite, upsert
from parking.mail import render
from parking.mail.models import OutboxMail, search_text
from parking.mail.outbox import allowance, delivery
from parking.mail.preferences import wants
from parking.mail.templates import KINDS, Kind
from parking.settings import current


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who reads it. `timezone` is an IANA name; `user_id` is wanted for everything one can unsubscribe from.

    `confirmed`: the address is known to be the reader's, who has used a link that was mailed there.
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


def queue(
    session: Session,
    kind: str,
    to: Recipient,
    facts: dict[str, Any],
    *,
    booking_id: int | None = None,
    dedupe_key: str | None = None,
    attachments: Sequence[FileReference] | None = None,
    expires_at: datetime | None = None,
    at_most_every: timedelta | None = None,
) -> OutboxMail | None:
    """Puts one mail into the caller's transaction; it is sent if and only if that commits.

    Returns the row as it was written (not in the session); its state is "suppressed" when the reader has
    unsubscribed from this kind, or too many mails went to an address that is not confirmed. Returns None when a mail
    with this `dedupe_key` has been queued before. After `expires_at` the mail is useless and is discarded.
    `at_most_every`: of this kind and booking one mail goes out in that time, with the last state; the caller must hold
    the booking's lock.
    Raises KeyError, ValueError or TypeError when the facts are not those of the kind (see kinds/facts.py).
    """
    entry = KINDS[kind]
    if entry.category == "subscription" and to.user_id is None:
        raise ValueError(f"{kind} can be unsubscribed from, so it needs a user_id")
    row = _row(entry, to, facts, booking_id, dedupe_key, attachments, expires_at)
    if at_most_every is not None:
        replaced = _join_waiting(session, row, at_most_every)
        if replaced is not None:
            return replaced
    if to.user_id is not None and not wants(session, to.user_id, kind):
        row["state"] = "suppressed"
    elif reason := allowance.refusal(session, kind, to.email, to.confirmed):
        row["state"], row["last_reply"] = "suppressed", reason
    session.flush()  # a user or booking made in this transaction comes first
    new_id = session.scalar(_INSERT["sqlite" if is_sqlite() else "postgresql"], row)
    if new_id is None:
        return None
    if row["state"] == "queued":
        wake_worker()
    return OutboxMail(id=new_id, **row)


REPLACED = "tells the latest state; an earlier one was replaced before it was sent"
_WAITING = ("queued", "retrying")


def _join_waiting(session: Session, row: dict[str, Any], interval: timedelta) -> OutboxMail | None:
    """Puts a newer state into the mail of this kind and booking that still waits, if there is one; otherwise lets the
    new mail wait until the last one is `interval` old.

    The UPDATE decides: a worker that takes the waiting mail at this moment sends what it said before, and the new
    state goes out on its own.
    """
    last = session.scalars(
        select(OutboxMail)
        .where(OutboxMail.booking_id == row["booking_id"], OutboxMail.kind == row["kind"])
        .order_by(OutboxMail.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if last is None:
        return None
    now: datetime = row["created_at"]
    if last.state in _WAITING:
        row = _as_first(row) if _is_first(last) else row
        changed = session.execute(
            update(OutboxMail)
            .where(OutboxMail.id == last.id, OutboxMail.state.in_(_WAITING))
            .values(
                facts=row["facts"],
                subject=row["subject"],
                search_text=search_text(last.email, last.name, row["subject"]),
                message_id=row["message_id"],
                dedupe_key=row["dedupe_key"],
                last_reply=REPLACED,
            )
            .execution_options(synchronize_session=False)
        )
        if changed_rows(changed):
            session.refresh(last)
            return last
    busy_until = now if last.state == "sending" else last.sent_at or last.created_at
    row["due_at"] = max(now, busy_until + interval)
    return None


def _is_first(mail: OutboxMail) -> bool:
    booking = mail.facts.get("booking") or {}
    return bool(mail.facts.get("first")) or not booking.get("sequence")


def _as_first(row: dict[str, Any]) -> dict[str, Any]:
    """The reader has not been told of the booking yet, so it is new and not changed."""
    facts = {**row["facts"], "first": True}
    to = (row["email"], row["name"], row["locale"], row["timezone"])
    draft = render.Draft(row["kind"], *to, facts, row["created_at"], row["message_id"])
    return {**row, "facts": facts, "subject": render.build(draft, delivery.site(current())).subject}


def supersede(session: Session, kind: str, booking_id: int, reason: str) -> None:
    """Takes out a mail of this kind and booking that was put off (see `at_most_every`): a newer one says more."""
    session.execute(
        update(OutboxMail)
        .where(OutboxMail.booking_id == booking_id, OutboxMail.kind == kind)
        .where(OutboxMail.state == "queued", OutboxMail.due_at > clock.now(), OutboxMail.attempts == 0)
        .values(state="discarded", last_reply=reason)
        .execution_options(synchronize_session=False)
    )


def _insert_once(dialect: str) -> Any:
    """Built once: every booking makes this row, and building the statement would cost more than running it."""
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
    *("server_fault", "last_reply"),
)
_INSERT = {dialect: _insert_once(dialect) for dialect in ("sqlite", "postgresql")}


def _row(
    entry: Kind,
    to: Recipient,
    facts: dict[str, Any],
    booking_id: int | None,
    dedupe_key: str | None,
    attachments: Sequence[FileReference] | None,
    expires_at: datetime | None,
) -> dict[str, Any]:
    now, settings = clock.now(), current()
    site = delivery.site(settings)
    message_id = new_message_id()
    draft = render.Draft(entry.name, to.email, to.name, to.locale, to.timezone, facts, now, message_id)
    return {
        "kind": entry.name,
        "state": "queued",
        "user_id": to.user_id,
        "booking_id": booking_id,
        "email": to.email,
        "name": to.name[:200],
        "locale": to.locale,
        "timezone": to.timezone,
        "subject": render.build(draft, site).subject,  # facts that fit no letter fail here, not at night
        "message_id": message_id,
        "dedupe_key": dedupe_key,
        "facts": facts,
        "attachments": list(attachments or ()),
        "created_at": now,
        "due_at": now,
        "expires_at": expires_at,
        "attempts": 0,
        "lost_leases": 0,
        "server_fault": False,
        "last_reply": None,
    }


def wake_worker() -> None:
    """After the commit, and only as a hint: without Redis the sweep alone delivers."""
    after_commit(lambda: live.wake_task("tasks.deliver_mail"))


def new_message_id() -> str:
    """Made once for a mail and kept: a second delivery is recognised by it."""
    return f"<{secrets.token_hex(16)}@{delivery.site(current()).domain}>"
