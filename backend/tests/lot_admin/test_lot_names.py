"""A lot's name is there once among open lots, in every alphabet, on every way in, and in a race."""

from functools import partial

import pytest
from sqlalchemy import text

from parking.database import db, transaction
from parking.lot_admin import lot_names
from tests.threads import at_once

PAIRS = [
    ("Ärztehaus", "Ärztehaus"),
    ("Ärztehaus", "ÄRZTEHAUS"),
    ("İstanbul", "i\u0307stanbul"),
    ("ΣΟΦΟΣ", "σοφος"),
    ("Straße", "STRASSE"),
    ("Площадь", "ПЛОЩАДЬ"),
    ("Nord 1", "Ｎｏｒｄ\u00a0１"),
]


def body(name: str) -> dict:
    return {"name": name, "capacity": 1, "price_per_hour": 1}


@pytest.fixture
def ask(client, auth, carol):
    def send(method: str, path: str, **more):
        return client.open(path, method=method, headers=auth(carol), **more)

    return send


def taken(answer) -> bool:
    return (answer.status_code, answer.json["code"]) == (409, "name_taken")


@pytest.mark.parametrize(("name", "same"), PAIRS)
def test_a_name_is_taken_on_every_way_in(ask, name, same):
    first = ask("POST", "/api/lots", json=body(name)).json["lot"]["id"]
    other = ask("POST", "/api/lots", json=body("Other")).json["lot"]["id"]
    assert taken(ask("POST", "/api/lots", json=body(same)))
    assert taken(ask("PUT", f"/api/lots/{other}", json={"name": same}))
    csv = {"data": f"name,capacity,price_per_hour\n{same},3,1\n".encode(), "content_type": "text/csv"}
    assert taken(ask("POST", "/api/lots/import", **csv))
    twice = {**csv, "data": f"name,capacity,price_per_hour\nX{name},3,1\nX{same},3,1\n".encode()}
    assert ask("POST", "/api/lots/import", **twice).status_code == 422
    assert ask("PUT", f"/api/lots/{first}", json={"name": same}).status_code == 200, "its own, written otherwise"
    assert ask("DELETE", f"/api/lots/{first}").status_code == 200
    assert ask("POST", "/api/lots", json=body(name)).status_code == 201
    assert taken(ask("POST", f"/api/lots/{first}/restore"))


def test_the_index_refuses_a_name_taken_since_the_check(ask, monkeypatch):
    """As if another request were faster, every time."""
    monkeypatch.setattr(lot_names, "require_free", lambda session, name: None)
    test_a_name_is_taken_on_every_way_in(ask, "Ärztehaus", "ärztehaus")


def _race(app, auth, carol) -> list[int]:
    names = ["Ärztehaus", "ärztehaus", "A\u0308rztehaus", "ÄRZTEHAUS"] * 2
    headers = auth(carol)

    def create(name: str) -> int:
        return app.test_client().post("/api/lots", json=body(name), headers=headers).status_code

    return sorted(at_once([partial(create, name) for name in names]))


def test_one_of_many_concurrent_requests_gets_the_name(app, auth, carol):
    assert _race(app, auth, carol) == [201] + [409] * 7


def test_control_without_the_index_several_get_the_name(app, auth, carol, monkeypatch):
    """The control run of the race."""
    monkeypatch.setattr(lot_names, "require_free", lambda session, name: None)
    with transaction() as session:
        session.execute(text("DROP INDEX uq_parking_lot_name_key"))
    assert _race(app, auth, carol).count(201) > 1


def test_lots_stand_in_the_order_of_the_alphabet(ask):
    for name in ("Zoo", "Ärztehaus", "Bahnhof", "apfel", "Éclair", "Øst", "Oper", "Ozean", "Dom"):
        assert ask("POST", "/api/lots", json=body(name)).status_code == 201
    expected = ["apfel", "Ärztehaus", "Bahnhof", "Dom", "Éclair", "Oper", "Øst", "Ozean", "Zoo"]
    assert [lot["name"] for lot in ask("GET", "/api/lots").json["lots"]] == expected
    paged, cursor = [], ""
    while cursor is not None:
        page = ask("GET", f"/api/lots?limit=2&cursor={cursor}").json if cursor else ask("GET", "/api/lots?limit=2").json
        paged += [lot["name"] for lot in page["lots"]]
        cursor = page["next"]
    assert paged == expected


