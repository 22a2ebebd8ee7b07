"""Writing down who changed what."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import has_request_context, request
from sqlalchemy import bindparam, insert
from sqlalchemy.orm import Session

from parking import clock
from parking.audit.models import AuditEntry
from parking.database import Prepared, after_commit
from parking.web import caller, request_id
from parking.web.logs import security_log

SECURITY_ACTIONS = frozenset(
    {
        *("session.started", "session.ended", "session.all_ended", "session.token_reused"),
        *("user.registered", "user.created", "user.updated", "user.deleted"),
        *("password.changed", "password.reset", "password.reset_requested"),
        *("email.changed", "email.change_requested"),
        *("token.created", "token.revoked"),
        *("staff.added", "staff.changed", "staff.removed"),
        *("second_factor.on", "second_factor.off", "second_factor.codes", "second_factor.reset"),
    }
)
"""Also written to the security log, once they are committed."""
_INSERT = insert(AuditEntry.__table__)
_COLUMNS = ("at", "actor_id", "action", "entity", "entity_id", "before", "after", "request_id", "ip")
_RECORD = Prepared(_INSERT.values({name: bindparam(name) for name in _COLUMNS}))


def record(
    session: Session,
    action: str,
    entity: str,
    entity_id: int | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    actor_id: int | None = None,
    by_system: bool = False,
) -> None:
    """Writes one audit row in the caller's transaction.

    `before` and `after` hold only what changed (JSON-safe, no personal data). The actor is the signed-in caller unless
    named. `by_system`: the clock did it, and the request during which somebody noticed has no part in it: the row
    names no actor, no request and no address.
    """
    by_request = has_request_context() and not by_system
    if actor_id is None and by_request and (user := caller()):
        actor_id = user.id
    row = {
        "at": clock.now(),
        "actor_id": actor_id,
        "action": action,
        "entity": entity,
        "entity_id": entity_id,
        "before": before,
        "after": after,
        "request_id": None if by_system else request_id(),
        "ip": request.remote_addr if by_request else None,
    }
    _RECORD.run(session, **row)
    if action in SECURITY_ACTIONS and "after_commit" in session.info:
        user_id = entity_id if entity == "user" else None
        after_commit(partial(security_log.event, action, user_id=user_id, actor_id=actor_id, changes=after))


def record_all(session: Session, action: str, entity: str, after: dict[int, dict[str, Any]], *, actor_id: int) -> None:
    """Writes one row for each of many entities that somebody made at once: id -> what it is now."""
    by_request = has_request_context()
    common = {"at": clock.now(), "actor_id": actor_id, "action": action, "entity": entity, "before": None}
    common |= {"request_id": request_id(), "ip": request.remote_addr if by_request else None}
    if after:
        session.execute(_INSERT, [{**common, "entity_id": one, "after": values} for one, values in after.items()])
