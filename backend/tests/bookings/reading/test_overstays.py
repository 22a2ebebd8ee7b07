"""The filter for cars that are still parked after their time has ended."""

from datetime import timedelta

import pytest

from parking import clock
from parking.bookings import expiry
from tests.bookings.helpers import make_lot, park, reserve
from tests.conftest import hours

H = timedelta(hours=1)


@pytest.fixture
def overstays(client, auth, carol):
    """References of the list and its total, with these filters."""

    def read(**query):
        query = {"overstayed": "true", **query}
        listed = client.get("/api/admin/bookings", query_string=query, headers=auth(carol)).json["bookings"]
        totals = client.get("/api/admin/bookings/totals", query_string=query, headers=auth(carol)).json["totals"]
        assert totals["count"] == len(listed)
        return [one["reference"] for one in listed]

    return read


def test_a_walk_in_overstays_when_the_next_reservation_begins(overstays, alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    car = park(alice, lot)
    reserve(bob, lot, 5 * H, H)
    for _ in range(4):
        clock.travel(3600)
        expiry.apply_all_due_transitions()
        assert overstays() == []
    clock.travel(3600)
    expiry.apply_all_due_transitions()
    assert overstays() == [car["reference"]]
    assert overstays(lot_id=lot["id"]) == [car["reference"]]
    assert overstays(lot_id=make_lot(carol, "Castle")["id"]) == []


def test_a_reservation_with_check_in_overstays_after_its_window_though_its_hold_was_renewed(
    client, auth, overstays, alice, carol
):
    lot = make_lot(carol, require_checkin=True)
    car = reserve(alice, lot, H, 2 * H)
    clock.travel(3600)
    assert client.post(f"/api/bookings/{car['id']}/check-in", json={}, headers=auth(alice)).status_code == 200
    clock.travel(2 * 3600 - 1)
    expiry.apply_all_due_transitions()
    assert overstays() == []
    clock.travel(1)
    assert overstays() == [car["reference"]]
    client.post(f"/api/release/{car['id']}", headers=auth(alice))
    assert overstays() == []


def test_a_reservation_that_ends_by_itself_never_overstays(overstays, alice, carol):
    reserve(alice, make_lot(carol), H, H)
    clock.travel(hours(2).total_seconds())
    assert overstays() == [], "before the job has written it"
    expiry.apply_all_due_transitions()
    assert overstays() == []
