from __future__ import annotations

import dataclasses
import threading
import time

import pytest
from werkzeug.serving import make_server

from parking import create_app
from parking.accounts.sessions import access_tokens
from parking.database import db
from parking.realtime import service
from tests.conftest import make_settings, make_user
from tests.realtime.pages import Page
from tests.services import Gunicorn, patience, patient, valkey, valkey_server

__all__ = ["patience", "patient", "valkey", "valkey_server"]
GRACE_SECONDS = 280
"""What the web servers of these tests would give a request that goes on; a stop that waits for it is out of time."""


@pytest.fixture
def live_app(tmp_path, valkey, patient):
    """An application with a real Valkey and no database to speak of, its context pushed."""
    app = create_app(make_settings(tmp_path, redis_url=valkey.url))
    with app.app_context():
        yield app
        app.extensions["realtime"].publisher.close(0)
        db.engine.dispose()


@pytest.fixture
def site(settings, valkey, patient):
    """The application on a real port in this process, its context pushed. The clock is the real one: tokens expire."""
    app = create_app(dataclasses.replace(settings, redis_url=valkey.url))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    app.config["ADDRESS"] = ("127.0.0.1", server.server_port)
    with app.app_context():
        yield app
        app.extensions["realtime"].publisher.close(0)
        app.extensions["realtime"].broker.close()
        server.shutdown()
        server.server_close()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def people(site):
    """alice and bob drive, carol administers."""
    return {
        name: make_user(name, *roles)
        for name, roles in {"alice": ["user"], "bob": ["user"], "carol": ["user", "admin"]}.items()
    }


@pytest.fixture
def visit(site, people):
    """`visit("alice", lot_id=7)` opens a page."""
    opened: list[Page] = []

    def visit(name: str, **more) -> Page:
        page = Page(site.config["ADDRESS"], access_tokens.issue(people[name].fs_uniquifier), **more)
        opened.append(page)
        return page

    yield visit
    for page in opened:
        page.leave()


@pytest.fixture
def counts(monkeypatch):
    """A provider of free counts that notes when it was asked for which lots."""
    queries: list[tuple[float, list[int]]] = []

    def provider(lots):
        queries.append((time.monotonic(), lots))
        return [{"id": lot, "available_spots": len(queries)} for lot in lots]

    monkeypatch.setattr(service, "_lot_counts", provider)
    return queries


@pytest.fixture
def gunicorn(tmp_path, settings, site, valkey):
    """`gunicorn(WEB_WORKERS="2")` starts the server on the database and Redis of `site`."""
    started: list[Gunicorn] = []

    def start(**environment: str) -> Gunicorn:
        names = ("DATABASE_URL", "SECRET_KEY", "SECURITY_PASSWORD_SALT", "JWT_SECRET")
        shared = {name: getattr(settings, name.lower()) for name in names}
        folder = tmp_path / f"server{len(started)}"
        folder.mkdir()
        more = ("--graceful-timeout", str(GRACE_SECONDS))
        server = Gunicorn(
            folder, "tests.realtime.patient:create()", *more, **{"REDIS_URL": valkey.url, **shared, **environment}
        )
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()
