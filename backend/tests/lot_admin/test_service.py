"""Running lots over HTTP: make, edit, resize, close, open again, import; and what everybody sees of them."""

import dataclasses
import fcntl
import json
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text

from parking import clock
from parking.availability import stream
from parking.bookings import service as bookings
from parking.database import db
from parking.errors import Invalid
from parking.lot_admin import csv_import
from tests.bookings.helpers import make_lot, park, reserve

H = timedelta(hours=1)
PAGE_TEXTS = Path(__file__).parents[3] / "frontend" / "src" / "features" / "lots" / "admin" / "locales"
NEW = {"name": "Harbour", "capacity": 3, "price_per_hour": 2.5}


@pytest.fixture
def lot(carol):
    return make_lot(carol)


@pytest.mark.parametrize("degrees", [10**400, -(10**400), 1e300, 91, "1"])
def test_a_latitude_out_of_range_is_refused(client, auth, carol, degrees):
    body = {"name": "Far", "capacity": 1, "price_per_hour": 1, "latitude": degrees}
    answer = client.post("/api/lots", json=body, headers=auth(carol))
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["latitude"])


def test_a_new_lot_has_spots_numbered_from_one(client, auth, carol):
    answer = client.post("/api/lots", json=NEW, headers=auth(carol))
    assert answer.status_code == 201
    lot = answer.json["lot"]
    assert answer.headers["ETag"] == '"1"'
    assert (lot["price_per_hour"], lot["currency"], lot["timezone"], lot["available_spots"]) == (2.5, "EUR", "UTC", 3)
    spots = client.get(f"/api/spots/{lot['id']}", headers=auth(carol)).json["spots"]
    assert [(s["spot_number"], s["status"]) for s in spots] == [(n, "Available") for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("operator", "named", "zone"),
    [
        ("Europe/Berlin", None, "Europe/Berlin"),
        ("Asia/Tokyo", None, "Asia/Tokyo"),
        ("Asia/Tokyo", "America/Lima", "America/Lima"),
    ],
)
def test_a_new_lot_has_the_operators_zone_unless_it_names_one(app, client, auth, carol, operator, named, zone):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], timezone=operator)
    client.post("/api/lots", json=NEW | {"timezone": named}, headers=auth(carol))
    client.post(
        "/api/lots", json=NEW | {"name": "Castle"} | ({"timezone": named} if named else {}), headers=auth(carol)
    )
    import_csv(client, auth(carol), f"name,capacity,price_per_hour,timezone\nQuay,1,1,{named or ''}\n")
    lots = client.get("/api/lots", headers=auth(carol)).json["lots"]
    assert [(lot["name"], lot["timezone"]) for lot in lots] == [("Castle", zone), ("Harbour", zone), ("Quay", zone)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"capacity": 0}, "capacity"),
        ({"capacity": 10_001}, "capacity"),
        ({"capacity": "3"}, "capacity"),
        ({"price_per_hour": -1}, "price_per_hour"),
        ({"price_per_hour": 1.005}, "price_per_hour"),
        ({"price_per_hour": True}, "price_per_hour"),
        ({"name": "  "}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"latitude": 91}, "latitude"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_wrong_fields_are_named_and_no_lot_is_created(client, auth, carol, change, field):
    answer = client.post("/api/lots", json=NEW | change, headers=auth(carol))
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert client.get("/api/lots", headers=auth(carol)).json["lots"] == []


def test_a_name_is_unique_in_any_case(client, auth, carol, lot):
    answer = client.post("/api/lots", json=NEW | {"name": "HARBOUR"}, headers=auth(carol))
    assert (answer.status_code, answer.json["code"]) == (409, "name_taken")


def test_a_stale_edit_is_refused_with_the_current_lot(client, auth, carol, lot):
    url = f"/api/lots/{lot['id']}"
    tag = client.get(url, headers=auth(carol)).headers["ETag"]
    first = client.put(url, json={"name": "Pier"}, headers=auth(carol, **{"If-Match": tag}))
    assert first.status_code == 200
    second = client.put(url, json={"name": "Quay"}, headers=auth(carol, **{"If-Match": tag}))
    assert (second.status_code, second.json["current"]["name"]) == (412, "Pier")
    assert client.get(url, headers=auth(carol)).json["lot"]["name"] == "Pier"


