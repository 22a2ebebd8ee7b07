"""What accounts and bookings know of each other."""

import threading

import pytest

from parking import clock
from parking.accounts import profile
from parking.bookings import service
from parking.bookings.models import Booking
from parking.database import db, transaction
from parking.errors import Conflict, Unauthorized
from parking.web import Identity

PASSWORD = "correct horse battery"


def make_lot(client, headers) -> int:
    body = {"name": "Harbour", "capacity": 3, "price_per_hour": 2.5}
    return client.post("/api/lots", json=body, headers=headers).json["lot"]["id"]


def test_the_list_of_users_has_their_bookings(client, alice, bob, carol, auth):
    lot = make_lot(client, auth(carol))
    now = {"lot_id": lot, "booking_type": "instant"}
    stay = client.post("/api/book", json=now, headers=auth(alice)).json["booking"]["id"]
    clock.travel(90 * 60)
    client.post(f"/api/release/{stay}", headers=auth(alice))
    client.post("/api/book", json=now, headers=auth(alice))
    spots = client.get(f"/api/spots/{lot}", headers=auth(carol)).json["spots"]
    client.patch(f"/api/spots/{spots[-1]['id']}", json={"out_of_service": True, "reason": "Works"}, headers=auth(carol))
    people = {user["username"]: user for user in client.get("/api/users", headers=auth(carol)).json["users"]}
    entry = {k: people["alice"][k] for k in ("active_bookings", "total_bookings", "total_spent", "last_booking_at")}
    assert entry == {
        "active_bookings": 1,
        "total_bookings": 2,
        "total_spent": 3.75,
        "last_booking_at": "2026-03-02T13:30:00Z",
    }
    assert people["bob"]["total_bookings"] == 0
    assert people["carol"]["total_bookings"] == 0, "a spot out of service is no booking of the administrator's"


def test_an_account_stays_while_a_booking_runs_and_its_plates_go_with_it(client, alice, carol, auth, rows):
    lot = make_lot(client, auth(carol))
    body = {"lot_id": lot, "booking_type": "instant", "vehicle_plate": "B-AB 123"}
    stay = client.post("/api/book", json=body, headers=auth(alice)).json["booking"]["id"]
    refused = client.delete("/auth/me", json={"password": PASSWORD}, headers=auth(alice))
    assert (refused.status_code, refused.json["code"]) == (409, "account_in_use")
    clock.travel(3600)
    client.post(f"/api/release/{stay}", headers=auth(alice))
    assert client.delete("/auth/me", json={"password": PASSWORD}, headers=auth(alice)).status_code == 200
    [booking] = rows(Booking)
    assert (booking.vehicle_plate, booking.total_cost_minor, booking.user_id) == (None, 250, alice.id)


def test_a_booking_on_its_way_when_the_account_goes_does_not_land(app, client, alice, carol, auth, rows):
    order = service.BookRequest(lot_id=make_lot(client, auth(carol)), user_id=alice.id)
    profile.delete_account(Identity(alice.id, alice.email, alice.username, frozenset({"user"})), PASSWORD)
    with pytest.raises(Unauthorized):
        service.book(order)
    assert rows(Booking) == []


def test_an_account_cannot_go_while_a_booking_lands(app, client, alice, carol, auth):
    """The booking's transaction has looked at the account; the deletion waits for it, then finds the booking."""
    who = Identity(alice.id, alice.email, alice.username, frozenset({"user"}))
    order, refused = service.BookRequest(lot_id=make_lot(client, auth(carol)), user_id=alice.id), []

    def leave():
        with app.app_context():
            try:
                profile.delete_account(who, PASSWORD)
            except Conflict as conflict:
                refused.append(conflict.code)
            finally:
                db.session.remove()

    leaving = threading.Thread(target=leave)
    with transaction() as session:
        place = service.read_place(session.connection().connection, order, clock.now())
        new = service.new_booking(order, place.lot, clock.now())
        assert service.allocation.hold(session, new) is not None
        leaving.start()
        leaving.join(0.5)
        assert leaving.is_alive()
    leaving.join(60)
    assert refused == ["account_in_use"]
