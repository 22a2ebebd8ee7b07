"""Base classes of request bodies, query parameters and answers."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, field_validator, model_validator

from parking.timestamps import to_rfc3339

MAX_INTEGER = 2**63 - 1
"""The largest whole number a database column takes."""


def _check_storable(value: object) -> None:
    """Refuses what JSON allows and no database column can hold, at any depth."""
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("A text must not contain the character NUL.")
    if isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise ValueError("This number is too large.")
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for item in value:
            _check_storable(item)


class _Input(BaseModel):
    """Values sent by a client."""

    @field_validator("*")
    @classmethod
    def _storable_values(cls, value: Any) -> Any:  # of the type of the field
        _check_storable(value)
        return value


class In(_Input):
    """A request body: exact types, no unknown fields, no infinite numbers."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _whole_numbers(cls, body: object) -> object:
        """`2.0` is the whole number 2: JSON has one kind of number, and JSON Schema calls both an integer."""
        return {name: _whole(value) for name, value in body.items()} if isinstance(body, dict) else body


def _whole(value: object) -> object:
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _iso_day(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("A day must be written as YYYY-MM-DD.")
    return value


Day = Annotated[date, BeforeValidator(_iso_day)]
"""A day in a query. (pydantic's own would take a number of seconds since 1970 as well.)"""


Instant = Annotated[datetime, PlainSerializer(to_rfc3339, return_type=str)]
"""An instant in an answer, `2026-03-02T09:00:00Z`."""


class Query(_Input):
    """Query parameters: text by nature, so types are parsed; unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class ActionQuery(Query):
    """Query parameters of a request that changes something. Unknown ones are refused: a misspelt one would let more
    happen than was meant."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid")


class Message(Out):
    message: str
