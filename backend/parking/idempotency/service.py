"""Doing a retried request once: the answer is kept under the client's key, in the transaction of the change."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from flask import Response, current_app, has_request_context, request
from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from parking import clock
from parking.database import changed_rows, is_sqlite, transaction
from parking.errors import Conflict, Invalid
from parking.idempotency.models import IdempotencyKey
from parking.web import identity

KEPT = timedelta(hours=24)
HEADER = "Idempotency-Key"


_TABLE = IdempotencyKey.__table__
_THIS = (_TABLE.c.user_id == bindparam("whose"), _TABLE.c.key == bindparam("named"))
_KEPT, _DROP, _KEEP = select(_TABLE).where(*_THIS), delete(_TABLE).where(*_THIS), insert(_TABLE)


class Replay(Exception):
    """Not a failure: this request has been answered before, and here is that answer."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def begin(session: Session) -> Keeper | None:
    """To be called first in a transaction that makes a change for a request.

    None when the client named no key (or there is no client: a sweep, a command). Raises Replay when the same request
    was answered before, Invalid (422) when the key stood for another one, Conflict (409) while the first still runs.
    """
    key = request.headers.get(HEADER) if has_request_context() else None
    if key is None:
        return None
    if not 1 <= len(key) <= 255:
        raise Invalid.field(HEADER, "An idempotency key must have 1 to 255 characters.")
    user_id = identity().id
    wanted = hashlib.sha256(f"{request.method} {request.path}\n".encode() + _canonical_body()).hexdigest()
    _lock(session, user_id, key)
    kept = session.execute(_KEPT, {"whose": user_id, "named": key}).one_or_none()
    if kept is None:
        return Keeper(session, user_id, key, wanted)
    if kept.created_at <= clock.now() - KEPT:
        session.execute(_DROP, {"whose": user_id, "named": key})
        return Keeper(session, user_id, key, wanted)
    if kept.request_hash != wanted:
        raise Invalid.field(HEADER, "This key was used for another request.", code="idempotency_key_reused")
    raise Replay(kept.status, kept.body)


class Keeper:
    """Keeps the answer under the client's key."""

    def __init__(self, session: Session, user_id: int, key: str, request_hash: str) -> None:
        self._session, self._user_id, self._key, self._hash = session, user_id, key, request_hash

    def keep(self, status: int, body: dict[str, Any]) -> None:
        """Stores the answer in the running transaction."""
        row = {
            "user_id": self._user_id,
            "key": self._key,
            "request_hash": self._hash,
            "status": status,
            "body": current_app.json.dumps(body),
            "created_at": clock.now(),
        }
        self._session.execute(_KEEP, row)


def replay_response(replay: Replay) -> Response:
    """The first answer, byte for byte, marked as a replay."""
    response = current_app.response_class(replay.body, status=replay.status, content_type="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    return response


def forget_expired() -> int:
    """Deletes the keys that are past their day; the number of them. Run by Beat."""
    with transaction() as session:
        gone = session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= clock.now() - KEPT))
        return changed_rows(gone)


def _canonical_body() -> bytes:
    """The body without the freedom JSON leaves (order of keys, white space)."""
    body: Any = request.get_json(silent=True)
    return json.dumps(body, sort_keys=True).encode() if body is not None else request.get_data()


def _lock(session: Session, user_id: int, key: str) -> None:
    """One running request per key. On SQLite a writer is alone anyway."""
    if is_sqlite():
        return
    number = int.from_bytes(hashlib.sha256(f"{user_id} {key}".encode()).digest()[:8], "big", signed=True)
    if not session.scalar(select(func.pg_try_advisory_xact_lock(number))):
        raise Conflict(
            "The first request with this key is still running.",
            code="idempotency_in_progress",
            headers={"Retry-After": "1"},
        )
