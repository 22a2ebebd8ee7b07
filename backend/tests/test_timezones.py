"""Which zones are taken, wherever one comes in; that browsers know them; what becomes of stored ones that are not."""

import json
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from flask_migrate import downgrade
from sqlalchemy import select, text

import config
import timezones
from parking.accounts.models import User
from parking.audit import AuditEntry
from parking.database import db, schema, transaction
from parking.lots.models import Lot
from parking.mail import zone_info
from parking.pricing import Tariff
from tests.bookings.helpers import make_lot, park

WRONG = [
    *("posix/Europe/Berlin", "right/Europe/Berlin", "localtime", "Factory", "europe/berlin", "zone.tab", "posixrules"),
    *("Europe", "tzdata.zi", "EUROPE/BERLIN", "Europe/Berlin ", "+02:00", "Etc/Unknown", "UTC+1", "leapseconds"),
]
RIGHT = ["Europe/Berlin", "Asia/Calcutta", "Asia/Kolkata", "US/Eastern", "UTC", "Etc/GMT+5", "America/Ciudad_Juarez"]
SENTENCE = "This is not the name of a time zone, such as Europe/Berlin."


@pytest.mark.parametrize("name", WRONG)
def test_what_no_browser_knows_is_refused_everywhere(client, auth, carol, name):
    lot = make_lot(carol)
    body = {"name": "Z", "capacity": 2, "price_per_hour": 2, "timezone": name}
    csv = f'name,capacity,price_per_hour,timezone\nZ,2,2,"{name}"\n'
    strict = name == name.strip()  # the import trims its cells
    answers = [
        client.post("/api/lots", json=body, headers=auth(carol)),
        client.put(f"/api/lots/{lot['id']}", json={"timezone": name}, headers=auth(carol)),
        client.patch("/auth/me", json={"timezone": name}, headers=auth(carol)),
        *([client.post("/api/lots/import", data=csv, headers=auth(carol, **CSV))] if strict else []),
    ]
    for answer in answers:
        assert answer.status_code == 422, answer.json
        assert SENTENCE in json.dumps(answer.json)
    with pytest.raises(config.ConfigError, match="TIMEZONE"):
        config.load({"TIMEZONE": name if strict else "Mars"})


CSV = {"Content-Type": "text/csv"}


@pytest.mark.parametrize("name", RIGHT)
def test_zones_and_links_are_kept_as_they_are_given(client, auth, carol, name):
    body = {"name": "Z", "capacity": 2, "price_per_hour": 2, "timezone": name}
    assert client.post("/api/lots", json=body, headers=auth(carol)).json["lot"]["timezone"] == name
    me = client.patch("/auth/me", json={"timezone": name}, headers=auth(carol)).json["user"]
    assert me["timezone"] == name


LOOK = """
const names = JSON.parse(%s)
const bad = names.filter((name) => {
  try { new Intl.DateTimeFormat('en', { timeZone: name }); return false } catch { return true }
})
const own = [...Intl.supportedValuesOf('timeZone')].filter((name) => !names.includes(name))
"""


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node")
def test_node_knows_every_zone_and_has_none_that_is_refused():
    script = LOOK % json.dumps(json.dumps(sorted(timezones.names()))) + "console.log(JSON.stringify([bad, own]))"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], []]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_chromium_knows_every_zone_and_has_none_that_is_refused(tmp_path):
    page = tmp_path / "zones.html"
    script = LOOK % json.dumps(json.dumps(sorted(timezones.names())))
    page.write_text(f"<body><script>{script}document.body.textContent = JSON.stringify([bad, own])</script></body>")
    command = ["chromium", "--headless", "--no-sandbox", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, check=True)
    assert "[[],[]]" in done.stdout


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ("posix/Europe/Berlin", "Europe/Berlin"),
        ("right/Asia/Tokyo", "Asia/Tokyo"),
        ("europe/berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        (":Europe/Paris", "Europe/Paris"),
        ("US/Eastern", "US/Eastern"),
        ("Factory", "UTC"),
        ("localtime", "UTC"),
        ("zone.tab", "UTC"),
    ],
)
def test_what_a_stored_name_means(stored, meant):
    assert timezones.mended(stored, "UTC") == meant
    assert zone_info(stored).key == meant


def test_the_migration_mends_what_was_stored(app, client, auth, alice, bob, carol):
    """Rows of an older version: lots, tariffs, people and mails with names of its machine."""
    berlin, lost = make_lot(carol, timezone="Europe/Berlin"), make_lot(carol, "Lost", timezone="Asia/Tokyo")
    booking = park(alice, berlin)
    db.session.remove()
    downgrade(directory=str(schema.MIGRATIONS), revision=before_the_calendars())
    with transaction() as session:
        on = " ON tariff" if db.engine.dialect.name == "postgresql" else ""
        session.execute(text(f"DROP TRIGGER tariff_frozen{on}"))
        for table, key, one, old in (
            *(("parking_lot", "id", berlin["id"], "posix/Europe/Berlin"), ("parking_lot", "id", lost["id"], "Factory")),
            *(("app_user", "id", alice.id, "right/Asia/Tokyo"), ("app_user", "id", bob.id, "localtime")),
            *(("tariff", "lot_id", berlin["id"], "posix/Europe/Berlin"), ("tariff", "lot_id", lost["id"], "Factory")),
            ("outbox_mail", "booking_id", booking["id"], "posix/Europe/Berlin"),
        ):
            session.execute(text(f"UPDATE {table} SET timezone = '{old}' WHERE {key} = {one}"))
    schema.upgrade()
    assert schema.problems() == []
    db.session.remove()
    lots = {lot.id: (lot.timezone, lot.calendar) for lot in db.session.scalars(select(Lot))}
    assert lots == {berlin["id"]: ("Europe/Berlin",) * 2, lost["id"]: ("UTC", "UTC")}
    tariffs = dict(db.session.execute(select(Tariff.lot_id, Tariff.timezone)).all())
    assert tariffs == {berlin["id"]: "Europe/Berlin", lost["id"]: "UTC"}
    assert (db.session.get(User, alice.id).timezone, db.session.get(User, bob.id).timezone) == ("Asia/Tokyo", None)
    assert set(db.session.execute(text("SELECT timezone FROM outbox_mail")).scalars()) == {"Europe/Berlin"}
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action.endswith(".timezone_corrected"))).all()
    logged = {(e.entity, e.entity_id, e.before["timezone"], e.after["timezone"], e.actor_id) for e in entries}
    assert logged == {
        ("lot", berlin["id"], "posix/Europe/Berlin", "Europe/Berlin", None),
        ("lot", lost["id"], "Factory", "UTC", None),
        ("user", alice.id, "right/Asia/Tokyo", "Asia/Tokyo", None),
        ("user", bob.id, "localtime", None, None),
    }
    assert all(abs((e.at - datetime.now(UTC)).total_seconds()) < 3600 for e in entries)
    entries = client.get("/api/admin/audit?q=timezone_corrected", headers=auth(carol)).json["entries"]
    assert len(entries) == 4
    assert client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).status_code == 200


def before_the_calendars() -> str:
    [script] = [s for s in schema._scripts().walk_revisions() if "lots keep the zones" in s.doc]
    return script.down_revision
