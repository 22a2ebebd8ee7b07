"""The letters about an account, each queued in the transaction of its cause."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from parking import clock, mail, settings
from parking.accounts.models import User
from parking.accounts.one_time_tokens import Issued
from parking.accounts.sessions.browser_sessions import Browser
from parking.text import names
from parking.timestamps import to_rfc3339

_PROGRAMS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS": "macOS"}


def password_reset(session: Session, user: User, link: Issued) -> None:
    """The link to set a new password."""
    mail.queue(session, "password_reset", recipient(user), _link("reset-password", link), expires_at=link.expires_at)


def password_changed(session: Session, user: User, browser: Browser) -> None:
    """Tells the owner that the password is another one now."""
    mail.queue(session, "password_changed", recipient(user), _event(browser))


def email_confirm(session: Session, user: User, address: str, link: Issued) -> None:
    """To the new address: the link that makes it the account's."""
    facts = {**_link("confirm-email", link), "email": address}
    mail.queue(session, "email_confirm", recipient(user, address), facts, expires_at=link.expires_at)


def email_changed_notice(session: Session, user: User, old_address: str, old_confirmed: bool, browser: Browser) -> None:
    """To the old address, in case it was not the owner who changed it."""
    facts = {**_event(browser), "email": user.email}
    mail.queue(session, "email_changed_notice", recipient(user, old_address, confirmed=old_confirmed), facts)


def refresh_reuse_warning(session: Session, user: User, browser: Browser) -> None:
    """A refresh token came back that had been replaced: one browser was signed out."""
    mail.queue(session, "refresh_reuse_warning", recipient(user), _event(browser))


def recipient(user: User, address: str | None = None, *, confirmed: bool | None = None) -> mail.Recipient:
    """This person as a reader of mail. Another `address` than the account's counts as not confirmed unless said."""
    if confirmed is None:
        confirmed = address is None and user.confirmed_at is not None
    zone = user.timezone or settings.current().timezone
    return mail.Recipient(address or user.email, user.username, user.locale, zone, user.id, confirmed)


def device(user_agent: str | None) -> str | None:
    """ "Firefox, Windows": a User-Agent in words its owner may recognise."""
    if not user_agent:
        return None
    named = [
        next((word for mark, word in table.items() if mark in user_agent), None) for table in (_PROGRAMS, _SYSTEMS)
    ]
    plain = re.sub(r"[^\w ./-]", "", user_agent.split(" ")[0])[:40]
    if names.has_link(plain):  # the words of whoever made the request, in a mail to the account's owner
        plain = ""
    return ", ".join(word for word in named if word) or plain or None


def _event(browser: Browser) -> dict[str, str | None]:
    return {"at": to_rfc3339(clock.now()), "ip": browser.ip, "device": device(browser.user_agent)}


def _link(page: str, link: Issued) -> dict[str, str]:
    """The link without its secret, which is put in when the mail is sent. In the fragment no server's log sees it."""
    return {"link": f"/{page}#token=", "seed": link.seed, "expires_at": to_rfc3339(link.expires_at)}