def test_an_edit_keeps_the_other_fields(client, auth, carol):
    lot = make_lot(carol, description="By the sea", daily_cap=900, free_minutes=10)
    url = f"/api/lots/{lot['id']}"
    edited = client.put(url, json={"price_per_hour": 3}, headers=auth(carol)).json["lot"]
    assert (edited["description"], edited["tariff"]["daily_cap"], edited["tariff"]["free_minutes"]) == (
        "By the sea",
        9,
        10,
    )
    assert edited["tariff"]["id"] != lot["tariff"]["id"]
    cleared = client.put(url, json={"daily_cap": None, "description": None}, headers=auth(carol)).json["lot"]
    assert (cleared["tariff"]["daily_cap"], cleared["description"]) == (None, None)
    same = client.put(url, json={"price_per_hour": 3}, headers=auth(carol)).json["lot"]
    assert same["tariff"]["id"] == cleared["tariff"]["id"]


def test_capacity_down_takes_the_highest_free_spots_and_up_brings_them_back(client, auth, carol, lot):
    url, spots = f"/api/lots/{lot['id']}", f"/api/spots/{lot['id']}"
    before = [s["id"] for s in client.get(spots, headers=auth(carol)).json["spots"]]
    client.put(url, json={"capacity": 1}, headers=auth(carol))
    assert [s["id"] for s in client.get(spots, headers=auth(carol)).json["spots"]] == before[:1]
    view = client.put(url, json={"capacity": 5}, headers=auth(carol)).json["lot"]
    assert (view["capacity"], view["available_spots"]) == (5, 5)
    after = client.get(spots, headers=auth(carol)).json["spots"]
    assert [s["id"] for s in after][:3] == before
    assert [s["spot_number"] for s in after] == [1, 2, 3, 4, 5]


def test_a_smaller_capacity_says_what_went_and_the_old_one_undoes_just_that(client, auth, alice, carol):
    lot = make_lot(carol, capacity=6)
    url, spots = f"/api/lots/{lot['id']}", f"/api/spots/{lot['id']}"

    def resize(capacity):
        return client.put(url, json={"capacity": capacity}, headers=auth(carol)).json["removed_spots"]

    def numbers():
        return [spot["spot_number"] for spot in client.get(spots, headers=auth(carol)).json["spots"]]

    last = next(s["id"] for s in client.get(spots, headers=auth(carol)).json["spots"] if s["spot_number"] == 6)
    car = park(alice, lot, spot_id=last)
    assert resize(5) == [5], "spot 6 has a car"
    client.post(f"/api/release/{car['id']}", headers=auth(alice))
    clock.travel(60)
    before = numbers()
    assert resize(3) == [4, 6]
    assert (resize(5), numbers()) == ([], before)


def test_a_lot_with_a_car_is_not_deleted(client, auth, alice, carol, lot):
    booking = park(alice, lot)
    answer = client.delete(f"/api/lots/{lot['id']}", headers=auth(carol))
    assert (answer.status_code, answer.json["detail"]) == (409, "Cannot delete lot with occupied spots")
    assert answer.json["blocking"][0]["booking_id"] == booking["id"]


def test_deleting_keeps_the_history_and_can_be_undone(client, auth, alice, carol, lot):
    booking = park(alice, lot)
    clock.travel(3600)
    bookings.release(booking["id"], alice.id)
    url = f"/api/lots/{lot['id']}"
    assert client.delete(url, headers=auth(carol)).status_code == 200
    assert client.get("/api/lots", headers=auth(carol)).json["lots"] == []
    assert client.get(url, headers=auth(carol)).status_code == 404
    assert stream.counts([lot["id"]]) == [{"id": lot["id"], "gone": True}], "open pages are told"
    body = {"lot_id": lot["id"], "booking_type": "instant"}
    assert client.post("/api/book", json=body, headers=auth(alice)).status_code == 404
    [booking] = client.get("/api/bookings", headers=auth(alice)).json["bookings"]
    assert (booking["lot_name"], booking["total_cost"]) == ("Harbour", 2)
    restored = client.post(f"{url}/restore", headers=auth(carol)).json["lot"]
    assert (restored["available_spots"], restored["capacity"]) == (3, 3)
    assert client.post("/api/book", json=body, headers=auth(alice)).status_code == 201


