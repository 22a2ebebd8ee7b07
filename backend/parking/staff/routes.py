"""/api/lots/{id}/staff: who works at a lot."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from parking.accounts import require_fresh_factor
from parking.staff import schemas, service
from parking.staff.access import requires_staff
from parking.web import documented, identity
from parking.web.rate_limits import FIND_PERSON, by_user, limiter

bp = APIBlueprint("staff", __name__, url_prefix="/api/lots/<int:lot_id>/staff", tag="Staff")


@bp.get("")
@requires_staff("manager")
@bp.output(schemas.StaffList)
def list_staff(lot_id: int) -> dict[str, Any]:
    """The staff of a lot, by name. For administrators and managers of the lot."""
    return {"staff": service.list_staff(lot_id)}


@bp.post("/person")
@requires_staff("manager")
@limiter.limit(FIND_PERSON, key_func=by_user)
@bp.input(schemas.PersonSearch, arg_name="body")
@bp.output(schemas.PersonAnswer)
def find_person(lot_id: int, body: schemas.PersonSearch) -> dict[str, Any]:
    """Find the account with exactly this address, to add it to the staff. A part of an address finds nobody: a manager
    cannot list the accounts. It is a POST, so that no address stands in a URL."""
    return {"user": service.find_person(body.email)}


@bp.put("/<int:user_id>")
@requires_staff("manager")
@limiter.limit(FIND_PERSON, key_func=by_user)
@documented(401)
@bp.input(schemas.StaffRole, arg_name="body")
@bp.output(schemas.StaffSaved)
def set_role(lot_id: int, user_id: int, body: schemas.StaffRole) -> dict[str, Any]:
    """Give a user a role in a lot, or another one. They get an email, and it takes effect at once.

    A manager who adds somebody sends their `email` as well. Where you have a second factor, this asks for a code of
    the last ten minutes (401 `second_factor_required`).
    """
    require_fresh_factor(identity())
    return service.set_role(identity(), lot_id, user_id, body.role, body.email)


@bp.delete("/<int:user_id>")
@requires_staff("manager")
@documented(401)
@bp.output(schemas.StaffSaved)
def withdraw(lot_id: int, user_id: int) -> dict[str, Any]:
    """Withdraw a user's role in a lot. They get an email; their open event streams end, and so do their running exports
    of the lot, at once.

    Where you have a second factor, this asks for a code of the last ten minutes (401 `second_factor_required`).
    """
    require_fresh_factor(identity())
    return service.withdraw(lot_id, user_id)
