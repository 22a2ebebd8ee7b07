"""A backup of an older version restores into this one, with the rows of then.

The databases are made here, by the migrations of then: the very first one, whose backup is made when this version
starts on such a database, and that of the first version that had backups.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask_migrate import upgrade
from flask_security.utils import hash_password
from sqlalchemy import MetaData, Table, func, inspect, select

from launch import prepare
from parking import clock, create_app
from parking.accounts.models import User
from parking.backup import archive, service
from parking.bookings.models import Booking
from parking.database import constraints, db, derived_columns, is_sqlite, schema
from parking.lots.models import Lot
from parking.mail.models import MailHold, OutboxMail
from tests.bookings.helpers import make_lot
from tests.conftest import PASSWORD

OLDEST, FIRST_WITH_BACKUPS = "0001", "0016"
H = timedelta(hours=1)


def stored(moment: datetime) -> int | datetime:
    """A time as the columns have it: unix seconds on SQLite."""
    return int(moment.timestamp()) if is_sqlite() else moment


def old_rows() -> dict[str, list[dict[str, Any]]]:
    """A driver and an administrator, a lot with two spots, a stay that is over, one that runs, and a mail. The ids of
    tables that grow later are beyond those that PostgreSQL gives out next."""
    now = clock.now()
    created = {"created_at": stored(now - 48 * H)}
    user = {"active": True, "locale": "en", "theme": "system", "plates": ["GÖ AB 1"], **created}
    user |= {"password": hash_password(PASSWORD), "confirmed_at": stored(now - 47 * H)}
    spot = {"lot_id": 1, "ev": False, "accessible": False, "covered": False}
    stay = {"lot_id": 1, "user_id": 1, "tariff_id": 1, "booking_type": "instant", "sequence": 0}
    over, running = now - 5 * H, now - 2 * H
    return {
        "app_user": [
            user | {"id": 1, "email": "Ärzte@bücher.example", "username": "Özgür", "fs_uniquifier": "one"},
            user | {"id": 2, "email": "boss@example.com", "username": "Boss", "fs_uniquifier": "two"},
        ],
        "app_user_role": [{"user_id": 1, "role_id": 1}, {"user_id": 2, "role_id": 2}],
        "parking_lot": [
            {
                **{"id": 1, "name": "Bärenplatz", "capacity": 2, "timezone": "Europe/Berlin", "address": None},
                "instant_hold_s": 14_400,
                **{"checkin_grace_s": 900, "require_checkin": False, "version": 1, "tariff_id": None, **created},
                "updated_at": stored(now - 48 * H),
            }
        ],
        "tariff": [
            {
                **{"id": 1, "lot_id": 1, "currency": "EUR", "hourly_minor": 250, "step_s": 900, "free_s": 0, **created},
                **{"day_cap_minor": None, "cap_day": "rolling", "timezone": "Europe/Berlin"},
            }
        ],
        "parking_spot": [spot | {"id": number, "spot_number": number} for number in (1, 2)],
        "booking": [
            {
                **{"id": 101, "reference": "AAAA-2222", "spot_id": 1, "status": "Completed", **stay},
                **{"start_time": stored(over), "checked_in_at": stored(over), "created_at": stored(over)},
                **{"held_until": stored(over + 4 * H), "end_time": stored(over + H), "ended_by": "user"},
                **{"total_cost_minor": 250, "vehicle_plate": "GÖ AB 1"},
            },
            {
                **{"id": 102, "reference": "BBBB-3333", "spot_id": 2, "status": "Active", **stay},
                **{"start_time": stored(running), "checked_in_at": stored(running), "created_at": stored(running)},
                **{"held_until": stored(running + 4 * H), "end_time": None, "ended_by": None},
                **{"total_cost_minor": None, "vehicle_plate": "GÖ AB 1"},
            },
        ],
        "outbox_mail": [
            {
                **{"id": 101, "kind": "test_message", "state": "queued", "user_id": 1, "email": "a@example.com"},
                **{"name": "Özgür", "locale": "en", "timezone": "UTC", "subject": "x", "message_id": "<1@x>"},
                **{"facts": {}, "attachments": [], "due_at": stored(now), "attempts": 0, "lost_leases": 0, **created},
                "server_fault": False,
            }
        ],
    }


def with_keys(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """The row with the columns that a version writes which has them."""
    rules = {table.name: derived_columns.rules(table) for table in derived_columns.tables()}
    return {column: rule.of(row) for column, rule in rules.get(name, {}).items()} | row


def fill() -> None:
    """Writes what of the rows the schema of then has. It had triggers of its own, which are not those of today."""
    with db.engine.begin() as connection:
        constraints.uninstall(connection)
        present = set(inspect(connection).get_table_names())
        tables = {name: Table(name, MetaData(), autoload_with=connection) for name in old_rows() if name in present}
        for name, table in tables.items():
            for row in old_rows()[name]:
                values = {k: v for k, v in with_keys(name, row).items() if k in table.c}
                connection.execute(table.insert().values(values))
        connection.execute(tables["parking_lot"].update().values(tariff_id=1))


@pytest.fixture(params=[OLDEST, FIRST_WITH_BACKUPS])
def old_backup(request, app, settings, tmp_path):
    """The file of a backup of a database with this schema."""
    postgres = None if is_sqlite() else request.getfixturevalue("postgres")
    url = postgres.create() if postgres else f"sqlite:///{tmp_path / 'old.db'}"
    old = create_app(dataclasses.replace(settings, database_url=url))
    with old.app_context():
        upgrade(directory=str(schema.MIGRATIONS), revision=request.param)
        fill()
        file, manifest = service.create()
        db.session.remove()
        db.engine.dispose()
    assert manifest.contents.revision == request.param
    if postgres:
        postgres.drop(url)
    return file


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
def test_a_backup_of_an_old_schema_is_upgraded_when_it_is_restored(
    app, client, auth, carol, old_backup, flask, leave, settings
):
    make_lot(carol, "Of today")
    first = archive.read(old_backup).contents.revision
    leave()
    checked = flask("backup", "verify", str(old_backup))
    assert (checked.returncode, f"migration {first}" in checked.stdout) == (0, True), checked.stderr
    ended = flask("backup", "restore", str(old_backup), "--yes")
    assert ended.returncode == 0, ended.stderr

    assert schema.problems() == []
    assert derived_columns.wrong_values(db.session()) == []
    assert db.session.scalars(select(Lot.name)).all() == ["Bärenplatz"]
    assert db.session.scalars(select(User.username).order_by(User.id)).all() == ["Özgür", "Boss"]
    assert [(one.status, one.total_cost_minor) for one in db.session.scalars(select(Booking).order_by(Booking.id))] == [
        ("Completed", 250),
        ("Active", None),
    ]
    mails = 0 if first == OLDEST else 1
    assert db.session.scalar(select(func.count()).select_from(OutboxMail)) == mails
    assert db.session.scalar(select(func.count()).select_from(MailHold)) == 1
    leave()

    credentials = {"email": "ärzte@bücher.example", "password": PASSWORD}
    signed_in = client.post("/auth/login", json=credentials)
    assert signed_in.status_code == 200, signed_in.text
    headers = {"Authorization": f"Bearer {signed_in.json['token']}"}
    released = client.post("/api/release/102", headers=headers)
    assert (released.status_code, released.json["booking"]["total_cost"]) == (200, 5.0)
    listed = client.get("/api/bookings?limit=10", headers=headers)
    assert sorted(one["id"] for one in listed.json["bookings"]) == [101, 102]
    again = client.post("/api/book", json={"lot_id": 1, "booking_type": "instant"}, headers=headers)
    assert again.status_code == 201, again.text
    admin = client.post("/auth/login", json={"email": "boss@example.com", "password": PASSWORD}).json["token"]
    health = client.get("/api/admin/system", headers={"Authorization": f"Bearer {admin}"}).json["system"]
    assert (health["database"]["ok"], health["names"]["count"]) == (True, 0)


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
def test_on_sqlite_the_start_saves_an_old_database_before_it_upgrades_it(app, settings, folder, tmp_path):
    if not is_sqlite():
        pytest.skip("on PostgreSQL an upgrade is one transaction")
    old = create_app(dataclasses.replace(settings, database_url=f"sqlite:///{tmp_path / 'old.db'}"))
    with old.app_context():
        upgrade(directory=str(schema.MIGRATIONS), revision=OLDEST)
        fill()
        for _ in range(2):  # the second start has nothing to upgrade
            prepare._prepare(old, only_schema=True)
        assert schema.problems() == []
        db.session.remove()
        db.engine.dispose()
    (file,) = folder.glob("*.backup")
    saved = archive.read(file)
    assert (saved.reason, saved.contents.revision, saved.contents.tables["booking"]["rows"]) == ("upgrade", OLDEST, 2)
