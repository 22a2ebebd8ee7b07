"""The cast and the stage: a real SQLite file and a real PostgreSQL, one fresh database a test, a clock that stands.

alice and bob drive, carol administers. A test that asks for `app` runs once on each database.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import shutil
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby, islice
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

import config
import loading
from launch import memory
from parking import clock, create_app, database
from parking.accounts.models import Role, User
from parking.accounts.sessions import access_tokens
from parking.database import db, schema
from parking.database import postgres as postgres_limits
from tests.postgres import Postgres, folder_in_memory

DATABASES = ("sqlite", "postgresql")
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
# A busy machine gets its time; how soon the product gives up is a matter of tests/faults.
HURRY = {(database, "WRITER_SECONDS"): database.WRITER_SECONDS}
HURRY |= {(postgres_limits, name): getattr(postgres_limits, name) for name in ("CHECKOUT_SECONDS", "REQUEST")}
database.WRITER_SECONDS = postgres_limits.CHECKOUT_SECONDS = 120
postgres_limits.REQUEST = postgres_limits.Limits(120, 125)
memory.MEMORY = Path("/nowhere")  # applications in a test's own process count in its own folder


def pytest_collection_finish() -> None:
    """What was imported stays, so the garbage collector need not look at it for every application that a test makes:
    a third of the CPU time of most tests (18.8 s -> 13.2 s for 94 of them)."""
    gc.collect()
    loading.finish()
    gc.set_threshold(20_000, 10, 10)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each process of `pytest -n` begins with its part of the slow tests, file by file. At the end they would keep one
    busy while the others have nothing left to take over: three minutes of 35."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    slow = [item for item in items if item.get_closest_marker("slow")]
    files = [list(file) for _, file in groupby(slow, key=lambda item: item.path)]
    heads = [list(chain(*files[nth::processes])) for nth in range(processes)]
    others = (item for item in items if not item.get_closest_marker("slow"))
    share = -(-len(items) // processes)  # xdist gives each an equal part, in this order
    items[:] = [item for head in heads for item in (*head, *islice(others, max(0, share - len(head))))]


def _build_addresses_when_needed() -> None:
    """Werkzeug compiles two functions for each route of each application, for `url_for`. A test makes an application
    and builds few addresses, so a function is compiled at its first use: a fifth of the CPU time of most tests."""
    compile_builder = Rule._compile_builder

    def later(rule: Rule, append_unknown: bool = True):
        name = "_build_unknown" if append_unknown else "_build"

        def build(self, /, **values):
            compiled = compile_builder(self, append_unknown).__get__(self, None)
            setattr(self, name, compiled)
            return compiled(**values)

        return build

    Rule._compile_builder = later


_build_addresses_when_needed()


class SharedStatements(LRUCache):
    """The compiled statements of all applications of a process. Each application has a dialect of its own, by which
    SQLAlchemy keeps them; dialects of one kind of database do not differ, so the first part of a key is its name."""

    def __getitem__(self, key):
        return super().__getitem__((key[0].name, *key[1:]))

    def get(self, key, default=None):
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key, value):
        super().__setitem__((key[0].name, *key[1:]), value)


STATEMENTS = SharedStatements(4000)


def make_settings(folder: Path, **changes) -> config.Settings:
    """Settings of a local run in `folder`, quick enough for tests."""
    defaults = config.load({"DATA_DIR": str(folder / "data"), "EXPORT_DIR": str(folder / "exports"), "PORT": "5000"})
    return dataclasses.replace(defaults, **{"bcrypt_rounds": 4, "rate_limits": False, "redis_url": None, **changes})


@pytest.fixture(scope="session")
def postgres():
    server = Postgres(folder_in_memory())
    yield server
    server.stop()


def _migrate(url: str, folder: Path) -> None:
    app = create_app(make_settings(folder, database_url=url))
    with app.app_context():
        schema.upgrade()
        db.engine.dispose()


@pytest.fixture(scope="session")
def templates(tmp_path_factory):
    """A migrated database of each kind, made when first asked for."""
    paths: dict[str, str] = {}

    def of(kind: str, request) -> str:
        if kind not in paths:
            folder = tmp_path_factory.mktemp(f"template-{kind}")
            if kind == "sqlite":
                paths[kind] = str(folder / "template.db")
                _migrate(f"sqlite:///{paths[kind]}", folder)
            else:
                postgres = request.getfixturevalue("postgres")
                url = postgres.create()
                _migrate(url, folder)
                paths[kind] = url.split("?")[0].rsplit("/", 1)[1]
        return paths[kind]

    return of


@pytest.fixture(params=DATABASES)
def database_url(request, templates, tmp_path):
    """A fresh, migrated database."""
    template = templates(request.param, request)
    if request.param == "sqlite":
        shutil.copy(template, tmp_path / "parking.db")
        yield f"sqlite:///{tmp_path / 'parking.db'}"
        return
    postgres = request.getfixturevalue("postgres")
    url = postgres.create(template)
    yield url
    postgres.drop(url)


@pytest.fixture
def settings(database_url, tmp_path):
    return make_settings(tmp_path, database_url=database_url)


@pytest.fixture
def at():
    """The clock stands at a Monday noon; `clock.travel(seconds)` moves it."""
    with clock.set_to(START):
        yield START


class Client(FlaskClient):
    """Every request in an application context of its own, as in life; else the test's own would be shared by all
    requests, and with it the signed-in user and the database session."""

    def open(self, *args, **kwargs):
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture
def app(settings, at):
    app = create_app(settings)
    app.test_client_class = Client
    with app.app_context():
        for engine in db.engines.values():
            engine._compiled_cache = STATEMENTS
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app):
    return app.test_client()


def make_user(name: str, *roles: str) -> User:
    """An account, straight into the database."""
    from flask_security.utils import hash_password

    if not db.session().in_transaction():  # as a writer from its begin: a server may be writing beside
        db.session.connection(execution_options={"writer": True})
    user = User(
        email=f"{name}@example.com",
        username=name,
        password=hash_password(PASSWORD),
        active=True,
        fs_uniquifier=f"uniquifier-of-{name}",
        locale="en",
        roles=[db.session.query(Role).filter_by(name=role).one() for role in roles],
    )
    db.session.add(user)
    db.session.commit()
    return user


@pytest.fixture
def alice(app):
    return make_user("alice", "user")


@pytest.fixture
def bob(app):
    return make_user("bob", "user")


@pytest.fixture
def carol(app):
    return make_user("carol", "user", "admin")


@pytest.fixture
def auth(app):
    """The headers of a signed-in person."""

    def headers(user: User, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {access_tokens.issue(user.fs_uniquifier)}", **more}

    return headers


def hours(count: float) -> timedelta:
    return timedelta(hours=count)
