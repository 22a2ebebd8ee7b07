"""The caller behind an API token, and whether the token may be used for this request."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from flask import Request
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from parking import clock
from parking.accounts import guess_limits, hooks
from parking.accounts.models import Role, User, user_roles
from parking.accounts.queries import IDENTITY_COLUMNS, identity_of, roles_of
from parking.accounts.second_factor.models import SecondFactor
from parking.accounts.tokens import scopes, store
from parking.accounts.tokens.models import ApiToken
from parking.accounts.tokens.scopes import Limit
from parking.database import Read, transaction
from parking.errors import Forbidden, NotFound, Problem
from parking.web import Identity, TokenAccess
from parking.web.logs import security_log

log = logging.getLogger(__name__)
USE_NOTED = timedelta(hours=1)
"""So often the last use of a token is written down."""
_BY_HASH = Read(
    select(
        *IDENTITY_COLUMNS,
        SecondFactor.confirmed_at.label("factor_since"),
        ApiToken.id.label("token_id"),
        ApiToken.scopes,
        ApiToken.lot_ids,
        ApiToken.as_admin,
        ApiToken.expires_at,
        ApiToken.last_used_at,
    )
    .join_from(ApiToken, User, User.id == ApiToken.user_id)
    .outerjoin(user_roles, user_roles.c.user_id == User.id)
    .outerjoin(Role, Role.id == user_roles.c.role_id)
    .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
    .where(ApiToken.token_hash == bindparam("token_hash", type_=ApiToken.token_hash.type), User.active.is_(True))
)
"""The token and its owner, one row per role."""


def identify(request: Request, token: str) -> Identity | None:
    """The owner of a valid token, as in the database now; None for any other text that begins like one.

    `Identity.refusal` says why the token may not be used for this request. Raises TooMany where too many wrong tokens
    came from the address.
    """
    rows = _BY_HASH.rows(token_hash=store.hash_of(token)) if store.SHAPE.fullmatch(token) else []
    if not rows:
        _count_guess(request, token)
        return None
    first, now = rows[0], clock.now()
    if first.expires_at is not None and first.expires_at <= now:
        return None
    if first.as_admin and "admin" not in roles_of(rows):
        return None
    access = TokenAccess(
        id=first.token_id,
        scopes=frozenset(first.scopes),
        lot_ids=None if first.lot_ids is None else frozenset(first.lot_ids),
        expires_at=first.expires_at,
    )
    refusal = _refusal(access, request.endpoint or "", request.view_args or {})
    if refusal is None and (first.last_used_at is None or now - first.last_used_at >= USE_NOTED):
        _note_use(access.id, now)
    return identity_of(rows, token=access, refusal=refusal)


def _refusal(access: TokenAccess, endpoint: str, path: dict[str, Any]) -> Problem | None:
    """Why a token may not be used for a route with these values in its path; None when it may."""
    rule = scopes.RULES.get(endpoint)
    if rule is None:
        return Forbidden("No API token can do this. Please sign in with your password.", code="insufficient_scope")
    if rule.scope not in access.scopes:
        return Forbidden(f"This needs an API token with the scope {rule.scope}.", code="insufficient_scope")
    if access.lot_ids is None:
        return None
    if rule.limit is Limit.CLOSED:
        sentence = "This API token is limited to some lots, and this is about all of them."
        return Forbidden(sentence, code="limited_to_lots")
    return _foreign_lot(access.lot_ids, path) if rule.limit is Limit.PATH else None


def _foreign_lot(lot_ids: frozenset[int], path: dict[str, Any]) -> Problem | None:
    """What belongs to another lot looks like what is not there."""
    if "lot_id" in path:
        return None if path["lot_id"] in lot_ids else NotFound("There is no such lot.")
    # A booking never changes its lot, so it does not matter that the view reads it again.
    return None if hooks.lot_of_booking(path["booking_id"]) in lot_ids else NotFound("There is no such booking.")


def _count_guess(request: Request, token: str) -> None:
    """Counts a token that does not exist as a failed sign-in from the address: each wrong token once, however often a
    program repeats it."""
    security_log.event("api_token_refused")
    if request.remote_addr:  # else a stream's account is being checked, which is no request
        guess_limits.count([guess_limits.sign_ins_from_here()], store.hash_of(token)[:24])


def _note_use(token_id: int, now: datetime) -> None:
    """Writes the last use down. The request goes on when that fails: the next one writes it."""
    due = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - USE_NOTED)
    try:
        with transaction() as session:
            session.execute(update(ApiToken).where(ApiToken.id == token_id, due).values(last_used_at=now))
    except SQLAlchemyError:
        log.warning("the last use of an API token was not written", exc_info=True)
