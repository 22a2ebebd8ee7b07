"""Creates, lists and revokes the API tokens of an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from parking import audit, clock
from parking.accounts import account_changes, emails, hooks, queries
from parking.accounts.second_factor.service import require_fresh
from parking.accounts.sessions.browser_sessions import Browser
from parking.accounts.setup import is_admin
from parking.accounts.tokens import store
from parking.accounts.tokens.models import ApiToken
from parking.accounts.tokens.scopes import SCOPES
from parking.database import db, transaction
from parking.errors import Conflict, Invalid, NotFound
from parking.text import names
from parking.timestamps import to_rfc3339
from parking.web import Identity, signed_out

MOST = 20
"""Tokens of one account that have not expired."""
_EARLIEST_YEAR, _LATEST_YEAR = 1971, 8999


def create(
    caller: Identity,
    name: str,
    scopes: Sequence[str],
    lot_ids: Sequence[int] | None,
    expires_at: str | None,
    browser: Browser,
) -> dict[str, Any]:
    """Creates a token. Returns it with its secret, which is stored as a hash only; its owner gets a mail.

    Raises Unauthorized `second_factor_required`, Invalid for the time or an unknown lot, Conflict `too_many_tokens` or
    `name_taken`.
    """
    require_fresh(caller)
    now, secret = clock.now(), store.new_secret()
    end = _read_end(expires_at, now)
    with transaction() as session:
        user = queries.get_user(session, caller.id, lock=True)
        if not user.active:  # disabled in this moment
            raise signed_out()
        _check_room(session, user.id, names.key(name), now)
        token = ApiToken(
            user_id=user.id,
            name=name,
            name_key=names.key(name),
            token_hash=store.hash_of(secret),
            scopes=tuple(scope for scope in SCOPES if scope in scopes),
            lot_ids=_known_lots(session, lot_ids),
            as_admin=is_admin(user),
            created_at=now,
            expires_at=end,
        )
        session.add(token)
        session.flush()
        after = {"scopes": list(token.scopes), "lot_ids": token.lot_ids, "expires_at": to_rfc3339(end)}
        audit.record(session, "token.created", "api_token", token.id, after=after)
        emails.api_token_created(session, user, name, token.scopes, browser)
        return {**_view(token), "token": secret}


def list_own(caller: Identity) -> list[dict[str, Any]]:
    """The caller's tokens without their secrets, the newest first; expired ones for store.KEPT."""
    return [_view(token) for token in store.of_user(db.session(), caller.id)]


def revoke(caller: Identity, token_id: int) -> None:
    """Ends one of the caller's tokens at once, also an event stream that it has opened. Raises NotFound."""
    with transaction() as session:
        if not store.delete_one(session, caller.id, token_id):
            raise NotFound("There is no such token.")
        audit.record(session, "token.revoked", "api_token", token_id)
        account_changes.recheck_streams(caller.id)


def _view(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "lot_ids": token.lot_ids,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }


def _read_end(text: str | None, now: datetime) -> datetime | None:
    """Reads the end of a token, whole seconds in UTC. Raises Invalid."""
    if text is None:
        return None
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid.field("expires_at", "Please write a date and time like 2026-03-02T09:00:00Z.") from None
    if not _EARLIEST_YEAR <= end.year <= _LATEST_YEAR:
        raise Invalid.field("expires_at", "This time is out of range.")
    end = (end if end.tzinfo else end.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    if end <= now:
        raise Invalid.field("expires_at", "This time has passed. Please choose a later one.")
    return end


def _check_room(session: Session, user_id: int, name_key: str, now: datetime) -> None:
    """Raises Conflict where the account has MOST tokens, or one of this name. An expired one gives its name away."""
    tokens = store.of_user(session, user_id)
    live = [token for token in tokens if token.expires_at is None or token.expires_at > now]
    if len(live) >= MOST:
        raise Conflict(
            f"You already have {MOST} API tokens, the maximum. Please revoke one first.", code="too_many_tokens"
        )
    same = next((token for token in tokens if token.name_key == name_key), None)
    if same in live:
        sentence = "You have a token of this name already."
        raise Conflict(sentence, code="name_taken", errors={"name": [sentence]})
    if same is not None:
        store.delete_one(session, user_id, same.id)


def _known_lots(session: Session, lot_ids: Sequence[int] | None) -> list[int] | None:
    """The ids in order, each once. Raises Invalid where one is no open lot."""
    if lot_ids is None:
        return None
    ids = sorted(set(lot_ids))
    if missing := sorted(set(ids) - hooks.known_lots(session, ids)):
        raise Invalid.field("lot_ids", f"There is no lot with the id {missing[0]}.")
    return ids
