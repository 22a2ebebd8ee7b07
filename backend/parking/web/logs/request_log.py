"""One line per request and per event: JSON in production, readable on a terminal. Never a token, body or query.

What a client sent stands in a log only with its control characters spelled out, so that nobody can forge a line or
colour a terminal.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from datetime import UTC, datetime
from typing import Any

from apiflask import APIFlask
from flask import Response, g, request

from parking.web import caller_id, caller_token_id, request_id
from parking.web.logs import foreign_access, security_log

access = logging.getLogger("parking.access")
_json_of = json.JSONEncoder(default=str).encode
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CONTROL_BUT_NEWLINE = re.compile(_CONTROL.pattern.replace(r"\x0a-\x1f", r"\x0b-\x1f"))
QUIET = ("/healthz", "/readyz", "/metrics")
"""Asked every second by machines: logged only when they fail."""


def neutral(text: str, controls: re.Pattern[str] = _CONTROL) -> str:
    """The text with its control and direction characters spelled out."""
    return controls.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": neutral(record.getMessage()),
        }
        line |= getattr(record, "facts", None) or {"request_id": request_id()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _json_of(line)


class Readable(logging.Formatter):
    """For eyes: time, level, source, message."""

    def format(self, record: logging.LogRecord) -> str:
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{when} {record.levelname.lower():7} {record.name}: {neutral(record.getMessage())}"
        if record.exc_info:
            line += "\n" + neutral(self.formatException(record.exc_info), _CONTROL_BUT_NEWLINE)
        return line


def formatter(log_format: str) -> logging.Formatter:
    """How a line is written with this LOG_FORMAT."""
    return JsonLines() if log_format == "json" else Readable()


def configure(log_format: str) -> None:
    """Writes the process's log to stderr, unless somebody (a test, Celery) has set it up already."""
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(log_format))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for chatty in ("werkzeug", "alembic", "flask_cors", "flask-limiter"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def init_app(app: APIFlask) -> None:
    """Sets the log up and writes a line for every request."""
    configure(app.extensions["settings"].log_format)
    app.before_request(_start_watch)
    app.after_request(_write_line)


def _start_watch() -> None:
    g.started = time.perf_counter()


def route_template() -> str:
    """The route as it is written in the code, without the values: it says enough and gives nothing away."""
    return request.url_rule.rule if request.url_rule else "(no route)"


def elapsed() -> float:
    """Seconds since the request came in."""
    return time.perf_counter() - g.get("started", time.perf_counter())


def _write_line(response: Response) -> Response:
    if not access.isEnabledFor(logging.INFO) or (request.path in QUIET and response.status_code < 400):
        return response
    who = caller_id()
    if response.status_code == 403:
        security_log.event("access_refused", user_id=who, method=request.method, route=route_template())
    foreign_access.log_refusal(response, route_template())
    route, milliseconds = route_template(), round(elapsed() * 1000, 1)
    facts = {
        "request_id": request_id(),
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "ms": milliseconds,
        "user_id": who,
        "address": request.remote_addr,
    }
    if token := caller_token_id():
        facts["api_token_id"] = token
    if request.url_rule is None:
        facts["path"] = neutral(request.path[:200])
    line = f"{request.method} {facts.get('path', route)} {response.status_code} {milliseconds} ms"
    whom = f" user {who}" if who else ""
    access.info("%s%s from %s", line, whom, neutral(request.remote_addr or "?"), extra={"facts": facts})
    return response
