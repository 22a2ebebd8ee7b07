"""/api/users: accounts as an administrator sees them."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from parking.accounts import schemas
from parking.accounts.admin import service
from parking.accounts.second_factor import service as second_factor
from parking.accounts.sessions import cookies
from parking.web import Message, documented, identity, requires

bp = APIBlueprint("users", __name__, url_prefix="/api/users", tag="Users")


@bp.get("")
@requires("admin")
@bp.input(schemas.UserList, location="query", arg_name="query")
@bp.output(schemas.Users)
def list_users(query: schemas.UserList) -> dict[str, Any]:
    """All accounts, newest first unless `order` says otherwise, with totals of their bookings."""
    return service.list_users(query)


@bp.get("/<int:user_id>")
@requires("admin")
@bp.output(schemas.ListedUserAnswer)
def show_user(user_id: int) -> dict[str, Any]:
    """One account."""
    return {"user": service.read(user_id)}


@bp.patch("/<int:user_id>")
@requires("admin")
@documented(401)
@bp.input(schemas.UserChange, arg_name="body")
@bp.output(schemas.ListedUserAnswer)
@documented(409)
def change_user(user_id: int, body: schemas.UserChange) -> dict[str, Any]:
    """Enable or disable an account, or change its roles. It takes effect at the user's next request.

    Where you have a second factor, roles ask for a code of the last ten minutes (401 `second_factor_required`).
    """
    if body.roles is not None:
        second_factor.require_fresh(identity())
    return {"message": "User updated", "user": service.change(user_id, body.active, body.roles)}


@bp.get("/<int:user_id>/sessions")
@requires("admin")
@bp.output(schemas.SignInsAnswer)
def show_sign_ins(user_id: int) -> dict[str, Any]:
    """Number of browsers in which a user is signed in, and when one was last used."""
    return {"sign_ins": service.sign_ins(user_id)}


@bp.delete("/<int:user_id>/sessions")
@requires("admin")
@bp.output(schemas.SignedOut)
def sign_out_user(user_id: int) -> dict[str, Any]:
    """Sign a user out everywhere. The account stays: the user can sign in again."""
    return {"message": "Signed out everywhere", "ended": service.sign_out(user_id)}


@bp.delete("/<int:user_id>/second-factor")
@requires("admin")
@bp.output(Message)
@documented(401, 409)
def reset_second_factor(user_id: int) -> dict[str, Any]:
    """Remove the second factor of somebody else who has lost it. They are signed out everywhere and get an email."""
    second_factor.require_fresh(identity())
    if not second_factor.reset_of_other(identity(), user_id, cookies.browser()):
        return {"message": "This account has no second factor"}
    return {"message": "The second factor is removed"}
