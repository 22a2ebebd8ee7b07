"""Spots out of service for a window: what may stand in the way, what the clock does, and what is told to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from parking import clock
from parking.bookings import allocation, expiry, service
from parking.database import db
from parking.mail.models import OutboxMail
from parking.notices.models import Notice
from tests.bookings.helpers import furnish, make_lot, park, reserve
from tests.bookings.helpers import text as rfc3339
from tests.lot_admin.stage import H, audited, closures, row, spot_id, state, window


def test_a_closure_is_planned_begins_and_ends_by_itself(admin, close, lot, alice):
    answer = close(H, 2 * H, reason="Wet paint")
    assert (answer.status_code, answer.json["moved"]) == (200, 0)
    [planned] = answer.json["spot"]["closures"]
    start, end = rfc3339(clock.now() + H), rfc3339(clock.now() + 3 * H)
    assert (planned["state"], planned["start"], planned["end"]) == ("planned", start, end)
    assert planned["reason"] == "Wet paint"
    assert (answer.json["spot"]["status"], answer.json["spot"]["out_of_service_reason"]) == ("Reserved", None)
    clock.travel(3600)
    for _ in ("by the clock alone", "written"):
        seen = state(admin, lot)
        assert (seen["status"], seen["out_of_service_reason"]) == ("Out of service", "Wet paint")
        assert closures(admin, lot) == [("active", start, end)]
        assert admin("GET", f"/api/lots/{lot['id']}").json["lot"]["out_of_service_spots"] == 1
        expiry.apply_all_due_transitions()
    clock.travel(7200)
    for _ in ("by the clock alone", "written"):
        assert (state(admin, lot)["status"], closures(admin, lot)) == ("Available", [])
        expiry.apply_all_due_transitions()
    stored = row(planned["id"])
    assert (stored.status, stored.checked_in_at, stored.end_time) == ("Completed", stored.start_time, stored.held_until)
    assert [len(audited(f"spot.closure_{step}")) for step in ("started", "ended")] == [1, 1]
    assert audited("spot.closure_ended")[0].actor_id is None


def test_a_lot_that_is_full_by_a_closure_which_has_ended_gives_the_spot(close, lot, alice, bob):
    """No sweep has run: the request writes what is due."""
    for number in (1, 2, 3):
        assert close(timedelta(0), H, number=number).status_code == 200
    clock.travel(3601)
    assert park(alice, lot)["spot_number"] == 1
    late = reserve(bob, lot, 2 * H, H)
    assert late["status"] == "Reserved"


def test_times_without_an_offset_are_those_of_the_lot(admin, carol):
    lot = make_lot(carol, "Harbour", timezone="Europe/Berlin")
    body = {"out_of_service": True, "from": "2026-12-24T00:00", "until": "2026-12-27T00:00"}
    answer = admin("PATCH", f"/api/spots/{spot_id(lot)}", body)
    [planned] = answer.json["spot"]["closures"]
    assert (planned["start"], planned["end"]) == ("2026-12-23T23:00:00Z", "2026-12-26T23:00:00Z")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"from": "2020-01-01T00:00:00Z"}, "from"),
        ({"from": "2039-01-01T00:00:00Z"}, "from"),
        ({"from": "soon"}, "from"),
        ({"out_of_service": False, "from": "2039-01-01T00:00:00Z"}, "from"),
        ({"out_of_service": None, "until": "2039-01-01T00:00:00Z"}, "until"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_at_its_field(admin, lot, changes, field):
    for path, more in ((f"/api/spots/{spot_id(lot)}", {}), (f"/api/lots/{lot['id']}/spots", {"numbers": [1]})):
        answer = admin("PATCH", path, {"out_of_service": True, **changes, **more})
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_closure_may_have_no_end_and_may_begin_now(admin, close, lot):
    close(20 * H)
    assert [(one["state"], one["end"]) for one in state(admin, lot)["closures"]] == [("planned", None)]
    until = rfc3339(clock.now() + H)
    answer = admin("PATCH", f"/api/spots/{spot_id(lot, 2)}", {"out_of_service": True, "until": until})
    assert (answer.json["spot"]["status"], answer.json["spot"]["closures"][0]["end"]) == ("Out of service", until)


def test_a_spot_may_have_several_closures_and_one_is_withdrawn(admin, close, lot):
    for start in (H, 30 * H, 60 * H):
        assert close(start, H).status_code == 200
    first, second, third = state(admin, lot)["closures"]
    path = f"/api/spots/{spot_id(lot)}/closures"
    answer = admin("DELETE", f"{path}/{second['id']}")
    assert answer.status_code == 200
    assert [one["id"] for one in answer.json["spot"]["closures"]] == [first["id"], third["id"]]
    of_another = f"/api/spots/{spot_id(lot, 2)}/closures/{first['id']}"
    for wrong in (f"{path}/{second['id']}", of_another, "/api/spots/999/closures/1"):
        assert admin("DELETE", wrong).status_code == 404
    assert row(second["id"]).status == "Cancelled"
    clock.travel(3600 + 600)
    expiry.apply_all_due_transitions()
    assert admin("DELETE", f"{path}/{first['id']}").status_code == 200
    assert (row(first["id"]).status, row(first["id"]).end_time) == ("Completed", clock.now())
    assert [entry.before["reason"] for entry in audited("spot.closure_withdrawn")] == [None, None]
    begins = clock.now() + 27 * H
    assert spot_id(lot) in allocation.free_spot_ids(db.session(), lot["id"], begins, begins + 3 * H)


def test_putting_a_spot_back_ends_what_has_begun_and_keeps_what_is_planned(admin, close, lot):
    close(timedelta(0), H)
    close(30 * H, H)
    answer = admin("PATCH", f"/api/spots/{spot_id(lot)}", {"out_of_service": False})
    assert answer.json["spot"]["status"] == "Available"
    assert [one["state"] for one in answer.json["spot"]["closures"]] == ["planned"]


def test_closures_of_one_spot_do_not_overlap(admin, close, lot):
    close(10 * H, 5 * H)
    for start, length in ((9 * H, 2 * H), (11 * H, H), (14 * H, None)):
        answer = close(start, length)
        assert (answer.status_code, answer.json["code"]) == (409, "closure_overlaps")
        assert [one["spot_number"] for one in answer.json["closures"]] == [1]
    forever = admin("PATCH", f"/api/spots/{spot_id(lot)}", {"out_of_service": True})
    assert (forever.status_code, forever.json["code"]) == (409, "closure_overlaps")
    assert close(15 * H, H).status_code == 200
    for _ in ("now, until further notice", "again, which changes nothing"):
        assert admin("PATCH", f"/api/spots/{spot_id(lot, 2)}", {"out_of_service": True}).status_code == 200


def test_the_list_of_closures(admin, close, lot, carol, client, auth, alice):
    other = make_lot(carol, "Castle")
    close(20 * H, H, number=2, reason="Drain")
    close(10 * H, H)
    admin("PATCH", f"/api/spots/{spot_id(other)}", {"out_of_service": True})
    everything = admin("GET", "/api/admin/closures").json
    assert [(one["lot_name"], one["spot_number"], one["state"]) for one in everything["closures"]] == [
        ("Castle", 1, "active"),
        ("Harbour", 1, "planned"),
        ("Harbour", 2, "planned"),
    ]
    page = admin("GET", f"/api/admin/closures?lot_id={lot['id']}&limit=1").json
    following = admin("GET", f"/api/admin/closures?lot_id={lot['id']}&limit=1&cursor={page['next']}").json
    assert [page["closures"][0]["spot_number"], following["closures"][0]["reason"]] == [1, "Drain"]
    assert following["next"] is None
    assert admin("GET", "/api/admin/closures?cursor=nonsense").status_code == 422
    assert client.get("/api/admin/closures", headers=auth(alice)).status_code == 403


# bookings in the way --------------------------------------------------------------------------


def test_bookings_in_the_way_are_listed_each_with_another_spot(admin, close, lot, alice, bob):
    """Two bookings one after the other may go to one spot; two at the same time (of many spots) may not."""
    first = reserve(alice, lot, 10 * H, H, spot_id=spot_id(lot))
    second = reserve(bob, lot, 11 * H, H, spot_id=spot_id(lot))
    answer = close(9 * H, 5 * H)
    assert (answer.status_code, answer.json["code"], answer.json["count"]) == (409, "spot_in_use", 2)
    listed = [(one["booking_id"], one["move_to"]["spot_number"]) for one in answer.json["blocking"]]
    assert listed == [(first["id"], 2), (second["id"], 2)]
    third = reserve(bob, lot, 10 * H, H, spot_id=spot_id(lot, 2))
    many = {**window(9 * H, 5 * H), "numbers": [1, 2]}
    answer = admin("PATCH", f"/api/lots/{lot['id']}/spots", many)
    places = {one["booking_id"]: one["move_to"] and one["move_to"]["spot_number"] for one in answer.json["blocking"]}
    assert sorted(places.values(), key=str) == [3, 3, None]
    assert None in (places[first["id"]], places[third["id"]])
    assert not state(admin, lot)["closures"]


def test_with_move_they_are_moved_and_their_drivers_are_told(admin, close, lot, alice, bob):
    furnish(lot, {1: ["ev"], 3: ["ev"]})
    first = reserve(alice, lot, 10 * H, H, needs=("ev",))
    second = reserve(bob, lot, 11 * H, H, spot_id=spot_id(lot))
    assert first["spot_number"] == 1
    answer = close(9 * H, 5 * H, move=True)
    assert (answer.status_code, answer.json["moved"]) == (200, 2)
    assert [one["state"] for one in answer.json["spot"]["closures"]] == ["planned"]
    assert (row(first["id"]).spot_id, row(second["id"]).spot_id) == (spot_id(lot, 3), spot_id(lot, 2))
    after = service.get(first["id"], None)
    for name in ("reference", "total_cost", "reserved_start", "reserved_end", "status"):
        assert after[name] == first[name]
    mails = db.session.scalars(select(OutboxMail).where(OutboxMail.kind == "booking_moved")).all()
    assert len({mail.user_id for mail in mails}) == len(mails) == 2
    assert all(mail.context["closed"] and mail.context["old_spot_number"] == 1 for mail in mails)
    assert db.session.query(Notice).filter_by(kind="booking_moved").count() == 2
    assert [entry.actor_id is not None for entry in audited("booking.moved")] == [True, True]


def test_all_are_moved_or_none(admin, close, lot, alice, bob):
    """Spot 1 has two bookings; for the second the other spots are taken."""
    first = reserve(alice, lot, 10 * H, H, spot_id=spot_id(lot))
    second = reserve(bob, lot, 12 * H, H, spot_id=spot_id(lot))
    for number in (2, 3):
        reserve(bob, lot, 12 * H, H, spot_id=spot_id(lot, number))
    answer = close(9 * H, 5 * H, move=True)
    assert (answer.status_code, answer.json["code"], answer.json["count"]) == (409, "cannot_move", 1)
    assert [(one["booking_id"], one["move_to"]) for one in answer.json["blocking"]] == [(second["id"], None)]
    assert (row(first["id"]).spot_id, row(second["id"]).spot_id) == (spot_id(lot), spot_id(lot))
    assert not state(admin, lot)["closures"]
    assert db.session.query(OutboxMail).filter_by(kind="booking_moved").count() == 0


def test_a_car_is_never_moved(close, admin, lot, alice):
    stay = park(alice, lot)
    for move in (False, True):
        answer = close(2 * H, H, move=move)
        assert (answer.status_code, answer.json["blocking"][0]["move_to"]) == (409, None)
        forever = admin("PATCH", f"/api/spots/{spot_id(lot)}?move={str(move).lower()}", {"out_of_service": True})
        assert forever.status_code == 409
    assert row(stay["id"]).status == "Active"


def test_without_a_window_future_bookings_can_be_moved_too(admin, lot, alice):
    booking = reserve(alice, lot, 100 * H, H, spot_id=spot_id(lot))
    refused = admin("PATCH", f"/api/spots/{spot_id(lot)}", {"out_of_service": True})
    assert (refused.status_code, refused.json["detail"]) == (409, "Spot 1 is booked. End or cancel the booking first.")
    assert admin("PATCH", f"/api/spots/{spot_id(lot)}?move=true", {"out_of_service": True}).json["moved"] == 1
    assert row(booking["id"]).spot_id == spot_id(lot, 2)


def test_many_spots_are_closed_together_or_not_at_all(admin, lot, alice):
    reserve(alice, lot, 10 * H, H, spot_id=spot_id(lot, 2))
    body = {**window(9 * H, 5 * H, "Marking"), "numbers": [1, 2]}
    assert admin("PATCH", f"/api/lots/{lot['id']}/spots", body).status_code == 409
    assert not state(admin, lot)["closures"]
    done = admin("PATCH", f"/api/lots/{lot['id']}/spots?move=true", body)
    assert (done.status_code, done.json["changed"], done.json["moved"]) == (200, 2, 1)
    assert [len(state(admin, lot, number)["closures"]) for number in (1, 2, 3)] == [1, 1, 0]