def test_reservations_are_cancelled_with_the_lot_only_on_request(client, auth, alice, carol, lot):
    booking = reserve(alice, lot, H, H)
    url = f"/api/lots/{lot['id']}"
    answer = client.delete(url, headers=auth(carol))
    assert (answer.status_code, answer.json["code"]) == (409, "lot_reserved")
    assert client.delete(f"{url}?cancel_reservations=true", headers=auth(carol)).status_code == 200
    [stored] = client.get("/api/bookings", headers=auth(alice)).json["bookings"]
    assert (stored["id"], stored["status"], stored["reason"]) == (booking["id"], "Cancelled", "Harbour has closed.")


def test_a_spot_out_of_service_and_back(client, auth, alice, carol, lot):
    spot = client.get(f"/api/spots/{lot['id']}", headers=auth(carol)).json["spots"][0]
    url = f"/api/spots/{spot['id']}"
    closed = client.patch(url, json={"out_of_service": True, "reason": "Wet paint"}, headers=auth(carol)).json["spot"]
    assert (closed["status"], closed["out_of_service_reason"]) == ("Out of service", "Wet paint")
    seen = client.get(f"/api/spots/{lot['id']}", headers=auth(alice)).json["spots"][0]
    assert (seen["status"], seen["out_of_service_reason"]) == ("Out of service", None), "the reason is the staff's"
    assert park(alice, lot)["spot_number"] == 2
    view = client.get(f"/api/lots/{lot['id']}", headers=auth(carol)).json["lot"]
    assert (view["out_of_service_spots"], view["available_spots"]) == (1, 1)
    opened = client.patch(url, json={"out_of_service": False, "ev": True, "level": "B"}, headers=auth(carol)).json
    assert (opened["spot"]["status"], opened["spot"]["ev"], opened["spot"]["level"]) == ("Available", True, "B")
    booked = client.get(f"/api/spots/{lot['id']}", headers=auth(carol)).json["spots"][1]
    refused = client.patch(f"/api/spots/{booked['id']}", json={"out_of_service": True}, headers=auth(carol))
    assert (refused.status_code, refused.json["code"]) == (409, "spot_in_use")


