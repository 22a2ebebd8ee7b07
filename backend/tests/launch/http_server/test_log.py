"""The web server's own lines have the form of the program's log."""

from __future__ import annotations

import json
import re
import socket

import pytest

from tests.services import Gunicorn

pytestmark = pytest.mark.slow
GARBAGE = b"GET /\x01 HTTP/1.1\r\nno header\r\n\r\n"


@pytest.fixture
def log_of(tmp_path):
    """Lines of a server that was sent garbage and then stopped, and the answer to that."""

    def log_of(**environment: str) -> tuple[list[str], str]:
        server = Gunicorn(tmp_path, **environment)
        try:
            with socket.create_connection(server.address, timeout=60) as client:
                client.sendall(GARBAGE)
                answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
            server.stop()
        finally:
            server.kill()
        return (tmp_path / "gunicorn.log").read_text().splitlines(), answer

    return log_of


def test_as_json_every_line_is_an_object_with_the_same_members(log_of):
    lines, answer = log_of(LOG_FORMAT="json")
    entries = [json.loads(line) for line in lines]
    assert len(entries) > 3
    for entry in entries:
        assert {"time", "level", "logger", "message", "request_id"} <= entry.keys(), entry
        assert entry["time"].endswith("+00:00")
    assert any(entry["message"].startswith("Listening at") for entry in entries)
    [refused] = [entry for entry in entries if entry["message"].startswith("Invalid request")]
    assert (refused["level"], refused["status"], refused["address"]) == ("warning", 400, "127.0.0.1")
    assert f"X-Request-Id: {refused['request_id']}\r\n" in answer


def test_as_text_a_line_is_for_eyes_and_cannot_be_forged(log_of):
    lines, _ = log_of(LOG_FORMAT="text")
    [refused] = [line for line in lines if "Invalid request" in line]
    assert re.match(r"\d\d:\d\d:\d\d warning gunicorn.error: Invalid request from ip=127.0.0.1", refused)
    assert "\x01" not in "".join(lines)
