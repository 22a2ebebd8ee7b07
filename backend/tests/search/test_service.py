"""The search over lots, spots, plates, users and references, over HTTP on both databases."""

from datetime import timedelta

import pytest

from parking import clock
from parking.bookings import release
from parking.database import db
from tests.bookings.helpers import make_lot, park, reserve
from tests.conftest import make_user

H = timedelta(hours=1)
GROUPS = ("lots", "spots", "plates", "users", "bookings")


@pytest.fixture
def find(client, auth, carol):
    """What is found, by its group: the ids, or with `show` another member."""

    def find(q, group, show="id"):
        answer = client.get("/api/admin/search", query_string={"q": q}, headers=auth(carol))
        assert answer.status_code == 200, answer.text
        assert tuple(sorted(answer.json)) == tuple(sorted(GROUPS))
        return [one[show] for one in answer.json[group]]

    return find


@pytest.fixture
def town(carol):
    return {
        "harbour": make_lot(carol, "Härbour North", 3, address="Quay 9"),
        "mill": make_lot(carol, "Mill 2", 12),
    }


@pytest.mark.parametrize("q", ["harbour", "HÄRB", "north harb", "quay 9", " Härbour "])
def test_lots_are_found_by_words_of_their_name_and_address(find, town, q):
    assert find(q, "lots") == [town["harbour"]["id"]]


@pytest.mark.parametrize(
    ("q", "lots"),
    [("haerbour", ["Härbour"]), ("HAERB", ["Härbour"]), ("mühle", ["Muehle"]), ("muehle", ["Muehle"]), ("muhle", [])],
)
def test_an_umlaut_may_be_spelled_out_in_the_name_or_in_the_search(find, carol, q, lots):
    for name in ("Härbour", "Muehle"):
        make_lot(carol, name, 1)
    assert find(q, "lots", "name") == lots


@pytest.mark.parametrize("typed", "'’‘ʼʻ`´′＇")
def test_every_apostrophe_finds_every_other(find, client, auth, alice, carol, typed):
    """In lots, users, visitors, and in the list that drivers search; no other character stands for one."""
    written = "'’ʼ‘`"
    for n, one in enumerate(written):
        make_lot(carol, f"King{one}s Cross {n}", 1)
        make_user(f"Pat O{one}Neill {n}", "user")
    make_lot(carol, "Kings Cross", 1)
    make_user("Pat O Neill", "user")
    names = [f"King{one}s Cross {n}" for n, one in enumerate(written)]
    assert sorted(find(f"king{typed}s", "lots", "name")) == sorted(names)
    assert len(find(f"O{typed}Neill", "users")) == len(written)
    listed = client.get("/api/lots", query_string={"q": f"KING{typed}S"}, headers=auth(alice)).json["lots"]
    assert sorted(one["name"] for one in listed) == sorted(names)
    visitor = {"name": "Rory O’Brien", "locale": "en"}
    lot = make_lot(carol, "Mill", 1)
    assert client.post(f"/api/lots/{lot['id']}/visitors", json=visitor, headers=auth(carol)).status_code == 201
    assert find(f"o{typed}brien", "bookings", "visitor_name") == ["Rory O’Brien"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("2", [("Härbour North", 2), ("Mill 2", 2)]),
        ("harbour 3", [("Härbour North", 3)]),
        ("mill spot 12", [("Mill 2", 12)]),
        ("Stellplatz 12", [("Mill 2", 12)]),
        ("mill 2 #11", [("Mill 2", 11)]),
        ("harbour 4", []),
        ("harbour", []),
        ("9999999", []),
        ("99999999999999999999", []),
    ],
)
def test_spots_are_found_by_number_and_lot(find, town, q, expected):
    assert list(zip(find(q, "spots", "lot_name"), find(q, "spots", "spot_number"), strict=True)) == expected


