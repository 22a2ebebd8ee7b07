"""A lot with its attendant, and somebody who asks the API as whom they like."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from parking import clock
from parking.accounts import User
from parking.database import db
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from parking.mail.rendering import render
from tests.bookings.helpers import make_lot, text
from tests.conftest import make_user
from tests.staff.conftest import hire

ADDRESS = "vera@example.org"


@pytest.fixture
def lot(app, carol):
    return make_lot(carol, capacity=2, timezone="Europe/Berlin")


@pytest.fixture
def arno(lot):
    """The attendant of the lot, who reads German."""
    user = make_user("arno", "user")
    hire(user, lot["id"], "attendant")
    return user


@pytest.fixture
def guests(app):
    """Drivers may have one open booking for a guest."""
    set_up(app, guests_per_user=1)


def set_up(app, **changes) -> None:
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], **changes)


@pytest.fixture
def ask(client, auth):
    """`ask(arno, "POST", "/api/…", 201, json=…)`: the JSON of the answer, once it has that status; as nobody: None."""

    def ask(who, method: str, path: str, status: int, **more) -> Any:
        headers = more.pop("headers", {})
        if who is not None:
            with Session(db.engine) as session:
                headers = {**auth(session.get_one(User, inspect(who).identity)), **headers}
        answer = client.open(path, method=method, headers=headers, **more)
        assert answer.status_code == status, (path, answer.get_data(as_text=True)[:500])
        db.session.rollback()  # what the test reads next is the present
        return answer.json if answer.is_json else answer.get_data(as_text=True)

    return ask


@pytest.fixture
def invite(ask, lot):
    """Books a spot of the lot for Vera, in an hour for two hours unless `now`; the booking's view."""

    def invite(who, *, now: bool = False, status: int = 201, **more) -> Any:
        body = {"name": "Vera Visitor", **({} if now else window()), **more}
        answer = ask(who, "POST", f"/api/lots/{lot['id']}/visitors", status, json=body)
        return answer["booking"] if status == 201 else answer

    return invite


def window(start: float = 1, length: float = 2) -> dict[str, str]:
    begin = clock.now() + timedelta(hours=start)
    return {"reserved_start": text(begin), "reserved_end": text(begin + timedelta(hours=length))}


def mails(to: str | None = ADDRESS) -> list[OutboxMail]:
    """The mails to an address, the oldest first; None: all."""
    db.session.rollback()
    query = select(OutboxMail).order_by(OutboxMail.id)
    return list(db.session.scalars(query if to is None else query.where(OutboxMail.email == to)))


def rendered(mail: OutboxMail) -> render.Rendered:
    """The mail as it goes out."""
    return render.render(delivery.draft(mail, delivery.current()), delivery.site(delivery.current()))


def token_of(mail: OutboxMail) -> str:
    """The token of the link in a mail to a visitor."""
    [token] = set(re.findall(r"/visit#token=([\w.-]+)", rendered(mail).text))
    return token
