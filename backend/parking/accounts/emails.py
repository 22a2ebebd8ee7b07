"""The letters about an account, each queued in the transaction of its cause."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote

from sqlalchemy.orm import Session

from parking import clock, settings
from parking.accounts.models import User
from parking.accounts.sessions import Browser
from parking.mail import service as mail

_PROGRAMS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS": "macOS"}


def password_reset(session: Session, user: User, secret: str, expires_at: datetime) -> None:
    """The link to set a new password."""
    facts = {"link": _link("reset-password", secret), "expires_at": _iso(expires_at)}
    mail.queue(session, "password_reset", recipient(user), facts, expires_at=expires_at)


def password_changed(session: Session, user: User, browser: Browser) -> None:
    """Tells the owner that the password is another one now."""
    mail.queue(session, "password_changed", recipient(user), _event(browser))


def email_confirm(session: Session, user: User, address: str, secret: str, expires_at: datetime) -> None:
    """To the new address: the link that makes it the account's."""
    facts = {"link": _link("confirm-email", secret), "expires_at": _iso(expires_at), "email": address}
    mail.queue(session, "email_confirm", recipient(user, address), facts, expires_at=expires_at)


def email_changed_notice(session: Session, user: User, old_address: str, browser: Browser) -> None:
    """To the old address, in case it was not the owner who changed it."""
    facts = {**_event(browser), "email": user.email}
    mail.queue(session, "email_changed_notice", recipient(user, old_address), facts)


def refresh_reuse_warning(session: Session, user: User, browser: Browser) -> None:
    """A refresh token came back that had been replaced: one browser was signed out."""
    mail.queue(session, "refresh_reuse_warning", recipient(user), _event(browser))


def recipient(user: User, address: str | None = None) -> mail.Recipient:
    """This person as a reader of mail."""
    zone = user.timezone or settings.current().timezone
    return mail.Recipient(address or user.email, user.username, user.locale, zone, user.id)


def device(user_agent: str | None) -> str | None:
    """ "Firefox, Windows": a User-Agent in words its owner may recognise."""
    if not user_agent:
        return None
    named = [
        next((word for mark, word in table.items() if mark in user_agent), None) for table in (_PROGRAMS, _SYSTEMS)
    ]
    plain = re.sub(r"[^\w ./-]", "", user_agent.split(" ")[0])[:40]
    return ", ".join(word for word in named if word) or plain or None


def _event(browser: Browser) -> dict[str, str | None]:
    return {"at": _iso(clock.now()), "ip": browser.ip, "device": device(browser.user_agent)}


def _link(page: str, secret: str) -> str:
    return f"{settings.current().public_url}/{page}?token={quote(secret)}"


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