def test_many_spots_change_together_or_not_at_all(client, auth, alice, carol, lot):
    url, headers = f"/api/lots/{lot['id']}/spots", auth(carol)
    states = lambda: [  # noqa: E731 - a word for the lines below
        (spot["status"], spot["level"], spot["ev"])
        for spot in client.get(f"/api/spots/{lot['id']}", headers=headers).json["spots"]
    ]
    start = states()
    assert park(alice, lot)["spot_number"] == 1
    changes = {"out_of_service": True, "reason": "Wet paint", "level": "B", "ev": True}
    refused = client.patch(url, json={**changes, "numbers": [1, 2]}, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (409, "spot_in_use")
    assert [one["spot_number"] for one in refused.json["blocking"]] == [1]
    assert client.patch(url, json={**changes, "numbers": [2, 99]}, headers=headers).status_code == 422
    assert states()[1:] == start[1:]
    done = client.patch(url, json={**changes, "numbers": [2, 2]}, headers=headers)
    assert (done.json["changed"], done.json["lot"]["out_of_service_spots"]) == (1, 1)
    assert states()[1] == ("Out of service", "B", True)
    described = client.patch(url, json={"numbers": [1, 2], "level": None, "out_of_service": False}, headers=headers)
    assert described.json["changed"] == 2
    assert [spot[:2] for spot in states()][:2] == [("Occupied", None), ("Available", None)]
    entries = client.get(f"/api/admin/audit?entity=lot&entity_id={lot['id']}", headers=headers).json["entries"]
    assert [entry["action"] for entry in entries[:2]] == ["lot.spots_updated"] * 2
    assert entries[1]["after"] == {"spots": [2], **changes}


CSV = "name,capacity,price_per_hour,timezone,require_checkin\nNorth,10,2.50,Europe/Berlin,yes\nSouth,4,1,,\n"


def import_csv(client, headers, text, query=""):
    return client.post(f"/api/lots/import{query}", data=text.encode(), content_type="text/csv", headers=headers)


def test_many_lots_from_a_csv_file(client, auth, carol):
    tried = import_csv(client, auth(carol), CSV, "?dry_run=true")
    assert (tried.status_code, len(tried.json["lots"])) == (200, 2)
    assert client.get("/api/lots", headers=auth(carol)).json["total"] == 0
    answer = import_csv(client, auth(carol), "\ufeff" + CSV.replace("\n", "\r\n"))
    assert answer.status_code == 201
    north, south = client.get("/api/lots", headers=auth(carol)).json["lots"]
    assert (north["capacity"], north["price_per_hour"], north["require_checkin"]) == (10, 2.5, True)
    assert south["timezone"] == "UTC"


def test_whether_reservations_can_be_shortened_goes_through_form_file_and_audit_log(client, auth, carol):
    headers = auth(carol)
    text = "Name;Stellplätze;Preis pro Stunde;Laufende Reservierungen verkürzbar\nNorth;2;1;ja\nSouth;2;1;nein\n"
    assert import_csv(client, headers, text).status_code == 201
    north, south = client.get("/api/lots", headers=headers).json["lots"]
    assert (north["shorten_running"], south["shorten_running"]) == (True, False)
    file = client.get("/api/admin/lots.csv?format=machine", headers=headers).text
    again = file.replace("North", "East").replace("South", "West")
    assert import_csv(client, headers, again).status_code == 201, file
    east = client.get("/api/lots", headers=headers).json["lots"][0]
    assert (east["name"], east["shorten_running"]) == ("East", True)
    changed = client.put(f"/api/lots/{south['id']}", json={"shorten_running": True}, headers=headers)
    assert changed.json["lot"]["shorten_running"] is True
    entry = client.get(f"/api/admin/audit?entity=lot&entity_id={south['id']}", headers=headers).json["entries"][0]
    assert (entry["before"], entry["after"]) == ({"shorten_running": False}, {"shorten_running": True})
    assert client.put(f"/api/lots/{south['id']}", json={"shorten_running": 1}, headers=headers).status_code == 422


def test_every_wrong_line_is_named_and_nothing_is_imported(client, auth, carol, lot):
    text = "name,capacity,price_per_hour\nGood,3,1\nBad,many,1\nBad2,3,-1\ngood,3,1\nharbour,3,1\n"
    answer = import_csv(client, auth(carol), text)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"line 3", "line 4", "line 5", "line 6"}
    reasons = [(one["line"], one["column"], one["reason"], one["values"]) for one in answer.json["faults"]]
    assert reasons == [
        (3, "capacity", "whole_number", {}),
        (4, "price_per_hour", "amount", {}),
        (5, "name", "same_name", {"n": 2}),
        (6, "name", "taken_name", {"choices": "harbour"}),
    ]
    assert client.get("/api/lots", headers=auth(carol)).json["total"] == 1
    answer = import_csv(client, auth(carol), "Name;Stellplätze;Preis pro Stunde\nHarbour;3;1\nHAFEN;0;1\n")
    assert [(one["heading"], one["reason"]) for one in answer.json["faults"]] == [
        ("Name", "taken_name"),
        ("Stellplätze", "at_least"),
    ]
    answer = import_csv(client, auth(carol), "name,capacity,price_per_hour\nHarbour,3,1\n")
    assert (answer.status_code, answer.json["code"]) == (409, "name_taken")
    assert import_csv(client, auth(carol), "name,size\nA,3\n").status_code == 422
    assert client.post("/api/lots/import", json={}, headers=auth(carol)).status_code == 415


CSV_ERRORS = {
    "name,capacity\nA,1\n": {"missing_column"},
    "name,capacity,price_per_hour,size\nA,1,1,1\n": {"unknown_column"},
    'name,capacity,price_per_hour\n"A"x,1,1\n': {"not_csv"},
    "name,capacity,price_per_hour\n": {"count"},
    "name,capacity,price_per_hour\nA,1,1,1\n": {"too_many_cells"},
    "name,capacity,price_per_hour\nA,1\n": {"missing"},
    "name,capacity,price_per_hour,timezone,cap_day,require_checkin\n,0,1,Mars/X,weekly,perhaps\n": {
        "missing", "at_least", "zone", "one_of", "yes_no",
    },
    "name,capacity,price_per_hour,latitude\n" + "A" * 101 + ",10001,1.234,nan\n": {
        "too_long", "at_most", "amount", "number",
    },
    "name,capacity,price_per_hour\nA\x01,1,1\n": {"characters"},
    "name,capacity,price_per_hour\nA,1,1\na,1,1\n": {"same_name"},
    "name,capacity,price_per_hour\nTaken,1,1\nB,0,1\n": {"taken_name", "at_least"},
    "name,capacity,price_per_hour,Preis\nA,1,1,1\n": {"column_twice"},
    "name;capacity;price_per_hour;latitude\nA;1;2,50;52.5\n": {"decimals"},
    "sep=|\nname|capacity|price_per_hour\nA|1|1\n": {"separator"},
    "": {"missing_column"},
    b"PK\x03\x04 and so on": {"workbook"},
    b"name,capacity,price_per_hour\nA\x81,1,1\n": {"encoding"},
    "name,capacity,price_per_hour\nA,1,10000.5\n": {"whole_amount"},
    "name,capacity,price_per_hour\n" + "".join(f"A{n},10000,1\n" for n in range(6)): {"spots"},
}  # fmt: skip


