"""Turns the errors of a body or query that does not fit its schema into sentences for a person. Nothing else does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from pydantic_core import ErrorDetails, PydanticCustomError

VARIANTS = frozenset({"instant", "reserved"})
"""Names of a body's variants (bookings.schemas.BookIn), which pydantic puts before the field's own name."""
WHOLE = {"json": "body", "query": "query", "headers": "headers"}
"""Under which key an error of the whole stands that belongs to no single field."""
NAMES = {
    "accept": "list of dates",
    "accessible": "accessible setting",
    "active": "active setting",
    "at": "time of day",
    "billing_step_seconds": "billing step",
    "booking_type": "booking type",
    "came": "filter for arrived drivers",
    "cancel_reservations": "setting for reservations",
    "cap_day": "kind of day for the daily maximum",
    "checkin_grace_minutes": "check-in period",
    "compare": "comparison setting",
    "confirm_timezone": "confirmation of the time zone",
    "counted": "way of counting",
    "covered": "covered setting",
    "created_from_day": "first day",
    "created_to_day": "last day",
    "days": "list of weekdays",
    "daily_cap": "daily maximum",
    "dry_run": "dry-run setting",
    "email": "email address",
    "end_time": "end",
    "entity": "kind of object",
    "entity_id": "id of the object",
    "ev": "charging point setting",
    "every_weeks": "number of weeks",
    "filters": "list of filters",
    "for_minutes": "number of minutes",
    "force": "send-again setting",
    "free_minutes": "number of free minutes",
    "from": "start",
    "from_day": "first day",
    "instant_hold_minutes": "guaranteed time",
    "limit": "number of entries",
    "locale": "language",
    "lot_ids": "list of lots",
    "lots": "list of lots",
    "mail_preferences": "list of email settings",
    "minutes": "number of minutes",
    "needs": "list of needs",
    "numbers": "list of spot numbers",
    "out_of_service": "out-of-service setting",
    "plates": "list of number plates",
    "price_per_hour": "price per hour",
    "q": "search text",
    "require_checkin": "check-in setting",
    "reserved_end": "end of the reservation",
    "reserved_start": "start of the reservation",
    "roles": "list of roles",
    "shorten_running": "setting for shorter reservations",
    "start_time": "start",
    "stay_from": "shortest stay",
    "stay_to": "longest stay",
    "timezone": "time zone",
    "to": "end",
    "to_day": "last day",
    "until": "end",
    "username": "user name",
    "vehicle_plate": "number plate",
    "wait_if_full": "setting for the waitlist",
}
"""What fields are called where their own names are no words."""
MONTH = r"^(2\d{3}|19[89]\d)-(0[1-9]|1[0-2])$"

Errors = dict[str, list[str]]


def wrong(field: str, sentence: str) -> PydanticCustomError:
    """The error of one field, to be raised where several fields are compared; `sentence` is a whole one."""
    return PydanticCustomError("field", "{sentence}", {"field": field, "sentence": sentence})


def sentences(faults: Iterable[ErrorDetails], location: str) -> Errors:
    """Field -> sentences. What concerns no single field stands under `body` or `query`."""
    errors: Errors = {}
    for fault in faults:
        path = [part for part in fault["loc"] if part not in VARIANTS] or list(fault["loc"][1:])
        field = str((fault.get("ctx") or {}).get("field") or (path[0] if path else ""))
        field = field if re.fullmatch(r"\w{1,64}", field) else WHOLE.get(location, location)
        sentence = _sentence(fault, path, location)
        if sentence not in errors.setdefault(field, []):
            errors[field].append(sentence)
    return errors


def _sentence(fault: ErrorDetails, path: list[int | str], location: str) -> str:
    kind, context = fault["type"], fault.get("ctx") or {}
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind in ("value_error", "field", "booking_type"):
        return _whole(fault["msg"].removeprefix("Value error, "))
    if not path:
        return "The body must be a JSON object." if location == "json" else "These parameters do not fit together."
    make = _SENTENCES.get(kind, _SENTENCES["otherwise"])
    return make(_subject(path), context)


def _unknown(path: list[int | str]) -> str:
    name = re.sub(r"[^\w .-]", "", str(path[-1]))[:40].strip()
    return f"The field “{name}” is not known here." if name else "There is a field here that is not known."


def _subject(path: list[int | str]) -> str:
    """`["lot_id"]` -> `The lot`; `["numbers", 2]` -> `Entry 3 of the list of spot numbers`."""
    name = str(path[0])
    words = "The " + NAMES.get(name, name.removesuffix("_id").replace("_", " ").strip())
    for part in path[1:]:
        entry = f"Entry {part + 1}" if isinstance(part, int) else "An entry"
        words = f"{entry} of {words[0].lower()}{words[1:]}"
    return words


def _whole(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _must(what: str) -> Callable[[str, Any], str]:
    return lambda subject, _: f"{subject} must be {what}."


def _bound(words: str, key: str) -> Callable[[str, Any], str]:
    def make(subject: str, context: Any) -> str:
        value = context[key]
        return f"{subject} must be {words} {f'{value:,}' if isinstance(value, int | float) else value}."

    return make


def _length(words: str, key: str, units: tuple[str, str]) -> Callable[[str, Any], str]:
    def make(subject: str, context: Any) -> str:
        number = context[key]
        if number == 1 and words == "at least":
            return f"{subject} must not be empty."
        return f"{subject} must have {words} {number:,} {units[number != 1]}."

    return make


def _choice(subject: str, context: Any) -> str:
    words = re.sub(r"'([^']*)'", r"“\1”", str(context["expected"]))
    return f"{subject} must be {words}."


def _pattern(subject: str, context: Any) -> str:
    if context["pattern"] == MONTH:
        return f"{subject} must be written as YYYY-MM, for example 2026-03."
    if r"\x00" not in context["pattern"]:
        return f"{subject} has the wrong format."
    lines = "" if r"\x0b" in context["pattern"] else "line breaks or other "
    return f"{subject} must not contain {lines}control characters."


_WHOLE_NUMBER, _NUMBER, _YES_NO = _must("a whole number"), _must("a number"), _must("true or false")
_DAY = _must("a day written as YYYY-MM-DD")
_SENTENCES: dict[str, Callable[[str, Any], str]] = {
    "missing": lambda subject, _: f"{subject} is missing.",
    "string_type": _must("text"),
    "string_unicode": _must("text"),
    "string_too_short": _length("at least", "min_length", ("character", "characters")),
    "string_too_long": _length("at most", "max_length", ("character", "characters")),
    "string_pattern_mismatch": _pattern,
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE_NUMBER),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _YES_NO),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        _DAY,
    ),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"),
        _must("a time with its offset, for example 2026-03-02T09:00:00Z"),
    ),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
    "greater_than": _bound("more than", "gt"),
    "less_than": _bound("less than", "lt"),
    "literal_error": _choice,
    "list_type": _must("a list"),
    "dict_type": _must("an object"),
    "too_short": _length("at least", "min_length", ("entry", "entries")),
    "too_long": _length("at most", "max_length", ("entry", "entries")),
    "otherwise": lambda subject, _: f"{subject} has a value that is not allowed here.",
}
