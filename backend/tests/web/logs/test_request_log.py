"""The log: one line a request, nothing secret in it, nothing forged in it."""

from __future__ import annotations

import io
import json
import logging

import pytest

from parking.web.logs import request_log


@pytest.fixture
def written():
    """What the product's own handler writes, as JSON lines and as text."""
    out = {"json": io.StringIO(), "text": io.StringIO()}
    handlers = []
    for kind, formatter in (("json", request_log.JsonLines()), ("text", request_log.Readable())):
        handler = logging.StreamHandler(out[kind])
        handler.setFormatter(formatter)
        handlers.append(handler)
    root = logging.getLogger()
    was = root.level
    root.setLevel(logging.INFO)
    for handler in handlers:
        root.addHandler(handler)
    yield out
    root.setLevel(was)
    for handler in handlers:
        root.removeHandler(handler)


def lines(out) -> list[dict]:
    return [json.loads(line) for line in out["json"].getvalue().splitlines()]


def access(out) -> list[dict]:
    return [line for line in lines(out) if line["logger"] == "parking.access"]


def test_a_request_leaves_one_line_with_who_what_and_how_long(town, written):
    town.ask("GET", f"/api/lots/{town.lots[0]['id']}", "alice", headers={"X-Request-Id": "rid-1"})
    (line,) = access(written)
    assert line["method"] == "GET"
    assert line["route"] == "/api/lots/<int:lot_id>"
    assert line["status"] == 200
    assert line["request_id"] == "rid-1"
    assert line["user_id"] == town.ids["alice"]
    assert line["ms"] >= 0
    assert line["address"] == "127.0.0.1"
    assert line["time"].endswith("+00:00")
    assert "GET /api/lots/<int:lot_id> 200" in written["text"].getvalue()
    assert f" user {town.ids['alice']} from 127.0.0.1" in written["text"].getvalue()


def test_logs_contain_no_token_body_query_or_password(town, written):
    token = town.token("alice")
    town.ask("POST", "/auth/login", json={"email": "alice@example.com", "password": "CANARY-password"})
    town.ask("GET", "/api/bookings?q=CANARY-query", "alice")
    town.ask("POST", "/auth/password/reset", json={"token": "CANARY-token", "password": "CANARY-new"})
    town.ask("GET", "/api/bookings", headers={"Authorization": "Bearer CANARY-bearer"})
    town.ask("POST", "/api/book", "alice", json={"lot_id": 1, "booking_type": "CANARY-body"})
    output = written["json"].getvalue() + written["text"].getvalue()
    assert "CANARY" not in output
    assert token not in output
    assert len(access(written)) == 5


@pytest.mark.parametrize(
    "evil", ["/x%0d%0a2026 forged line", "/x%1b[31mred", "/x%e2%80%aegnp", "/x%00", "/x%c2%85next", "/x%e2%80%a8next"]
)
def test_user_input_forges_no_log_line_and_no_terminal_sequence(plain, written, evil):
    plain().post("/api" + evil)
    (line,) = access(written)
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in line["message"])
    output = written["text"].getvalue()
    assert len(output.splitlines()) == 1
    assert not any(c in output for c in "\x1b\r\x00\x85\u2028\u202e")


def test_a_crash_is_logged_with_its_cause_and_answered_without(plain, written):
    client = plain()
    app = client.application
    app.view_functions["operations.healthz"] = lambda: 1 / 0
    answer = client.get("/healthz")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "internal"
    assert "ZeroDivision" not in answer.text
    crash = next(line for line in lines(written) if "exception" in line)
    assert "ZeroDivisionError" in crash["exception"]
    assert crash["request_id"] == answer.headers["X-Request-Id"]
    assert access(written)[-1]["status"] == 500


def test_what_machines_ask_every_second_is_logged_only_when_it_fails(plain, written, tmp_path):
    client = plain(database_url=f"sqlite:///{tmp_path / 'empty.db'}")
    client.get("/healthz")
    assert access(written) == []
    client.get("/readyz")
    assert [line["status"] for line in access(written)] == [503]


def test_exceptions_keep_their_lines_but_no_escape_sequences():
    try:
        raise ValueError("a\x1b[31m\r\nb")
    except ValueError:
        import sys

        record = logging.LogRecord("x", logging.ERROR, "", 0, "m\n%s", ("\x1b",), sys.exc_info())
    output = request_log.Readable().format(record)
    assert "\x1b" not in output
    assert "\r" not in output
    assert "m\\n\\x1b" in output
    assert output.count("\n") >= 3