def test_every_error_of_a_file_has_a_text_in_every_language():
    """The page finds them by the error's reason; an error without one is called `wrong`."""
    reasons = set(csv_import._REASONS.values()) | {"wrong"}
    for file, expected in CSV_ERRORS.items():
        with pytest.raises(Invalid) as refused:
            csv_import.parse(file, currency="JPY" if "10000.5" in str(file) else "EUR", taken={"taken"})
        assert {error["reason"] for error in refused.value.members["faults"]} == expected
        reasons |= expected
    for language in ("en", "de"):
        words = json.loads((PAGE_TEXTS / f"{language}.json").read_text(encoding="utf-8"))
        assert set(words["adminLots"]["csv"]["error"]) == reasons


def test_the_command_imports_too(app, carol, tmp_path):
    file = tmp_path / "lots.csv"
    file.write_text(CSV)
    done = app.test_cli_runner().invoke(args=["lots", "import", str(file)])
    assert "2 lots were created" in done.output
    again = app.test_cli_runner().invoke(args=["lots", "import", str(file)])
    assert again.exit_code != 0


@contextmanager
def writing_kept_by_somebody(app):
    """Nobody can write meanwhile: the gate of SQLite is taken, the table of PostgreSQL locked against changes."""
    if db.engine.dialect.name == "sqlite":
        with Path(db.engine.url.database + ".gate").open("ab") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield
        return
    with db.engine.connect() as other:
        other.execute(text("LOCK TABLE parking_lot, parking_spot, tariff, audit_entry IN EXCLUSIVE MODE"))
        yield


def test_a_dry_run_neither_waits_nor_blocks(app, client, auth, carol, lot):
    headers = auth(carol)
    with writing_kept_by_somebody(app):
        tried = import_csv(client, headers, CSV, "?dry_run=true")
        assert import_csv(client, headers, CSV.replace("North", "harbour"), "?dry_run=true").status_code == 409
    assert tried.status_code == 200
    preview = {
        key: tried.json["lots"][0][key] for key in ("name", "capacity", "price_per_hour", "timezone", "currency")
    }
    assert preview == {
        "name": "North",
        "capacity": 10,
        "price_per_hour": 2.5,
        "timezone": "Europe/Berlin",
        "currency": "EUR",
    }


def test_an_import_writes_in_a_few_statements_however_many_lines_it_has(app, client, auth, carol):
    """What happens between the beginning and the end of the writing transaction is what others wait for."""
    counts = []
    for lines in (50, 500):
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_more, seen=seen):
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        rows = "".join(f"Lot {lines}-{n},3,1.5\n" for n in range(lines))
        assert import_csv(client, auth(carol), "name,capacity,price_per_hour\n" + rows).status_code == 201
        event.remove(db.engine, "before_cursor_execute", note)
        begin = next(n for n, one in enumerate(seen) if one.startswith("INSERT INTO parking_lot"))
        end = max(n for n, one in enumerate(seen) if one.startswith("INSERT INTO audit_entry"))
        counts.append(end - begin)
    assert counts[1] <= counts[0] + 5, counts
    lots = client.get("/api/lots?limit=1000", headers=auth(carol)).json["lots"]
    assert {(one["capacity"], one["available_spots"], one["price_per_hour"]) for one in lots} == {(3, 3, 1.5)}
    assert len({one["tariff"]["id"] for one in lots}) == len(lots) == 550
    entry = client.get("/api/admin/audit?entity=lot&limit=1", headers=auth(carol)).json["entries"][0]
    assert (entry["action"], entry["actor_id"], entry["after"]["capacity"]) == ("lot.created", carol.id, 3)
