"""Reads and uses second factors inside a transaction of its caller."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from parking import clock, settings, signing
from parking.accounts.models import LoginSession
from parking.accounts.second_factor import codes
from parking.accounts.second_factor.models import RecoveryCode, SecondFactor
from parking.errors import Unauthorized
from parking.web.logs import security_log

FRESH = timedelta(minutes=10)
"""For so long after a code the weightiest actions ask for no other."""


def is_on(session: Session, user_id: int) -> bool:
    """Whether this account has a second factor in force."""
    query = select(SecondFactor.user_id).where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    return session.scalar(query) is not None


def is_wanted(*, is_admin: bool) -> bool:
    """Whether the operator wants a second factor of such an account (REQUIRE_TOTP)."""
    required_of = settings.current().require_totp
    return required_of == "all" or (required_of == "admins" and is_admin)


def must_set_up(session: Session, user_id: int, *, is_admin: bool) -> bool:
    """Whether the operator wants a second factor of this account, which has none."""
    return is_wanted(is_admin=is_admin) and not is_on(session, user_id)


def begin(session: Session, user_id: int) -> bytes:
    """Begins anew with another key, which is not in force yet. Returns the key."""
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    seed = secrets.token_urlsafe(32)
    session.add(SecondFactor(user_id=user_id, seed=seed, last_step=0, created_at=clock.now()))
    return signing.totp_key(settings.current(), seed)


def use_app_code(session: Session, user_id: int, code: str, *, confirm: bool = False) -> bool:
    """Uses a code of the app; each counts once, also of several simultaneous requests. Returns whether it was good.

    `confirm`: the first code, which puts a factor that was begun into force.
    """
    row = session.get(SecondFactor, user_id)
    if row is None or (row.confirmed_at is None) is not confirm:
        return False
    step = codes.step_of(signing.totp_key(settings.current(), row.seed), code, clock.now())
    if step is None:
        return False
    confirmed_at = clock.now() if confirm else row.confirmed_at
    used = (
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.seed == row.seed, SecondFactor.last_step < step)
        .values(last_step=step, confirmed_at=confirmed_at)
        .returning(SecondFactor.user_id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(used) is not None


def use(session: Session, user_id: int, code: str) -> bool:
    """Uses a code of the app or a recovery code. Returns whether it was good."""
    return use_app_code(session, user_id, code) or _use_recovery_code(session, user_id, code)


def require(session: Session, user_id: int, code: str | None) -> bool:
    """Uses the code, if the account has a second factor. Returns whether it has one. Raises Unauthorized
    `second_factor_required` without a code, `wrong_code` for a wrong one."""
    if not is_on(session, user_id):
        return False
    if not code:
        raise required("Please enter the code that your authenticator app shows.")
    if not use(session, user_id, code):
        security_log.event("second_factor_refused", user_id=user_id)
        raise wrong_code()
    return True


def new_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Replaces the recovery codes of the account. Returns them: they are stored as hashes."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    fresh = codes.new_recovery_codes()
    rows = [{"user_id": user_id, "code_hash": codes.recovery_hash(one)} for one in fresh]
    session.execute(insert(RecoveryCode), rows)
    return fresh


def codes_left(session: Session, user_id: int) -> int:
    """Returns the number of recovery codes that have not been used."""
    query = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(query) or 0


def remove(session: Session, user_id: int) -> bool:
    """Deletes the factor and its recovery codes. Returns whether one was in force."""
    was_on = is_on(session, user_id)
    for model in (RecoveryCode, SecondFactor):
        session.execute(delete(model).where(model.user_id == user_id))
    return was_on


def note_use(session: Session, family: str | None) -> None:
    """Notes that a code came in this session just now."""
    session.execute(update(LoginSession).where(LoginSession.family == family).values(factor_at=clock.now()))


def require_fresh(session: Session, user_id: int, family: str | None) -> None:
    """Raises Unauthorized `second_factor_required` for an account with a second factor whose session has given no code
    within FRESH."""
    if not is_on(session, user_id):
        return
    at: datetime | None = session.scalar(select(LoginSession.factor_at).where(LoginSession.family == family))
    if at is None or clock.now() - at > FRESH:
        raise required("Please confirm it is you: enter the code that your authenticator app shows.")


def required(sentence: str) -> Unauthorized:
    """The error that asks for a code."""
    return Unauthorized(sentence, code="second_factor_required", headers={"WWW-Authenticate": 'Bearer realm="parking"'})


def wrong_code() -> Unauthorized:
    """The error for a code that is wrong, too old or was used."""
    sentence = "This code is wrong or has already been used. Please wait for the next one."
    return Unauthorized(sentence, code="wrong_code", errors={"code": [sentence]})


def _use_recovery_code(session: Session, user_id: int, code: str) -> bool:
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == codes.recovery_hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    return session.scalar(used) is not None
