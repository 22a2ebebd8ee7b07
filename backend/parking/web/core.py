"""The glue of the HTTP contract: who is asking, what a body may be, how an error looks.

Order of a view's decorators, outermost first: route, `requires`, input, output. So an unknown caller is told 401
before his body is looked at.
"""

from __future__ import annotations

import functools
import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, TypeVar, cast

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Request as FlaskRequest
from flask import Response, current_app, g, has_request_context, request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSession, SessionInterface
from flask_login import current_user
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator, model_validator
from pydantic_core import to_json
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType
from werkzeug.routing import IntegerConverter

from parking.errors import Conflict, Forbidden, Problem, Unauthorized
from parking.web import validation

log = logging.getLogger(__name__)
View = TypeVar("View", bound=Callable[..., Any])
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_INTEGER = 2**63 - 1
"""The largest whole number a database column takes."""


def _storable(value: Any) -> Any:
    """Refuses what JSON allows and no database column can hold, at any depth."""
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("A text must not contain the character NUL.")
    if isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise ValueError("This number is too large.")
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for item in value:
            _storable(item)
    return value


class _Given(BaseModel):
    """What comes from outside."""

    @field_validator("*")
    @classmethod
    def _storable_values(cls, value: Any) -> Any:
        _storable(value)
        return value


