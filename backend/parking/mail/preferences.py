"""Which kinds of mail a reader has turned off."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.mail.models import MailPreference, OutboxMail
from parking.mail.outbox import entries
from parking.mail.templates import KINDS, SUBSCRIPTIONS


def get_preferences(session: Session, user_id: int, *, admin: bool = False) -> dict[str, bool]:
    """Every kind this reader can turn on and off, and how it stands."""
    rows = select(MailPreference.kind, MailPreference.enabled).where(MailPreference.user_id == user_id)
    chosen = dict(session.execute(rows).all())
    return {kind: chosen.get(kind, True) for kind in SUBSCRIPTIONS if admin or not KINDS[kind].admin_only}


def set_preferences(session: Session, user_id: int, wanted: dict[str, bool]) -> None:
    """Turns kinds on and off, from this moment; what waits and is no longer wanted is suppressed.

    Raises KeyError for a kind nobody can turn off."""
    for kind, enabled in wanted.items():
        if kind not in SUBSCRIPTIONS:
            raise KeyError(kind)
        session.merge(MailPreference(user_id=user_id, kind=kind, enabled=enabled))
    session.flush()
    unwanted = [kind for kind, enabled in wanted.items() if not enabled]
    waiting = select(OutboxMail).where(
        OutboxMail.user_id == user_id, OutboxMail.kind.in_(unwanted), OutboxMail.state.in_(("queued", "retrying"))
    )
    for mail in session.scalars(waiting):
        entries.finish(mail, "suppressed", "the reader has unsubscribed")


def wants(session: Session, user_id: int, kind: str) -> bool:
    """Whether this reader gets mails of this kind."""
    return KINDS[kind].category == "transactional" or _wants(session, user_id, kind)


def unwilling(session: Session, kind: str, user_ids: Iterable[int]) -> set[int]:
    """Those of the users who have turned this kind off: for a run over many."""
    rows = select(MailPreference.user_id).where(
        MailPreference.kind == kind, MailPreference.enabled.is_(False), MailPreference.user_id.in_(list(user_ids))
    )
    return set(session.scalars(rows))


def _wants(session: Session, user_id: int | None, kind: str) -> bool:
    row = session.get(MailPreference, (user_id, kind))
    return row is None or row.enabled


def forget_preferences(session: Session, user_id: int) -> None:
    """Deletes what a deleted account had chosen."""
    session.query(MailPreference).filter_by(user_id=user_id).delete(synchronize_session=False)
