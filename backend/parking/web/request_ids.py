"""The id of a request: the client's `X-Request-Id` if it is well formed, a new one otherwise."""

from __future__ import annotations

import re
import uuid

from flask import Flask, Response, g, has_request_context, request

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id() -> str | None:
    """The id of the request being answered (None outside of one)."""
    return g.get("request_id") if has_request_context() else None


def _assign() -> None:
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _WELL_FORMED.fullmatch(sent) else uuid.uuid4().hex


def _add_header(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def init_app(app: Flask) -> None:
    """Gives every request an id and returns it in the header `X-Request-Id`."""
    app.before_request(_assign)
    app.after_request(_add_header)
