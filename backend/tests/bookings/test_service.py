"""A booking's life as its owner and the administrators see it, over HTTP."""

from datetime import timedelta

import pytest

from parking import clock
from parking.database import db
from tests.bookings.helpers import make_lot, park, reserve, text

H = timedelta(hours=1)
M = timedelta(minutes=1)


@pytest.fixture
def lot(carol):
    return make_lot(carol)


def window(start, length):
    begins = clock.now() + start
    return {"reserved_start": text(begins), "reserved_end": text(begins + length)}


def test_a_whole_stay_is_booked_released_and_charged(client, alice, carol, auth):
    answer = client.post(
        "/api/lots", json={"name": "Harbour", "capacity": 2, "price_per_hour": 2.5}, headers=auth(carol)
    )
    assert answer.status_code == 201
    lot = answer.json["lot"]
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
    [listed] = client.get("/api/bookings", headers=auth(alice)).json["bookings"]
    assert (listed["status"], listed["total_cost"], listed["duration_hours"]) == ("Completed", 3.75, 1.5)


def test_a_reserved_stay_costs_its_window_also_when_left_early(client, auth, alice, lot):
    booking = reserve(alice, lot, H, 3 * H)
    assert (booking["status"], booking["actions"]) == ("Reserved", ["cancel", "extend", "shorten"])
    clock.travel(2 * 3600)
    answer = client.post(f"/api/release/{booking['id']}", headers=auth(alice))
    assert answer.json["total_cost"] == 6
    assert answer.json["booking"]["duration_hours"] == 3


def test_times_without_offset_are_in_the_zone_of_the_lot(client, auth, alice, carol):
    lot = make_lot(carol, timezone="America/New_York")
    body = {"lot_id": lot["id"], "booking_type": "reserved"}
    times = {"reserved_start": "2026-03-03T09:00:00", "reserved_end": "2026-03-03T10:00:00"}
    booking = client.post("/api/book", json=body | times, headers=auth(alice)).json["booking"]
    assert (booking["reserved_start"], booking["reserved_end"]) == ("2026-03-03T14:00:00Z", "2026-03-03T15:00:00Z")


@pytest.mark.parametrize(
    ("start", "length", "field"),
    [
        (-2 * H, H, "reserved_start"),
        (H, 0 * H, "reserved_end"),
        (61 * 24 * H, H, "reserved_start"),
        (H, 32 * 24 * H, "reserved_end"),
    ],
)
def test_an_impossible_window_is_refused(client, auth, alice, lot, start, length, field):
    body = {"lot_id": lot["id"], "booking_type": "reserved"} | window(start, length)
    answer = client.post("/api/book", json=body, headers=auth(alice))
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_texts_that_are_no_times_are_refused_in_words(client, auth, alice, lot):
    body = {"lot_id": lot["id"], "booking_type": "reserved", "reserved_start": "", "reserved_end": "9:00"}
    answer = client.post("/api/book", json=body, headers=auth(alice))
    assert answer.status_code == 422
    sentence = ["Please write a date and time like 2026-03-02T09:00:00."]
    assert answer.json["errors"] == {"reserved_start": sentence, "reserved_end": sentence}


def test_a_taken_spot_is_answered_with_the_next_free_one(client, auth, alice, bob, lot):
    spots = client.get(f"/api/spots/{lot['id']}", headers=auth(alice)).json["spots"]
    body = {"lot_id": lot["id"], "booking_type": "instant", "spot_id": spots[1]["id"]}
    assert client.post("/api/book", json=body, headers=auth(alice)).json["booking"]["spot_number"] == 2
    answer = client.post("/api/book", json=body, headers=auth(bob))
    assert (answer.status_code, answer.json["code"]) == (409, "spot_taken")
    assert answer.json["next_spot"] == {"spot_id": spots[0]["id"], "spot_number": 1}


