"""Strict JSON (RFC 8259) in both directions."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Flask, Response, current_app
from flask.json.provider import DefaultJSONProvider
from pydantic_core import to_json


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large a number")
    return number


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members


class StrictJson(DefaultJSONProvider):
    sort_keys = False
    compact = True
    ensure_ascii = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """By pydantic's serializer, which writes the same text as the library's in a third of the time."""
        return super().dumps(obj, **kwargs) if kwargs else to_json(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """JSON as RFC 8259 has it: no NaN, nothing infinite, no key twice, no lone surrogates. Raises ValueError.

        Returns any JSON value, hence `Any`.
        """
        try:
            loaded = json.loads(s, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_duplicates)
            json.dumps(loaded, ensure_ascii=False).encode()
        except (RecursionError, UnicodeError) as error:
            raise ValueError(str(error)) from error
        return loaded


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer of ready values (times as text, money as numbers). Stored answers are rendered by it too, so that
    a replay equals the first answer to the byte."""
    return current_app.response_class(current_app.json.dumps(body), status=status, content_type="application/json")


def init_app(app: Flask) -> None:
    """Reads and writes JSON with the strict provider."""
    app.json_provider_class = StrictJson
    app.json = StrictJson(app)
