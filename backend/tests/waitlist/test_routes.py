"""The waitlist over HTTP: what each answer says, and what bad requests are told."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from parking import clock
from parking.audit.models import AuditEntry
from parking.bookings import service as bookings
from parking.database import db
from parking.errors import Conflict
from parking.mail import OutboxMail
from parking.staff import LotStaff
from parking.waitlist import service
from tests.bookings.helpers import furnish, make_lot, park, reserve, text
from tests.waitlist.stage import HOUR, people, statuses, wait, wait_for


@pytest.fixture
def ask(client, auth):
    def send(method: str, path: str, user, status: int, **more):
        headers = {**auth(user), **more.pop("headers", {})}
        answer = client.open(path, method=method, headers=headers, **more)
        assert answer.status_code == status, answer.text
        return answer.json

    return send


@pytest.fixture
def lot(app, carol):
    return make_lot(carol, capacity=1)


def test_from_the_refusal_of_a_booking_to_the_claim(ask, lot, alice, bob, carol):
    stay = ask("POST", "/api/book", alice, 201, json={"lot_id": lot["id"]})["booking"]
    full = ask("POST", "/api/book", bob, 409, json={"lot_id": lot["id"]})
    assert (full["code"], full["waitlist"]) == ("lot_full", {"position": 1, "entry_id": None})
    body = {"lot_ids": [lot["id"]], "booking_type": "instant", "for_minutes": 60}
    joined = ask("POST", "/api/waitlist", bob, 201, json=body, headers={"Idempotency-Key": "one"})
    again = ask("POST", "/api/waitlist", bob, 201, json=body, headers={"Idempotency-Key": "one"})
    assert joined == again
    entry = joined["entry"]
    assert entry["lots"] == [{"id": lot["id"], "name": "Harbour", "timezone": "UTC", "position": 1}]
    assert (entry["status"], entry["position"], entry["offer"]) == ("Waiting", 1, None)
    full = ask("POST", "/api/book", bob, 409, json={"lot_id": lot["id"]})
    assert full["waitlist"] == {"position": 1, "entry_id": entry["id"]}
    assert ask("POST", "/api/book", carol, 409, json={"lot_id": lot["id"]})["waitlist"]["position"] == 2
    place = f"/api/waitlist/position?lot_id={lot['id']}"
    assert ask("GET", place, carol, 200) == {"waitlist": {"position": 2, "entry_id": None}}
    own = ask("GET", f"/api/bookings/{stay['id']}", alice, 200)
    assert own["booking"]["status"] == "Active"
    ask("POST", f"/api/release/{stay['id']}", alice, 200, json={})
    offer = ask("GET", f"/api/waitlist/{entry['id']}", bob, 200)["entry"]["offer"]
    assert offer["claim_by"] == text(clock.now() + timedelta(minutes=15))
    assert offer["spot_number"] == 1
    assert ask("GET", "/api/bookings", bob, 200)["bookings"] == []  # a hold is no booking
    [spot] = ask("GET", f"/api/spots/{lot['id']}", alice, 200)["spots"]
    assert (spot["status"], spot["reservations"]) == ("Reserved", [])
    claim = f"/api/waitlist/{entry['id']}/claim"
    claimed = ask("POST", claim, bob, 200, json={}, headers={"Idempotency-Key": "two"})
    assert claimed["booking"]["id"] == offer["booking_id"]
    assert claimed["entry"]["status"] == "Claimed"
    assert ask("POST", claim, bob, 200, json={}, headers={"Idempotency-Key": "two"}) == claimed
    assert ask("GET", "/api/bookings", bob, 200)["bookings"][0]["id"] == offer["booking_id"]
    assert ask("DELETE", f"/api/waitlist/{entry['id']}", bob, 200)["entry"]["status"] == "Claimed"
    refused = ask("POST", f"/api/waitlist/{entry['id']}/decline", bob, 409, json={})
    assert (refused["code"], refused["entry"]["status"]) == ("no_offer", "Claimed")


def test_a_get_of_the_mails_link_claims_nothing(ask, client, lot, alice, bob):
    stay = park(alice, lot)
    entry = wait(bob, lot)
    bookings.release(stay["id"], alice.id)
    mail = db.session.scalars(select(OutboxMail).where(OutboxMail.kind == "waitlist_offer")).one()
    assert mail.expires_at == clock.now() + timedelta(minutes=15)
    client.get(f"/waitlist/{entry['id']}")
    ask("GET", f"/api/waitlist/{entry['id']}", bob, 200)
    assert statuses(entry) == ["Offered"]


WINDOW = {"reserved_start": "2026-03-02T14:00:00Z", "reserved_end": "2026-03-02T15:00:00Z"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lot_ids": []}, "lot_ids"),
        ({"lot_ids": [1, 1], **WINDOW}, "lot_ids"),
        ({"lot_ids": list(range(1, 12)), **WINDOW}, "lot_ids"),
        ({"lot_ids": [1], "booking_type": "reserved"}, "reserved_start"),
        ({"lot_ids": [1], "reserved_start": WINDOW["reserved_start"]}, "reserved_end"),
        ({"lot_ids": [1], **WINDOW, "reserved_start": "2026-03-02T11:00:00Z"}, "reserved_start"),
        ({"lot_ids": [1], **WINDOW, "reserved_end": "2026-03-02T13:00:00Z"}, "reserved_end"),
        ({"lot_ids": [1], **WINDOW, "for_minutes": 30}, "for_minutes"),
        ({"lot_ids": [1], "booking_type": "instant"}, "for_minutes"),
        ({"lot_ids": [1], "booking_type": "instant", "for_minutes": 4}, "for_minutes"),
        ({"lot_ids": [1], "booking_type": "instant", "for_minutes": 60, **WINDOW}, "booking_type"),
        ({"lot_ids": [1], "booking_type": "later", **WINDOW}, "booking_type"),
        ({"lot_ids": [1], **WINDOW, "needs": ["roof"]}, "needs"),
    ],
)
def test_a_bad_request_is_told_which_field_is_wrong(ask, lot, alice, body, field):
    reserve(alice, lot, timedelta(0), 9 * HOUR)
    answer = ask("POST", "/api/waitlist", alice, 422, json=body)
    assert list(answer["errors"]) == [field]
    assert all(sentence.endswith(".") for sentence in answer["errors"][field])


def test_nobody_waits_for_a_spot_that_the_lot_does_not_have(ask, lot, alice, bob, carol):
    """Not even for one that is taken out for good. In several lots one such spot will do."""
    other = make_lot(carol, "City", capacity=2)
    furnish(other, {2: ["ev", "covered"]})
    for driver, full in zip((alice, *people("dora", "emil")), (lot, other, other), strict=True):
        park(driver, full)
    body = {"booking_type": "instant", "for_minutes": 60}
    path = f"/api/waitlist/position?lot_id={lot['id']}"
    for needs, words in ((["ev", "covered"], "covered spots with EV charging"), (["accessible"], "accessible spots")):
        refused = ask("POST", "/api/waitlist", bob, 422, json={"lot_ids": [lot["id"]], "needs": needs, **body})
        assert refused["errors"] == {"needs": [f"Harbour has no {words}."]}
        full = ask("POST", "/api/book", bob, 409, json={"lot_id": lot["id"], "needs": needs})
        assert (full["code"], full["waitlist"]) == ("lot_full", None)
        assert ask("GET", f"{path}&needs={','.join(needs)}", bob, 200) == {"waitlist": None}
    both = {"lot_ids": [lot["id"], other["id"]], **body}
    refused = ask("POST", "/api/waitlist", bob, 422, json={"needs": ["accessible"], **both})
    assert refused["errors"] == {"needs": ["Harbour and City have no accessible spots."]}
    assert ask("GET", path, bob, 200)["waitlist"] == {"position": 1, "entry_id": None}
    full = ask("POST", "/api/book", bob, 409, json={"lot_id": other["id"], "needs": ["ev"]})
    assert full["waitlist"] == {"position": 1, "entry_id": None}
    ask("POST", "/api/waitlist", bob, 201, json={"needs": ["ev"], **both})


def test_a_lot_that_is_not_there_cannot_be_waited_for(ask, alice):
    body = {"lot_ids": [77], "booking_type": "instant", "for_minutes": 60}
    ask("POST", "/api/waitlist", alice, 404, json=body)
    ask("GET", "/api/waitlist/position?lot_id=77", alice, 404)


def test_the_place_in_the_queue_is_among_those_who_compete(ask, lot, alice, bob, carol):
    reserve(alice, lot, HOUR, 20 * HOUR)
    dora, emil = people("dora", "emil")
    wait_for(dora, lot, start=2 * HOUR)
    wait_for(emil, lot, start=8 * HOUR)
    assert wait_for(bob, lot, start=2.5 * HOUR)["position"] == 2
    assert wait_for(bob, lot, start=8.5 * HOUR, length=HOUR)["position"] == 2
    window = "&".join(f"{name}={text(clock.now() + after)}" for name, after in (("from", 2 * HOUR), ("to", 10 * HOUR)))
    path = f"/api/waitlist/position?lot_id={lot['id']}&{window}"
    assert ask("GET", path, carol, 200)["waitlist"] == {"position": 5, "entry_id": None}
    late = f"from={text(clock.now() + 30 * HOUR)}&to={text(clock.now() + 31 * HOUR)}"
    assert ask("GET", f"/api/waitlist/position?lot_id={lot['id']}&{late}", carol, 200) == {"waitlist": None}


def test_an_offer_is_the_own_entry_for_its_time(ask, lot, alice, bob, carol):
    """Whoever has one is not told to join. For another time they would be a newcomer."""
    stay = ask("POST", "/api/book", alice, 201, json={"lot_id": lot["id"]})["booking"]
    entry = wait(bob, lot)
    ask("POST", f"/api/release/{stay['id']}", alice, 200, json={})

    def places(user):
        refused = ask("POST", "/api/book", user, 409, json={"lot_id": lot["id"]})
        place = ask("GET", f"/api/waitlist/position?lot_id={lot['id']}", user, 200)
        return refused["waitlist"], place["waitlist"]

    assert places(bob) == ({"position": 1, "entry_id": entry["id"]},) * 2
    assert places(carol) == ({"position": 1, "entry_id": None},) * 2
    tomorrow = f"from={text(clock.now() + 20 * HOUR)}&to={text(clock.now() + 21 * HOUR)}"
    reserve(alice, lot, 20 * HOUR, HOUR)
    later = ask("GET", f"/api/waitlist/position?lot_id={lot['id']}&{tomorrow}", bob, 200)
    assert later["waitlist"] == {"position": 1, "entry_id": None}


def test_who_stands_behind_one_is_not_counted(ask, lot, alice, bob, carol):
    """The lot's page and the refusal say the same place as the list of one's entries."""
    (dora,) = people("dora")
    park(alice, lot)
    entries = {user.id: wait(user, lot) for user in (bob, carol, dora)}
    for position, user in enumerate((bob, carol, dora), 1):
        own = {"position": position, "entry_id": entries[user.id]["id"]}
        assert service.own(user.id)["entries"][0]["position"] == position
        assert ask("GET", f"/api/waitlist/position?lot_id={lot['id']}", user, 200)["waitlist"] == own
        assert ask("POST", "/api/book", user, 409, json={"lot_id": lot["id"]})["waitlist"] == own


def test_the_list_keeps_what_ended_for_a_day(ask, lot, alice, bob):
    park(alice, lot)
    first = wait(bob, lot)
    ask("DELETE", f"/api/waitlist/{first['id']}", bob, 200)
    second = wait(bob, lot)
    listed = ask("GET", "/api/waitlist", bob, 200)
    assert [entry["id"] for entry in listed["entries"]] == [second["id"], first["id"]]
    clock.travel(24 * 3600)
    listed = ask("GET", "/api/waitlist", bob, 200)
    assert [(entry["id"], entry["status"]) for entry in listed["entries"]] == [(second["id"], "Expired")]


def test_staff_see_who_waits_for_their_lots_alone(ask, carol, alice, bob):
    one, two = make_lot(carol, "Harbour", capacity=1), make_lot(carol, "Station", capacity=1)
    dora, emil, vera = people("dora", "emil", "vera")
    stay = park(alice, one)
    park(bob, two)
    here, there = wait(dora, one), wait(emil, two)
    db.session.add(LotStaff(lot_id=one["id"], user_id=vera.id, role="viewer", created_at=clock.now()))
    db.session.commit()
    listed = ask("GET", "/api/admin/waitlist", vera, 200)
    assert [(e["id"], e["user_email"], e["status"]) for e in listed["entries"]] == [
        (here["id"], "dora@example.com", "Waiting")
    ]
    assert listed["total"] == 1
    ask("GET", f"/api/admin/waitlist?lot_id={two['id']}", vera, 404)
    everything = ask("GET", "/api/admin/waitlist?limit=1", carol, 200)
    assert [e["id"] for e in everything["entries"]] == [here["id"]]
    more = ask("GET", f"/api/admin/waitlist?limit=1&cursor={everything['next']}", carol, 200)
    assert ([e["id"] for e in more["entries"]], more["next"]) == ([there["id"]], None)
    ask("POST", f"/api/release/{stay['id']}", alice, 200, json={})
    ask("POST", f"/api/waitlist/{here['id']}/claim", dora, 200, json={})
    assert ask("GET", f"/api/admin/waitlist?lot_id={one['id']}", vera, 200)["entries"] == []
    done = ask("GET", f"/api/admin/waitlist?lot_id={one['id']}&status=Claimed", vera, 200)["entries"]
    assert [e["id"] for e in done] == [here["id"]]


def test_every_step_stands_in_the_audit_log_with_who_did_it(ask, lot, alice, bob, carol):
    stay = park(alice, lot)
    body = {"lot_ids": [lot["id"]], "booking_type": "instant", "for_minutes": 60}
    entry = ask("POST", "/api/waitlist", bob, 201, json=body)["entry"]
    ask("POST", f"/api/release/{stay['id']}", alice, 200, json={})
    ask("POST", f"/api/waitlist/{entry['id']}/decline", bob, 200, json={})
    of_entry = select(AuditEntry.action, AuditEntry.actor_id).where(AuditEntry.entity == "waitlist_entry")
    assert db.session.execute(of_entry.order_by(AuditEntry.id)).all() == [
        ("waitlist.joined", bob.id),
        ("waitlist.offered", None),
        ("waitlist.declined", bob.id),
    ]
    listed = ask("GET", "/api/admin/audit?entity=waitlist_entry", carol, 200)
    assert listed["names"]["waitlist_entry"] == {str(entry["id"]): "Harbour"}


def test_the_file_of_ones_data_has_what_one_waited_for(ask, client, auth, lot, alice, bob):
    park(alice, lot)
    wait(bob, lot, vehicle_plate="B-X 1", needs=())
    [entry] = ask("GET", "/api/me/data", bob, 200)["waitlist"]
    assert (entry["lot_name"], entry["status"], entry["vehicle_plate"]) == ("Harbour", "Waiting", "B-X 1")
    assert ask("GET", "/api/me/data", alice, 200)["waitlist"] == []


def test_it_also_has_what_others_and_the_clock_did_with_it(ask, lot, alice, bob, carol):
    stay = park(alice, lot)
    body = {"lot_ids": [lot["id"]], "booking_type": "instant", "for_minutes": 60}
    entry = ask("POST", "/api/waitlist", bob, 201, json=body)["entry"]
    ask("POST", f"/api/release/{stay['id']}", alice, 200, json={})
    ask("PATCH", f"/api/spots/{stay['spot_id']}", carol, 200, json={"out_of_service": True})
    log = ask("GET", "/api/me/data", bob, 200)["log_about_you"]
    mine = [one["action"] for one in log if (one["entity"], one["entity_id"]) == ("waitlist_entry", entry["id"])]
    assert mine == ["waitlist.offered", "waitlist.withdrawn"]
    assert "waitlist_entry" not in str(ask("GET", "/api/me/data", alice, 200))


def test_who_has_not_confirmed_the_address_cannot_wait(app, ask, lot, alice, bob):
    park(alice, lot)
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], email_proof=True)
    body = {"lot_ids": [lot["id"]], "booking_type": "instant", "for_minutes": 60}
    assert ask("POST", "/api/waitlist", bob, 403, json=body)["code"] == "address_unproven"


def test_an_offer_stands_until_the_person_has_room_for_a_booking(app, lot, carol, alice, bob):
    stay = park(alice, lot)
    entry = wait(bob, lot)
    bookings.release(stay["id"], alice.id)
    other = park(bob, make_lot(carol, "Station", capacity=1))
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], max_open_bookings_per_user=1)
    with pytest.raises(Conflict) as refusal:
        service.claim(entry["id"], bob.id)
    assert refusal.value.code == "too_many_bookings"
    bookings.release(other["id"], bob.id)
    assert service.claim(entry["id"], bob.id)["booking"]["status"] == "Active"
