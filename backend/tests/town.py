"""A small town: three people, three lots, bookings of every kind, made through the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from parking import create_app
from parking.accounts.models import User
from parking.accounts.sessions import access_tokens
from parking.database import db
from tests.conftest import make_settings, make_user


def rows(app) -> dict[str, list[str]]:
    """Everything in the database, table by table."""
    with app.app_context():
        counts = {
            table.name: sorted(repr(tuple(row)) for row in db.session.execute(table.select()))
            for table in db.metadata.sorted_tables
        }
        db.session.remove()
        return counts


@dataclass
class Town:
    app: Any
    ids: dict[str, int]
    lots: list[dict] = field(default_factory=list)
    bookings: list[dict] = field(default_factory=list)

    def token(self, name: str) -> str:
        """A good token of alice, bob or carol (an administrator), whatever happened to the earlier ones."""
        with self.app.app_context():
            return access_tokens.issue(db.session.get_one(User, self.ids[name]).fs_uniquifier)

    def head(self, name: str | None, **more: str) -> dict[str, str]:
        return {**({"Authorization": f"Bearer {self.token(name)}"} if name else {}), **more}

    def ask(self, method: str, path: str, who: str | None = None, **kwargs):
        headers = {**self.head(who), **kwargs.pop("headers", {})}
        return self.app.test_client().open(path, method=method, headers=headers, **kwargs)


def build(app) -> Town:
    with app.app_context():
        cast = (("alice", ["user"]), ("bob", ["user"]), ("carol", ["user", "admin"]))
        ids = {name: make_user(name, *roles).id for name, roles in cast}
        db.session.remove()
    town = Town(app, ids)
    for name, capacity in (("Harbour", 4), ("Station", 3), ("Old Town", 2)):
        answer = town.ask(
            "POST", "/api/lots", "carol", json={"name": name, "capacity": capacity, "price_per_hour": 2.5}
        )
        assert answer.status_code == 201, answer.text
        town.lots.append(answer.json["lot"])
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    for who, fields in (
        ("alice", {"booking_type": "instant"}),
        ("bob", {"booking_type": "instant"}),
        (
            "alice",
            {
                "booking_type": "reserved",
                "reserved_start": tomorrow.isoformat(),
                "reserved_end": (tomorrow + timedelta(hours=2)).isoformat(),
            },
        ),
    ):
        answer = town.ask("POST", "/api/book", who, json={"lot_id": town.lots[0]["id"], **fields})
        assert answer.status_code == 201, answer.text
        town.bookings.append(answer.json["booking"])
    done = town.ask("POST", f"/api/release/{town.bookings[1]['id']}", "bob")
    assert done.status_code == 200, done.text
    return town


@pytest.fixture
def town(database_url, tmp_path):
    app = create_app(make_settings(tmp_path, database_url=database_url))
    yield build(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def plain(tmp_path):
    """An application on an empty folder, for what needs no database."""

    def make(**changes):
        return create_app(make_settings(tmp_path, **changes)).test_client()

    return make
