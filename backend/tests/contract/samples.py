"""Well-formed bodies, made from the document: a place to put one wrong thing into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

BY_NAME = {
    "email": "dora@example.com",
    "username": "dora",
    "password": "correct horse battery",
    "timezone": "Europe/Berlin",
    "reserved_start": "2031-05-01T10:00:00Z",
    "reserved_end": "2031-05-01T12:00:00Z",
    "until": "2031-05-01T12:00:00Z",
    "reason": "because",
    "lot_id": 1,
    "capacity": 2,
}


def resolve(spec: dict, schema: dict) -> dict:
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def json_bodies(spec: dict) -> Iterator[tuple[str, str, dict]]:
    """(method, path with real ids, schema of one variant of the body) of every operation that reads JSON."""
    for path, operations in sorted(spec["paths"].items()):
        for method, operation in sorted(operations.items()):
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                whole = resolve(spec, content["application/json"]["schema"])
                for variant in whole.get("oneOf", [whole]):
                    yield method.upper(), filled(path), resolve(spec, variant)


def filled(path: str) -> str:
    """The path with the first of everything."""
    return re.sub(r"{(?:kind|token)}", "booking_confirmation", re.sub(r"{(?!kind|token)[^}]+}", "1", path))


def sample(spec: dict, schema: dict, name: str = "") -> Any:
    """A value of the schema: only what is required, by name where a name says what is meant."""
    schema = resolve(spec, schema)
    if name in BY_NAME:
        return BY_NAME[name]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return sample(spec, next(s for s in schema[choice] if s.get("type") != "null"), name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", [])
        return {key: sample(spec, of, key) for key, of in schema.get("properties", {}).items() if key in required}
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 1), 1)
    return {"boolean": True, "array": []}.get(kind, "text of enough length")
