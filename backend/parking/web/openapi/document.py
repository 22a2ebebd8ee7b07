"""The OpenAPI 3.1 document: what APIFlask gathers from the routes, mended to say exactly what is answered.

APIFlask names nested models `Parent.Child`, knows problem+json not at all and describes answers by their input
schema. So the schemas are made anew, by pydantic for all models together, and the problems, request headers and
answer headers are added from what the views say of themselves (`requires`, `documented`, limits).
"""

from __future__ import annotations

import http
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Literal, cast

from apiflask import APIFlask
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_qualified_name
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from parking import clock
from parking.web import ACCOUNT_HEADER, MAX_INTEGER
from parking.web.openapi import texts
from parking.web.rate_limits import limiter
from parking.web.requests import SEARCH_HEADER

MAX_PATH_ID = 10**18 - 1
REF = "#/components/schemas/{model}"
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
Json = dict[str, Any]
_TIMES = {"ReservedIn": {"reserved_start": (7, 10), "reserved_end": (7, 12)}}
"""Example times: schema -> field -> (days from today, hour)."""
View = Callable[..., Any]


def init_app(app: APIFlask) -> None:
    """Lets the document be mended when it is made: once a day, for its examples are days to come."""
    app.config.update(
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_OPERATION_ID=True,
        SERVERS=[{"url": "/", "description": "This server"}],
        DESCRIPTION=texts.ABOUT,
        SECURITY_SCHEMES=texts.SECURITY_SCHEMES,
    )
    _renew_daily(app)
    app.spec_processor(cast(Any, lambda spec: _mend(app, spec)))


