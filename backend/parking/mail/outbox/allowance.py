"""Limits the mails to an address that nobody has confirmed: anybody can register with somebody else's address.

An address is confirmed when a link that was mailed to it has been used (a new password, a change of address), or when
the operator made the account an administrator. A template names the limit it counts towards (`Template.daily_limit`).
RATE_LIMITS=off switches this off too.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from parking import clock
from parking.database import read_once
from parking.mail.models import MailToUnconfirmed
from parking.mail.outbox import replies
from parking.mail.registry import TEMPLATES
from parking.settings import current
from parking.text import email_addresses

WINDOW = timedelta(days=1)
PER_DAY = {"bookings": 30, "account": 10}
"""Notices about the account have their own number, so that a flood of bookings hides none of them."""


def refusal(session: Session, template: str, email: str, confirmed: bool) -> str | None:
    """Counts one mail to the address. Returns the reason why it must not be sent, or None."""
    category, now = TEMPLATES[template].daily_limit, clock.now()
    if confirmed or category is None or TEMPLATES[template].admin_only or not current().rate_limits:
        return None
    address = hashlib.sha256(email_addresses.key(email).encode()).hexdigest()
    sent = select(func.count()).where(
        MailToUnconfirmed.address_hash == address,
        MailToUnconfirmed.category == category,
        MailToUnconfirmed.at > now - WINDOW,
    )
    if (session.scalar(sent) or 0) >= PER_DAY[category]:
        return replies.too_many(PER_DAY[category])
    session.add(MailToUnconfirmed(address_hash=address, category=category, at=now))
    return None


def any_old() -> bool:
    """Whether `delete_old` has anything to delete."""
    return bool(
        read_once(select(MailToUnconfirmed.id).where(MailToUnconfirmed.at <= clock.now() - WINDOW).limit(1), {})
    )


def delete_old(session: Session) -> None:
    """Deletes what is older than WINDOW."""
    statement: Any = delete(MailToUnconfirmed).where(MailToUnconfirmed.at <= clock.now() - WINDOW)
    session.execute(statement.execution_options(synchronize_session=False))
