"""Reads the staff of lots."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, exists, select
from sqlalchemy.orm import Session

from parking.accounts import Role, User, user_roles
from parking.database import BigId, Read
from parking.lots import Lot, Spot
from parking.staff.models import LotStaff

_STAFF: Any = LotStaff.__table__
_LOT: Any = Lot.__table__
_OF_USER = (
    select(_STAFF.c.lot_id, _STAFF.c.role, _LOT.c.name)
    .join_from(_STAFF, _LOT, _LOT.c.id == _STAFF.c.lot_id)
    .where(_STAFF.c.user_id == bindparam("user_id", type_=BigId), _LOT.c.deleted_at.is_(None))
    .order_by(_LOT.c.sort_key, _LOT.c.id)
)
_ROLES = Read(_OF_USER)
_SPOT_LOT = Read(select(Spot.lot_id).where(Spot.id == bindparam("spot_id", type_=BigId)))


def roles_of(user_id: int) -> dict[int, str]:
    """Returns lot -> the user's role in it, for lots that are open."""
    return {row.lot_id: row.role for row in _ROLES.rows(user_id=user_id)}


class LotRoleRow(NamedTuple):
    """One lot in which a user works."""

    lot_id: int
    lot_name: str
    role: str


def named_roles(session: Session | None, user_id: int) -> list[LotRoleRow]:
    """Returns the same with the names of the lots, in their order; without a session read outside of a transaction."""
    rows: Any = session.execute(_OF_USER, {"user_id": user_id}) if session else _ROLES.rows(user_id=user_id)
    return [LotRoleRow(row.lot_id, row.name, row.role) for row in rows]


def staff_of(session: Session, lot_id: int) -> list[Row[int, str, str, bool, str, datetime]]:
    """Returns the staff of a lot by name: user_id, username, email, active, role, created_at."""
    columns = (User.id.label("user_id"), User.username, User.email, User.active, LotStaff.role, LotStaff.created_at)
    rows = select(*columns).join_from(LotStaff, User, User.id == LotStaff.user_id).where(LotStaff.lot_id == lot_id)
    return list(session.execute(rows.order_by(User.username_key, User.id)).all())


def managed_lots(session: Session, user_ids: list[int]) -> dict[int, frozenset[int]]:
    """Returns user -> the open lots that they manage, for those of the users who manage one."""
    query = (
        select(LotStaff.user_id, LotStaff.lot_id)
        .join(Lot, Lot.id == LotStaff.lot_id)
        .where(LotStaff.user_id.in_(user_ids), LotStaff.role == "manager", Lot.deleted_at.is_(None))
    )
    lots: dict[int, set[int]] = {}
    for user_id, lot_id in session.execute(query):
        lots.setdefault(user_id, set()).add(lot_id)
    return {user_id: frozenset(own) for user_id, own in lots.items()}


def is_manager() -> Any:
    """Condition on User: they manage an open lot."""
    return exists().where(
        LotStaff.user_id == User.id,
        LotStaff.role == "manager",
        Lot.id == LotStaff.lot_id,
        Lot.deleted_at.is_(None),
    )


def lot_of_spot(spot_id: int) -> int | None:
    """Returns the lot of a spot; None where there is no such spot."""
    return next((row.lot_id for row in _SPOT_LOT.rows(spot_id=spot_id)), None)


def is_active(session: Session, user_id: int) -> bool:
    """Whether this account may sign in."""
    query = select(User.id).where(User.id == user_id, User.active.is_(True), User.deleted_at.is_(None))
    return session.scalar(query) is not None


def is_admin(session: Session, user_id: int) -> bool:
    """Whether this account is an administrator's."""
    query = select(user_roles.c.user_id).join(Role, Role.id == user_roles.c.role_id)
    return session.scalar(query.where(user_roles.c.user_id == user_id, Role.name == "admin")) is not None
