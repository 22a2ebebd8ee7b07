"""Lot staff: users who view, attend or manage single lots. What they may see and do is decided here alone."""

from __future__ import annotations

from apiflask import APIFlask

from parking.staff import emails as _templates  # noqa: F401 - registers them
from parking.staff.access import Scope, lots_named, lots_of, lots_of_user, require_role, requires_staff, scope_of
from parking.staff.models import LotStaff
from parking.staff.queries import is_manager, managed_lots
from parking.staff.roles import LotRole
from parking.staff.service import register_withdrawal

__all__ = [
    "LotRole",
    "LotStaff",
    "Scope",
    "init_app",
    "is_manager",
    "lots_named",
    "lots_of",
    "lots_of_user",
    "managed_lots",
    "register_withdrawal",
    "require_role",
    "requires_staff",
    "scope_of",
]


def init_app(app: APIFlask) -> None:
    """Registers the routes, what an account's page says of its roles, and what a deleted account loses."""
    from parking import accounts
    from parking.staff import queries, routes, service

    accounts.register_lot_roles(queries.named_roles)
    accounts.register_eraser(service.delete_of_user)
    app.register_blueprint(routes.bp)
