"""Who books for a visitor, what comes of it, and what stands in lists, searches, files and the log."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.accounts import User, visitors_account
from parking.audit.models import AuditEntry
from parking.bookings.models import Booking
from parking.bookings.reading import Filters, filtered, queries
from parking.database import db
from parking.lot_admin import service as lots
from parking.reports.recipients import page as recipients_of
from tests.bookings.helpers import identity_of, make_lot, park, reserve, row
from tests.conftest import make_user
from tests.staff.conftest import hire
from tests.visitors.conftest import ADDRESS, mails, set_up, window

PAST = {"reserved_start": "2026-03-02T08:00:00Z", "reserved_end": "2026-03-02T10:00:00Z"}


def test_an_attendant_books_for_somebody_who_has_just_come(ask, invite, arno, lot):
    answer = ask(arno, "POST", f"/api/lots/{lot['id']}/visitors", 201, json={"name": " Vera  Visitor "})
    assert answer["message"] == "Spot 1 at Harbour is booked for Vera Visitor."
    booking = answer["booking"]
    assert (booking["visitor_name"], booking["status"], booking["spot_number"]) == ("Vera Visitor", "Active", 1)
    stored = row(booking["id"])
    assert (stored.user_id, stored.booking_type) == (visitors_account(), "instant")
    assert mails(None) == [], "without an address nobody gets a mail"
    assert ask(arno, "GET", "/api/bookings", 200)["bookings"] == [], "it is not theirs"
    assert ask(arno, "GET", f"/api/bookings/{booking['id']}", 404)["code"] == "not_found"


def test_the_log_says_who_made_it_and_not_for_whom(invite, arno):
    booking = invite(arno, email=ADDRESS)
    [entry] = db.session.scalars(select(AuditEntry).where(AuditEntry.entity == "booking"))
    assert (entry.action, entry.entity_id, entry.actor_id) == ("booking.created_for_visitor", booking["id"], arno.id)
    assert "Vera" not in str(entry.after)


def test_staff_check_a_visitor_in_release_and_cancel_as_others(ask, arno, carol, invite):
    lot = make_lot(carol, "Castle", capacity=2, require_checkin=True)
    hire(arno, lot["id"], "attendant")
    path = f"/api/lots/{lot['id']}/visitors"
    booking = ask(arno, "POST", path, 201, json={"name": "Vera", "vehicle_plate": "b ab 1", **window()})["booking"]
    clock.travel(3600)
    one = f"/api/admin/bookings/{booking['id']}"
    assert ask(arno, "POST", f"{one}/check-in", 200, json={})["booking"]["status"] == "Active"
    clock.travel(1800)
    released = ask(arno, "POST", f"{one}/release", 200, json={"reason": "Has left"})
    assert (released["booking"]["status"], released["total_cost"]) == ("Completed", 4.0), "the window, as for others"
    second = ask(arno, "POST", path, 201, json={"name": "Otto", **window(30)})["booking"]
    cancelled = ask(arno, "POST", f"/api/admin/bookings/{second['id']}/cancel", 200, json={"reason": "Not needed"})
    assert cancelled["booking"]["status"] == "Cancelled"


def test_only_attendants_managers_and_administrators_book_where_guests_are_not_allowed(ask, lot, arno, carol, bob):
    path, body = f"/api/lots/{lot['id']}/visitors", {"name": "Vera"}
    viewer, mona, other = (make_user(name, "user") for name in ("viola", "mona", "oscar"))
    hire(viewer, lot["id"], "viewer")
    hire(mona, lot["id"], "manager")
    hire(other, make_lot(carol, "Castle")["id"], "manager")
    ask(None, "POST", path, 401, json=body)
    assert "staff of a lot" in ask(bob, "POST", path, 403, json=body)["detail"]
    assert "the role attendant" in ask(viewer, "POST", path, 403, json=body)["detail"]
    assert ask(other, "POST", path, 404, json=body)["detail"] == "There is no such lot."
    for who in (mona, carol):
        ask(who, "POST", path, 201, json=body)
    assert ask(carol, "POST", path, 409, json=body)["code"] == "lot_full"
    ask(carol, "POST", "/api/lots/999/visitors", 404, json=body)


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({}, "name", ""),
        ({"name": "  "}, "name", "1 to 80 characters"),
        ({"name": "x" * 81}, "name", "1 to 80 characters"),
        ({"name": "www.example.com"}, "name", "link"),
        ({"name": "Vera", "email": "nobody"}, "email", "address"),
        ({"name": "Vera", "vehicle_plate": "=1+2"}, "vehicle_plate", "number plate"),
        ({"name": "Vera", "locale": "fr"}, "locale", ""),
        ({"name": "Vera", "reserved_start": "2026-03-02T15:00:00Z"}, "reserved_end", "both the start and the end"),
        ({"name": "Vera", "reserved_end": "2026-03-02T15:00:00Z"}, "reserved_start", "both the start and the end"),
        ({"name": "Vera", **PAST}, "reserved_start", "past"),
        ({"name": "Vera", "reserved_start": "soon", "reserved_end": "later"}, "reserved_start", ""),
        ({"name": "Vera", "spot_id": 1}, "spot_id", ""),
    ],
)
def test_what_is_wrong_stands_at_its_field(ask, arno, lot, body, field, sentence):
    answer = ask(arno, "POST", f"/api/lots/{lot['id']}/visitors", 422, json=body)
    assert field in answer["errors"], answer
    assert sentence in " ".join(answer["errors"][field])
    assert db.session.scalar(select(func.count()).select_from(Booking)) == 0


def test_the_same_key_books_once(ask, arno, lot):
    path, headers = f"/api/lots/{lot['id']}/visitors", {"Idempotency-Key": "front-desk-1"}
    body = {"name": "Vera", "email": ADDRESS}
    first, second = (ask(arno, "POST", path, 201, json=body, headers=headers) for _ in range(2))
    assert first == second
    assert len(mails()) == 1
    changed = ask(arno, "POST", path, 422, json={**body, "name": "Otto"}, headers=headers)
    assert changed["code"] == "idempotency_key_reused"


# a driver's guests -----------------------------------------------------------------------------


def test_a_driver_books_for_a_guest_and_has_the_booking_in_their_list(ask, invite, guests, bob, alice):
    booking = invite(bob, email=ADDRESS, vehicle_plate="B-GA 1")
    assert row(booking["id"]).user_id == bob.id
    [listed] = ask(bob, "GET", "/api/bookings", 200)["bookings"]
    assert (listed["visitor_name"], listed["visitor_email"], listed["status"]) == ("Vera Visitor", ADDRESS, "Reserved")
    assert ask(alice, "GET", "/api/bookings", 200)["bookings"] == []
    ask(alice, "POST", f"/api/bookings/{booking['id']}/cancel", 404, json={})
    assert {mail.email for mail in mails(None)} == {ADDRESS, bob.email}, "a copy each"
    cancelled = ask(bob, "POST", f"/api/bookings/{booking['id']}/cancel", 200, json={})
    assert cancelled["booking"]["status"] == "Cancelled"


def test_a_driver_has_so_many_open_bookings_for_guests(app, ask, invite, guests, bob):
    first = invite(bob)
    assert invite(bob, status=409, **window(9))["code"] == "too_many_guests"
    park(bob, {"id": first["lot_id"]})
    ask(bob, "POST", f"/api/bookings/{first['id']}/cancel", 200, json={})
    invite(bob, **window(9))
    set_up(app, guests_per_user=2, max_open_bookings_per_user=2)
    assert invite(bob, status=409, **window(20))["code"] == "too_many_bookings", "guests count among all"


def test_the_staff_of_a_lot_have_no_such_limit_there(app, invite, arno, lot):
    set_up(app, guests_per_user=0, max_open_bookings_per_user=1)
    first, second = invite(arno), invite(arno)
    assert {first["spot_number"], second["spot_number"]} == {1, 2}
    assert invite(arno, status=409)["code"] == "lot_full"


def test_staff_are_drivers_elsewhere(ask, guests, arno, carol):
    castle = make_lot(carol, "Castle")
    booking = ask(arno, "POST", f"/api/lots/{castle['id']}/visitors", 201, json={"name": "Vera"})["booking"]
    assert row(booking["id"]).user_id == arno.id


def test_an_unproven_driver_invites_nobody(app, invite, guests, bob):
    set_up(app, email_proof=True)
    assert invite(bob, status=403)["code"] == "address_unproven"


# lists, searches and files ---------------------------------------------------------------------


def test_visitors_are_marked_in_lists_and_found_by_name_address_plate_and_reference(ask, invite, arno, carol, lot):
    booking = invite(arno, email=ADDRESS, vehicle_plate="B-VI 42")
    park(carol, lot)
    for words in ("visitor", "VERA", "vera@example", "b vi 4", booking["reference"][:6]):
        [one] = ask(arno, "GET", "/api/admin/bookings", 200, headers={"X-Search": words})["bookings"]
        assert (one["id"], one["visitor_name"], one["visitor_email"]) == (booking["id"], "Vera Visitor", ADDRESS), words
        totals = ask(arno, "GET", "/api/admin/bookings/totals", 200, headers={"X-Search": words})["totals"]
        assert (totals["count"], totals["people"]) == (1, 0), "a visitor is no driver"
    for words, group in (("Visitor", "bookings"), ("BVI42", "plates"), (booking["reference"], "bookings")):
        [match] = ask(arno, "GET", "/api/admin/search", 200, query_string={"q": words})[group]
        assert (match["id"], match["visitor_name"]) == (booking["id"], "Vera Visitor")
    assert ask(carol, "GET", "/api/admin/search", 200, query_string={"q": "Visitors"})["users"] == []
    other = make_user("oscar", "user")
    hire(other, make_lot(carol, "Castle")["id"], "manager")
    for words in ("Vera", booking["reference"]):
        assert ask(other, "GET", "/api/admin/search", 200, query_string={"q": words})["bookings"] == []


def test_the_map_of_the_lot_names_visitors_to_its_staff_alone(ask, invite, arno, bob, lot):
    invite(arno, now=True)
    invite(arno)

    def named(who) -> list:
        spots = ask(who, "GET", f"/api/spots/{lot['id']}", 200)["spots"]
        stays = [spot["booking"]["visitor_name"] for spot in spots if spot.get("booking")]
        return stays + [one.get("visitor_name") for spot in spots for one in spot["reservations"]]

    assert named(arno) == ["Vera Visitor"] * 2
    assert named(bob) == [None]


def test_the_files_name_the_visitor(app, ask, invite, guests, arno, bob, carol):
    booking, guest = invite(arno, email=ADDRESS), invite(bob, name="Gustav Gast")
    text = ask(arno, "GET", "/api/admin/bookings.csv?format=machine", 200)
    rows = {one["reference"]: one for one in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))}
    first, second = rows[booking["reference"]], rows[guest["reference"]]
    assert (first["visitor_name"], first["visitor_email"]) == ("Vera Visitor", ADDRESS)
    assert (second["visitor_name"], second["visitor_email"], second["user_email"]) == ("Gustav Gast", "", bob.email)
    [own] = ask(bob, "GET", "/api/me/data", 200)["bookings"]
    assert own["visitor_name"] == "Gustav Gast"


def test_the_account_of_the_visitors_is_nobodys(client, ask, invite, arno, carol):
    invite(arno)
    account = visitors_account()
    assert account == visitors_account(), "there is one"
    assert account not in [one["id"] for one in ask(carol, "GET", "/api/users", 200)["users"]]
    ask(carol, "GET", f"/api/users/{account}", 404)
    ask(carol, "PATCH", f"/api/users/{account}", 404, json={"active": True})
    email = db.session.get_one(User, account).email
    signed_in = client.post("/auth/login", json={"email": email, "password": "correct horse battery"})
    assert signed_in.status_code in (401, 422)
    due = recipients_of(db.session(), "inactivity_reminder", "inactive", "", clock.now(), 0, 100)
    assert account not in [one.user.id for one in due.recipients]


def test_a_driver_who_is_called_visitors_is_in_nobodys_way(invite, arno):
    make_user("Visitors", "user")
    assert row(invite(arno)["id"]).user_id == visitors_account()
    assert db.session.get_one(User, visitors_account()).username.startswith("Visitors ")


def test_a_closure_names_the_visitor_it_would_move_and_moves_them(ask, invite, arno, carol, lot):
    booking = invite(arno, email=ADDRESS)
    spot = row(booking["id"]).spot_id
    closed = {"out_of_service": True, "from": booking["reserved_start"], "until": booking["reserved_end"]}
    [blocking] = ask(carol, "PATCH", f"/api/spots/{spot}", 409, json=closed)["blocking"]
    assert blocking["visitor_name"] == "Vera Visitor"
    ask(carol, "PATCH", f"/api/spots/{spot}?move=true", 200, json=closed)
    assert [mail.kind for mail in mails()] == ["booking_confirmation", "booking_moved"]


def test_a_deleted_driver_leaves_no_name_of_a_guest(ask, invite, guests, bob):
    booking = invite(bob, now=True, email=ADDRESS)
    ask(bob, "POST", f"/api/release/{booking['id']}", 200, json={})
    ask(bob, "DELETE", "/auth/me", 200, json={"password": "correct horse battery"})
    stored = row(booking["id"])
    assert (stored.visitor_name, stored.visitor_email, stored.visitor_search) == ("", None, None)


def test_lots_close_over_visitors_as_over_drivers(invite, arno, carol, lot):
    """The mail that the lot has closed goes to the visitor."""
    booking = invite(arno, email=ADDRESS)
    lots.delete(lot["id"], identity_of(carol), None, cancel_reservations=True)
    assert row(booking["id"]).status == "Cancelled"
    assert [mail.kind for mail in mails()] == ["booking_confirmation", "booking_cancelled"]


def test_drivers_and_visitors_take_the_same_spots(invite, arno, alice, lot):
    reserve(alice, lot, timedelta(hours=1), timedelta(hours=2))
    assert invite(arno)["spot_number"] == 2
    assert invite(arno, status=409)["code"] == "lot_full"


def test_a_search_for_anything_still_reads_along_an_index_for_each_thing(invite, arno):
    """One condition without an index would make SQLite read every booking for every search."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by statistics, which a small table has not")
    invite(arno)
    query = filtered(queries.joined([func.count()]), Filters(q="vera"), clock.now())
    statement = query.compile(db.engine, compile_kwargs={"literal_binds": True})
    with db.engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all())
    assert "MULTI-INDEX OR" in plan
    assert "SCAN visitor USING INDEX booking_visitor" in plan
    assert "SCAN booking" not in plan