def _renew_daily(app: APIFlask) -> None:
    made_on = None
    served: View = app.view_functions["openapi.spec"]

    def spec(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        nonlocal made_on
        if made_on != (today := clock.now().date()):
            made_on, app._spec = today, None
        return served(*args, **kwargs)

    app.view_functions["openapi.spec"] = spec


def _example(days: int, hour: int) -> str:
    """A time that can still be booked; without an offset, as the client writes it."""
    return f"{clock.now().date() + timedelta(days=days)}T{hour:02}:00:00"


class _Schemas(GenerateJsonSchema):
    """pydantic's JSON Schema, with the two bounds `web.In` sets for every value and without invented titles."""

    def str_schema(self, schema: core_schema.StringSchema) -> Json:
        json_schema = super().str_schema(schema)
        if self.mode == "validation":
            json_schema.setdefault("pattern", r"^[^\x00]*$")
        return json_schema

    def int_schema(self, schema: core_schema.IntSchema) -> Json:
        json_schema = super().int_schema(schema)
        if self.mode == "validation":
            if "exclusiveMinimum" not in json_schema:
                json_schema.setdefault("minimum", -MAX_INTEGER)
            if "exclusiveMaximum" not in json_schema:
                json_schema.setdefault("maximum", MAX_INTEGER)
        return json_schema

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _mend(app: APIFlask, spec: Json) -> Json:
    """The document as APIFlask made it -> the document as it is served."""
    operations = [operation for operation in _operations(app) if operation[1] in spec["paths"].get(operation[0], {})]
    refs, definitions = _all_schemas([view for _, _, view in operations])
    for path, method, view in operations:
        _mend_operation(spec["paths"][path][method], view, refs, definitions)
    spec["paths"] = _one_entry_per_path(spec["paths"])
    used = {model for model, mode in refs if mode == "parameters"}
    for name, times in _TIMES.items():
        for field, (days, hour) in times.items():
            definitions[name]["properties"][field]["examples"] = [_example(days, hour)]
    for model in (view.__dict__.get("_spec", {}).get("body") for _, _, view in operations):
        if _is_model(model) and (changed := definitions.get(model.__name__)):
            _without_null_defaults(changed)
    schemas = {name: schema for name, schema in definitions.items() if name not in {m.__name__ for m in used}}
    spec["components"] = {
        "schemas": dict(sorted((schemas | {"Problem": texts.PROBLEM}).items())),
        "responses": {name: _problem_response(status) for status, name in texts.PROBLEMS.items()},
        "parameters": texts.REQUEST_HEADERS,
        "headers": texts.ANSWER_HEADERS,
        "securitySchemes": spec["components"].get("securitySchemes", {}),
    }
    _drop_unused(spec)
    named = {tag for path in spec["paths"].values() for op in path.values() for tag in op.get("tags", [])}
    spec["tags"] = [{"name": tag, "description": texts.TAGS.get(tag, tag)} for tag in sorted(named)]
    return spec


def _drop_unused(spec: Json) -> None:
    """Takes out what nothing refers to any more, also what only something taken out referred to."""
    components = spec["components"]
    while True:
        text = json.dumps(spec)
        unused = [
            (kind, name)
            for kind in ("schemas", "responses", "parameters", "headers")
            for name in components[kind]
            if f'"#/components/{kind}/{name}"' not in text
        ]
        if not unused:
            return
        for kind, name in unused:
            components[kind] = {key: value for key, value in components[kind].items() if key != name}


def _operations(app: APIFlask) -> Iterator[tuple[str, str, View]]:
    """(path as OpenAPI writes it, method in lower case, view) of every route."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<:]+:)?([^>]+)>", r"{\1}", rule.rule)
        for method in rule.methods or ():
            yield path, method.lower(), app.view_functions[rule.endpoint]


def _is_model(schema: Any) -> bool:
    return isinstance(schema, type) and issubclass(schema, BaseModel)


def _all_schemas(views: list[View]) -> tuple[dict[tuple[type[BaseModel], str], Json], Json]:
    """One schema per model, made together so that equal ones are one: ({(model, use): reference}, definitions)."""
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    parameters: set[type[BaseModel]] = set()
    for view in views:
        spec = view.__dict__.get("_spec", {})
        if _is_model(spec.get("body")):
            models[(spec["body"], "validation")] = None
        if _is_model((spec.get("response") or {}).get("schema")):
            models[(spec["response"]["schema"], "serialization")] = None
        models |= {(model, "serialization"): None for model in spec.get("also", {}).values()}
        for model, _location in spec.get("args") or ():
            if _is_model(model):
                models[(model, "validation")] = None
                parameters.add(model)
    references, whole = models_json_schema(list(models), ref_template=REF, schema_generator=_Schemas)
    refs: dict[tuple[type[BaseModel], str], Json] = {
        (cast(type[BaseModel], model), mode): schema for (model, mode), schema in references.items()
    }
    refs |= {(model, "parameters"): refs[(model, "validation")] for model in parameters}
    return refs, _in_json_schema_words(whole.get("$defs", {}))


def _in_json_schema_words(node: Any) -> Any:
    """Bounds of a field with a validator before them come out under pydantic's names, which mean nothing here.

    Returns `node` with other names: any JSON value, hence `Any`.
    """
    if isinstance(node, dict):
        return {
            _BOUNDS.get(key, key) if isinstance(value, int | float) else key: _in_json_schema_words(value)
            for key, value in node.items()
        }
    return [_in_json_schema_words(item) for item in node] if isinstance(node, list) else node


def _mend_operation(operation: Json, view: View, refs: Any, definitions: Json) -> None:
    spec = view.__dict__.get("_spec", {})
    takes, gives = tuple(spec.get("takes", ())), tuple(spec.get("gives", ()))
    if view.__dict__.get("_role"):
        takes = (*takes, ACCOUNT_HEADER)
    if _has_search_words(spec):
        takes = (*takes, SEARCH_HEADER)
    operation["parameters"] = [
        *(p for p in operation.get("parameters", []) if p["in"] == "path"),
        *_parameters(spec, refs, definitions),
        *({"$ref": f"#/components/parameters/{name}"} for name in takes),
    ]
    _point(operation.get("requestBody"), refs, spec.get("body"), "validation")
    if spec.get("reads"):
        operation["requestBody"] = {"content": {spec["reads"]: {"schema": {"type": "string"}}}}
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    response = spec.get("response") or {}
    good = operation["responses"].get(str(response.get("status_code")))
    _point(good, refs, response.get("schema"), "serialization")
    for status, model in spec.get("also", {}).items():
        content = {"application/json": {"schema": refs[(model, "serialization")]}}
        operation["responses"][str(status)] = {"description": "", "content": content}
    if "_role" not in view.__dict__:  # nobody needs a token; signing out takes one
        operation["security"] = [{}, {"bearer": []}] if spec.get("bearer") == "optional" else []
    headers = ["X-Request-Id", *gives, *(["Idempotent-Replayed"] if "Idempotency-Key" in takes else [])]
    for answer in operation["responses"].values():
        answer.setdefault("headers", {}).update({name: {"$ref": f"#/components/headers/{name}"} for name in headers})
        if answer.get("description") in (None, "", "Successful response"):
            answer["description"] = "Done"
    for status in sorted(_problems(operation, view)):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{texts.PROBLEMS[status]}"}


def _has_search_words(spec: Json) -> bool:
    return any(_is_model(model) and "q" in model.model_fields for model, _ in spec.get("args") or ())


def _point(holder: Json | None, refs: Any, model: Any, mode: Literal["validation", "serialization"]) -> None:
    """Lets the body or answer refer to the schema that was made for its model."""
    if holder is None or not _is_model(model):
        return
    for content in holder.get("content", {}).values():
        was_list = content.get("schema", {}).get("type") == "array"
        content["schema"] = {"type": "array", "items": refs[(model, mode)]} if was_list else refs[(model, mode)]


def _parameters(spec: Json, refs: Any, definitions: Json) -> Iterator[Json]:
    """Query and header parameters, one by one. A parameter is absent rather than null."""
    for model, location in spec.get("args") or ():
        if not _is_model(model):
            continue
        whole = definitions[refs[(model, "parameters")]["$ref"].rsplit("/", 1)[1]]
        for name, schema in whole.get("properties", {}).items():
            property_schema = _without_null(dict(schema))
            parameter = {
                "name": name,
                "in": {"querystring": "query", "headers": "header"}.get(location, location),
                "required": name in whole.get("required", []) and name != "q",  # the header may have it
                "schema": property_schema,
            }
            if "description" in property_schema:
                parameter["description"] = property_schema.pop("description")
            yield parameter


def _without_null(schema: Json) -> Json:
    choices = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    if len(choices) == 1:
        schema.pop("anyOf")
        schema = {**choices[0], **schema}
    elif choices:
        schema["anyOf"] = choices
    if schema.get("default", 0) is None:
        schema.pop("default")
    return schema


def _without_null_defaults(schema: Json) -> None:
    """What is left out of a body stays as it is, which a `null` in its place would not do."""
    for field in schema.get("properties", {}).values():
        if field.get("default", 0) is None:
            field.pop("default")


def _one_entry_per_path(paths: Json) -> Json:
    """Joins entries that differ in the name of their parameter only (which OpenAPI forbids): it is `id` then."""
    alike: dict[str, list[str]] = {}
    for path in paths:
        alike.setdefault(re.sub(r"{[^}]+}", "{}", path), []).append(path)
    joined: Json = {}
    for group in alike.values():
        for path in group:
            names = re.findall(r"{([^}]+)}", path)
            common = path if len(group) == 1 else re.sub(r"{[^}]+}", "{id}", path)
            for operation in paths[path].values():
                for parameter in operation["parameters"]:
                    if parameter.get("in") == "path":
                        _mend_path_parameter(parameter, renamed=len(group) > 1 and names[0])
            joined.setdefault(common, {}).update(paths[path])
    return joined


def _mend_path_parameter(parameter: Json, renamed: str | bool) -> None:
    if parameter["schema"] == {"type": "integer"}:
        parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": MAX_PATH_ID}
    if renamed:
        parameter["description"] = f"The {parameter['name'].replace('_', ' ')}."
        parameter["name"] = "id"


def _problems(operation: Json, view: View) -> set[int]:
    """The problem statuses this operation can answer."""
    spec = view.__dict__.get("_spec", {})
    statuses = {503, *spec.get("problems", ())}
    role = view.__dict__.get("_role")
    if role:  # 409: `X-Account` names another account
        statuses |= {401, 409}
    if role and role != "any":
        statuses.add(403)
    if any(p.get("in") == "path" for p in operation["parameters"]):
        statuses.add(404)
    if "requestBody" in operation:
        statuses |= {400, 413, 415, 422}
    if any(p.get("in") == "query" for p in operation["parameters"]):
        statuses.add(422)
    if "Idempotency-Key" in spec.get("takes", ()):
        statuses |= {409, 422}
    if "If-Match" in spec.get("takes", ()):
        statuses.add(412)
    if get_qualified_name(view) in limiter._marked_for_limiting:
        statuses.add(429)
    return statuses


def _problem_response(status: int) -> Json:
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    if status in (429, 503):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    if status == 401:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/WWW-Authenticate"}
    return {
        "description": f"{http.HTTPStatus(status).phrase}: {texts.PROBLEM_MEANINGS[status]}",
        "headers": headers,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
