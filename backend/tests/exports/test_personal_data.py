"""The file of one's own data: all of it, nothing of others, no secret."""

import itertools
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.accounts.models import LoginSession, SingleUse, User
from parking.audit import AuditEntry
from parking.database import db
from parking.exports import stream
from parking.exports.personal_data import content
from parking.exports.personal_data.schemas import PersonalData
from parking.mail.models import OutboxMail
from parking.web import Identity
from tests.conftest import PASSWORD
from tests.exports.stage import make_lot, stay


@pytest.fixture
def lived(client, alice, bob, carol, auth):
    """alice and bob have each signed in, booked, asked for mail and exports, and met the administrator."""
    lot = make_lot(step_s=900, free_s=600, day_cap_minor=1800)
    running = {}
    for person, spot in ((alice, 1), (bob, 2)):
        stay(person, lot, clock.now() - timedelta(days=2), 3, spot=spot, cost=750, vehicle_plate=f"KX {spot}")
        running[spot] = stay(person, lot, clock.now() - timedelta(hours=1), status="Active", spot=spot).id
    people = {1: (alice.email, auth(alice)), 2: (bob.email, auth(bob))}
    operator = auth(carol)
    db.session.close()
    for spot, (email, headers) in people.items():
        assert client.post("/auth/login", json={"email": email, "password": PASSWORD}).status_code == 200
        client.post("/auth/password/forgot", json={"email": email})
        client.post("/api/exports", json={"kind": "bookings"}, headers=headers)
        client.patch("/auth/me", json={"plates": [f"KX {spot}"]}, headers=headers)
        reason = {"reason": f"spot {spot} is flooded"}
        ended = client.post(f"/api/admin/bookings/{running[spot]}/release", json=reason, headers=operator)
        assert ended.status_code == 200
    return alice, bob, carol


def data_of(client, headers):
    got = client.get("/api/me/data", headers=headers)
    assert got.status_code == 200
    return got


def test_the_file_holds_everything_of_its_owner(lived, client, auth):
    alice, _, _ = lived
    got = data_of(client, auth(alice))
    assert got.mimetype == "application/json"
    assert got.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert "no-store" in got.headers["Cache-Control"]
    data = PersonalData.model_validate_json(got.data)
    assert (data.account.email, data.account.plates) == (alice.email, ["KX 1"])
    flooded, parked = data.bookings
    assert (parked.total_cost, parked.duration_hours, parked.vehicle_plate) == (7.5, 3, "KX 1")
    assert parked.receipt_number == f"{parked.reference}-{parked.id}"
    assert parked.tariff.model_dump() == {
        "price_per_hour": 2.5,
        "currency": "EUR",
        "billing_step_seconds": 900,
        "free_minutes": 10,
        "daily_cap": 18,
        "cap_day": "rolling",
        "timezone": "Europe/Berlin",
    }
    assert (flooded.ended_by, flooded.reason) == ("admin", "spot 1 is flooded")
    for model, exported in ((OutboxMail, data.mails), (LoginSession, data.sign_ins), (SingleUse, data.links)):
        assert len(exported) == db.session.scalar(select(func.count()).where(model.user_id == alice.id)) > 0
    assert [one.kind for one in data.exports] == ["bookings"]
    done = db.session.scalar(select(func.count()).where(AuditEntry.actor_id == alice.id))
    assert len(data.log_by_you) == done > 2
    assert flooded.id in [entry.entity_id for entry in data.log_about_you if entry.entity == "booking"]


def test_nothing_of_others_and_no_secret_is_in_it(lived, client, auth):
    alice, bob, carol = lived
    secrets = [*db.session.execute(select(User.password, User.fs_uniquifier)).all()]
    secrets += db.session.execute(select(LoginSession.token_hash, LoginSession.family)).all()
    secrets += db.session.execute(select(SingleUse.token_hash)).all()
    foreign = [bob.email, bob.username, "KX 2", "spot 2 is flooded", carol.email, carol.username]
    text = data_of(client, auth(alice)).get_data(as_text=True)
    for word in (*foreign, *itertools.chain.from_iterable(secrets)):
        assert word not in text
    for name in ('password"', "token", "uniquifier", "hash", "unsubscribe"):
        assert name not in text.replace("session.token", "").replace("api_tokens", "")


def test_an_administrators_file_hides_the_values_of_other_users(lived, client, auth):
    _, bob, carol = lived
    text = data_of(client, auth(carol)).get_data(as_text=True)
    entries = [entry for entry in json.loads(text)["log_by_you"] if entry["entity"] == "booking"]
    assert len(entries) == 2
    assert {(entry["before"], entry["after"]) for entry in entries} == {(None, None)}
    assert bob.email not in text
    assert "flooded" not in text


def test_the_file_is_read_in_parts(app, alice, monkeypatch):
    """However many rows there are, no piece holds more than one part of them."""
    lot = make_lot()
    for days in range(1, 8):
        stay(alice, lot, clock.now() - timedelta(days=days))
    monkeypatch.setattr(stream, "ROWS_PER_PART", 2)
    who = Identity(alice.id, alice.email, alice.username, frozenset({"user"}))
    pieces = list(content.document(who))
    assert max(piece.count(b'"reference"') for piece in pieces) == 2
    assert len(PersonalData.model_validate_json(b"".join(pieces)).bookings) == 7
