"""The client's own pages: what they send and read, row by row of the contract."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.accounts.models import LoginSession
from parking.bookings.models import Booking
from parking.database import db

PASSWORD = "password123"
EMAIL = "dora.miller@example.com"


def register(client, **body):
    return client.post("/auth/register", json={"email": EMAIL, "password": PASSWORD, **body})


def bearer(answer) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json['token']}"}


@pytest.fixture
def lot(client, auth, carol):
    body = {"name": "Harbour", "capacity": 3, "price_per_hour": 2.5}
    return client.post("/api/lots", json=body, headers=auth(carol)).json["lot"]


@pytest.fixture
def book(client, auth, alice, lot):
    def book(user=alice, **body):
        return client.post("/api/book", json={"lot_id": lot["id"], **body}, headers=auth(user))

    return book


def window(hours_ahead: float, hours_long: float = 2) -> dict[str, str]:
    start = clock.now() + timedelta(hours=hours_ahead)
    times = {"reserved_start": start, "reserved_end": start + timedelta(hours=hours_long)}
    return {name: time.isoformat() for name, time in times.items()}


# signing in and registering


@pytest.mark.parametrize("more", [{"username": ""}, {"username": "somebody else"}, {"username": None}, {}])
def test_a_sign_in_takes_a_username_and_ignores_it(client, more):
    register(client, username="Dora")
    answer = client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD, **more})
    assert (answer.status_code, answer.json["user"]["username"]) == (200, "Dora")


@pytest.mark.parametrize("more", [{"username": ""}, {"username": "   "}, {"username": None}, {}])
def test_without_a_name_it_is_the_local_part(client, more):
    answer = register(client, **more)
    assert (answer.status_code, answer.json["user"]["username"]) == (201, "dora.miller")


def test_the_local_part_is_made_unique(client):
    domains = [f"{letter}.example.com" for letter in "abcdefghijkl"]
    names = [register(client, email=f"Dora@{domain}").json["user"]["username"] for domain in domains]
    assert names[:9] == ["dora", *(f"dora-{n}" for n in range(2, 10))]
    assert len(set(names)) == 12


def test_a_taken_address_and_a_taken_name_have_different_codes(client):
    register(client)
    answer = register(client, username="")
    assert (answer.status_code, answer.json["code"]) == (409, "email_taken")


@pytest.mark.parametrize("email", ["!#$%@example.com", f"{'x' * 64}@example.com", "o'neil+parking@example.com"])
def test_any_address_suggests_a_name(client, email):
    answer = register(client, email=email)
    assert answer.status_code == 201
    assert 1 <= len(answer.json["user"]["username"]) <= 80


# booking


NO_WINDOW = {"reserved_start": None, "reserved_end": None}


@pytest.mark.parametrize(
    "body",
    [
        {"booking_type": "immediate"},
        {},
        {"booking_type": "instant"},
        {"booking_type": "immediate", **NO_WINDOW},
        {"booking_type": None},
    ],
)
def test_immediate_or_no_type_means_instant(book, body):
    answer = book(**body)
    assert (answer.status_code, answer.json["booking"]["booking_type"]) == (201, "instant")


def test_a_whole_number_may_be_written_with_a_point(client, auth, alice, carol, lot):
    """JSON Schema calls `2.0` an integer, and some languages write every number so."""
    body = {"name": "Quay", "capacity": 2.0, "price_per_hour": 3.0, "free_minutes": 5.0}
    assert client.post("/api/lots", json=body, headers=auth(carol)).json["lot"]["capacity"] == 2
    booked = client.post("/api/book", json={"lot_id": float(lot["id"])}, headers=auth(alice))
    assert booked.status_code == 201
    for wrong in (2.5, True, "2", 1e300, -1.0):
        assert client.post("/api/lots", json={**body, "capacity": wrong}, headers=auth(carol)).status_code == 422


def test_a_window_without_a_type_is_not_booked_as_something_else(app, book):
    answer = book(**window(1))
    assert (answer.status_code, "booking_type" in answer.json["errors"]) == (422, True)
    assert db.session.scalar(select(func.count()).select_from(Booking)) == 0


def test_every_booking_has_its_total_cost_as_a_number(client, auth, alice, carol, book):
    released = book().json["booking"]["id"]
    clock.travel(3600)
    client.post(f"/api/release/{released}", headers=auth(alice))
    running = book().json["booking"]
    coming = book(booking_type="reserved", **window(5)).json["booking"]
    cancelled = book(booking_type="reserved", **window(9)).json["booking"]["id"]
    client.post(f"/api/bookings/{cancelled}/cancel", json={}, headers=auth(alice))
    clock.travel(1800)
    assert (running["total_cost"], running["running_cost"]) == (0, 0)
    assert (coming["total_cost"], coming["running_cost"]) == (5, None)
    expected = {
        released: ("Completed", 2.5, None),
        running["id"]: ("Active", 0, 1.25),
        coming["id"]: ("Reserved", 5, None),
        cancelled: ("Cancelled", 0, None),
    }
    for path, user in (("/api/bookings", alice), ("/api/admin/bookings", carol)):
        listed = client.get(path, headers=auth(user)).json["bookings"]
        assert {b["id"]: (b["status"], b["total_cost"], b["running_cost"]) for b in listed} == expected
    for number, (_, total, _) in expected.items():
        one = client.get(f"/api/bookings/{number}", headers=auth(alice)).json["booking"]
        assert one["total_cost"] == total
        assert type(one["total_cost"]) in (int, float)


def test_a_reservation_that_has_begun_or_was_missed_has_a_number_too(client, auth, alice, book):
    reservation = book(booking_type="reserved", **window(1)).json["booking"]["id"]
    for hours, status, total, running in ((1.5, "Active", 0, 5), (2, "Completed", 5, None)):
        clock.travel(hours * 3600)  # no sweep has run: the lists say what the clock says
        for one in (
            client.get("/api/bookings", headers=auth(alice)).json["bookings"][0],
            client.get(f"/api/bookings/{reservation}", headers=auth(alice)).json["booking"],
        ):
            assert (one["status"], one["total_cost"], one["running_cost"]) == (status, total, running)


def test_a_taken_spot_in_a_window_says_when_it_is_taken(client, auth, bob, book, lot):
    spots = client.get(f"/api/spots/{lot['id']}", headers=auth(bob)).json["spots"]
    taken = window(4, 3)
    book(booking_type="reserved", spot_id=spots[1]["id"], **taken)
    answer = book(bob, booking_type="reserved", spot_id=spots[1]["id"], **window(5, 3))
    assert (answer.status_code, answer.json["code"]) == (409, "spot_taken")
    assert answer.json["next_spot"] == {"spot_id": spots[0]["id"], "spot_number": 1}
    start, end = (datetime.fromisoformat(answer.json["conflict"][key]) for key in ("start", "end"))
    assert [start.isoformat(), end.isoformat()] == list(taken.values())


def test_the_first_of_several_conflicts_is_named_and_a_block_has_one_too(client, auth, bob, carol, book, lot):
    spots = client.get(f"/api/spots/{lot['id']}", headers=auth(bob)).json["spots"]
    for ahead in (8, 4):
        book(booking_type="reserved", spot_id=spots[0]["id"], **window(ahead, 1))
    answer = book(bob, booking_type="reserved", spot_id=spots[0]["id"], **window(3, 8))
    assert datetime.fromisoformat(answer.json["conflict"]["start"]) == clock.now() + timedelta(hours=4)
    client.patch(f"/api/spots/{spots[2]['id']}", json={"out_of_service": True}, headers=auth(carol))
    answer = book(bob, booking_type="reserved", spot_id=spots[2]["id"], **window(3))
    assert answer.status_code == 409
    assert datetime.fromisoformat(answer.json["conflict"]["start"]) <= clock.now()
    assert datetime.fromisoformat(answer.json["conflict"]["end"]) > datetime(9000, 1, 1, tzinfo=UTC)


def test_a_car_that_stands_there_now_is_no_conflict_of_a_window_to_come(client, auth, bob, book, lot):
    booking = book().json["booking"]
    taken = window(48)
    assert book(booking_type="reserved", spot_id=booking["spot_id"], **taken).status_code == 201
    answer = book(bob, booking_type="reserved", spot_id=booking["spot_id"], **taken)
    assert datetime.fromisoformat(answer.json["conflict"]["start"]) == clock.now() + timedelta(hours=48)


def test_an_occupied_spot_now_has_a_conflict_too(client, auth, bob, book, lot):
    held = book().json["booking"]
    for hours in (1, 4):  # within the hold, and after a hold that no sweep has prolonged
        clock.travel(hours * 3600)
        answer = book(bob, spot_id=held["spot_id"])
        assert (answer.status_code, answer.json["code"]) == (409, "spot_taken")
        assert answer.json["conflict"] == {"start": held["start_time"], "end": held["held_until"]}


# tokens and sessions


def test_one_token_is_kept_for_a_day_and_revoked_at_once(client, auth, carol):
    signed_in = register(client)
    assert signed_in.json["expires_in"] == 24 * 3600
    clock.travel(24 * 3600 - 60)
    assert client.get("/api/bookings", headers=bearer(signed_in)).status_code == 200
    change = {"active": False}
    assert (
        client.patch(f"/api/users/{signed_in.json['user']['id']}", json=change, headers=auth(carol)).status_code == 200
    )
    assert client.get("/api/bookings", headers=bearer(signed_in)).status_code == 401


def test_a_removed_role_and_an_ended_session_take_effect_at_once(client, auth, carol):
    dora = register(client)
    user = dora.json["user"]["id"]
    client.patch(f"/api/users/{user}", json={"roles": ["user", "admin"]}, headers=auth(carol))
    dora = client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert client.get("/api/users", headers=bearer(dora)).status_code == 200
    client.patch(f"/api/users/{user}", json={"roles": ["user"]}, headers=auth(carol))
    assert client.get("/api/users", headers=bearer(dora)).status_code == 401
    dora = client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert client.post("/auth/logout-all", headers=bearer(dora)).status_code == 200
    assert client.get("/api/bookings", headers=bearer(dora)).status_code == 401


def test_two_accounts_in_two_tabs_of_one_browser_both_go_on(client, alice, bob):
    """The cookie jar is shared. Only a sign-in of the same account ends the session of the cookie."""
    login = {"password": "correct horse battery"}
    first = client.post("/auth/login", json={**login, "email": "alice@example.com"})
    second = client.post("/auth/login", json={**login, "email": "bob@example.com"})
    for tab, name in ((first, "alice"), (second, "bob"), (first, "alice")):
        assert client.get("/auth/me", headers=bearer(tab)).json["user"]["username"] == name
    again = client.post("/auth/login", json={**login, "email": "bob@example.com"})
    assert client.get("/auth/me", headers=bearer(second)).status_code == 401
    for tab in (first, again):
        assert client.get("/auth/me", headers=bearer(tab)).status_code == 200
    assert db.session.scalar(select(func.count()).where(LoginSession.ended_at.is_not(None))) == 1


def test_signing_out_in_one_tab_leaves_the_other_accounts_tab(client, alice, bob):
    login = {"password": "correct horse battery"}
    first = client.post("/auth/login", json={**login, "email": "alice@example.com"})
    second = client.post("/auth/login", json={**login, "email": "bob@example.com"})
    assert client.post("/auth/logout", headers=bearer(first)).status_code == 200
    assert client.get("/auth/me", headers=bearer(first)).status_code == 401
    assert client.get("/auth/me", headers=bearer(second)).status_code == 200
    assert client.post("/auth/refresh", headers={"X-Requested-With": "parkwell"}).json["user"]["username"] == "bob"


# statistics


def test_the_administrators_numbers_stand_at_top_level(client, auth, alice, carol, book):
    released = book().json["booking"]["id"]
    clock.travel(3600)
    client.post(f"/api/release/{released}", headers=auth(alice))
    book()
    book(booking_type="reserved", **window(5))
    answer = client.get("/api/stats/admin", headers=auth(carol)).json
    assert answer.pop("stats")["lots_total"] == 1
    assert answer.pop("occupancy_rate") == pytest.approx(100 / 3, abs=0.01)
    assert answer == {
        "total_revenue": 2.5,
        "total_bookings": 3,
        "active_bookings": 1,
        "reserved_bookings": 1,
        "completed_bookings": 1,
        "revenue_by_lot": [{"lot_name": "Harbour", "revenue": 2.5}],
    }


def test_the_users_numbers_stand_at_top_level(client, auth, alice, book):
    for _ in range(2):
        released = book().json["booking"]["id"]
        clock.travel(3600)
        client.post(f"/api/release/{released}", headers=auth(alice))
    book()
    answer = client.get("/api/stats/user", headers=auth(alice)).json
    assert answer["total_spent"] == 5
    assert [month["month"] for month in answer["monthly_bookings"]] == [
        "Oct 2025", "Nov 2025", "Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026",
    ]  # fmt: skip
    assert answer["monthly_bookings"][-1] == {"month": "Mar 2026", "bookings": 3, "spending": 5}
    assert all((month["bookings"], month["spending"]) == (0, 0) for month in answer["monthly_bookings"][:-1])
