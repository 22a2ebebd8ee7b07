"""The end of the mail server's certificate: read by the worker when it sends mail, and stored where every process sees
it. No request opens a connection to the mail server."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from parking.database import upsert
from parking.mail.models import MailCertificate
from parking.settings import Settings
from parking.text.counting import counted

WARN_BEFORE = timedelta(days=14)
_ID = 1


def is_stored(session: Session, host: str, expires_at: datetime) -> bool:
    """Whether just this is known of the certificate."""
    row = session.get(MailCertificate, _ID)
    return row is not None and (row.host, row.expires_at) == (host, expires_at)


def store(session: Session, host: str, expires_at: datetime) -> None:
    """Replaces what was known, in the caller's transaction."""
    values = {"host": host, "expires_at": expires_at}
    statement = upsert.insert(MailCertificate).values(id=_ID, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def status(session: Session, settings: Settings, now: datetime) -> dict[str, Any] | None:
    """The certificate of the present server. None: there is no server, or it is spoken to without TLS."""
    if not settings.smtp_host or settings.smtp_tls == "none":
        return None
    row = session.get(MailCertificate, _ID)
    if row is None or row.host != settings.smtp_host:
        detail = "Not known yet: it is read when the next email is sent."
        return {"ok": True, "detail": detail, "host": settings.smtp_host, "expires_at": None}
    left = row.expires_at - now
    if left > WARN_BEFORE:
        detail = "Valid."
    elif left > timedelta(0):
        days = counted(left.days + 1, "day")
        detail = f"It expires in less than {days}: renew it on the mail server, or email stops."
    else:
        detail = "It has expired: no email is sent until the mail server has a new one."
    return {"ok": left > WARN_BEFORE, "detail": detail, "host": row.host, "expires_at": row.expires_at}
