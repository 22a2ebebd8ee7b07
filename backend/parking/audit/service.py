"""Writing down who changed what."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import has_request_context, request
from flask_login import current_user
from sqlalchemy import insert
from sqlalchemy.orm import Session

from parking import clock, security_log
from parking.audit.models import AuditEntry
from parking.db import after_commit
from parking.web import request_id

SECURITY_ACTIONS = frozenset(
    {
        *("session.started", "session.ended", "session.all_ended", "session.token_reused"),
        *("user.registered", "user.created", "user.updated", "user.deleted"),
        *("password.changed", "password.reset", "password.reset_requested"),
        *("email.changed", "email.change_requested"),
    }
)
"""Also written to the security log, once they are committed."""
_INSERT = insert(AuditEntry.__table__)


def record(
    session: Session,
    action: str,
    entity: str,
    entity_id: int | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    actor_id: int | None = None,
) -> None:
    """One audit row in the caller's transaction.

    `before` and `after` hold only what changed (JSON-safe, no personal data). The actor is the signed-in caller
    unless named; none at all means the system.
    """
    asked = has_request_context()
    if actor_id is None and asked and current_user and current_user.is_authenticated:
        actor_id = current_user.id
    row = {
        "at": clock.now(),
        "actor_id": actor_id,
        "action": action,
        "entity": entity,
        "entity_id": entity_id,
        "before": before,
        "after": after,
        "request_id": request_id(),
        "ip": request.remote_addr if asked else None,
    }
    session.execute(_INSERT, row)
    if action in SECURITY_ACTIONS and "after_commit" in session.info:
        user_id = entity_id if entity == "user" else None
        after_commit(partial(security_log.event, action, user_id=user_id, actor_id=actor_id, changes=after))
