"""HTTP: the caller, the schemas of requests and answers, errors, and what every answer passes through."""

from __future__ import annotations

from apiflask import APIFlask

from parking.web import json, request_ids, requests
from parking.web.auth import (
    ACCOUNT_HEADER,
    Identity,
    TokenAccess,
    act_without_account,
    caller,
    caller_id,
    caller_token_id,
    identify_with,
    identity,
    other_account,
    require_lot,
    require_shown_account,
    requires,
    shown_account,
    signed_out,
    visible_lots,
)
from parking.web.errors import problems
from parking.web.errors.problems import problem_response
from parking.web.json import answer
from parking.web.openapi.documented_views import documented
from parking.web.request_ids import request_id
from parking.web.schemas import MAX_INTEGER, ActionQuery, Day, In, Instant, Message, Out, Query

__all__ = [
    "ACCOUNT_HEADER",
    "MAX_INTEGER",
    "ActionQuery",
    "Day",
    "Identity",
    "In",
    "Instant",
    "Message",
    "Out",
    "Query",
    "TokenAccess",
    "act_without_account",
    "answer",
    "caller",
    "caller_id",
    "caller_token_id",
    "documented",
    "identify_with",
    "identity",
    "init_app",
    "other_account",
    "problem_response",
    "request_id",
    "require_lot",
    "require_shown_account",
    "requires",
    "shown_account",
    "signed_out",
    "visible_lots",
]


def init_app(app: APIFlask) -> None:
    """Sets up requests, JSON, request ids and error answers."""
    requests.init_app(app)
    json.init_app(app)
    request_ids.init_app(app)
    problems.init_app(app)
