"""Executes a retried request once: the answer is stored under the client's key, in the transaction of the change."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from flask import Response, current_app, has_request_context, request
from sqlalchemy import BigInteger, bindparam, delete, func, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from parking import clock
from parking.database import Prepared, Read, changed_rows, is_sqlite, read_once, transaction
from parking.errors import Conflict, Invalid
from parking.idempotency.models import IdempotencyKey
from parking.web import identity

LIFETIME = timedelta(hours=24)
HEADER = "Idempotency-Key"
_HASH = "parking.request_hash"
"""Where the environment of the request has it once it is made."""

_TABLE = IdempotencyKey.__table__
_SAME_KEY = (_TABLE.c.user_id == bindparam("key_user_id"), _TABLE.c.key == bindparam("key_text"))
_STORED, _DROP = Read(select(_TABLE).where(*_SAME_KEY)), delete(_TABLE).where(*_SAME_KEY)
_KEEP = Prepared(insert(_TABLE).values({column.name: bindparam(column.name) for column in _TABLE.c}))
_TRY_LOCK = Prepared(select(func.pg_try_advisory_xact_lock(bindparam("number", type_=BigInteger())).label("locked")))


class Replay(Exception):
    """Not a failure: this request has been answered before, with this answer."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def begin(session: Session) -> IdempotencyRecord | None:
    """Call this first in a transaction that makes a change for a request.

    None when the client sent no key (or there is no client: a job, a command). Raises Replay when the same request was
    answered before, Invalid (422) when the key was used for another one, Conflict (409) while the first still runs.
    """
    key = _key()
    if key is None:
        return None
    record = IdempotencyRecord(session, identity().id, key, _request_hash())
    _lock(session, record.user_id, key)
    for stored in _STORED.run(session, **record.parameters):
        _replay(stored, record.request_hash)
        session.execute(_DROP, record.parameters)
    return record


def prepare() -> None:
    """Reads what `begin` needs of the request. Call this before the transaction, where others wait for its end."""
    if _key() is not None:
        _request_hash()


def replay(connection: PoolProxiedConnection) -> None:
    """Call this before a request is refused that has not begun a transaction. Raises Replay when it was answered
    before, Invalid (422) for a key that was used for another request."""
    key = _key()
    if key is None:
        return
    for stored in _STORED.rows(connection, key_user_id=identity().id, key_text=key):
        _replay(stored, _request_hash())


def _key() -> str | None:
    key = request.headers.get(HEADER) if has_request_context() else None
    if key is not None and not 1 <= len(key) <= 255:
        raise Invalid.field(HEADER, "An idempotency key must have 1 to 255 characters.")
    return key


def _request_hash() -> str:
    if _HASH not in request.environ:
        text = f"{request.method} {request.path}\n".encode() + _canonical_body()
        request.environ[_HASH] = hashlib.sha256(text).hexdigest()
    return str(request.environ[_HASH])


def _replay(stored: Any, request_hash: str) -> None:
    """Raises Replay or Invalid, unless the stored answer is too old."""
    if stored.created_at <= clock.now() - LIFETIME:
        return
    if stored.request_hash != request_hash:
        raise Invalid.field(HEADER, "This key was used for another request.", code="idempotency_key_reused")
    raise Replay(stored.status, stored.body)


class IdempotencyRecord:
    """Stores the answer under the client's key."""

    def __init__(self, session: Session, user_id: int, key: str, request_hash: str) -> None:
        self._session, self._key = session, key
        self.user_id, self.request_hash = user_id, request_hash
        self.parameters = {"key_user_id": user_id, "key_text": key}

    def store(self, status: int, body: dict[str, Any]) -> None:
        """Stores the answer in the running transaction."""
        row = {
            "user_id": self.user_id,
            "key": self._key,
            "request_hash": self.request_hash,
            "status": status,
            "body": current_app.json.dumps(body),
            "created_at": clock.now(),
        }
        _KEEP.run(self._session, **row)


def replay_response(replay: Replay) -> Response:
    """The first answer, byte for byte, marked as a replay."""
    response = current_app.response_class(replay.body, status=replay.status, content_type="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    return response


def delete_of_user(session: Session, user_id: int) -> None:
    """Deletes the keys and answers of one user."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.user_id == user_id))


def delete_expired() -> int:
    """Deletes the keys older than LIFETIME; returns how many. Run by Beat."""
    old = IdempotencyKey.created_at <= clock.now() - LIFETIME
    if not read_once(select(IdempotencyKey.user_id).where(old).limit(1), {}):  # nothing to do: no write transaction
        return 0
    with transaction() as session:
        return changed_rows(session.execute(delete(IdempotencyKey).where(old)))


def _canonical_body() -> bytes:
    """The body independent of the order of its keys and of white space."""
    body: Any = request.get_json(silent=True)
    return json.dumps(body, sort_keys=True).encode() if body is not None else request.get_data()


def _lock(session: Session, user_id: int, key: str) -> None:
    """One running request per key. SQLite has a single writer anyway."""
    if is_sqlite():
        return
    number = int.from_bytes(hashlib.sha256(f"{user_id} {key}".encode()).digest()[:8], "big", signed=True)
    if not _TRY_LOCK.run(session, number=number)[0].locked:
        raise Conflict(
            "The first request with this key is still running.",
            code="idempotency_in_progress",
            headers={"Retry-After": "1"},
        )
