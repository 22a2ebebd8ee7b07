"""Few mails to an address that nobody has confirmed: anybody can register with a stranger's, and fill his mailbox.

An address is confirmed when a link that was mailed to it has been used (a new password, a change of address), or when
the operator made the account an administrator. Mails that the timetable sends by itself (reports, reminders to
inactive users) are not counted, and neither are the links with which an address is confirmed: those have their own
limits. RATE_LIMITS=off switches this off too.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from parking import clock
from parking.mail.models import MailToUnconfirmed
from parking.mail.templates import KINDS
from parking.settings import current
from parking.text import email_addresses

WINDOW = timedelta(days=1)
PER_DAY = {"bookings": 30, "account": 10}
"""Notices about the account have their own number, so that a flood of bookings hides none of them."""
_ACCOUNT = frozenset({"password_changed", "email_changed_notice", "refresh_reuse_warning"})
_FREE = frozenset({"password_reset", "email_confirm", "inactivity_reminder", "user_monthly_report"})


def refusal(session: Session, kind: str, email: str, confirmed: bool) -> str | None:
    """Counts one mail of this kind to the address; the reason, in a sentence, why it must not be sent."""
    if confirmed or kind in _FREE or KINDS[kind].admin_only or not current().rate_limits:
        return None
    category, now = "account" if kind in _ACCOUNT else "bookings", clock.now()
    address = hashlib.sha256(email_addresses.key(email).encode()).hexdigest()
    sent = select(func.count()).where(
        MailToUnconfirmed.address_hash == address,
        MailToUnconfirmed.category == category,
        MailToUnconfirmed.at > now - WINDOW,
    )
    if (session.scalar(sent) or 0) >= PER_DAY[category]:
        return f"not sent: nobody has confirmed this address, and {PER_DAY[category]} mails went to it within a day"
    session.add(MailToUnconfirmed(address_hash=address, category=category, at=now))
    return None


def delete_old(session: Session) -> None:
    """Deletes what counts no more. Run by Beat."""
    gone: Any = delete(MailToUnconfirmed).where(MailToUnconfirmed.at <= clock.now() - WINDOW)
    session.execute(gone.execution_options(synchronize_session=False))
