"""The whole way once: a lot, a spot, a stay, a price."""

from parking import clock


def test_book_park_leave_pay(client, alice, carol, auth):
    made = client.post("/api/lots", json={"name": "Harbour", "capacity": 2, "price_per_hour": 2.5}, headers=auth(carol))
    assert made.status_code == 201
    lot = made.json["lot"]
    booked = client.post("/api/book", json={"lot_id": lot["id"], "booking_type": "instant"}, headers=auth(alice))
    assert booked.status_code == 201
    assert booked.json["booking"]["spot_number"] == 1
    [listed] = client.get("/api/lots", headers=auth(alice)).json["lots"]
    assert (listed["available_spots"], listed["occupied_spots"]) == (1, 1)
    first = client.get(f"/api/spots/{lot['id']}", headers=auth(alice)).json["spots"][0]
    assert (first["status"], first["mine"]) == ("Occupied", True)
    assert "booking" not in first
    clock.travel(90 * 60)
    left = client.post(f"/api/release/{booked.json['booking']['id']}", headers=auth(alice))
    assert left.status_code == 200
    assert left.json["total_cost"] == 3.75
    [kept] = client.get("/api/bookings", headers=auth(alice)).json["bookings"]
    assert (kept["status"], kept["total_cost"], kept["duration_hours"]) == ("Completed", 3.75, 1.5)
