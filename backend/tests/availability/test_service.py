"""Lots and spots as everybody reads them, over HTTP."""

from datetime import timedelta

import pytest

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
    assert seen(carol)[0]["booking"]["user_email"] == "alice@example.com"


def test_the_public_list_has_no_personal_data(client, app, lot):
    answer = client.get("/api/public/lots")
    assert set(answer.json["lots"][0]) == {
        "id", "name", "address", "price_per_hour", "currency", "available_spots", "capacity",
    }  # fmt: skip


def test_lots_are_paged_and_searched(client, auth, carol):
    for n in range(5):
        make_lot(carol, f"Lot {n}", address="Quay 9" if n == 3 else None)
    names, url = [], "/api/lots?limit=2"
    while url:
        page = client.get(url, headers=auth(carol)).json
        names += [lot["name"] for lot in page["lots"]]
        url = page["next"] and f"/api/lots?limit=2&cursor={page['next']}"
    assert names == [f"Lot {n}" for n in range(5)]
    found = client.get("/api/lots?q=quay", headers=auth(carol)).json
    assert ([lot["name"] for lot in found["lots"]], found["total"]) == (["Lot 3"], 1)
    assert client.get("/api/lots?cursor=bm9uc2Vuc2U", headers=auth(carol)).status_code == 422