class In(_Given):
    """A request body: exact types, no unknown fields, no infinite numbers."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _whole_numbers(cls, body: Any) -> Any:
        """`2.0` is the whole number 2: JSON has one kind of number, and JSON Schema calls both an integer."""
        return {name: _whole(value) for name, value in body.items()} if isinstance(body, dict) else body


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written_out(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("A day is written as YYYY-MM-DD.")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]
"""A day in a query. (pydantic's own would take a number of seconds since 1970 as well.)"""


class Query(_Given):
    """Query parameters: text by nature, so types are parsed; unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class Out(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid")


class Message(Out):
    message: str


@dataclass(frozen=True)
class Identity:
    """Who is asking, read from the database for this request. What flask-login calls the user."""

    id: int
    email: str
    username: str
    roles: frozenset[str]
    timezone: str | None = None
    locale: str = "en"
    session_family: str | None = None
    is_active: bool = True
    is_authenticated: bool = field(default=True, init=False)
    is_anonymous: bool = field(default=False, init=False)

    def get_id(self) -> str:
        return str(self.id)

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles


def identity() -> Identity:
    """The caller. Raises Unauthorized when nobody is signed in."""
    if not current_user or not current_user.is_authenticated:
        raise signed_out()
    return cast(Identity, current_user._get_current_object())


def signed_out() -> Unauthorized:
    """What somebody is told whose token stands, or stands no longer, for an account."""
    return Unauthorized(
        "Your session has ended or was never there. Please sign in.",
        headers={"WWW-Authenticate": 'Bearer realm="parking"'},
    )


ACCOUNT_HEADER = "X-Account"
"""Names the account that a page shows, by its id. Optional: programs that hold one token need not send it."""


def other_account() -> Conflict:
    """The request was made for one account and would have been carried out for another."""
    return Conflict(
        "Somebody else is signed in on this browser now. Nothing was changed. Please load the page again.",
        code="other_account",
    )


def shown_account() -> str | None:
    """The account that the caller's page shows, as the request names it; None when it names none."""
    return request.headers.get(ACCOUNT_HEADER)


def require_shown_account(user_id: int) -> None:
    """Refuses a request whose page shows another account than `user_id`. Raises Conflict `other_account`."""
    if shown_account() not in (None, str(user_id)):
        raise other_account()


def requires(role: str | None = None) -> Callable[[View], View]:
    """Lets a view run only for a signed-in caller, with `role` when one is named."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = identity()
            require_shown_account(who.id)
            if role and role not in who.roles:
                raise Forbidden("This needs the role of an administrator." if role == "admin" else "Not allowed.")
            return view(*args, **kwargs)

        spec = guarded.__dict__.setdefault("_spec", {})
        spec["security"] = [{"bearer": []}]
        guarded.__dict__["_role"] = role or "any"
        return cast(View, guarded)

    return decorate


def documented(
    *problems: int,
    takes: Iterable[str] = (),
    gives: Iterable[str] = (),
    reads: str | None = None,
    also: dict[int, type[BaseModel]] | None = None,
    bearer: Literal["optional"] | None = None,
) -> Callable[[View], View]:
    """Tells the OpenAPI document what the code below cannot: problem statuses beside the usual ones, request headers
    that count (`Idempotency-Key`, `If-Match`), headers of the answer (`ETag`), the media type of a body that is not
    JSON, good answers beside the one of `output` (a dry run's), and that a token may be sent but need not.

    Known without it: 400, 413, 415, 422 of a body, 401, 403 of `requires`, 404 of a path's id, 429 of a limit, 503.
    """

    def decorate(view: View) -> View:
        spec = view.__dict__.setdefault("_spec", {})
        spec["problems"] = {*spec.get("problems", ()), *problems}
        spec["takes"] = (*spec.get("takes", ()), *takes)
        spec["gives"] = (*spec.get("gives", ()), *gives)
        spec["reads"] = reads or spec.get("reads")
        spec["bearer"] = bearer or spec.get("bearer")
        spec["also"] = {**spec.get("also", {}), **(also or {})}
        return view

    return decorate


def request_id() -> str | None:
    """The id of the request being answered (None outside of one)."""
    return g.get("request_id") if has_request_context() else None


class _Request(FlaskRequest):
    """Bodies are JSON objects in UTF-8 and say so."""

    max_content_length = 2 * 1024 * 1024
    max_form_memory_size = 512 * 1024

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        if not silent and self.mimetype != "application/json":
            raise UnsupportedMediaType("The body must be JSON (Content-Type: application/json).")
        loaded = super().get_json(force=force, silent=silent, cache=cache)
        if loaded is None and not silent:
            raise BadRequest("The body must be a JSON object, not null.")
        return loaded

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        raise BadRequest("The body is not valid JSON.")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large a number")
    return number


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


class _Json(DefaultJSONProvider):
    sort_keys = False
    compact = True
    ensure_ascii = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """By pydantic's serializer, which writes the same text as the library's in a third of the time."""
        return super().dumps(obj, **kwargs) if kwargs else to_json(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """JSON as RFC 8259 has it: no NaN, nothing infinite, no key twice, no lone surrogates. Raises ValueError."""
        try:
            loaded = json.loads(s, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_duplicates)
            json.dumps(loaded, ensure_ascii=False).encode()
        except (RecursionError, UnicodeError) as fault:
            raise ValueError(str(fault)) from fault
        return loaded


class _NoSession(SessionInterface):
    """Nothing is kept in a cookie of Flask's: every request says who it is from."""

    def open_session(self, app: Any, request: Any) -> SecureCookieSession:
        return SecureCookieSession()

    def save_session(self, app: Any, session: Any, response: Any) -> None:
        return None


class _Id(IntegerConverter):
    """`<int:…>` in a path: digits that fit a database's id. Others name nothing: 404."""

    regex = "[0-9]{1,18}"  # by the pattern and not by `max`: a number refused later would be told 405


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer of ready values (times as text, money as numbers). Kept answers are rendered by it too, so that
    a replay equals the first answer to the byte."""
    return current_app.response_class(current_app.json.dumps(body), status=status, content_type="application/json")


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


def _render_http(fault: HTTPException) -> Response:
    status = fault.code or 500
    detail = fault.description or "The request failed."
    if status == 404:
        detail = "There is nothing here."
    if status == 413:
        detail = "That is more than this address takes (2 MB)."
    headers = [(k, v) for k, v in fault.get_headers() if k.lower() in {"allow", "retry-after"}]
    return problem_response(status, fault.name, detail, _CODES.get(status, "error"), headers=headers)


def _render_validation(fault: HTTPError) -> Response:
    """APIFlask's own errors: fields that do not fit the schema, caused by pydantic's error with all of them."""
    title, status = fault.message or "Bad request", fault.status_code
    if status != 422:
        return problem_response(status, title, title, _CODES.get(status, "error"))
    location = next(iter(fault.detail), "json") if isinstance(fault.detail, dict) else "json"
    cause = fault.__cause__
    faults = cause.errors(include_url=False, include_input=False) if isinstance(cause, ValidationError) else []
    errors = validation.sentences(faults, location)
    first = next((said[0] for said in errors.values()), "Some fields are wrong.")
    return problem_response(422, "Some fields are wrong", first, "invalid", errors)


def _name_request() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex


def _sign_response(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def init_app(app: APIFlask) -> None:
    """Puts the contract's manners on the application."""
    app.request_class = _Request
    app.json_provider_class = _Json  # Flask-Security derives its own from it
    app.json = _Json(app)
    app.session_interface = _NoSession()
    app.url_map.converters["int"] = _Id
    app.url_map.merge_slashes = False
    app.before_request(_name_request)
    app.after_request(_sign_response)
    app.error_processor(cast(Any, _render_validation))  # takes HTTPException too, so it goes first
    app.register_error_handler(Problem, _render_problem)
    app.register_error_handler(HTTPException, _render_http)