def test_full_offers_other_lots_and_other_times(client, auth, alice, bob, carol):
    lot = make_lot(carol, "Small", capacity=1, latitude=52.0, longitude=0.0)
    far = make_lot(carol, "Far", latitude=52.5, longitude=0.0)
    near = make_lot(carol, "Near", latitude=52.01, longitude=0.0)
    reserve(bob, lot, 10 * H, 2 * H)
    answer = client.post(
        "/api/book",
        json={"lot_id": lot["id"], "booking_type": "reserved"} | window(11 * H, 3 * H),
        headers=auth(alice),
    )
    assert (answer.status_code, answer.json["code"]) == (409, "lot_full")
    lots = [a for a in answer.json["alternatives"] if a["kind"] == "lot"]
    assert [a["lot_id"] for a in lots] == [near["id"], far["id"]]
    assert lots[0]["distance_km"] == 1.1
    [time] = [a for a in answer.json["alternatives"] if a["kind"] == "time"]
    assert time["reserved_start"] == text(clock.now() + 12 * H)


def test_an_instant_booking_stays_clear_of_coming_reservations(client, auth, alice, bob, carol):
    lot = make_lot(carol, capacity=2)
    first = reserve(bob, lot, 2 * H, H)
    assert first["spot_number"] == 1
    assert park(alice, lot)["spot_number"] == 2
    [listed] = client.get("/api/lots", headers=auth(alice)).json["lots"]
    assert (listed["available_spots"], listed["occupied_spots"], listed["reserved_spots"]) == (0, 1, 1)


def test_a_booking_has_the_state_of_its_confirmation_mail(client, auth, alice, lot):
    booking = park(alice, lot)
    view = client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).json["booking"]
    assert view["mail"] == {"state": "queued"}


def test_release_twice_gives_the_same_answer(client, auth, alice, lot):
    booking = park(alice, lot)
    clock.travel(1800)
    first = client.post(f"/api/release/{booking['id']}", headers=auth(alice)).json
    clock.travel(1800)
    second = client.post(f"/api/release/{booking['id']}", headers=auth(alice)).json
    assert first == second
    assert first["total_cost"] == 1


@pytest.mark.parametrize("path", ["", "/cancel", "/extend", "/check-in", "/receipt", "/calendar.ics"])
def test_another_users_booking_is_not_found(client, auth, alice, bob, lot, path):
    booking = park(alice, lot)
    body = {"minutes": 5} if path == "/extend" else {}
    url = f"/api/bookings/{booking['id']}{path}"
    gets = path in ("", "/receipt", "/calendar.ics")
    theirs, missing = (
        client.get(u, headers=auth(bob)) if gets else client.post(u, json=body, headers=auth(bob))
        for u in (url, url.replace(f"/{booking['id']}", "/99999"))
    )
    assert (theirs.status_code, theirs.json["detail"]) == (404, missing.json["detail"])


def test_the_release_of_another_users_booking_changes_nothing(client, auth, alice, bob, lot):
    booking = park(alice, lot)
    assert client.post(f"/api/release/{booking['id']}", headers=auth(bob)).status_code == 404
    [listed] = client.get("/api/bookings", headers=auth(alice)).json["bookings"]
    assert listed["status"] == "Active"


def test_cancel_before_it_begins_and_not_after(client, auth, alice, lot):
    booking = reserve(alice, lot, H, H)
    answer = client.post(f"/api/bookings/{booking['id']}/cancel", json={}, headers=auth(alice))
    assert (answer.json["booking"]["status"], answer.json["booking"]["total_cost"]) == ("Cancelled", 0)
    again = client.post(f"/api/bookings/{booking['id']}/cancel", json={}, headers=auth(alice))
    assert (again.status_code, again.json["code"]) == (409, "already_ended")
    running = reserve(alice, lot, H, H)
    clock.travel(3600)
    late = client.post(f"/api/bookings/{running['id']}/cancel", json={}, headers=auth(alice))
    assert (late.status_code, late.json["code"]) == (409, "already_started")
    early = reserve(alice, lot, H, H)
    not_yet = client.post(f"/api/release/{early['id']}", headers=auth(alice))
    assert (not_yet.status_code, not_yet.json["code"]) == (409, "not_started")


def test_the_same_spot_can_be_booked_again_after_a_cancellation(alice, bob, carol, client, auth):
    lot = make_lot(carol, capacity=1)
    booking = reserve(alice, lot, H, H)
    client.post(f"/api/bookings/{booking['id']}/cancel", json={}, headers=auth(alice))
    assert reserve(bob, lot, H, H)["spot_number"] == 1


