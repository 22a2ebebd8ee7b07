"""The rows of the outbox: leasing one, and writing its outcome. Every change is an UPDATE with a condition whose row
count is checked, because another worker may have been first.

These leases are not those of parking.jobs: a job is claimed by its id and says in `until` how long it is held, while
a mail is claimed as the first of those that are due, by the statement that finds it, and its `due_at` is both the
time of its next attempt and the end of its lease, so that one index and one condition find the mails that wait and
those whose worker died. It also counts its attempts and the leases it has lost.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, case, exists, func, select, update
from sqlalchemy.orm import Session

from parking.database import Prepared, UTCDateTime, changed_rows, read_once
from parking.mail import hooks
from parking.mail.models import OPEN, OutboxMail
from parking.mail.outbox import replies, retries
from parking.mail.registry import TEMPLATES

LEASE = timedelta(seconds=120)
GIVE_UP = timedelta(hours=48)
MOST_LOST_LEASES = 5
POSTPONE_AT_ONCE = 500
ENDED_AT_ONCE = 100
"""Mails that end without being sent while one is leased."""


def _due(now: Any) -> Select[OutboxMail]:
    return select(OutboxMail).where(OPEN, OutboxMail.due_at <= now).order_by(OutboxMail.due_at, OutboxMail.id)


def _this(now: Any) -> Select[OutboxMail]:
    """The mail `mail_id`, also before its time; but not one that another worker has leased."""
    free = (OutboxMail.state != "sending") | (OutboxMail.due_at <= now)
    return select(OutboxMail).where(OutboxMail.id == bindparam("mail_id"), OPEN, free)


def anything_due(session: Session, now: datetime) -> bool:
    return bool(session.scalar(select(exists(_due(now).with_only_columns(OutboxMail.id)))))


def lease(session: Session, now: datetime, mail_id: int | None = None) -> OutboxMail | None:
    """Leases the next due mail (or that one, due or not) for LEASE. None: there is none, or another worker has it.

    On PostgreSQL rows that another worker is leasing are skipped; on SQLite there is one writer at a time.
    A mail that has expired, or whose worker died MOST_LOST_LEASES times, ends here, and the next one is leased.
    """
    statement = _TAKE_NEXT if mail_id is None else _TAKE_THIS
    for _ in range(ENDED_AT_ONCE):
        token = secrets.token_hex(16)
        rows = statement.run(session, now=now, lease_token=token, lease_end=now + LEASE, mail_id=mail_id)
        mail = OutboxMail(**rows[0]._asdict()) if rows else None
        if mail is None or not _ended(session, mail, now):
            return mail
    return None


_MAILS: Any = OutboxMail.__table__
_ROW = [column for column in _MAILS.columns if column.name != "search_text"]


def _take(query: Callable[[Any], Select[OutboxMail]]) -> Prepared:
    """The statement that leases the first mail of the query and returns the row as it is then."""
    now, lease_end = (bindparam(name, type_=UTCDateTime()) for name in ("now", "lease_end"))
    first = query(now).with_only_columns(OutboxMail.id).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    return Prepared(
        update(_MAILS)
        .where(_MAILS.c.id == first)
        .values(
            state="sending",
            lease=bindparam("lease_token"),
            due_at=lease_end,
            attempts=_MAILS.c.attempts + 1,
            first_attempt_at=func.coalesce(_MAILS.c.first_attempt_at, now),
            lost_leases=_MAILS.c.lost_leases + case((_MAILS.c.state == "sending", 1), else_=0),
        )
        .returning(*_ROW)
    )


_TAKE_NEXT, _TAKE_THIS = _take(_due), _take(_this)


def _ended(session: Session, mail: OutboxMail, now: datetime) -> bool:
    """Ends a mail that must not be sent. `first_attempt_at` and `attempts` count this one, too."""
    if mail.lost_leases >= MOST_LOST_LEASES:
        reply = replies.worker_died(mail.lost_leases)
        return _ours(session, mail, {"state": "failed", "lease": None, "last_reply": reply, **_unsent(mail)})
    if mail.expires_at is not None and mail.expires_at <= now:
        ended = {"state": "discarded", "lease": None, "last_reply": replies.EXPIRED}
        return _ours(session, mail, {**ended, **_unsent(mail)})
    return False


def extend(session: Session, mail: OutboxMail, until: datetime) -> bool:
    """Extends the lease, for a large mail. False: the lease is lost."""
    return _ours(session, mail, {"due_at": until})


def sent(session: Session, mail: OutboxMail, reply: str, now: datetime) -> bool:
    return _ours(session, mail, {"state": "sent", "lease": None, "sent_at": now, "last_reply": reply, **_erased(mail)})


def failed(session: Session, mail: OutboxMail, reply: str) -> bool:
    return _ours(session, mail, {"state": "failed", "lease": None, "last_reply": reply, **_unsent(mail)})


def retry_later(session: Session, mail: OutboxMail, reply: str, now: datetime, *, server_fault: bool) -> bool:
    """Queues the mail again after a pause; after GIVE_UP it has failed, with the server's last reply.

    `server_fault` says that the server failed and not the mail: such mails are due as soon as the server is back."""
    return _ours(session, mail, {"lease": None, **_after_attempt(mail, reply, now, server_fault)})


def _after_attempt(mail: OutboxMail, reply: str, now: datetime, server_fault: bool) -> dict[str, Any]:
    if now - (mail.first_attempt_at or now) >= GIVE_UP:
        return {"state": "failed", "last_reply": reply, "server_fault": False, **_unsent(mail)}
    return {
        "state": "retrying",
        "due_at": now + retries.pause_after(mail.attempts, mail.message_id),
        "last_reply": reply,
        "server_fault": server_fault,
    }


def _ours(session: Session, mail: OutboxMail, values: dict[str, Any]) -> bool:
    """Writes the outcome if the lease still holds. If it ran out, another worker has the mail."""
    new = {f"new_{name}": value for name, value in values.items()}
    written = bool(_update(tuple(values)).run(session, mail_id=mail.id, lease_token=mail.lease, **new))
    if written and values.get("state") == "failed":
        hooks.failed(session, mail)
    return written


@functools.cache
def _update(names: tuple[str, ...]) -> Prepared:
    held = (
        _MAILS.c.id == bindparam("mail_id"),
        _MAILS.c.state == "sending",
        _MAILS.c.lease == bindparam("lease_token"),
    )
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=_MAILS.c[name].type) for name in names}
    return Prepared(update(_MAILS).where(*held).values(values).returning(_MAILS.c.id))


def finish(mail: OutboxMail, state: str, reply: str) -> None:
    """Ends a mail that is in this session and that nobody has leased."""
    mail.state, mail.lease, mail.last_reply = state, None, reply
    mail.facts = _unsent(mail).get("facts", mail.facts)


def _unsent(mail: OutboxMail) -> dict[str, Any]:
    """A mail that was not sent can be tried again: a seed is kept, because it is no secret; a whole link is erased."""
    return {} if mail.facts.get("seed") else _erased(mail)


def _erased(mail: OutboxMail) -> dict[str, Any]:
    """Erases the secret fields (a reset link) of a mail that has ended."""
    secret = TEMPLATES[mail.kind].secret if mail.kind in TEMPLATES else ()
    names = [name for name in secret if mail.facts.get(name)]
    if not names:
        return {}
    return {"facts": {**mail.facts, **dict.fromkeys(names, ERASED)}}


ERASED = "/#erased"


def is_erased(mail: OutboxMail) -> bool:
    return any(value == ERASED for value in mail.facts.values())


def postpone_due(session: Session, reply: str, now: datetime) -> int:
    """Counts an attempt for every due mail when there is no server; returns how many."""
    due = session.scalars(_due(now).limit(POSTPONE_AT_ONCE).with_for_update(skip_locked=True)).all()
    for mail in due:
        mail.attempts += 1
        mail.first_attempt_at = mail.first_attempt_at or now
        _set(mail, {"lease": None, **_after_attempt(mail, reply, now, server_fault=True)})
        if mail.state == "failed":
            hooks.failed(session, mail)
    return len(due)


def _set(mail: OutboxMail, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(mail, name, value)


def server_is_back(session: Session, now: datetime) -> int:
    """Makes the mails due that waited only for the server; returns how many."""
    changed = session.execute(
        update(OutboxMail)
        .where(OPEN, OutboxMail.state == "retrying", OutboxMail.server_fault, OutboxMail.due_at > now)
        .values(due_at=now, server_fault=False)
        .execution_options(synchronize_session=False)
    )
    return changed_rows(changed)


def waiting_for_server(session: Session, now: datetime) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(OPEN, OutboxMail.state == "retrying", OutboxMail.server_fault, OutboxMail.due_at > now)
            )
        )
    )


ENDED = ("sent", "suppressed", "discarded")


def _ended_before(before: datetime) -> Select[int]:
    return select(OutboxMail.id).where(OutboxMail.state.in_(ENDED), OutboxMail.created_at < before)


def any_to_purge(before: datetime) -> bool:
    return bool(read_once(_ended_before(before).limit(1), {}))


def purge(session: Session, before: datetime) -> int:
    """Deletes up to 1,000 mails that ended long ago. Returns how many."""
    ids = list(session.scalars(_ended_before(before).limit(1000)))
    if ids:
        session.query(OutboxMail).filter(OutboxMail.id.in_(ids)).delete(synchronize_session=False)
    return len(ids)
