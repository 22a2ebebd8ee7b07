"""Gives and withdraws roles in lots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from parking import audit, clock
from parking.accounts import User, find_by_email, get_user, stop_access_tokens
from parking.database import db, transaction
from parking.errors import NotFound
from parking.lots import Lot, open_lot
from parking.staff import emails, queries
from parking.staff.models import LotStaff
from parking.staff.roles import LotRole
from parking.text import email_addresses
from parking.web import Identity

OnWithdrawal = Callable[[Session, int, int], None]
_on_withdrawal: list[OnWithdrawal] = []


def register_withdrawal(end: OnWithdrawal) -> None:
    """`end(session, user_id, lot_id)` ends what a user who leaves the staff of a lot has running there. The rooms above
    register it at start."""
    if end not in _on_withdrawal:
        _on_withdrawal.append(end)


def list_staff(lot_id: int) -> list[dict[str, Any]]:
    """The staff of a lot. Raises NotFound."""
    session = db.session()
    open_lot(session, lot_id)
    return _views(session, lot_id)


def find_person(email: str) -> dict[str, Any]:
    """The account of exactly this address. Raises NotFound, also for one that is disabled."""
    user = find_by_email(db.session(), email=email)
    if user is None or not user.active:
        raise _nobody()
    return {"id": user.id, "email": user.email, "username": user.username}


def set_role(who: Identity, lot_id: int, user_id: int, role: LotRole, email: str | None) -> dict[str, Any]:
    """Gives a user a role in a lot, or another one. Returns the staff.

    Raises NotFound for a lot or an account that is not there; for an address that is not the account's; and where a
    manager names somebody new without one.
    """
    with transaction() as session:
        lot = open_lot(session, lot_id)
        user = get_user(session, user_id, lock=True)
        present = session.get(LotStaff, (lot_id, user_id))
        _check_known(who, user, email, is_member=present is not None)
        before = present.role if present else None
        if present is None:
            session.add(LotStaff(lot_id=lot_id, user_id=user_id, role=role, created_at=clock.now()))
        else:
            present.role = role
        if before != role:
            session.flush()
            _tell(session, user, lot, before, role)
        return {"message": f"{user.username} is {role} of {lot.name}.", "staff": _views(session, lot_id)}


def _check_known(who: Identity, user: User, email: str | None, *, is_member: bool) -> None:
    """Raises NotFound, the same for every reason: it does not say whether a number is an account's."""
    is_theirs = email is not None and email_addresses.key(email) == email_addresses.key(user.email)
    if not (user.active or is_member) or (email is not None and not is_theirs):
        raise _nobody()
    if email is None and not (who.is_admin or is_member):
        raise _nobody()


def withdraw(lot_id: int, user_id: int) -> dict[str, Any]:
    """Withdraws a user's role. Returns the staff that is left. Raises NotFound."""
    with transaction() as session:
        lot = open_lot(session, lot_id)
        for end in _on_withdrawal:  # before the account is locked: a worker that ends a job then mails its owner
            end(session, user_id, lot_id)
        user = get_user(session, user_id, lock=True)
        one = delete(LotStaff).where(LotStaff.lot_id == lot_id, LotStaff.user_id == user_id)
        before = session.scalar(one.returning(LotStaff.role))
        if before is None:
            raise _nobody()
        _tell(session, user, lot, before, None)
        message = f"{user.username} does not work at {lot.name} any more."
        return {"message": message, "staff": _views(session, lot_id)}


def _tell(session: Session, user: User, lot: Lot, before: str | None, after: str | None) -> None:
    """Writes the audit entry, queues the mail, and ends access that began with the role before."""
    action = "staff.added" if before is None else "staff.removed" if after is None else "staff.changed"
    named = {"lot_id": lot.id}
    audit.record(
        session,
        action,
        "user",
        user.id,
        before={**named, "role": before} if before else None,
        after={**named, "role": after} if after else named,
    )
    emails.role_changed(session, user, lot.name, before, after)
    stop_access_tokens(user)


def delete_of_user(session: Session, user_id: int) -> None:
    """Deletes the roles of a deleted account."""
    session.execute(delete(LotStaff).where(LotStaff.user_id == user_id))


def _views(session: Session, lot_id: int) -> list[dict[str, Any]]:
    return [
        {
            "user_id": row.user_id,
            "username": row.username,
            "email": row.email,
            "active": row.active,
            "role": row.role,
            "since": row.created_at,
        }
        for row in queries.staff_of(session, lot_id)
    ]


def _nobody() -> NotFound:
    return NotFound("There is no such user.")
