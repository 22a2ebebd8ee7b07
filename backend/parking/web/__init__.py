"""HTTP: who asks, what a request may hold, and what an answer looks like."""

from __future__ import annotations

from parking.web.core import (
    ACCOUNT_HEADER,
    MAX_INTEGER,
    Day,
    Identity,
    In,
    Message,
    Out,
    Query,
    answer,
    documented,
    identity,
    init_app,
    other_account,
    problem_response,
    request_id,
    require_shown_account,
    requires,
    shown_account,
    signed_out,
)

__all__ = [
    "ACCOUNT_HEADER",
    "MAX_INTEGER",
    "Day",
    "Identity",
    "In",
    "Message",
    "Out",
    "Query",
    "answer",
    "documented",
    "identity",
    "init_app",
    "other_account",
    "problem_response",
    "request_id",
    "require_shown_account",
    "requires",
    "shown_account",
    "signed_out",
]
