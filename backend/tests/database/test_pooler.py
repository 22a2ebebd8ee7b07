"""The product over a pooler in transaction mode: bookings, pages and jobs, and nothing left in anybody's session."""

import contextlib
import threading
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from parking import clock, create_app
from parking.accounts.sessions import access_tokens
from parking.bookings.models import Booking
from parking.database import db, postgres, schema
from parking.database.postgres import ROLE_SETTINGS
from parking.exports.stream import read_parts
from parking.mail import service as mails
from parking.statistics.daily import refresh
from tests.bookings.helpers import make_lot
from tests.conftest import make_settings, make_user
from tests.database.pooler import Pooler

DRIVERS, ROUNDS = 4, 8


@pytest.fixture
def pooled(postgres, templates, request, tmp_path):
    """Makes an application over a pooler: (application, pooler). The database has the settings that the role needs,
    unless told otherwise."""
    url = postgres.create(templates("postgresql", request))
    name = url.split("?")[0].rsplit("/", 1)[1]
    with contextlib.ExitStack() as stack:
        stack.callback(postgres.drop, url)

        def pooled(*, mode="transaction", role_settings=ROLE_SETTINGS):
            for setting, value in role_settings.items():
                postgres.admin.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'")
            pooler = Pooler(str(postgres.folder), name)
            stack.callback(pooler.close)
            app = create_app(make_settings(tmp_path, database_url=pooler.url, database_pooler=mode))
            stack.enter_context(app.app_context())
            stack.callback(db.engine.dispose)
            stack.callback(db.session.remove)
            return app, pooler

        yield pooled


def drive(app, lot_id, name, statuses):
    """Books, looks around and leaves, over and over."""
    client = app.test_client()
    with app.app_context():
        headers = {"Authorization": f"Bearer {access_tokens.issue(f'uniquifier-of-{name}')}"}
    for _ in range(ROUNDS):
        booked = client.post("/api/book", json={"lot_id": lot_id, "booking_type": "instant"}, headers=headers)
        statuses.append(booked.status_code)
        pages = ("/api/lots", f"/api/lots/{lot_id}", "/api/bookings", "/api/stats/user", "/readyz")
        statuses += [client.get(page, headers=headers).status_code for page in pages]
        if booked.status_code == 201:
            path = f"/api/release/{booked.json['booking']['id']}"
            statuses.append(client.post(path, json={}, headers=headers).status_code)


def crowd(app):
    """Several drivers at once; the statuses of all their answers."""
    admin = make_user("carol", "user", "admin")
    lot_id = make_lot(admin, capacity=DRIVERS)["id"]
    names = [f"driver{number}" for number in range(DRIVERS)]
    for name in names:
        make_user(name, "user")
    db.session.remove()
    statuses: list[int] = []
    threads = [threading.Thread(target=drive, args=(app, lot_id, name, statuses)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    return statuses


def test_drivers_and_jobs_work_over_a_pooler(pooled):
    app, pooler = pooled()
    assert schema.problems() == []
    statuses = crowd(app)
    assert len(statuses) == DRIVERS * ROUNDS * 7
    assert set(statuses) == {200, 201}
    with clock.set_to(clock.now() + timedelta(days=2)):
        assert refresh.roll_up() > 0  # under an advisory lock
    assert sum(len(part) for part in read_parts(db.select(Booking.id))) == DRIVERS * ROUNDS
    assert mails.counts(db.session())
    db.session.remove()
    assert left_in_sessions(pooler) == {("0", "UTC", 0, 0, 0)}


def left_in_sessions(pooler):
    """(statement_timeout, time zone, prepared statements, cursors, channels) of the pooler's connections."""
    query = """SELECT current_setting('statement_timeout'), current_setting('TimeZone'),
        (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors WHERE name <> ''),
        (SELECT count(*) FROM pg_listening_channels())"""
    rows = set()
    for _ in range(30):  # at random each of the three
        with psycopg.connect(pooler.url.replace("+psycopg", ""), prepare_threshold=None) as connection:
            rows.add(connection.execute(query).fetchone())
    return rows


def test_without_the_setting_the_pooler_refuses(pooled):
    """Control: OPTIONS cannot be brought along."""
    pooled(mode="none")
    with pytest.raises(OperationalError, match="unsupported startup parameter"):
        schema.problems()


def test_prepared_statements_break_over_a_pooler(pooled, monkeypatch):
    """Control: the pooler gives connections at random, so that a prepared statement is not there the next time."""
    original = postgres.engine_options

    def prepares(*arguments, **named):
        options = original(*arguments, **named)
        return {**options, "connect_args": {**options["connect_args"], "prepare_threshold": 0}}

    monkeypatch.setattr(postgres, "engine_options", prepares)
    with pytest.raises(DBAPIError, match="prepared statement"):
        crowd(pooled()[0])


def test_a_role_without_the_settings_is_noticed(pooled):
    app, _ = pooled(role_settings={"timezone": "Europe/Berlin"})
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    problems = " ".join(answer.json["errors"]["database"])
    assert "`ALTER ROLE postgres SET timezone = 'UTC'`" in problems
    assert all(name in problems for name in ROLE_SETTINGS)
