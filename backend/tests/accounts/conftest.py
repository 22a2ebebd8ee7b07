"""Looking behind the answers: rows, mails, cookies; many callers at one moment; other settings on the same database."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from parking import create_app
from parking.audit import AuditEntry
from parking.database import db
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from parking.settings import current
from tests.threads import at_once

OWN_PAGE = {"X-Requested-With": "parkwell"}


@pytest.fixture
def rows(app):
    """All rows of a model as they stand in the database now."""

    def read(model, **filters) -> list[Any]:
        db.session.close()
        return list(db.session.scalars(select(model).filter_by(**filters).order_by(model.id)))

    return read


@pytest.fixture
def mails(rows):
    return lambda kind: rows(OutboxMail, kind=kind)


@pytest.fixture
def secret_of(mails):
    """The secret in the link of the last mail of a kind, as its reader gets it."""

    def read(kind: str) -> str:
        draft = delivery.draft(mails(kind)[-1], current())
        return re.search(r"#token=([\w-]+)$", draft.context["link"])[1]

    return read


@pytest.fixture
def actions(rows):
    """What the audit trail holds, oldest first."""
    return lambda: [entry.action for entry in rows(AuditEntry)]


@pytest.fixture
def sign_in(app):
    """Signs in on a browser of its own, which it gives with the bearer headers."""

    def signed_in(email: str, password: str = "correct horse battery", **headers: str) -> tuple[FlaskClient, dict]:
        browser = app.test_client()
        answer = browser.post("/auth/login", json={"email": email, "password": password}, headers=headers)
        assert answer.status_code == 200, answer.json
        return browser, {"Authorization": f"Bearer {answer.json['token']}"}

    return signed_in


@pytest.fixture
def together(app):
    """Runs `work(number)` in many threads that start at one moment; their results."""

    def run(count: int, work: Callable[[int], Any]) -> list[Any]:
        return at_once([partial(work, number) for number in range(count)])

    return run


@pytest.fixture
def app_with(app, settings):
    """Another application on the same database, with some settings changed."""

    def make(**changes):
        other = create_app(dataclasses.replace(settings, **changes))
        other.test_client_class = app.test_client_class
        return other

    return make


PRODUCTION = {"app_env": "production", "public_url": "https://parking.example.com"}
