"""The lists of bookings over HTTP."""

import csv
import io
from datetime import timedelta

import pytest

from parking import clock
from tests.bookings.helpers import make_lot, park, reserve, text

H = timedelta(hours=1)


@pytest.fixture
def lot(carol):
    return make_lot(carol)


def test_a_list_is_paged_by_key_and_summed(client, auth, alice, lot):
    for _ in range(5):
        booking = park(alice, lot)
        clock.travel(1800)
        client.post(f"/api/release/{booking['id']}", headers=auth(alice))
    first = client.get("/api/bookings?limit=2", headers=auth(alice)).json
    assert first["totals"] == {"count": 5, "total_cost": 5, "currency": "EUR"}
    pages, following = [b["id"] for b in first["bookings"]], first["next"]
    while following:
        page = client.get(f"/api/bookings?limit=2&cursor={following}", headers=auth(alice)).json
        pages += [b["id"] for b in page["bookings"]]
        following = page["next"]
    assert pages == sorted(pages, reverse=True)
    assert len(pages) == 5
    assert client.get("/api/bookings?cursor=nonsense!", headers=auth(alice)).status_code == 422


def test_a_list_is_filtered(client, auth, alice, carol, lot):
    other = make_lot(carol, "Castle")
    mine = reserve(alice, lot, H, H)
    reserve(alice, other, 50 * H, H)
    matches = client.get(f"/api/bookings?lot_id={lot['id']}", headers=auth(alice)).json["bookings"]
    assert [b["id"] for b in matches] == [mine["id"]]
    upto = text(clock.now() + 10 * H)
    matches = client.get(f"/api/bookings?to={upto}", headers=auth(alice)).json["bookings"]
    assert [b["id"] for b in matches] == [mine["id"]]
    matches = client.get(f"/api/bookings?from={upto}", headers=auth(alice)).json["bookings"]
    assert [b["lot_name"] for b in matches] == ["Castle"]


def test_an_administrator_searches_all_bookings(client, auth, alice, bob, carol, lot):
    park(alice, lot, vehicle_plate="B-PK 1")
    mine = park(bob, lot)
    for words in ("bob@", mine["reference"].lower(), "BOB"):
        matches = client.get(f"/api/admin/bookings?q={words}", headers=auth(carol)).json["bookings"]
        assert [b["username"] for b in matches] == ["bob"], words
    assert client.get("/api/admin/bookings?q=%25", headers=auth(carol)).json["bookings"] == []
    assert client.get("/api/admin/bookings", headers=auth(alice)).status_code == 403


def test_a_cancelled_reservation_shows_and_exports_its_window(client, auth, alice, carol, lot):
    """It was cancelled before it began; that moment as its end would lie before its start."""
    booking = reserve(alice, lot, 5 * H, 2 * H)
    client.post(f"/api/bookings/{booking['id']}/cancel", json={}, headers=auth(alice))
    window = booking["reserved_start"], booking["reserved_end"]
    one = client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).json["booking"]
    [listed] = client.get("/api/bookings", headers=auth(alice)).json["bookings"]
    [administered] = client.get("/api/admin/bookings", headers=auth(carol)).json["bookings"]
    for view in (one, listed, administered):
        assert (view["status"], view["start_time"], view["end_time"]) == ("Cancelled", *window)
        assert view["total_cost"] == view["duration_hours"] == 0
    as_csv = client.get("/api/export", headers={**auth(alice), "Accept": "text/csv"}).text
    [line] = csv.DictReader(io.StringIO(as_csv))
    assert (line["start_time"], line["end_time"]) == (line["reserved_start"], line["reserved_end"])
    data = client.get("/api/me/data", headers=auth(alice)).json
    assert [(b["start_time"], b["end_time"]) for b in data["bookings"]] == [window]
