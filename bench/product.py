"""The product as real processes for measurements: web server, Valkey, database; made for the run and gone after it."""

from __future__ import annotations

import contextlib
import http.client
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parking import create_app
from parking.database import db, schema
from tests.conftest import make_settings
from tests.postgres import Postgres
from tests.services import Gunicorn, Valkey

ROOT = Path(__file__).parents[1]
DURABLE = {"fsync": "on", "synchronous_commit": "on"}
PASSWORD = "bench password 1"


@dataclass
class Product:
    """A running product and the way to talk to it."""

    address: tuple[str, int]
    settings: Any
    tokens: dict[str, str] = field(default_factory=dict)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self.address, timeout=60)

    def login(self, email: str) -> str:
        status, body = send(self.connect(), "POST", "/auth/login", {"email": email, "password": PASSWORD})
        assert status == 200, body
        self.tokens[email] = body["token"]
        return body["token"]


def send(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, token: str = "", **headers: str
) -> tuple[int, Any]:
    """One request; (status, JSON)."""
    status, text = exchange(connection, method, path, body, token, **headers)
    return status, json.loads(text or b"null")


def exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, token: str = "", **headers: str
) -> tuple[int, bytes]:
    """One request; (status, the bytes of the answer)."""
    payload = None if body is None else json.dumps(body)
    sent = {"Content-Type": "application/json", **headers}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    connection.request(method, path, payload, sent)
    response = connection.getresponse()
    return response.status, response.read()


@contextlib.contextmanager
def running(database: str = "sqlite", *, workers: int = 2, application: str = "app:create_app()") -> Iterator[Product]:
    """The product on `sqlite`, `postgresql` (both made for the run, durable) or a database URL of your own."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        (folder / "valkey").mkdir()
        valkey = Valkey(folder / "valkey")
        stack.callback(valkey.stop)
        url = _database(database, folder, stack)
        settings = make_settings(folder, database_url=url)
        _migrate(settings)
        server = Gunicorn(
            folder,
            application,
            PYTHONPATH=f"{ROOT}:{ROOT / 'backend'}",
            DATABASE_URL=url,
            REDIS_URL=valkey.url,
            WEB_WORKERS=str(workers),
            JWT_SECRET=settings.jwt_secret,
            SECRET_KEY=settings.secret_key,
            SECURITY_PASSWORD_SALT=settings.security_password_salt,
        )
        stack.callback(server.kill)
        yield Product(server.address, settings)


def _database(database: str, folder: Path, stack: contextlib.ExitStack) -> str:
    if database == "sqlite":
        return f"sqlite:///{folder / 'parking.db'}"
    if database != "postgresql":
        return database
    server = Postgres(**DURABLE)
    stack.callback(server.stop)
    return server.create()


def _migrate(settings: Any) -> None:
    app = create_app(settings)
    with app.app_context():
        schema.upgrade()
        db.engine.dispose()


def people(product: Product, number: int) -> list[tuple[str, str]]:
    """(address, token) of an administrator and of `number` drivers, put straight into the database."""
    from flask_security.utils import hash_password

    from parking.accounts import account_changes as accounts
    from parking.accounts.sessions import access_tokens
    from parking.database import transaction

    app = create_app(product.settings)
    users: list[tuple[str, str]] = []
    with app.app_context():
        hashed = hash_password(PASSWORD)
        with transaction() as session:
            for n in range(number + 1):
                email = f"bench{n}@example.com"
                user = accounts.create_user(session, email, f"bench{n}", hashed, *(["admin"] if n == 0 else []), "user")
                users.append((email, access_tokens.issue(user.fs_uniquifier)))
        db.engine.dispose()
    product.tokens = dict(users)
    return users
