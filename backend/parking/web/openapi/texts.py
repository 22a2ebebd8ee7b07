"""The words of the OpenAPI document that no route can tell."""

from __future__ import annotations

from typing import Any

ABOUT = """Lots, spots and bookings of a parking operator.

Sign in with `POST /auth/login` and send the token as `Authorization: Bearer …`. Times go out in UTC; a time that
comes in without an offset is the lot's local time. Money is exact to the cent. Lists stand in an envelope named after
what they hold; `next`, where there is one, is the `cursor` of the next page. Every failure is a problem document
(RFC 9457) whose `detail` is a sentence for a person and whose `code` is stable for programs."""

TAGS = {
    "Accounts": "Register, sign in, stay signed in, and one's own profile.",
    "Users": "Accounts as an administrator sees them.",
    "Lots": "Parking lots, their spots and prices, and whether one is free.",
    "Bookings": "Book now or reserve ahead, check in, extend, cancel, leave.",
    "Mail": "The outbox: what was sent to whom, and what still waits.",
    "Figures": "The numbers behind the charts, one's own and the operator's.",
    "Reports": "The timetable of reports and reminders, and sending them now.",
    "Exports": "Bookings as CSV files, made in the background.",
    "Live": "Changes as they happen (server-sent events).",
    "Audit": "Who changed what.",
    "Site": "What the page shows before sign-in.",
    "Operations": "Whether the system is well.",
}

SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `token` of `POST /auth/login`; good for `expires_in` seconds.",
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
    401: "no token, or one that is no longer good.",
    403: "this needs another role.",
    404: "there is nothing here, or nothing of yours.",
    406: "the answer does not come in the wanted media type.",
    409: "the state of things does not allow it (no spot free, already ended, …).",
    410: "it was here, and is no longer.",
    412: "it was changed by somebody else since `If-Match`.",
    413: "the body is too large.",
    415: "the body is not of the media type that is read here.",
    422: "some fields are wrong; `errors` says which.",
    429: "too often; `Retry-After` says how many seconds to wait.",
    503: "not at the moment; `Retry-After` says when to try again. Nothing was changed, unless the `code` is "
    "`outcome_unknown`: then look whether it was done, or repeat with the same `Idempotency-Key`.",
}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. Further members belong to the `code` (for example `alternatives` of a full lot).",
    "required": ["type", "title", "status", "detail", "code", "errors", "request_id", "message"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "errors": {
            "type": "object",
            "description": "Field -> what is wrong with it.",
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
        "description": "Up to 255 characters. The same key and body are done once and answered alike for 24 hours.",
        "schema": {"type": "string"},
        "example": "3f0c3f4e-6a1b-4a53-9c56-0c8a5f2f4a11",
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` the change is based on; a stale one is refused with 412.",
        "schema": {"type": "string"},
        "example": '"7"',
    },
    "X-Account": {
        "name": "X-Account",
        "in": "header",
        "required": False,
        "description": "The id of the account that the caller believes to act for. When the token or the refresh "
        "cookie stands for another account, nothing is done and the answer is 409 with the code `other_account`.",
        "schema": {"type": "string"},
        "example": "17",
    },
}

ANSWER_HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "description": "Names the request; taken over from the request when it is sane.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "ETag": {"description": "The version of what is shown.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true` when this answer was given before under the same `Idempotency-Key`.",
        "schema": {"type": "string", "const": "true"},
    },
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "The file's name.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
}