def test_what_is_gone_is_not_found(client, auth, carol, find, town, alice):
    assert client.put(f"/api/lots/{town['mill']['id']}", json={"capacity": 10}, headers=auth(carol)).status_code == 200
    assert find("mill 12", "spots") == []
    assert client.delete(f"/api/lots/{town['mill']['id']}", headers=auth(carol)).status_code == 200
    assert find("mill", "lots") == find("mill 10", "spots") == []
    assert find("alice", "users") == [alice.id]
    assert client.delete("/auth/me", json={"password": "correct horse battery"}, headers=auth(alice)).status_code in (
        200,
        204,
    )
    assert find("alice", "users") == []


@pytest.mark.parametrize("q", ["b-äb 1", "B AB 123", "bab12", "ba"])
def test_a_plate_names_its_running_booking_else_its_newest(find, town, alice, bob, q):
    now = clock.now()
    with clock.set_to(now):
        old = park(alice, town["harbour"], vehicle_plate="B-AB 123")
        clock.travel(600)
        release(old["id"], alice.id)
        newer = park(bob, town["harbour"], vehicle_plate="B-AB 123")
        clock.travel(600)
        release(newer["id"], bob.id)
        assert find(q, "plates") == [newer["id"]]
        running = park(alice, town["mill"], vehicle_plate="b ab 123")
        later = reserve(bob, town["mill"], 5 * H, H, vehicle_plate="B-AC 9")
        expected = [running["id"], later["id"]] if q == "ba" else [running["id"]]
        assert find(q, "plates") == expected
        assert find(q, "plates", "status")[0] == "Active"
        assert find(q, "plates", "username")[0] == "alice"


def test_a_reference_is_found_by_its_beginning_with_and_without_the_dash(find, town, alice):
    booking = park(alice, town["harbour"])
    reference = booking["reference"]
    for q in (reference, reference.lower(), reference[:6], reference.replace("-", ""), reference[:2]):
        assert booking["id"] in find(q, "bookings"), q
    assert find(reference[1:], "bookings") == []


def test_there_are_five_of_each_at_most(find, carol):
    for n in range(7):
        make_lot(carol, f"Garage {n:02}", 5)
        make_user(f"garage-user-{n}")
    assert [len(find("garage", group)) for group in ("lots", "users")] == [5, 5]
    assert find("garage 5", "spots", "lot_name") == [f"Garage {n:02}" for n in range(5)]


@pytest.mark.parametrize("q", ["%", "_", "\\", "'; --", "\u200b", "x" * 100, "Ωμέγα", "#", "0"])
def test_odd_words_find_nothing_and_break_nothing(find, town, alice, q):
    park(alice, town["harbour"])
    assert [find(q, group) for group in GROUPS] == [[]] * 5


@pytest.mark.parametrize("q", [None, "", "   ", "x" * 101, "a\x00b"])
def test_a_search_for_nothing_is_refused_with_a_sentence(client, auth, carol, q):
    answer = client.get("/api/admin/search", query_string={} if q is None else {"q": q}, headers=auth(carol))
    assert answer.status_code == 422
    assert answer.json["errors"]["q"]


def test_bookings_are_found_through_the_indexes_of_their_columns(find, town, alice):
    """The statements themselves are asked for their plan."""
    from sqlalchemy import event, text

    park(alice, town["harbour"], vehicle_plate="B-AB 123")
    sqlite = db.engine.dialect.name == "sqlite"
    statements = []

    def keep(connection, cursor, statement, parameters, context, many):
        statements.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        find("bab1", "plates")
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)
    keys = [one for one in statements if "LIMIT" in one[0] and "FROM booking" in one[0]]
    assert len(keys) == 4
    with db.engine.connect() as connection:
        if not sqlite:
            connection.execute(text("SET enable_seqscan = off"))
        plans = [
            str(connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' * sqlite}{statement}", parameters).all())
            for statement, parameters in keys
        ]
    assert ["booking_plate" in plan for plan in plans[:2]] == [True, True], plans
    assert "booking_reference" in plans[2], plans
    assert "booking_visitor" in plans[3], plans
