"""The answers of the server itself: the request was never a request of the application."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from gunicorn import util
from gunicorn.http import errors

#: status: (reason phrase, code, sentence)
_TEXTS = {
    400: ("Bad Request", "bad_request", "This is not a valid HTTP request."),
    408: ("Request Timeout", "request_timeout", "The request took too long to arrive. Please try again."),
    414: ("URI Too Long", "uri_too_long", "The address is too long."),
    417: ("Expectation Failed", "expectation_failed", "The server cannot do what the header Expect asks for."),
    431: ("Request Header Fields Too Large", "headers_too_large", "The request's headers are too large."),
    500: ("Internal Server Error", "internal", "Something broke on our side. Please try again."),
}
_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (errors.LimitRequestLine, 414),
    (errors.LimitRequestHeaders, 431),
    (errors.ExpectationFailed, 417),
    (errors.InvalidResponseHeader, 500),
    (errors.InvalidResponseHeaderName, 500),
    (errors.ConfigurationProblem, 500),
    (errors.ParseException, 400),
)


def status_of(error: Exception) -> int:
    """The status for what gunicorn's parser raised. An error of the application is 500."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def problem(status: int, headers: Mapping[str, str], request_id: str | None = None) -> bytes:
    """The bytes of a whole RFC 9457 answer; the connection closes after it. `request_id`: of its line in the log."""
    reason, code, sentence = _TEXTS[status]
    request_id = request_id or uuid.uuid4().hex
    body = json.dumps(
        {
            "type": "about:blank",
            "title": reason,
            "status": status,
            "detail": sentence,
            "code": code,
            "errors": {},
            "request_id": request_id,
            "message": sentence,
        }
    ).encode()
    lines = {
        "Date": util.http_date(),
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        "X-Request-Id": request_id,
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode("latin-1") + body
