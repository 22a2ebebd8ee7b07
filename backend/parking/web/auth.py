"""The caller of a request: their identity, the roles a view requires, and the account that their page shows.

Order of a view's decorators, outermost first: route, `requires`, input, output. So an unknown caller gets 401 before
their body is validated.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from flask import Flask, Request, current_app, g, has_request_context, request
from flask.typing import ResponseReturnValue

from parking.errors import Conflict, Forbidden, NotFound, Problem, Unauthorized

View = TypeVar("View", bound=Callable[..., Any])
ACCOUNT_HEADER = "X-Account"
"""Names the account that a page shows, by its id. Optional: programs that hold one token need not send it."""


@dataclass(frozen=True)
class TokenAccess:
    """What the API token of a request may be used for. `lot_ids`: the lots to which it is limited; None: all."""

    id: int
    scopes: frozenset[str]
    lot_ids: frozenset[int] | None
    expires_at: datetime | None


@dataclass(frozen=True)
class Identity:
    """The caller, read from the database for this request."""

    id: int
    email: str
    username: str
    roles: frozenset[str]
    timezone: str | None = None
    locale: str = "en"
    csv_format: str = "auto"
    session_family: str | None = None
    must_set_up_factor: bool = False
    """The operator wants a second factor of this account, which has none yet."""
    token: TokenAccess | None = None
    """The API token with which a program acts for this account; None for somebody who has signed in."""
    refusal: Problem | None = None
    """Why this token may not be used for this request."""

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles

    def has_scope(self, scope: str) -> bool:
        """Whether the caller has signed in, or uses an API token with this scope."""
        return self.token is None or scope in self.token.scopes


Identify = Callable[[Request], Identity | None]


def identify_with(app: Flask, identify: Identify) -> None:
    """Sets the function that reads the caller of a request; None when there is no valid token."""
    app.extensions["identify"] = identify


def caller() -> Identity | None:
    """The caller, or None when nobody is signed in or no request is being answered.

    Read at the first call of a request, so a request that needs no caller reads none. Raises Forbidden or NotFound
    for an API token that may not be used for this request.
    """
    if not has_request_context():
        return None
    if "caller" not in g:
        identify: Identify = current_app.extensions["identify"]
        g.caller = identify(request)
    known: Identity | None = g.caller
    if known is not None and known.refusal is not None:
        raise known.refusal
    return known


def caller_id() -> int | None:
    """The id of the caller for the log: None too while this request has not needed the caller."""
    known: Identity | None = g.get("caller")
    return known.id if known else None


def caller_token_id() -> int | None:
    """The id of the API token of the request for the log, None as for `caller_id`."""
    known: Identity | None = g.get("caller")
    return known.token.id if known and known.token else None


def act_without_account() -> None:
    """Makes the present request act for no account, though it may bring a token: it acts for the holder of a link."""
    g.caller = None


def visible_lots() -> frozenset[int] | None:
    """The lots to which the API token of this request is limited; None: no limit, or no request.

    Views whose answer spans lots keep to these; `require_lot` is for those that are about one lot.
    """
    known = caller()
    return known.token.lot_ids if known and known.token else None


def require_lot(lot_id: int | None) -> None:
    """Lets a request for this lot pass. Where an API token is limited to lots, raises NotFound for another lot and
    Forbidden `lot_required` for none (all lots)."""
    lots = visible_lots()
    if lots is None or lot_id in lots:
        return
    if lot_id is None:
        sentence = "This API token is limited to some lots. Please name one of them (lot_id)."
        raise Forbidden(sentence, code="lot_required")
    raise NotFound("There is no such lot.")


def identity() -> Identity:
    """The caller. Raises Unauthorized when nobody is signed in."""
    known = caller()
    if known is None:
        raise signed_out()
    return known


def signed_out() -> Unauthorized:
    """The error for a missing, expired or revoked token."""
    return Unauthorized(
        "You are not signed in, or your session has ended. Please sign in.",
        headers={"WWW-Authenticate": 'Bearer realm="parking"'},
    )


def other_account() -> Conflict:
    """The error for a request that was made for one account but would be carried out for another."""
    return Conflict(
        "Another account is signed in on this browser now. Nothing was changed. Please reload the page.",
        code="other_account",
    )


def shown_account() -> str | None:
    """The account that the caller's page shows, as the request names it; None when it names none."""
    return request.headers.get(ACCOUNT_HEADER)


def require_shown_account(user_id: int) -> None:
    """Refuses a request whose page shows another account than `user_id`. Raises Conflict `other_account`."""
    if shown_account() not in (None, str(user_id)):
        raise other_account()


def requires(role: str | None = None) -> Callable[[View], View]:
    """Lets a view run only for a signed-in caller, with `role` when one is named."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            user = identity()
            require_shown_account(user.id)
            if user.must_set_up_factor and not request.path.startswith("/auth/"):
                raise Forbidden(
                    "Please set up a second factor first, in your profile.", code="second_factor_setup_required"
                )
            if role and role not in user.roles:
                raise Forbidden("Only administrators can do this." if role == "admin" else "Not allowed.")
            return view(*args, **kwargs)

        spec = guarded.__dict__.setdefault("_spec", {})
        spec["security"] = [{"bearer": []}]
        guarded.__dict__["_role"] = role or "any"
        return cast(View, guarded)

    return decorate
