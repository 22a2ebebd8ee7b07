"""Changing what one signs in with: the password (known or forgotten) and the address."""

from __future__ import annotations

from sqlalchemy.orm import Session

from parking import audit, clock
from parking.accounts import account_changes, emails, one_time_tokens, queries
from parking.accounts.models import User
from parking.accounts.passwords import hashing
from parking.accounts.service import SignedIn
from parking.accounts.sessions import browser_sessions
from parking.accounts.sessions.browser_sessions import Browser
from parking.database import db, transaction
from parking.errors import Conflict, Forbidden
from parking.web import Identity


def forgot_password(email: str) -> None:
    """Sends a link to set a new password, if there is such an account. Tells nobody whether there is."""
    found = queries.credentials(db.session(), email=email)
    db.session.close()
    if found is None or not found.active:
        return
    with transaction() as session:
        user = queries.person(session, found.id, lock=True)
        emails.password_reset(session, user, one_time_tokens.issue(session, "password_reset", user.id))
        audit.record(session, "password.reset_requested", "user", user.id)


def reset_password(secret: str, password: str, browser: Browser) -> None:
    """Sets a new password by the link that was mailed, and signs every browser out.

    Raises NotFound for a link that does not work, Invalid for the password (the link then stays good).
    """
    reading = db.session()
    owner = queries.person(reading, one_time_tokens.peek(reading, "password_reset", secret).user_id or 0)
    reading.close()
    hashing.require(password, email=owner.email, username=owner.username)
    kept = hashing.hashed(password)
    with transaction() as session:
        user_id = one_time_tokens.claim(session, "password_reset", secret).user_id or 0
        user = queries.person(session, user_id, lock=True)
        user.confirmed_at = user.confirmed_at or clock.now()  # the link was read where it was sent
        _set_password(session, user, kept, browser)
        audit.record(session, "password.reset", "user", user.id, actor_id=user.id)


def change_password(who: Identity, current: str, new: str, browser: Browser) -> SignedIn:
    """Sets a new password and signs every browser out; the caller's begins a new session.

    Raises Forbidden when `current` is wrong, Invalid when `new` is not allowed.
    """
    kept_now = require_password(who, current, "current_password")
    hashing.require(new, email=who.email, username=who.username, field="new_password")
    kept = hashing.hashed(new)
    with transaction() as session:
        user = _unchanged(session, who.id, kept_now)
        _set_password(session, user, kept, browser)
        opened = browser_sessions.begin(session, user.id, browser)
        audit.record(session, "password.changed", "user", user.id)
    return SignedIn(user, opened)


def ask_email_change(who: Identity, email: str, password: str) -> None:
    """Sends a link to the new address; it becomes the account's when the link is used.

    Raises Forbidden for a wrong password, Conflict when the address is somebody's.
    """
    kept_now = require_password(who, password)
    with transaction() as session:
        user = _unchanged(session, who.id, kept_now)
        holder = queries.credentials(session, email=email)
        if holder is not None:
            raise _same_or_taken(holder.id == user.id)
        emails.email_confirm(
            session, user, email, one_time_tokens.issue(session, "email_change", user.id, {"email": email})
        )
        audit.record(session, "email.change_requested", "user", user.id)


def confirm_email(secret: str, browser: Browser) -> None:
    """Makes the address to which the link was sent the account's; warns the old one.

    Links that were sent to the old address stop working. Raises NotFound, Conflict.
    """
    with account_changes.unique_names() as session:
        link = one_time_tokens.claim(session, "email_change", secret)
        user = queries.person(session, link.user_id or 0, lock=True)
        before, user.email = user.email, link.facts["email"]
        before_confirmed, user.confirmed_at = user.confirmed_at is not None, clock.now()
        link.facts = {}  # the address now stands with the account, and nowhere else
        one_time_tokens.void(session, "password_reset", user.id)
        session.flush()
        emails.email_changed_notice(session, user, before, before_confirmed, browser)
        audit.record(session, "email.changed", "user", user.id, actor_id=user.id)


def require_password(who: Identity, password: str, field: str = "password") -> str:
    """The hash that this password of the caller matches. Raises Forbidden. Leaves no database connection held."""
    found = queries.credentials(db.session(), user_id=who.id)
    db.session.close()
    kept = found.password if found else None
    if not hashing.matches(password, kept) or kept is None:
        sentence = "The password is wrong."
        raise Forbidden(sentence, code="wrong_password", errors={field: [sentence]})
    return kept


def _unchanged(session: Session, user_id: int, kept: str) -> User:
    """The account, locked, if its password is still the one that was compared."""
    user = queries.person(session, user_id, lock=True)
    if user.password != kept:
        raise Conflict("The password was changed in the meantime. Please try again.", code="password_changed")
    return user


def _set_password(session: Session, user: User, kept: str, browser: Browser) -> None:
    user.password = kept
    account_changes.end_tokens(session, user)
    one_time_tokens.void(session, "password_reset", user.id)
    one_time_tokens.void(session, "email_change", user.id)
    emails.password_changed(session, user, browser)


def _same_or_taken(same: bool) -> Conflict:
    sentence = "This is already your address." if same else "An account with this address already exists."
    return Conflict(sentence, code="email_taken", errors={"email": [sentence]})
