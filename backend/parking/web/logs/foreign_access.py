"""What belongs to somebody else is answered like what is not there (404). The security log says that it is there.

Looked up after such an answer only, so an ordinary request runs no query for it.
"""

from __future__ import annotations

import contextlib
from typing import Any

from flask import Response, request
from sqlalchemy import bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from parking.database import Read
from parking.web import caller_id
from parking.web.logs import security_log

_OWNERS: dict[str, tuple[str, Read]] = {}
"""Parameter of a path -> (what it names, who owns it)."""


def register_owned(parameter: str, entity: str, model: Any) -> None:
    """Paths name rows of `model` by this parameter; each belongs to its `user_id`."""
    owner = select(model.user_id).where(model.id == bindparam("row_id", type_=model.id.type))
    _OWNERS[parameter] = (entity, Read(owner))


def log_refusal(response: Response, route: str) -> None:
    """Writes `access_refused` for a request of somebody who is signed in for what belongs to somebody else."""
    user_id = caller_id()
    if response.status_code != 404 or user_id is None:
        return
    for parameter, row_id in (request.view_args or {}).items():
        if parameter not in _OWNERS:
            continue
        entity, owner = _OWNERS[parameter]
        with contextlib.suppress(SQLAlchemyError):  # the answer stands, whatever becomes of the database now
            rows = owner.rows(row_id=row_id)
            if rows and rows[0].user_id != user_id:
                named = {"entity": entity, "entity_id": row_id}
                security_log.event("access_refused", user_id=user_id, method=request.method, route=route, **named)
