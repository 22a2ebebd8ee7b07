"""Turning the second factor of an account on and off, and confirming that it is still its owner."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import audit, settings
from parking.accounts import account_changes, emails, queries
from parking.accounts.passwords.change import require_password
from parking.accounts.second_factor import codes, factors
from parking.accounts.second_factor.models import SecondFactor
from parking.accounts.sessions.browser_sessions import Browser
from parking.database import db, transaction
from parking.errors import Conflict, Forbidden, NotFound
from parking.web import Identity


def state(caller: Identity) -> dict[str, Any]:
    """Whether the caller has a second factor, whether the operator wants one, and how many recovery codes are left."""
    session = db.session()
    since = session.scalar(select(SecondFactor.confirmed_at).where(SecondFactor.user_id == caller.id))
    return {
        "on": since is not None,
        "since": since,
        "required": factors.is_wanted(is_admin=caller.is_admin),
        "recovery_codes_left": factors.codes_left(session, caller.id),
    }


def begin(caller: Identity, password: str) -> dict[str, Any]:
    """Begins with a new key, which an app reads from the answer; a code of it puts the factor into force.

    Raises Forbidden for a wrong password, Conflict where there is one already.
    """
    require_password(caller, password)
    with transaction() as session:
        queries.get_user(session, caller.id, lock=True)
        if factors.is_on(session, caller.id):
            raise Conflict("You already have a second factor. Turn it off first.", code="second_factor_on")
        key = factors.begin(session, caller.id)
    uri = codes.uri(key, caller.email, settings.current().site_name)
    return {"secret": codes.secret_text(key), "uri": uri, "qr": codes.qr_code(uri)}


def confirm(caller: Identity, code: str, browser: Browser) -> list[str]:
    """Puts the factor that was begun into force with its first code. Returns the recovery codes.

    Every other browser is signed out: who is in there has not shown the factor. Raises Unauthorized for a wrong code,
    Conflict where none was begun.
    """
    with transaction() as session:
        user = queries.get_user(session, caller.id, lock=True)
        pending = session.get(SecondFactor, caller.id)
        if pending is None or pending.confirmed_at is not None:
            raise Conflict("There is no second factor to confirm. Please start again.", code="second_factor_not_begun")
        if not factors.use_app_code(session, caller.id, code, confirm=True):
            raise factors.wrong_code()
        recovery_codes = factors.new_recovery_codes(session, caller.id)
        factors.note_use(session, caller.session_family)
        account_changes.end_other_sessions(session, user, caller.session_family)
        _tell(session, user, "on", browser)
    return recovery_codes


def turn_off(caller: Identity, password: str, code: str, browser: Browser) -> None:
    """Raises Forbidden for a wrong password or where the operator wants a factor, Unauthorized for a wrong code,
    Conflict where there is none."""
    require_password(caller, password)
    if factors.is_wanted(is_admin=caller.is_admin):
        raise Forbidden("The operator requires a second factor of this account.", code="second_factor_wanted")
    with transaction() as session:
        user = queries.get_user(session, caller.id, lock=True)
        _require_on(session, caller.id)
        factors.require(session, caller.id, code)
        factors.remove(session, caller.id)
        _tell(session, user, "off", browser)


def renew_recovery_codes(caller: Identity, code: str, browser: Browser) -> list[str]:
    """Replaces the recovery codes. Raises Unauthorized for a wrong code, Conflict without a factor."""
    with transaction() as session:
        user = queries.get_user(session, caller.id, lock=True)
        _require_on(session, caller.id)
        factors.require(session, caller.id, code)
        recovery_codes = factors.new_recovery_codes(session, caller.id)
        _tell(session, user, "codes", browser)
    return recovery_codes


def verify(caller: Identity, code: str) -> None:
    """Notes that the owner is still there, for what asks for a recent code. Raises Unauthorized for a wrong code,
    Conflict without a factor."""
    with transaction() as session:
        _require_on(session, caller.id)
        factors.require(session, caller.id, code)
        factors.note_use(session, caller.session_family)


def reset(user_id: int, browser: Browser | None = None) -> bool:
    """Removes the second factor of somebody who has lost it, and signs them out everywhere; an administrator or the
    command line. Returns whether there was one. Raises NotFound."""
    with transaction() as session:
        user = queries.get_user(session, user_id, lock=True)
        if not factors.remove(session, user.id):
            return False
        account_changes.end_tokens(session, user)
        _tell(session, user, "reset", browser)
    return True


def reset_of_other(caller: Identity, user_id: int, browser: Browser) -> bool:
    """The same by an administrator. Raises Conflict for their own account, NotFound."""
    if user_id == caller.id:
        raise Conflict("Please turn off your own second factor in your profile.", code="own_second_factor")
    return reset(user_id, browser)


def reset_by_email(email: str) -> bool:
    """The same for the account of this address. Raises NotFound."""
    account = queries.credentials(db.session(), email=email)
    db.session.close()
    if account is None:
        raise NotFound("There is no account with this address.")
    return reset(account.id)


def require_fresh(caller: Identity) -> None:
    """Raises Unauthorized `second_factor_required` where the caller has a factor and has given no code for a while."""
    factors.require_fresh(db.session(), caller.id, caller.session_family)


def _require_on(session: Session, user_id: int) -> None:
    if not factors.is_on(session, user_id):
        raise Conflict("This account has no second factor.", code="second_factor_off")


def _tell(session: Session, user: Any, change: str, browser: Browser | None) -> None:
    """Writes the audit entry and queues the mail to the owner."""
    audit.record(session, f"second_factor.{change}", "user", user.id)
    emails.second_factor_changed(session, user, change, browser)