def test_a_reservation_is_extended_up_to_the_next_one(client, auth, alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    mine = reserve(alice, lot, H, H)
    theirs = reserve(bob, lot, 3 * H, H)
    url = f"/api/bookings/{mine['id']}/extend"
    answer = client.post(url, json={"minutes": 60}, headers=auth(alice))
    assert answer.status_code == 200
    assert answer.json["booking"]["reserved_end"] == theirs["reserved_start"]
    refused = client.post(url, json={"minutes": 30}, headers=auth(alice))
    assert (refused.status_code, refused.json["code"]) == (409, "spot_promised")
    assert refused.json["max_until"] == theirs["reserved_start"]
    clock.travel(2 * 3600)
    left = client.post(f"/api/release/{mine['id']}", headers=auth(alice))
    assert left.json["total_cost"] == 4


def test_an_extension_has_either_minutes_or_an_end(client, auth, alice, lot):
    booking = park(alice, lot)
    url = f"/api/bookings/{booking['id']}/extend"
    assert client.post(url, json={}, headers=auth(alice)).status_code == 422
    both = {"minutes": 5, "until": text(clock.now() + 9 * H)}
    assert client.post(url, json=both, headers=auth(alice)).status_code == 422
    until = text(clock.now() + 9 * H)
    answer = client.post(url, json={"until": until}, headers=auth(alice))
    assert answer.json["booking"]["held_until"] == until


def test_check_in_where_the_lot_asks_for_it(client, auth, alice, carol):
    lot = make_lot(carol, require_checkin=True, checkin_grace_minutes=15)
    booking = reserve(alice, lot, 2 * H, H)
    url = f"/api/bookings/{booking['id']}/check-in"
    early = client.post(url, json={}, headers=auth(alice))
    assert (early.status_code, early.json["code"]) == (409, "too_early")
    clock.travel(100 * 60)
    answer = client.post(url, json={}, headers=auth(alice))
    assert answer.json["booking"]["status"] == "Active"
    clock.travel(120 * 60)  # forty minutes over
    left = client.post(f"/api/release/{booking['id']}", headers=auth(alice))
    assert left.json["total_cost"] == 4  # twenty minutes early, the hour, forty minutes late


def test_staff_read_only_the_actions_that_they_can_take(client, auth, alice, carol):
    """Their driver extends and shortens; there is no way for anybody else to do so."""
    lot = make_lot(carol, require_checkin=True, shorten_running=True)
    stay, coming = park(alice, lot), reserve(alice, lot, timedelta(minutes=5), timedelta(hours=1))
    listed = client.get("/api/bookings", headers=auth(alice)).json["bookings"]
    own = {one["id"]: one["actions"] for one in listed}
    assert own == {stay["id"]: ["release", "extend"], coming["id"]: ["cancel", "extend", "shorten", "check_in"]}
    expected = {stay["id"]: ["release"], coming["id"]: ["cancel", "check_in"]}
    listed = client.get("/api/admin/bookings", headers=auth(carol)).json["bookings"]
    assert {one["id"]: one["actions"] for one in listed} == expected
    search = client.get("/api/admin/search", query_string={"q": stay["reference"]}, headers=auth(carol)).json
    assert [one["actions"] for one in search["bookings"]] == [expected[stay["id"]]]
    answer = client.post(f"/api/admin/bookings/{coming['id']}/check-in", json={}, headers=auth(carol))
    assert answer.json["booking"]["actions"] == ["release"]


@pytest.mark.parametrize("before", ["reserved", "checked in", "ended"])
def test_a_check_in_during_an_earlier_booking_is_refused(client, auth, alice, bob, carol, before):
    """A spot that somebody has until shortly before is not offered early, and asking for it is refused in words."""
    lot = make_lot(carol, capacity=1, require_checkin=True, timezone="Europe/Berlin")
    minute = timedelta(minutes=1)
    first, second = reserve(alice, lot, 5 * minute, 5 * minute), reserve(bob, lot, 15 * minute, 15 * minute)
    url = f"/api/bookings/{second['id']}"

    def offered():
        one = client.get(url, headers=auth(bob)).json["booking"]["actions"]
        [listed] = client.get("/api/bookings", headers=auth(bob)).json["bookings"]
        assert listed["actions"] == one
        return "check_in" in one

    if before != "reserved":
        client.post(f"/api/bookings/{first['id']}/check-in", json={}, headers=auth(alice))
    if before == "ended":
        client.post(f"/api/release/{first['id']}", headers=auth(alice))
        assert offered()
        assert client.post(f"{url}/check-in", json={}, headers=auth(bob)).status_code == 200
        return
    assert "check_in" not in second["actions"]
    assert not offered()
    answer = client.post(f"{url}/check-in", json={}, headers=auth(bob))
    code = {"reserved": "spot_not_free_yet", "checked in": "spot_occupied"}[before]
    assert (answer.status_code, answer.json["code"]) == (409, code)
    if before == "reserved":
        assert answer.json["detail"] == "Your spot is not free until 13:10. You can check in from then on."
        clock.travel(10 * 60)
        assert offered()
        assert client.post(f"{url}/check-in", json={}, headers=auth(bob)).status_code == 200


def test_a_no_show_costs_nothing_and_frees_the_spot(client, auth, alice, bob, carol):
    lot = make_lot(carol, capacity=1, require_checkin=True)
    booking = reserve(alice, lot, H, 3 * H)
    clock.travel(3600 + 15 * 60)
    view = client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).json["booking"]
    assert (view["status"], view["total_cost"]) == ("No-show", 0)
    assert park(bob, lot)["spot_number"] == 1
    late = client.post(f"/api/bookings/{booking['id']}/check-in", json={}, headers=auth(alice))
    assert (late.status_code, late.json["code"]) == (409, "already_ended")


