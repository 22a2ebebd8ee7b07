"""Functions of the domains above mail, which mail must not import. They register here at start."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from parking.mail.models import OutboxMail
from parking.mail.registry import TEMPLATES

Hook = Callable[[Session, OutboxMail], None]

_hooks: dict[str, Hook] = {}


def register_outcomes(*, failed: Hook, retried: Hook) -> None:
    """Both are called in the transaction of the outcome, for templates with `tell_failure` only: `failed` for a mail
    that finally failed, `retried` for a failed one that an administrator has queued again."""
    _hooks.update(failed=failed, retried=retried)


def failed(session: Session, mail: OutboxMail) -> None:
    """Tells the domains that this mail finally failed."""
    _call("failed", session, mail)


def retried(session: Session, mail: OutboxMail) -> None:
    """Tells the domains that this mail, which had failed, is queued again."""
    _call("retried", session, mail)


def _call(name: str, session: Session, mail: OutboxMail) -> None:
    template = TEMPLATES.get(mail.kind)
    if name in _hooks and template is not None and template.tell_failure:
        _hooks[name](session, mail)
