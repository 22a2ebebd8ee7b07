"""Error answers in the form of RFC 9457 (problem details)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, current_app
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from parking.errors import Problem
from parking.web.errors import validation
from parking.web.request_ids import request_id

_CODES = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    412: "stale",
    413: "too_large",
    415: "not_json",
    429: "too_many_requests",
}


def problem_response(
    status: int,
    title: str,
    detail: str,
    code: str,
    errors: dict[str, list[str]] | None = None,
    headers: Iterable[tuple[str, str]] = (),
    **members: Any,
) -> Response:
    """An RFC 9457 answer; `message` repeats the sentence for simple clients."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": errors or {},
        "request_id": request_id(),
        "message": detail,
        **members,
    }
    response = current_app.response_class(
        current_app.json.dumps(body), status=status, content_type="application/problem+json"
    )
    response.headers.extend(list(headers))
    return response


def _render_problem(problem: Problem) -> Response:
    return problem_response(
        problem.status,
        problem.title,
        problem.detail,
        problem.code,
        problem.errors,
        problem.headers.items(),
        **problem.members,
    )


def _render_http(error: HTTPException) -> Response:
    status = error.code or 500
    detail = error.description or "The request failed."
    if status == 404:
        detail = "There is nothing here."
    if status == 413:
        detail = "The request is too large (at most 2 MB)."
    headers = [(k, v) for k, v in error.get_headers() if k.lower() in {"allow", "retry-after"}]
    return problem_response(status, error.name, detail, _CODES.get(status, "error"), headers=headers)


def _render_validation(error: HTTPError) -> Response:
    """APIFlask's own errors: fields that do not fit the schema, caused by pydantic's error with all of them."""
    title, status = error.message or "Bad request", error.status_code
    if status != 422:
        return problem_response(status, title, title, _CODES.get(status, "error"))
    location = next(iter(error.detail), "json") if isinstance(error.detail, dict) else "json"
    cause = error.__cause__
    failures = cause.errors(include_url=False, include_input=False) if isinstance(cause, ValidationError) else []
    errors = validation.sentences(failures, location)
    first = next((messages[0] for messages in errors.values()), "Some fields are wrong.")
    return problem_response(422, "Some fields are wrong", first, "invalid", errors)


def init_app(app: APIFlask) -> None:
    """Renders Problems, HTTP exceptions and validation errors."""
    app.error_processor(cast(Any, _render_validation))  # takes HTTPException too, so it goes first
    app.register_error_handler(Problem, _render_problem)
    app.register_error_handler(HTTPException, _render_http)