def test_states_are_right_while_no_worker_runs(client, auth, alice, carol):
    lot = make_lot(carol, capacity=1)
    booking = reserve(alice, lot, 5 * H, H)

    def seen():
        view = client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).json["booking"]
        spot = client.get(f"/api/spots/{lot['id']}", headers=auth(alice)).json["spots"][0]
        [counted] = client.get("/api/lots", headers=auth(alice)).json["lots"]
        listed = client.get(f"/api/bookings?status={view['status']}", headers=auth(alice)).json["bookings"]
        assert [b["id"] for b in listed] == [booking["id"]]
        return view["status"], spot["status"], counted["available_spots"]

    assert seen() == ("Reserved", "Available", 1)
    clock.travel(3 * 3600)
    assert seen() == ("Reserved", "Reserved", 0)
    clock.travel(2 * 3600)
    assert seen() == ("Active", "Occupied", 0)
    clock.travel(3600)
    assert seen() == ("Completed", "Available", 1)
    assert park(alice, lot)["spot_number"] == 1


def test_a_forced_release_has_a_reason_and_a_mail(client, auth, alice, carol, lot):
    booking = park(alice, lot)
    url = f"/api/admin/bookings/{booking['id']}/release"
    assert client.post(url, json={}, headers=auth(carol)).status_code == 422
    clock.travel(3600)
    answer = client.post(url, json={"reason": "Fire drill"}, headers=auth(carol))
    assert answer.status_code == 200
    view = answer.json["booking"]
    assert (view["status"], view["reason"], view["ended_by"], view["user_email"]) == (
        "Completed",
        "Fire drill",
        "admin",
        "alice@example.com",
    )


def test_the_limit_of_open_bookings(app, client, auth, alice, lot):
    import dataclasses

    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], max_open_bookings_per_user=1)
    park(alice, lot)
    body = {"lot_id": lot["id"], "booking_type": "instant"}
    answer = client.post("/api/book", json=body, headers=auth(alice))
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_bookings")


def test_every_change_leaves_one_audit_row(client, auth, alice, carol, lot):
    from sqlalchemy import select

    from parking.audit.models import AuditEntry

    booking = reserve(alice, lot, H, H)
    client.post(f"/api/bookings/{booking['id']}/extend", json={"minutes": 10}, headers=auth(alice))
    client.post(f"/api/bookings/{booking['id']}/cancel", json={}, headers=auth(alice, **{"X-Request-Id": "mine-1"}))
    db.session.rollback()
    rows = db.session.scalars(select(AuditEntry).where(AuditEntry.entity == "booking").order_by(AuditEntry.id)).all()
    assert [row.action for row in rows] == ["booking.created", "booking.extended", "booking.cancelled"]
    assert rows[1].before["held_until"] == booking["held_until"]
    assert (rows[2].actor_id, rows[2].request_id) == (alice.id, "mine-1")
    assert rows[2].after["status"] == "Cancelled"
