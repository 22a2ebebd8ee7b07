"""Lots and spots as everybody reads them, over HTTP."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from parking import clock
from parking.availability import cache, lot_views, spot_views
from parking.bookings import spot_states
from parking.database import db
from parking.web import Identity
from tests.bookings.helpers import make_lot, park, reserve

H = timedelta(hours=1)


@pytest.fixture
def lot(carol):
    return make_lot(carol)


def test_a_spot_has_the_fields_that_the_user_may_see(client, auth, alice, bob, carol, lot):
    park(alice, lot)
    reserve(bob, lot, 2 * H, H)

    def seen(who):
        return client.get(f"/api/spots/{lot['id']}", headers=auth(who)).json["spots"]

    assert [s["mine"] for s in seen(alice)] == [True, False, False]
    assert "booking" not in seen(bob)[0]
    assert "user_email" not in seen(alice)[1]["reservations"][0]
    assert seen(bob)[1]["reservations"][0]["user_email"] == "You"
    assert seen(carol)[1]["reservations"][0]["user_email"] == "bob@example.com"
    assert seen(carol)[1]["reservations"][0]["username"] == "bob"
    assert "username" not in seen(bob)[1]["reservations"][0]
    assert seen(carol)[0]["booking"]["user_email"] == "alice@example.com"


@pytest.mark.parametrize("later", [0, 1, 5, 6, 7, 9, 30])
def test_one_lot_has_the_counts_of_the_list_at_any_time(client, auth, alice, bob, lot, later):
    park(alice, lot)
    reserve(bob, lot, 5 * H, H)
    reserve(bob, lot, 8 * H, H)
    clock.travel(later * 3600)
    [listed] = client.get("/api/lots", headers=auth(alice)).json["lots"]
    assert client.get(f"/api/lots/{lot['id']}", headers=auth(alice)).json["lot"] == listed
    assert listed["occupied_spots"] >= 1
    assert sum(listed[f"{state}_spots"] for state in ("available", "occupied", "reserved", "out_of_service")) == 3


def test_the_public_list_has_no_personal_data(client, app, lot):
    answer = client.get("/api/public/lots")
    assert set(answer.json["lots"][0]) == {
        "id", "name", "address", "price_per_hour", "currency", "tariff", "available_spots", "capacity",
    }  # fmt: skip


def test_a_lot_without_signing_in_shows_what_a_passer_by_sees(client, auth, alice, bob, carol, lot):
    assert client.patch("/auth/me", json={"plates": ["B-AB 123"]}, headers=auth(alice)).status_code == 200
    running = park(alice, lot, vehicle_plate="B-AB 123")
    soon, far = reserve(bob, lot, timedelta(minutes=5), H), reserve(bob, lot, 48 * H, H)
    spots = client.get(f"/api/spots/{lot['id']}", headers=auth(carol)).json["spots"]
    body = {"out_of_service": True, "reason": "Paint by Miller"}
    assert client.patch(f"/api/spots/{spots[2]['id']}", json=body, headers=auth(carol)).status_code == 200
    answer = client.get(f"/api/public/lots/{lot['id']}")
    assert answer.status_code == 200
    assert set(answer.json) == {"lot", "spots"}
    assert set(answer.json["lot"]) == {
        "id", "name", "address", "price_per_hour", "currency", "tariff", "available_spots", "capacity",
        "description", "timezone", "features",
    }  # fmt: skip
    for spot, full in zip(
        answer.json["spots"], client.get(f"/api/spots/{lot['id']}", headers=auth(carol)).json["spots"], strict=True
    ):
        assert spot == {name: full[name] for name in (
            "id", "spot_number", "status", "level", "ev", "accessible", "covered",
        )}  # fmt: skip
    assert [spot["status"] for spot in answer.json["spots"]][::2] == ["Occupied", "Out of service"]
    for secret in ("alice", "bob", "B-AB", "Paint", running["reference"], soon["reference"], far["reference"]):
        assert secret not in answer.text, secret


def test_a_lot_is_read_once_in_a_while_however_many_visitors_look(client, alice, lot, monkeypatch):
    def free():
        return client.get(f"/api/public/lots/{lot['id']}").json["lot"]["available_spots"]

    assert free() == 3
    park(alice, lot)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert free() == 3
    monkeypatch.setattr(time, "monotonic", lambda: now + cache.LIFETIME_SECONDS)
    assert free() == 2


@pytest.mark.parametrize("kind", ["deleted", "never"])
def test_a_lot_that_is_not_there_is_not_there_for_visitors_either(client, auth, carol, lot, kind):
    if kind == "deleted":
        assert client.delete(f"/api/lots/{lot['id']}", headers=auth(carol)).status_code == 200
    answer = client.get(f"/api/public/lots/{lot['id'] if kind == 'deleted' else 10**9}")
    assert (answer.status_code, answer.json["detail"]) == (404, "There is no such lot.")


def test_a_closed_list_closes_its_lots_too(client, app, lot, monkeypatch):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], public_lots=False))
    for path in ("/api/public/lots", f"/api/public/lots/{lot['id']}"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["detail"]) == (404, "The lots are not public here. Please sign in.")


def test_lots_are_paged_and_searched(client, auth, carol):
    for n in range(5):
        make_lot(carol, f"Lot {n}", address="Quay 9" if n == 3 else None)
    names, url = [], "/api/lots?limit=2"
    while url:
        page = client.get(url, headers=auth(carol)).json
        names += [lot["name"] for lot in page["lots"]]
        url = page["next"] and f"/api/lots?limit=2&cursor={page['next']}"
    assert names == [f"Lot {n}" for n in range(5)]
    matches = client.get("/api/lots?q=quay", headers=auth(carol)).json
    assert ([lot["name"] for lot in matches["lots"]], matches["total"]) == (["Lot 3"], 1)
    assert client.get("/api/lots?cursor=bm9uc2Vuc2U", headers=auth(carol)).status_code == 422


@pytest.mark.parametrize("later", [timedelta(0), H, 3 * H, 9 * H, 40 * H])
def test_the_spots_have_the_states_of_the_counts(client, auth, alice, bob, carol, later):
    lot = make_lot(carol, capacity=7)
    park(alice, lot)
    reserve(bob, lot, 2 * H, 4 * H)  # within the hold of a walk-in
    reserve(alice, lot, 30 * H, H)
    spots = client.get(f"/api/spots/{lot['id']}", headers=auth(carol)).json["spots"]
    for spot in spots[-2:-1]:
        body = {"out_of_service": True, "reason": "Paint"}
        assert client.patch(f"/api/spots/{spot['id']}", json=body, headers=auth(carol)).status_code == 200
    assert client.put(f"/api/lots/{lot['id']}", json={"capacity": 6}, headers=auth(carol)).status_code == 200
    with clock.set_to(clock.now() + later):
        who = Identity(alice.id, alice.email, alice.username, frozenset({"user"}))
        views = spot_views(db.session(), lot["id"], clock.now(), who, with_drivers=False)
        states = spot_states(db.session(), clock.now(), lot["id"])
        assert [view["status"] for view in views] == [states.get(view["id"], "Available") for view in views]
        [counted] = lot_views(db.session(), clock.now(), [lot["id"]])
        statuses = [view["status"] for view in views]
        names = {"Available": "available", "Occupied": "occupied", "Reserved": "reserved"} | {
            "Out of service": "out_of_service"
        }
        assert {name: statuses.count(name) for name in names} == {
            name: counted[f"{field}_spots"] for name, field in names.items()
        }
        assert [counted] == [view for view in lot_views(db.session(), clock.now()) if view["id"] == lot["id"]]
