"""How Flask reads a request here: its body, its path and its (absent) session cookie."""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import unquote

from flask import Flask
from flask import Request as FlaskRequest
from flask.sessions import SecureCookieSession, SessionInterface
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.routing import IntegerConverter
from werkzeug.utils import cached_property

from parking.errors import Invalid

SEARCH_HEADER = "X-Search"
"""The words of a search in percent-encoded UTF-8, in place of `q` in the query: addresses of requests stand in the logs
of servers and proxies."""


class _Request(FlaskRequest):
    """Takes bodies of type application/json only."""

    max_content_length = 2 * 1024 * 1024
    max_form_memory_size = 512 * 1024

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The query, with `q` from the header SEARCH_HEADER. Raises Invalid when both have it."""
        query, words = super().args, self.headers.get(SEARCH_HEADER)
        if words is None:
            return query
        if "q" in query:
            sentence = f"Please send the words of a search once: as q, or in the header {SEARCH_HEADER}."
            raise Invalid.field("q", sentence)
        return ImmutableMultiDict([*query.items(multi=True), ("q", unquote(words))])

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # any JSON value
        if not silent and self.mimetype != "application/json":
            raise UnsupportedMediaType("The body must be JSON (Content-Type: application/json).")
        loaded = super().get_json(force=force, silent=silent, cache=cache)
        if loaded is None and not silent:
            raise BadRequest("The body must be a JSON object, not null.")
        return loaded

    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        raise BadRequest("The body is not valid JSON.")


class _NoSession(SessionInterface):
    """No session cookie of Flask: every request carries its own credentials."""

    def open_session(self, app: Any, request: Any) -> SecureCookieSession:
        return SecureCookieSession()

    def save_session(self, app: Any, session: Any, response: Any) -> None:
        return None


class _Id(IntegerConverter):
    """`<int:…>` in a path: digits that fit a database id. Anything else is answered with 404."""

    regex = "[0-9]{1,18}"  # by the pattern and not by `max`: a number refused later would be answered with 405


def init_app(app: Flask) -> None:
    """Uses the classes above for every request."""
    app.request_class = _Request
    app.session_interface = _NoSession()
    app.url_map.converters["int"] = _Id
    app.url_map.merge_slashes = False
