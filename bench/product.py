"""The product as real processes for measurements: web server, Valkey, database; made for the run and gone after it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import config
from launch import programs
from parking import create_app
from parking.database import db, schema
from tests.conftest import make_settings
from tests.ports import free_port
from tests.postgres import Postgres, exit_with_parent
from tests.services import Gunicorn, Valkey, own_environment

ROOT = Path(__file__).parents[1]
DURABLE = {"fsync": "on", "synchronous_commit": "on"}
PRODUCT = "app:create_app()"
PASSWORD = "bench password 1"


@dataclass
class Product:
    """A running product and the way to talk to it. `web` and `worker` are the ids of processes."""

    address: tuple[str, int]
    settings: Any
    web: int = 0
    worker: int = 0
    redis_url: str = ""
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
def running(
    database: str = "sqlite", *, workers: int = 2, application: str = PRODUCT, jobs: bool = False
) -> Iterator[Product]:
    """The product on `sqlite`, `postgresql` (both made for the run, durable) or a database URL of your own. With
    `jobs` also worker, Beat and a mail server that accepts everything, as `make run` has them."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        (folder / "valkey").mkdir()
        valkey = Valkey(folder / "valkey")
        stack.callback(valkey.stop)
        url = _database(database, folder, stack)
        settings = make_settings(folder, database_url=url)
        if application == PRODUCT:
            _migrate(settings)
        environment = {
            "PYTHONPATH": f"{ROOT}:{ROOT / 'backend'}",
            "DATABASE_URL": url,
            "REDIS_URL": valkey.url,
            "WEB_WORKERS": str(workers),
            "JWT_SECRET": settings.jwt_secret,
            "SECRET_KEY": settings.secret_key,
            "SECURITY_PASSWORD_SALT": settings.security_password_salt,
        }
        if jobs:
            smtp_port = free_port()
            environment |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(smtp_port), "SMTP_TLS": "none"}
        server = Gunicorn(folder, application, **environment)
        stack.callback(server.kill)
        product = Product(server.address, settings, server.process.pid, redis_url=valkey.url)
        if jobs:
            product.worker = _start_jobs(folder, smtp_port, environment, stack)
        yield product


def _start_jobs(folder: Path, smtp_port: int, variables: dict[str, str], stack: contextlib.ExitStack) -> int:
    """Mail server, worker and Beat; the worker's process."""
    environment = {**own_environment(), "DATA_DIR": str(folder / "data"), "EXPORT_DIR": str(folder / "exports")}
    environment |= {**variables, "ENV_FILE": os.devnull}
    worker = programs.worker(environment, config.load(environment))
    log = stack.enter_context((folder / "jobs.log").open("wb"))
    sink = (sys.executable, "-m", "bench.sink", str(smtp_port))
    processes = [
        subprocess.Popen(
            command, cwd=ROOT / "backend", env=environment, stdout=log, stderr=log, preexec_fn=exit_with_parent
        )
        for command in (sink, worker.command, programs.beat(environment).command)
    ]
    for process in processes:
        stack.callback(process.wait, 60)
        stack.callback(process.terminate)
    return processes[1].pid


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
