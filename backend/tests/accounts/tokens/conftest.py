"""Programs that hold an API token, and a town with two lots."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import pytest

from parking.accounts.tokens.scopes import SCOPES

URL = "/api/tokens"


@dataclass
class Program:
    """A client with a token alone: no cookie, no session."""

    app: Any
    id: int
    token: str
    created: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.app.test_client().open(path, method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("GET", path, **more)


@pytest.fixture
def program(app, client, auth):
    """`program(alice, "lots:read")`: creates a token as its owner would, all scopes unless some are named."""

    def create(owner, *scopes, name=None, **more) -> Program:
        number = len(client.get(URL, headers=auth(owner)).json["tokens"])
        body = {"name": name or f"token {number}", "scopes": list(scopes or SCOPES), **more}
        answer = client.post(URL, json=body, headers=auth(owner))
        assert answer.status_code == 201, answer.json
        return Program(app, answer.json["id"], answer.json["token"], answer.json)

    return create


@pytest.fixture
def lots(client, auth, carol):
    """Two lots, by their ids."""
    names = {"North": 3, "South": 3}
    answers = [
        client.post("/api/lots", json={"name": n, "capacity": c, "price_per_hour": 2}, headers=auth(carol))
        for n, c in names.items()
    ]
    return tuple(answer.json["lot"]["id"] for answer in answers)


def with_settings(app, **changes):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], **changes)
