"""Spots for those who need them: the order in which spots are given out, and bookings that name needs."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from parking import clock
from parking.accounts import User
from parking.bookings import allocation, expiry, service
from parking.bookings.models import Booking
from parking.database import db, transaction
from parking.database.reads import _Text
from parking.lots import Spot
from parking.spot_features import required
from tests.bookings.helpers import furnish, make_lot, park, reserve, row
from tests.bookings.helpers import text as rfc3339

H = timedelta(hours=1)
KINDS = {1: ["accessible"], 2: ["ev"], 3: ["covered"], 4: [], 5: ["ev", "covered"], 6: [], 7: ["accessible", "ev"]}


@pytest.fixture
def mixed(carol):
    lot = make_lot(carol, "Mixed", capacity=len(KINDS))
    furnish(lot, KINDS)
    return lot


@pytest.fixture
def book(client, auth, bob):
    def send(lot, needs=None, **more):
        body = {"lot_id": lot["id"], "booking_type": "instant", **({} if needs is None else {"needs": needs}), **more}
        return client.post("/api/book", json=body, headers=auth(bob))

    return send


def numbers(lot, user, count: int, **more) -> list[int]:
    return [park(user, lot, **more)["spot_number"] for _ in range(count)]


# ---- the order


def test_plain_spots_go_first_then_covered_ev_and_accessible_ones(bob, mixed):
    assert numbers(mixed, bob, 7) == [4, 6, 3, 2, 5, 1, 7]


def test_a_lot_without_features_gives_the_first_free_spot_by_number(bob, carol):
    lot = make_lot(carol, capacity=4)
    assert numbers(lot, bob, 4) == [1, 2, 3, 4]


def test_reservations_are_given_out_in_the_same_order(bob, mixed):
    given = [reserve(bob, mixed, H, H)["spot_number"] for _ in range(7)]
    assert given == [4, 6, 3, 2, 5, 1, 7]


@pytest.mark.parametrize("needs", [(), ("ev",), ("accessible", "covered")])
def test_the_statement_reads_the_spots_in_the_order_of_an_index(carol, needs):
    """The order costs no sort: every booking would pay for it, most in a large lot."""
    lot, until = make_lot(carol, capacity=500), clock.now() + H
    values = {"lot_id": lot["id"], "start_time": clock.now(), "held_until": until, **required(needs)}
    dialect = db.engine.dialect
    statement = _Text(allocation._FREE_FIRST["instant"].statement, dialect)
    with transaction() as session:
        if dialect.name == "postgresql":
            session.execute(text("ANALYZE parking_spot"))
        cursor = session.connection().connection.cursor()
        cursor.execute(
            f"EXPLAIN {'QUERY PLAN' * (dialect.name == 'sqlite')} {statement.sql}", statement.arguments(values)
        )
        plan = "\n".join(str(line) for line in cursor.fetchall())
    assert "parking_spot_order" in plan, plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan, plan
    assert "Sort" not in plan, plan


# ---- needs


@pytest.mark.parametrize(
    ("needs", "given"),
    [
        (["ev"], [2, 5, 7]),
        (["covered"], [3, 5]),
        (["accessible"], [1, 7]),
        (["ev", "covered"], [5]),
        (["covered", "ev"], [5]),
        (["accessible", "ev"], [7]),
        ([], [4, 6, 3, 2, 5, 1, 7]),
    ],
)
@pytest.mark.parametrize("kind", ["instant", "reserved"])
def test_a_booking_gets_a_spot_with_every_need_or_none(book, mixed, needs, given, kind):
    start = clock.now() + 2 * H
    window = {"reserved_start": rfc3339(start), "reserved_end": rfc3339(start + H)} if kind == "reserved" else {}
    answers = [book(mixed, needs, booking_type=kind, **window) for _ in range(len(given) + 1)]
    assert [a.json["booking"]["spot_number"] for a in answers[:-1]] == given
    assert answers[0].json["booking"]["needs"] == [n for n in ("accessible", "ev", "covered") if n in needs]
    assert (answers[-1].status_code, answers[-1].json["code"]) == (409, "lot_full")


def test_a_named_spot_is_booked_whatever_it_has(book, mixed):
    plain = db.session.scalar(select(Spot.id).where(Spot.lot_id == mixed["id"], Spot.spot_number == 4))
    answer = book(mixed, ["ev"], spot_id=plain)
    assert answer.status_code == 201
    assert answer.json["booking"]["spot_number"] == 4
    again = book(mixed, ["ev"], spot_id=plain)
    assert again.json["code"] == "spot_taken"
    assert again.json["next_spot"]["spot_number"] == 2  # the one offered has the needs


def test_a_refusal_says_how_many_such_spots_there_are_and_how_many_are_free(book, alice, carol, mixed):
    other, plain = make_lot(carol, "Other", capacity=2), make_lot(carol, "Plain", capacity=2)
    furnish(other, {2: ["covered"]})
    numbers(mixed, alice, 2, needs=("covered",))
    answer = book(mixed, ["covered"])
    assert (answer.status_code, answer.json["code"]) == (409, "lot_full")
    assert answer.json["message"] == (
        "Mixed has 2 covered spots, and none of them is free. Of all its spots, 5 are free."
    )
    assert answer.json["matching"] == {"needs": ["covered"], "spots": 2, "available_spots": 0}
    assert answer.json["available_spots"] == 5
    offered = [a for a in answer.json["alternatives"] if a["kind"] == "lot"]
    assert [(a["lot_id"], a["available_spots"]) for a in offered] == [(other["id"], 1)], plain
    [time] = [a for a in answer.json["alternatives"] if a["kind"] == "time"]
    assert time["lot_id"] == mixed["id"]


def test_a_refusal_where_no_such_spot_exists_or_one(book, carol):
    lot = make_lot(carol, "Castle", capacity=2)
    assert book(lot, ["accessible", "ev"]).json["message"] == (
        "Castle has no accessible spots with EV charging. Of all its spots, 2 are free."
    )
    furnish(lot, {1: ["accessible"]})
    assert book(lot, ["accessible"]).status_code == 201
    assert book(lot, ["accessible"]).json["message"] == (
        "Castle has 1 accessible spot, and it is taken. Of all its spots, 1 is free."
    )


def test_the_time_offered_has_the_needs_too(book, alice, mixed):
    reserve(alice, mixed, H, 2 * H, needs=("ev", "covered"))
    for _ in range(2):  # other spots, which come free sooner
        reserve(alice, mixed, H, H / 2)
    start = clock.now() + H
    window = {"reserved_start": rfc3339(start), "reserved_end": rfc3339(start + H)}
    answer = book(mixed, ["ev", "covered"], booking_type="reserved", **window)
    [time] = [a for a in answer.json["alternatives"] if a["kind"] == "time"]
    assert time["reserved_start"] == rfc3339(start + 2 * H)
    assert "for this time" in answer.json["message"]


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [
        (["shade"], "Entry 1 of the list of needs must be “accessible”, “ev” or “covered”."),
        (["ev", 3], "Entry 2 of the list of needs must be “accessible”, “ev” or “covered”."),
        ("ev", "The list of needs must be a list."),
        ({"ev": True}, "The list of needs must be a list."),
        (["ev"] * 11, "The list of needs must have at most 10 entries."),
    ],
)
def test_needs_that_are_none_are_refused_with_a_sentence(book, client, auth, bob, mixed, needs, sentence):
    answer = book(mixed, needs)
    assert (answer.status_code, answer.json["errors"]) == (422, {"needs": [sentence]})
    profile = client.patch("/auth/me", json={"needs": needs}, headers=auth(bob))
    assert (profile.status_code, profile.json["errors"]) == (422, {"needs": [sentence]})


def test_no_needs_are_null_an_empty_list_or_nothing(book, mixed):
    answers = [book(mixed, None), book(mixed, []), book(mixed, **{"needs": None})]
    assert [a.status_code for a in answers] == [201] * 3
    assert all(a.json["booking"]["needs"] == [] for a in answers)


def test_a_key_used_with_other_needs_is_another_request(client, auth, bob, mixed):
    headers = auth(bob, **{"Idempotency-Key": "one"})
    body = {"lot_id": mixed["id"], "booking_type": "instant", "needs": ["ev"]}
    first = client.post("/api/book", json=body, headers=headers)
    again = client.post("/api/book", json=body, headers=headers)
    other = client.post("/api/book", json={**body, "needs": []}, headers=headers)
    assert first.status_code == 201
    assert again.json == first.json
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


# ---- what is read before booking


def test_quote_availability_and_lots_say_how_many_spots_have_the_needs(client, auth, bob, mixed):
    park(bob, mixed, needs=("ev",))
    start = clock.now() + H
    window = f"from={rfc3339(start)}&to={rfc3339(start + H)}"
    paths = {
        "quote": f"/api/quote?lot_id={mixed['id']}&{window}",
        "availability": f"/api/lots/{mixed['id']}/availability?{window}",
        "lot": f"/api/lots/{mixed['id']}?",
    }
    expected = {"needs": ["ev"], "spots": 3, "available_spots": 2}
    for name, path in paths.items():
        assert client.get(path, headers=auth(bob)).json[name]["matching"] is None
        assert client.get(f"{path}&needs=ev", headers=auth(bob)).json[name]["matching"] == expected
        refused = client.get(f"{path}&needs=shade", headers=auth(bob))
        assert refused.status_code == 422
        assert refused.json["errors"]["needs"] == [refused.json["message"]]
    for query in ("needs=ev", "needs=ev&limit=5"):  # from the cache, and not
        [lot] = client.get(f"/api/lots?{query}", headers=auth(bob)).json["lots"]
        assert lot["matching"] == expected
        assert lot["available_spots"] == 6
    [lot] = client.get("/api/lots", headers=auth(bob)).json["lots"]
    assert lot["matching"] is None
    there = client.get(f"{paths['availability']}&needs=ev,covered", headers=auth(bob)).json["availability"]
    assert (there["available_spots"], len(there["spot_ids"])) == (1, 1)


def test_the_cached_list_with_needs_follows_a_booking(client, auth, bob, mixed):
    def free():
        return client.get("/api/lots?needs=accessible", headers=auth(bob)).json["lots"][0]["matching"][
            "available_spots"
        ]

    seen = [free()]
    for _ in range(2):
        park(bob, mixed, needs=("accessible",))
        seen.append(free())
    assert seen == [2, 1, 0]


# ---- a spot that is still occupied


def test_a_reservation_is_moved_to_a_spot_with_its_needs(alice, bob, carol):
    """The driver before is still there when the reservation begins: the plain spots are free, but of no use."""
    lot = make_lot(carol, capacity=4, instant_hold_minutes=30)
    furnish(lot, {3: ["ev"], 4: ["ev"]})
    park(alice, lot, needs=("ev",))
    booking = reserve(bob, lot, 2 * H, H, needs=("ev",))
    assert booking["spot_number"] == 3
    clock.travel(2 * 3600)
    expiry.apply_due_transitions(lot["id"])
    moved = row(booking["id"])
    assert db.session.get_one(Spot, moved.spot_id).spot_number == 4


def test_a_reservation_without_needs_is_moved_to_a_plain_spot(alice, bob, carol):
    lot = make_lot(carol, capacity=3, instant_hold_minutes=30)
    furnish(lot, {1: ["accessible"]})
    park(alice, lot)
    booking = reserve(bob, lot, 2 * H, H)
    clock.travel(2 * 3600)
    expiry.apply_due_transitions(lot["id"])
    assert db.session.get_one(Spot, row(booking["id"]).spot_id).spot_number == 3


# ---- the profile


def test_a_profile_remembers_needs(client, auth, bob):
    assert client.get("/auth/me", headers=auth(bob)).json["user"]["needs"] == []
    changed = client.patch("/auth/me", json={"needs": ["covered", "accessible", "covered"]}, headers=auth(bob))
    assert changed.json["user"]["needs"] == ["accessible", "covered"]
    assert client.get("/auth/me", headers=auth(bob)).json["user"]["needs"] == ["accessible", "covered"]
    client.patch("/auth/me", json={"username": "bobby"}, headers=auth(bob))
    assert client.get("/auth/me", headers=auth(bob)).json["user"]["needs"] == ["accessible", "covered"]
    client.patch("/auth/me", json={"needs": []}, headers=auth(bob))
    assert client.get("/auth/me", headers=auth(bob)).json["user"]["needs"] == []


def test_needs_are_part_of_the_own_data_and_go_with_the_account(client, auth, mixed):
    account = {"email": "dan@example.com", "username": "dan", "password": "a long one 42"}
    dan = db.session.get_one(User, client.post("/auth/register", json=account).json["user"]["id"])
    client.patch("/auth/me", json={"needs": ["accessible"]}, headers=auth(dan))
    booking = park(dan, mixed, needs=("accessible",))
    data = json.loads(client.get("/api/me/data", headers=auth(dan)).data)
    assert data["account"]["needs"] == data["bookings"][0]["needs"] == ["accessible"]
    service.release(booking["id"], dan.id)
    assert client.delete("/auth/me", json={"password": account["password"]}, headers=auth(dan)).status_code == 200
    db.session.expire_all()
    assert row(booking["id"]).needs == ()
    assert db.session.get_one(User, dan.id).needs == ()


def test_the_audit_log_does_not_name_needs(client, auth, bob, mixed):
    """Entries are never deleted, and a need may tell of a disability."""
    client.patch("/auth/me", json={"needs": ["accessible"]}, headers=auth(bob))
    park(bob, mixed, needs=("accessible",))
    entries = Counter(str(r) for r in db.session.execute(text("SELECT action, before, after FROM audit_entry")))
    assert not [entry for entry in entries if "accessible" in entry]
    assert db.session.scalar(select(Booking.needs)) == ("accessible",)
