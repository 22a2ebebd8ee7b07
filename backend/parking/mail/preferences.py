"""Which mails a user has turned off."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.mail.models import MailPreference, OutboxMail
from parking.mail.outbox import entries
from parking.mail.registry import TEMPLATES, subscriptions


def get_preferences(session: Session, user_id: int, *, reports: bool = False) -> dict[str, bool]:
    """Template → whether this user gets its mails, for every template that can be turned off; `reports`: those of
    administrators and managers of lots, too."""
    rows = select(MailPreference.kind, MailPreference.enabled).where(MailPreference.user_id == user_id)
    return with_defaults(dict(session.execute(rows).all()), reports=reports)


def with_defaults(stored: dict[str, bool], *, reports: bool) -> dict[str, bool]:
    """Stored preferences (template → enabled), completed: a template without a stored one is enabled."""
    return {name: stored.get(name, True) for name in subscriptions() if reports or not TEMPLATES[name].admin_only}


def set_preferences(session: Session, user_id: int, preferences: dict[str, bool]) -> None:
    """Turns templates on and off, from this moment; waiting mails of those turned off are suppressed.

    Raises KeyError for a template that cannot be turned off."""
    for template, enabled in preferences.items():
        if template not in subscriptions():
            raise KeyError(template)
        session.merge(MailPreference(user_id=user_id, kind=template, enabled=enabled))
    session.flush()
    turned_off = [template for template, enabled in preferences.items() if not enabled]
    waiting = select(OutboxMail).where(
        OutboxMail.user_id == user_id, OutboxMail.kind.in_(turned_off), OutboxMail.state.in_(("queued", "retrying"))
    )
    for mail in session.scalars(waiting):
        entries.finish(mail, "suppressed", "the reader has unsubscribed")


def wants(session: Session, user_id: int, template: str) -> bool:
    """Whether this user gets mails of this template."""
    if TEMPLATES[template].category == "transactional":
        return True
    row = session.get(MailPreference, (user_id, template))
    return row is None or row.enabled


def unwilling(session: Session, template: str, user_ids: Iterable[int]) -> set[int]:
    """Those of the users who have turned this template off."""
    rows = select(MailPreference.user_id).where(
        MailPreference.kind == template, MailPreference.enabled.is_(False), MailPreference.user_id.in_(list(user_ids))
    )
    return set(session.scalars(rows))


def delete_preferences(session: Session, user_id: int) -> None:
    """Deletes the preferences of a deleted account."""
    session.query(MailPreference).filter_by(user_id=user_id).delete(synchronize_session=False)
