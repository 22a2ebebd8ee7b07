"""A recorded session answers as it did: whatever moves inside, clients see the same.

Sentences for people (`message`, `detail`, `title`, texts) may be reworded; statuses, codes, fields, numbers and times
may not. Ids are left out: PostgreSQL skips numbers that a refused request took. After a wished change:
RECORD=1 pytest tests/contract/test_recorded_session.py -k sqlite, and read the diff.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from parking import clock
from parking.accounts.models import User
from parking.database import db
from tests.contract.recorded_session import steps
from tests.contract.steps import Step

RECORDING = Path(__file__).with_name("recorded_session.jsonl")
SENTENCES = {"message", "detail", "title", "text", "subject", "description", "hint", "label", "sentence", "html"}
HEADERS = ("Content-Type", "Idempotent-Replayed", "Location", "WWW-Authenticate", "Content-Disposition")
RANDOM = re.compile(
    r"(?P<reference>\b[0-9A-Z]{4}-[0-9A-Z]{4}\b)"
    r"|(?P<token>\beyJ[\w-]+\.[\w-]+\.[\w-]+)"
    r"|(?P<hex>\b[0-9a-f]{32,64}\b)"
    r"|(?P<etag>\"[0-9a-f.-]{6,}\")"
)
"""What no two runs have alike: it is numbered in the order in which it is first seen."""


class Normaliser:
    """Numbers random texts by their first appearance, so that two databases tell the same story."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def body(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {
                name: self._field(name, content)
                for name, content in sorted(value.items())
                if name not in ("request_id", "next", "bytes", "size", "took_ms")
            }
        if isinstance(value, list):
            return [self.body(one, key) for one in value]
        if isinstance(value, int) and not isinstance(value, bool) and (key == "id" or key.endswith("_id")):
            return "#"
        return self.text(value) if isinstance(value, str) else value

    def _field(self, name: str, content: Any) -> Any:
        if name in SENTENCES and isinstance(content, str):
            return "…"
        if name == "errors" and isinstance(content, dict):
            return sorted(content)
        return self.body(content, name)

    def text(self, value: str) -> str:
        value = re.sub(r"(?<=_id=)\d+|^\d+(?=,)", "#", value)
        return RANDOM.sub(self._number, value)

    def _number(self, match: re.Match[str]) -> str:
        kind = str(match.lastgroup)
        return self._texts.setdefault(match.group(), f"<{kind} {len(self._texts) + 1}>")


class Player:
    """Plays the steps with one client each and keeps the ids that later steps need."""

    def __init__(self, app, auth) -> None:
        self.app, self.auth = app, auth
        self.ids: dict[str, Any] = {}
        self.normalise = Normaliser()

    def play(self, step: Step) -> dict[str, Any]:
        clock.travel(step.travel)
        client: FlaskClient = self.app.test_client()
        response = client.open(
            self._fill(step.path),
            method=step.method,
            json=self._fill(step.json),
            data=step.data,
            headers={**self._headers(step.who), **step.headers},
        )
        body = response.get_json(silent=True)
        for name, path in step.keep.items():
            self.ids[name] = _at(body, path)
        return {
            "request": f"{step.who or 'nobody'} {step.method} {step.path}",
            "status": response.status_code,
            "headers": {name: self._header(response, name) for name in HEADERS if name in response.headers},
            "body": self.normalise.body(body) if body is not None else self._lines(response),
        }

    def _header(self, response, name: str) -> str:
        return re.sub(r"\d+", "N", self.normalise.text(response.headers[name]))

    def _lines(self, response) -> list[str]:
        if not response.content_type.startswith("text/csv"):
            return [response.content_type]
        return [self.normalise.text(line) for line in response.get_data(as_text=True).splitlines()]

    def _headers(self, who: str) -> dict[str, str]:
        user = db.session.query(User).filter_by(email=f"{who}@example.com").one_or_none() if who else None
        return self.auth(user) if user else {}

    def _fill(self, value: Any) -> Any:
        """`{name}` becomes what was kept under this name; a text that is only that becomes the number."""
        if isinstance(value, dict):
            return {key: self._fill(content) for key, content in value.items()}
        if isinstance(value, list):
            return [self._fill(content) for content in value]
        if not isinstance(value, str):
            return value
        whole = re.fullmatch(r"\{(\w+)\}", value)
        return self.ids[whole[1]] if whole else re.sub(r"\{(\w+)\}", lambda match: str(self._id(match[1])), value)

    def _id(self, name: str) -> Any:
        if name not in self.ids:
            self.ids[name] = db.session.query(User.id).filter_by(email=f"{name}@example.com").scalar()
        return self.ids[name]


def _at(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body[int(part)] if part.isdigit() else body[part]
    return body


@pytest.fixture
def player(app, auth, alice, bob, carol):
    return Player(app, auth)


def test_the_session_is_long_enough():
    assert sum(1 for _ in steps()) >= 300


def test_a_recorded_session_is_answered_as_before(player):
    answers = [player.play(step) for step in steps()]
    if os.environ.get("RECORD"):
        RECORDING.write_text("".join(json.dumps(one, ensure_ascii=False, sort_keys=True) + "\n" for one in answers))
    recorded = [json.loads(line) for line in RECORDING.read_text().splitlines()]
    different = [(answer, was) for answer, was in zip(answers, recorded, strict=True) if answer != was]
    assert not different, "\n".join(f"{answer}\n  was {was}" for answer, was in different[:20])