def test_a_page_may_end_with_the_longest_name(ask):
    for n in range(3):
        assert ask("POST", "/api/lots", json=body("\U0001fa77" * 98 + f"{n}")).status_code == 201
        assert ask("POST", "/api/lots", json=body("ﷺ" * 99 + f"{n}")).status_code == 201
    seen, cursor = 0, None
    for _ in range(6):
        answer = ask("GET", "/api/lots?limit=1" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status_code == 200
        seen, cursor = seen + len(answer.json["lots"]), answer.json["next"]
    assert (seen, cursor) == (6, None)


@pytest.mark.parametrize("name", ["\u200b", "\u3164", "a\u202eb", "\u2060\u00ad"])
def test_an_invisible_name_is_refused(ask, name):
    answer = ask("POST", "/api/lots", json=body(name))
    assert answer.status_code == 422
    assert "visible characters" in answer.json["errors"]["name"][0]


@pytest.fixture
def world(ask, client, auth):
    """A driver named Özgür Çelik with a car at Ärztehaus."""
    lot = ask("POST", "/api/lots", json={**body("Ärztehaus"), "address": "Łódź 1"}).json["lot"]["id"]
    person = {"email": "ozi@example.com", "username": "Özgür Çelik", "password": "a-Long-Pass-4471"}
    token = client.post("/auth/register", json=person).json["token"]
    book = {"lot_id": lot, "booking_type": "instant", "vehicle_plate": "GÖ-AB 123"}
    answer = client.post("/api/book", json=book, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.json
    return answer.json["booking"]


PERSON = ["Özgür", "özgür", "ÖZGÜR", "ozgur", "zg", "Celik", "çelik", "O\u0308zgu\u0308r"]
LOT = ["Ärzte", "ärzte", "arzte", "ÄRZTEHAUS", "A\u0308rzte"]
PLATE = ["GÖ-AB", "gö-ab", "G", "go ab", "GÖ-AB 123", "göab123"]


def count(answer, key: str) -> int:
    assert answer.status_code == 200, answer.json
    return len(answer.json[key])


@pytest.mark.parametrize("q", [*PERSON, *LOT, *PLATE])
def test_a_search_of_bookings_knows_every_alphabet(ask, world, q):
    assert count(ask("GET", "/api/admin/bookings", query_string={"q": q}), "bookings") == 1
    assert ask("GET", "/api/admin/bookings/totals", query_string={"q": q}).json["totals"]["count"] == 1


def test_searches_of_users_lots_and_mails_know_every_alphabet(ask, world):
    for q in PERSON:
        assert count(ask("GET", "/api/users", query_string={"q": q}), "users") == 1, q
        assert count(ask("GET", "/api/admin/audit", query_string={"q": q}), "entries") >= 1, q
        assert count(ask("GET", "/api/admin/emails", query_string={"q": q}), "emails") == 1, q
    for q in [*LOT, "łódź", "LODZ"]:
        assert count(ask("GET", "/api/lots", query_string={"q": q}), "lots") == 1, q
    for q in LOT:
        assert count(ask("GET", "/api/admin/emails", query_string={"q": q}), "emails") == 1, q


@pytest.mark.parametrize("q", ["Özgür X", "ä_zte", "%", "_", "--", "GÖ-AC", "\\"])
def test_a_search_without_a_match_is_empty(ask, world, q):
    assert count(ask("GET", "/api/admin/bookings", query_string={"q": q}), "bookings") == 0
    assert count(ask("GET", "/api/users", query_string={"q": q}), "users") == 0


def test_a_booking_is_found_by_its_plate_through_the_index(app, world):
    plan = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[db.engine.dialect.name]
    from parking.bookings.models import Booking
    from parking.bookings.reading.filters import begins

    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET enable_seqscan = off"))
    condition = begins(Booking.plate_key, "goab").compile(db.engine, compile_kwargs={"literal_binds": True})
    rows = db.session.execute(text(f"{plan} SELECT id FROM booking WHERE {str(condition).replace(':', '')}")).all()
    assert "booking_plate" in str(rows)
