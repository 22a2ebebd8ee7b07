"""One shape for every expected failure: a class with a status, a stable code and a sentence for the person.

RFC 9457 (problem details). Services raise, web.py renders; nothing else makes an error answer.
"""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """An expected failure.

    `detail` is one sentence for a person, `code` a stable word for programs, `errors` maps fields to messages,
    and every other keyword becomes a member of the answer (for example `alternatives`).
    """

    status = 400
    code = "bad_request"
    title = "Bad request"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = errors or {}
        self.headers = headers or {}
        self.members = members


class Unauthorized(Problem):
    status, code, title = 401, "unauthorized", "Sign in first"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    status, code, title = 404, "not_found", "Not found"


class Conflict(Problem):
    status, code, title = 409, "conflict", "Conflict"


class PreconditionFailed(Problem):
    status, code, title = 412, "stale", "Changed in the meantime"


class Invalid(Problem):
    status, code, title = 422, "invalid", "Some fields are wrong"

    @classmethod
    def field(cls, name: str, message: str, **members: Any) -> Invalid:
        """The failure of one field; `message` is a whole sentence."""
        return cls(message, errors={name: [message]}, **members)


class TooMany(Problem):
    status, code, title = 429, "too_many_requests", "Too many requests"


class Unavailable(Problem):
    status, code, title = 503, "unavailable", "Not available at the moment"

    def __init__(self, detail: str, *, retry_after: int = 1, **options: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **options)
