"""Proof that the address of an account is its owner's: a link in a mail. Where EMAIL_PROOF is on, nobody books before.

An account without it signs in and looks around. Whatever else was sent to the address proves it too: a link for a new
password, or the one of a changed address.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from parking import audit, clock, settings
from parking.accounts import emails, one_time_tokens, queries
from parking.accounts.models import User
from parking.database import transaction
from parking.errors import Conflict
from parking.web import Identity

LIFETIME = timedelta(hours=24)


def send_to_new(session: Session, user: User) -> None:
    """Queues the link for a new account, where the operator wants proof."""
    if settings.current().email_proof:
        _send(session, user)


def request(caller: Identity) -> None:
    """Queues another link; the earlier ones stop working. Raises Conflict for an address that is confirmed."""
    with transaction() as session:
        user = queries.get_user(session, caller.id, lock=True)
        if user.confirmed_at is not None:
            raise Conflict("Your email address is confirmed already.", code="already_confirmed")
        _send(session, user)
        audit.record(session, "email.proof_requested", "user", user.id)


def confirm(session: Session, user: User) -> None:
    """Notes that the owner has used the link."""
    user.confirmed_at = user.confirmed_at or clock.now()
    audit.record(session, "email.confirmed", "user", user.id, actor_id=user.id)


def _send(session: Session, user: User) -> None:
    link = one_time_tokens.issue(session, "email_proof", user.id, lifetime=LIFETIME)
    emails.email_confirm(session, user, user.email, link)
