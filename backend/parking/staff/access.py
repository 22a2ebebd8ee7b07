"""What a caller may see and do as staff: the lots of a caller (`lots_of`), and the check of a route (`requires_staff`).

Administrators have every role in every lot. An API token has its owner's roles, within the lots to which it is limited.
A lot that is not the caller's own is not there (404); what their role in it does not include is refused (403).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

from flask import request
from sqlalchemy.orm import Session

from parking.accounts import lot_of_booking
from parking.errors import Forbidden, NotFound
from parking.staff import queries
from parking.staff.roles import LotRole, includes
from parking.web import Identity, identity, require_lot, requires

View = TypeVar("View", bound=Callable[..., Any])
Scope = int | frozenset[int] | None
"""One lot, several, or (None) all."""


def lots_of(who: Identity, role: LotRole) -> frozenset[int] | None:
    """Returns the lots in which the caller may do what this role may; None: in all."""
    own = None if who.is_admin else _with_role(queries.roles_of(who.id), role)
    limit = who.token.lot_ids if who.token else None
    if own is None or limit is None:
        return limit if own is None else own
    return own & limit


def lots_named(who: Identity, lot_id: int | None, role: LotRole) -> frozenset[int] | None:
    """Returns `lots_of`, for a request that may name a lot. Raises NotFound where staff name one that is not theirs."""
    own = lots_of(who, role)
    if lot_id is not None and not who.is_admin and lot_id not in (own or ()):
        raise NotFound("There is no such lot.")
    return own


def lots_of_user(session: Session, user_id: int, role: LotRole) -> frozenset[int] | None:
    """Returns the same for an account for which a worker acts; none for one that is disabled."""
    if not queries.is_active(session, user_id):
        return frozenset()
    return None if queries.is_admin(session, user_id) else _with_role(queries.roles_of(user_id), role)


def scope_of(who: Identity, lot_id: int | None, role: LotRole) -> Scope:
    """Returns the lots that a request is about: the named one, or all in which the caller has the role. Staff get a
    set, administrators the id or None.

    Raises NotFound for a named lot that is not theirs, Forbidden `lot_required` as `require_lot` does.
    """
    require_lot(lot_id)
    if who.is_admin:
        return lot_id
    own = lots_named(who, lot_id, role) or frozenset()
    return own if lot_id is None else frozenset({lot_id})


def _with_role(roles: dict[int, str], role: LotRole) -> frozenset[int]:
    return frozenset(lot_id for lot_id, held in roles.items() if includes(held, role))


# routes ------------------------------------------------------------------------------------


def requires_staff(role: LotRole) -> Callable[[View], View]:
    """Lets a view run for administrators, and for staff with this role: in the lot that the path names (by the lot, a
    booking or a spot), else in any lot, and then the view answers for `lots_of` alone."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            require_role(role)
            return view(*args, **kwargs)

        checked = requires()(guarded)
        checked.__dict__["_role"] = role
        return cast(View, checked)

    return decorate


def require_role(role: LotRole) -> None:
    """Lets the present request pass as `requires_staff` does: for a view whose body says which role it needs.

    Raises NotFound for a lot that is not the caller's, Forbidden where they have too little a role.
    """
    who = identity()
    if who.is_admin:
        return
    roles = queries.roles_of(who.id)
    if not roles:
        raise Forbidden("Only administrators and the staff of a lot can do this.")
    named = _named_lot(request.view_args or {})
    if named is not None and named.lot_id not in roles:
        raise NotFound(f"There is no such {named.thing}.")
    held = roles.values() if named is None else [roles[cast(int, named.lot_id)]]
    if not any(includes(one, role) for one in held):
        raise Forbidden(f"Only administrators and staff of the lot with the role {role} can do this.")


class _NamedLot(NamedTuple):
    """The lot of what a path names (None: there is no such thing), and what it names."""

    lot_id: int | None
    thing: str


def _named_lot(path: dict[str, Any]) -> _NamedLot | None:
    if "lot_id" in path:
        return _NamedLot(path["lot_id"], "lot")
    if "booking_id" in path:  # a booking and a spot never change their lot
        return _NamedLot(lot_of_booking(path["booking_id"]), "booking")
    return _NamedLot(queries.lot_of_spot(path["spot_id"]), "spot") if "spot_id" in path else None
