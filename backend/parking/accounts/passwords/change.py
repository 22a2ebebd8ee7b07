"""Changing the password (known or forgotten) and the address of an account."""

from __future__ import annotations

from sqlalchemy.orm import Session

from parking import audit, clock
from parking.accounts import account_changes, emails, one_time_tokens, queries
from parking.accounts.models import User
from parking.accounts.passwords import address_proof, hashing
from parking.accounts.service import SignedIn
from parking.accounts.sessions import browser_sessions
from parking.accounts.sessions.browser_sessions import Browser
from parking.database import db, transaction
from parking.errors import Conflict, Forbidden
from parking.web import Identity


def forgot_password(email: str) -> None:
    """Sends a link to set a new password, if the account exists. The caller does not learn whether it does."""
    account = queries.credentials(db.session(), email=email)
    db.session.close()
    if account is None or not account.active:
        return
    with transaction() as session:
        user = queries.get_user(session, account.id, lock=True)
        emails.password_reset(session, user, one_time_tokens.issue(session, "password_reset", user.id))
        audit.record(session, "password.reset_requested", "user", user.id)


def reset_password(secret: str, password: str, browser: Browser) -> None:
    """Sets a new password by the link that was mailed, signs every browser out and deletes the API tokens.

    Raises NotFound for a link that does not work, Invalid for the password (the link then stays valid).
    """
    reading = db.session()
    owner = queries.get_user(reading, one_time_tokens.validate(reading, secret, "password_reset").user_id or 0)
    reading.close()
    hashing.require(password, email=owner.email, username=owner.username)
    stored_hash = hashing.hash_of(password)
    with transaction() as session:
        user_id = one_time_tokens.consume(session, secret, "password_reset").user_id or 0
        user = queries.get_user(session, user_id, lock=True)
        user.confirmed_at = user.confirmed_at or clock.now()  # the link was read where it was sent
        _set_password(session, user, stored_hash, browser)
        audit.record(session, "password.reset", "user", user.id, actor_id=user.id)


def change_password(caller: Identity, current: str, new: str, browser: Browser) -> SignedIn:
    """Sets a new password and signs every browser out; the caller's begins a new session. API tokens stay.

    Raises Forbidden when `current` is wrong, Invalid when `new` is not allowed.
    """
    current_hash = require_password(caller, current, "current_password")
    hashing.require(new, email=caller.email, username=caller.username, field="new_password")
    stored_hash = hashing.hash_of(new)
    with transaction() as session:
        user = _unchanged(session, caller.id, current_hash)
        _set_password(session, user, stored_hash, browser, api_tokens=False)
        opened = browser_sessions.begin(session, user.id, browser)
        audit.record(session, "password.changed", "user", user.id)
    return SignedIn(user, opened)


def request_email_change(caller: Identity, email: str, password: str) -> None:
    """Sends a link to the new address; it becomes the account's when the link is used.

    Raises Forbidden for a wrong password, Conflict when the address is taken.
    """
    current_hash = require_password(caller, password)
    with transaction() as session:
        user = _unchanged(session, caller.id, current_hash)
        owner = queries.credentials(session, email=email)
        if owner is not None:
            raise _same_or_taken(owner.id == user.id)
        emails.email_confirm(
            session, user, email, one_time_tokens.issue(session, "email_change", user.id, {"email": email})
        )
        audit.record(session, "email.change_requested", "user", user.id)


def confirm_email(secret: str, browser: Browser) -> None:
    """Confirms the address of the account by the link that was sent to it, or sets the new one to which it was sent;
    then it warns the old one.

    Links that were sent to the old address stop working. Raises NotFound, Conflict.
    """
    with account_changes.unique_names() as session:
        link = one_time_tokens.consume(session, secret, "email_change", "email_proof")
        user = queries.get_user(session, link.user_id or 0, lock=True)
        if link.purpose == "email_proof":
            address_proof.confirm(session, user)
            return
        before, user.email = user.email, link.context["email"]
        before_confirmed, user.confirmed_at = user.confirmed_at is not None, clock.now()
        link.context = {}  # the address is stored with the account only
        one_time_tokens.revoke(session, "password_reset", user.id)
        one_time_tokens.revoke(session, "email_proof", user.id)
        session.flush()
        emails.email_changed_notice(session, user, before, before_confirmed, browser)
        audit.record(session, "email.changed", "user", user.id, actor_id=user.id)


def require_password(caller: Identity, password: str, field: str = "password") -> str:
    """The stored hash, if the password matches it. Raises Forbidden. Holds no database connection afterwards."""
    account = queries.credentials(db.session(), user_id=caller.id)
    db.session.close()
    stored_hash = account.password if account else None
    if not hashing.matches(password, stored_hash) or stored_hash is None:
        sentence = "The password is wrong."
        raise Forbidden(sentence, code="wrong_password", errors={field: [sentence]})
    return stored_hash


def _unchanged(session: Session, user_id: int, stored_hash: str) -> User:
    """The account, locked, if its password has not changed since the comparison."""
    user = queries.get_user(session, user_id, lock=True)
    if user.password != stored_hash:
        raise Conflict("The password was changed in the meantime. Please try again.", code="password_changed")
    return user


def _set_password(session: Session, user: User, stored_hash: str, browser: Browser, *, api_tokens: bool = True) -> None:
    user.password = stored_hash
    account_changes.end_tokens(session, user, api_tokens=api_tokens)
    one_time_tokens.revoke(session, "password_reset", user.id)
    one_time_tokens.revoke(session, "email_change", user.id)
    emails.password_changed(session, user, browser)


def _same_or_taken(same: bool) -> Conflict:
    sentence = "This is already your address." if same else "An account with this address already exists."
    return Conflict(sentence, code="email_taken", errors={"email": [sentence]})
