"""Texts of the OpenAPI document that belong to no single route."""

from __future__ import annotations

from typing import Any

ABOUT = """Lots, spots and bookings of a parking operator.

Sign in with `POST /auth/login` and send the token as `Authorization: Bearer …`. Times in answers are in UTC; a time
without an offset in a request is the lot's local time. Money is exact to the cent. A list is in an envelope with its
name; `next`, where there is one, is the `cursor` of the next page. Every error is a problem document (RFC 9457):
`detail` is a sentence for a person, and `code` is stable for programs. Any request may be answered with 429 when an
account sends very many: wait for `Retry-After` seconds."""

TAGS = {
    "Accounts": "Register, sign in, stay signed in, and your profile.",
    "Users": "Accounts, for administrators.",
    "Lots": "Parking lots with their spots, prices and free counts.",
    "Bookings": "Book now or reserve, check in, extend, cancel, release.",
    "Waitlist": "Wait where no spot is free, and answer the offer of one.",
    "Notices": "What happened to your bookings without you, until you dismiss it.",
    "Mail": "The outbox: emails that were sent, wait or failed.",
    "Figures": "Statistics of a driver and of the operator.",
    "Reports": "The schedule of reports and reminders, and sending them now.",
    "Exports": "CSV files of bookings, built in the background.",
    "Live": "Changes as they happen (server-sent events).",
    "Search": "One search over everything an administrator, or the staff of a lot, may look for.",
    "Staff": "Who works at a lot: viewers, attendants and managers.",
    "Visitors": "Bookings for people without an account, and the link in their emails.",
    "Audit": "The audit log.",
    "Site": "Settings of the page before sign-in.",
    "Operations": "Health checks and metrics.",
}

SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `token` of `POST /auth/login`, valid for `expires_in` seconds; or that of "
        "`POST /api/tokens` (`pw_…`), within its scopes.",
    },
}

PROBLEMS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Gone",
    412: "PreconditionFailed",
    413: "TooLarge",
    415: "NotJson",
    422: "Invalid",
    429: "TooMany",
    503: "Unavailable",
}

PROBLEM_MEANINGS = {
    400: "the body is not valid JSON.",
    401: "no token, or one that is not valid.",
    403: "this needs another role, or an API token with another scope.",
    404: "it does not exist, or it is not yours.",
    406: "the answer is not available in the media type of `Accept`.",
    409: "the current state does not allow it (no spot free, already ended, …).",
    410: "it existed, and has been deleted.",
    412: "somebody else has changed it since `If-Match`.",
    413: "the body is too large.",
    415: "the body has the wrong media type.",
    422: "some fields are wrong; `errors` says which.",
    429: "too many requests; `Retry-After` is the number of seconds to wait.",
    503: "not available; `Retry-After` is the number of seconds to wait. Nothing was changed, unless the `code` is "
    "`outcome_unknown`: then check whether it was done, or repeat with the same `Idempotency-Key`.",
}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. Some codes have more members (for example `alternatives` of a full lot).",
    "required": ["type", "title", "status", "detail", "code", "errors", "request_id", "message"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "errors": {
            "type": "object",
            "description": "Field, `body` or `query` -> sentences.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "request_id": {"type": ["string", "null"]},
        "message": {"type": "string", "description": "Equal to `detail`."},
    },
}

REQUEST_HEADERS: dict[str, Any] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Up to 255 characters. For 24 hours, the same key and body are done once and answered alike.",
        "schema": {"type": "string"},
        "example": "3f0c3f4e-6a1b-4a53-9c56-0c8a5f2f4a11",
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` on which the change is based; a stale one is refused with 412.",
        "schema": {"type": "string"},
        "example": '"7"',
    },
    "X-Search": {
        "name": "X-Search",
        "in": "header",
        "required": False,
        "description": "What `q` says, in percent-encoded UTF-8, in its place: send one of them. Unlike the address, a "
        "header stands in no log of a server or proxy.",
        "schema": {"type": "string"},
        "example": "M%C3%BCller%20B-AB%201",
    },
    "X-Account": {
        "name": "X-Account",
        "in": "header",
        "required": False,
        "description": "The id of the account for which you act. When the token or the refresh cookie belongs to "
        "another account, nothing is done and the answer is 409 with the code `other_account`.",
        "schema": {"type": "string"},
        "example": "17",
    },
}

ANSWER_HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "The id of the request; the one you sent, if it fits the pattern.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "ETag": {"description": "The version of the object.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true` when this answer was given before under the same `Idempotency-Key`.",
        "schema": {"type": "string", "const": "true"},
    },
    "Location": {"description": "The address of the new object.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "The file's name.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
}
