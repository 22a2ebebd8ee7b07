"""A circuit breaker: after three refused logins in a row no login is tried for a while, because servers lock accounts.

The state is in the database, so that all workers share it. It belongs to the settings of that time: new credentials
are tried at once."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from parking.mail.models import MailServer
from parking.settings import Settings

MOST_FAILURES = 3
FIRST_PAUSE = timedelta(hours=1)
LONGEST_PAUSE = timedelta(hours=6)


def config_mark(settings: Settings) -> str:
    """Tells two sets of SMTP settings apart without holding the password."""
    login = repr(
        (settings.smtp_host, settings.smtp_port, settings.smtp_tls, settings.smtp_user, settings.smtp_password)
    )
    return hmac.new(settings.secret_key.encode(), login.encode(), hashlib.sha256).hexdigest()


def paused_until(session: Session, settings: Settings, now: datetime) -> datetime | None:
    """Until when no login is tried; None when one may be."""
    row = _row(session, settings)
    return row.paused_until if row and row.paused_until and row.paused_until > now else None


def state(session: Session, settings: Settings, now: datetime) -> dict[str, object]:
    """For the administrator's banner: `state` is "closed" (normal) or "open" (no login is tried)."""
    row, until = _row(session, settings), paused_until(session, settings, now)
    return {
        "state": "open" if until else "closed",
        "until": until,
        "login_failures": row.login_failures if row else 0,
        "last_reply": row.last_reply if row else None,
    }


def login_refused(session: Session, settings: Settings, reply: str, now: datetime) -> None:
    """Counts a refusal. From the third in a row it pauses: one hour, then twice as long each time, at most six."""
    row = _row(session, settings)
    if row is None:
        row = session.get(MailServer, 1) or MailServer(id=1)
        row.config_mark, row.login_failures, row.paused_until = config_mark(settings), 0, None
        session.add(row)
    row.login_failures += 1
    row.last_reply = reply
    beyond = row.login_failures - MOST_FAILURES
    if beyond >= 0:
        row.paused_until = now + min(FIRST_PAUSE * 2 ** min(beyond, 10), LONGEST_PAUSE)


def login_accepted(session: Session) -> None:
    """Deletes the record of refusals."""
    row = session.get(MailServer, 1)
    if row is not None:
        session.delete(row)


close = login_accepted
"""An administrator's command to try again now."""


def _row(session: Session, settings: Settings) -> MailServer | None:
    row = session.get(MailServer, 1)
    return row if row and row.config_mark == config_mark(settings) else None


def known(session: Session) -> bool:
    """Whether a refusal is recorded."""
    return session.get(MailServer, 1) is not None
