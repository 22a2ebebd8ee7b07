"""Writes, lists and dismisses notices, and deletes the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from parking import clock, realtime
from parking.database import after_commit, changed_rows, db, read_once, transaction, upsert
from parking.errors import NotFound
from parking.mail import OutboxMail, erase_value
from parking.notices.models import OPEN, Notice
from parking.notices.rendering import MAIL_FAILED, kinds

KEEP = timedelta(days=90)
"""As long as the mails."""
KEEP_DISMISSED = timedelta(days=1)
"""So that a repeated request to dismiss finds its notice."""


def add(
    session: Session, kind: str, user_id: int, context: dict[str, Any], *, booking_id: int | None, key: str
) -> None:
    """Tells the user in the caller's transaction; nothing when a notice with this `key` has been written before.

    `context` is the one of the mail of the same event, which validates it.
    """
    row = {"kind": kind, "user_id": user_id, "booking_id": booking_id, "key": key, "context": context}
    insert = upsert.insert(Notice).values(**row, created_at=clock.now()).on_conflict_do_nothing()
    if changed_rows(session.execute(insert)):
        _publish(user_id)


def page(session: Session, user_id: int, limit: int, before_id: int | None) -> tuple[Sequence[Notice], int | None, int]:
    """The user's open notices, newest first; the id below which the next page starts (None at the end); the number of
    all that are open."""
    mine = (Notice.user_id == user_id, OPEN, Notice.kind.in_(kinds()))
    query = select(Notice).where(*mine).order_by(Notice.id.desc()).limit(limit + 1)
    if before_id is not None:
        query = query.where(Notice.id < before_id)
    rows = session.scalars(query).all()
    total = session.scalar(select(func.count()).select_from(Notice).where(*mine)) or 0
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None, total


def dismiss(user_id: int, notice_id: int) -> None:
    """Dismisses a notice of this user; a second time it changes nothing. Raises NotFound."""
    mine = (Notice.id == notice_id, Notice.user_id == user_id)
    if db.session().scalar(select(Notice.id).where(*mine)) is None:
        raise NotFound("There is no such notice.")
    with transaction() as session:
        now = clock.now()
        if changed_rows(session.execute(update(Notice).where(*mine, OPEN).values(dismissed_at=now))):
            _publish(user_id)


def dismiss_by_key(session: Session, user_id: int, key: str) -> None:
    """Dismisses the notice of an event that is over, if it is open."""
    of_event = Notice.key == key, Notice.user_id == user_id, OPEN
    if changed_rows(session.execute(update(Notice).where(*of_event).values(dismissed_at=clock.now()))):
        _publish(user_id)


def dismiss_before(session: Session, moment: datetime) -> None:
    """Dismisses everybody's notices of before that moment, for invented users who have read them."""
    session.execute(update(Notice).where(Notice.created_at < moment, OPEN).values(dismissed_at=moment))


def delete_of_user(session: Session, user_id: int) -> None:
    """Deletes the notices of a user whose account is being deleted."""
    session.execute(delete(Notice).where(Notice.user_id == user_id))


def delete_of_bookings(session: Session, booking_ids: Sequence[int]) -> None:
    """Deletes the notices about these bookings."""
    session.execute(delete(Notice).where(Notice.booking_id.in_(booking_ids)))


def erase_plates(session: Session, booking_ids: Sequence[int]) -> None:
    """Deletes the number plates from the notices about these bookings."""
    erase_value(session, Notice.context, booking_ids, "vehicle_plate")


def delete_old() -> int:
    """Deletes notices that were dismissed KEEP_DISMISSED ago or written KEEP ago; returns how many. Run by Beat."""
    now = clock.now()
    old = or_(Notice.dismissed_at < now - KEEP_DISMISSED, Notice.created_at < now - KEEP)
    if not read_once(select(Notice.id).where(old).limit(1), {}):  # nothing to do: no write transaction
        return 0
    with transaction() as session:
        return changed_rows(session.execute(delete(Notice).where(old)))


# hooks of mail -----------------------------------------------------------------------------


def mail_failed(session: Session, mail: OutboxMail) -> None:
    """Tells the recipient of a mail about their booking that it finally failed."""
    if mail.user_id is not None and mail.booking_id is not None:
        context = {"template": mail.kind, "email": mail.email, "context": mail.context}
        add(session, MAIL_FAILED, mail.user_id, context, booking_id=mail.booking_id, key=_key_of(mail))


def mail_retried(session: Session, mail: OutboxMail) -> None:
    """Takes the notice back: an administrator has queued the mail again, and it may arrive."""
    taken_back = delete(Notice).where(Notice.key == _key_of(mail))
    if changed_rows(session.execute(taken_back)) and mail.user_id is not None:
        _publish(mail.user_id)


def _key_of(mail: OutboxMail) -> str:
    return f"mail-failed:{mail.id}"


def _publish(user_id: int) -> None:
    """Tells the user's open pages, after the commit, to read their notices again."""
    after_commit(lambda: realtime.publish("notice", {}, user_id=user_id))
