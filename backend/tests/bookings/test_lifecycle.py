"""A booking's life as its owner and the administrators see it, over HTTP."""

from datetime import timedelta

import pytest

from parking import clock
from parking.bookings import expiry
from parking.database import db
from parking.mail.models import OutboxMail
from tests.bookings.helpers import make_lot, park, reserve, text

H = timedelta(hours=1)
M = timedelta(minutes=1)


@pytest.fixture
def lot(carol):
    return make_lot(carol)


def window(start, length):
    begins = clock.now() + start
    return {"reserved_start": text(begins), "reserved_end": text(begins + length)}


def test_a_reserved_stay_costs_its_window_also_when_left_early(client, auth, alice, lot):
    booking = reserve(alice, lot, H, 3 * H)
    assert (booking["status"], booking["actions"]) == ("Reserved", ["cancel", "extend"])
    clock.travel(2 * 3600)
    answer = client.post(f"/api/release/{booking['id']}", headers=auth(alice))
    assert answer.json["total_cost"] == 6
    assert answer.json["booking"]["duration_hours"] == 3


def test_naive_times_are_the_lots(client, auth, alice, carol):
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
def test_windows_that_cannot_be(client, auth, alice, lot, start, length, field):
    body = {"lot_id": lot["id"], "booking_type": "reserved"} | window(start, length)
    answer = client.post("/api/book", json=body, headers=auth(alice))
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_a_chosen_spot_and_the_next_free_one(client, auth, alice, bob, lot):
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
    [shown] = client.get("/api/lots", headers=auth(alice)).json["lots"]
    assert (shown["available_spots"], shown["occupied_spots"], shown["reserved_spots"]) == (0, 1, 1)


def test_the_confirmation_is_told_with_the_booking(client, auth, alice, lot):
    booking = park(alice, lot)
    shown = client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).json["booking"]
    assert shown["mail"] == {"state": "queued"}


def test_release_twice_gives_the_same_answer(client, auth, alice, lot):
    booking = park(alice, lot)
    clock.travel(1800)
    first = client.post(f"/api/release/{booking['id']}", headers=auth(alice)).json
    clock.travel(1800)
    second = client.post(f"/api/release/{booking['id']}", headers=auth(alice)).json
    assert first == second
    assert first["total_cost"] == 1


@pytest.mark.parametrize("path", ["", "/cancel", "/extend", "/check-in", "/receipt", "/calendar.ics"])
def test_somebody_elses_booking_does_not_exist(client, auth, alice, bob, lot, path):
    booking = park(alice, lot)
    body = {"minutes": 5} if path == "/extend" else {}
    url = f"/api/bookings/{booking['id']}{path}"
    gets = path in ("", "/receipt", "/calendar.ics")
    theirs, missing = (
        client.get(u, headers=auth(bob)) if gets else client.post(u, json=body, headers=auth(bob))
        for u in (url, url.replace(f"/{booking['id']}", "/99999"))
    )
    assert (theirs.status_code, theirs.json["detail"]) == (404, missing.json["detail"])


def test_release_of_somebody_elses_is_404_and_changes_nothing(client, auth, alice, bob, lot):
    booking = park(alice, lot)
    assert client.post(f"/api/release/{booking['id']}", headers=auth(bob)).status_code == 404
    [kept] = client.get("/api/bookings", headers=auth(alice)).json["bookings"]
    assert kept["status"] == "Active"


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


def test_extend_a_reservation_and_what_stands_in_the_way(client, auth, alice, bob, carol):
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


def test_extend_wants_one_of_two_ways(client, auth, alice, lot):
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


@pytest.mark.parametrize("before", ["reserved", "checked in", "ended"])
def test_nobody_checks_in_over_an_earlier_booking(client, auth, alice, bob, carol, before):
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
        assert answer.json["detail"] == "Another driver has your spot until 13:10. You can check in from then on."
        clock.travel(10 * 60)
        assert offered()
        assert client.post(f"{url}/check-in", json={}, headers=auth(bob)).status_code == 200


def test_a_no_show_costs_nothing_and_frees_the_spot(client, auth, alice, bob, carol):
    lot = make_lot(carol, capacity=1, require_checkin=True)
    booking = reserve(alice, lot, H, 3 * H)
    clock.travel(3600 + 15 * 60)
    shown = client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).json["booking"]
    assert (shown["status"], shown["total_cost"]) == ("No-show", 0)
    assert park(bob, lot)["spot_number"] == 1
    late = client.post(f"/api/bookings/{booking['id']}/check-in", json={}, headers=auth(alice))
    assert (late.status_code, late.json["code"]) == (409, "already_ended")


def test_states_are_true_while_no_worker_runs(client, auth, alice, carol):
    lot = make_lot(carol, capacity=1)
    booking = reserve(alice, lot, 5 * H, H)

    def seen():
        shown = client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).json["booking"]
        spot = client.get(f"/api/spots/{lot['id']}", headers=auth(alice)).json["spots"][0]
        [counted] = client.get("/api/lots", headers=auth(alice)).json["lots"]
        listed = client.get(f"/api/bookings?status={shown['status']}", headers=auth(alice)).json["bookings"]
        assert [b["id"] for b in listed] == [booking["id"]]
        return shown["status"], spot["status"], counted["available_spots"]

    assert seen() == ("Reserved", "Available", 1)
    clock.travel(3 * 3600)
    assert seen() == ("Reserved", "Reserved", 0)
    clock.travel(2 * 3600)
    assert seen() == ("Active", "Occupied", 0)
    clock.travel(3600)
    assert seen() == ("Completed", "Available", 1)
    assert park(alice, lot)["spot_number"] == 1


def test_a_forced_release_has_a_reason_and_is_told(client, auth, alice, carol, lot):
    booking = park(alice, lot)
    url = f"/api/admin/bookings/{booking['id']}/release"
    assert client.post(url, json={}, headers=auth(carol)).status_code == 422
    clock.travel(3600)
    answer = client.post(url, json={"reason": "Fire drill"}, headers=auth(carol))
    assert answer.status_code == 200
    shown = answer.json["booking"]
    assert (shown["status"], shown["reason"], shown["ended_by"], shown["user_email"]) == (
        "Completed",
        "Fire drill",
        "admin",
        "alice@example.com",
    )


def test_history_is_paged_by_key_and_summed(client, auth, alice, lot):
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


def test_history_filters(client, auth, alice, carol, lot):
    other = make_lot(carol, "Castle")
    mine = reserve(alice, lot, H, H)
    reserve(alice, other, 50 * H, H)
    found = client.get(f"/api/bookings?lot_id={lot['id']}", headers=auth(alice)).json["bookings"]
    assert [b["id"] for b in found] == [mine["id"]]
    upto = text(clock.now() + 10 * H)
    found = client.get(f"/api/bookings?to={upto}", headers=auth(alice)).json["bookings"]
    assert [b["id"] for b in found] == [mine["id"]]
    found = client.get(f"/api/bookings?from={upto}", headers=auth(alice)).json["bookings"]
    assert [b["lot_name"] for b in found] == ["Castle"]


def test_an_administrator_searches_all_bookings(client, auth, alice, bob, carol, lot):
    park(alice, lot, vehicle_plate="B-PK 1")
    mine = park(bob, lot)
    for words in ("bob@", mine["reference"].lower(), "BOB"):
        found = client.get(f"/api/admin/bookings?q={words}", headers=auth(carol)).json["bookings"]
        assert [b["username"] for b in found] == ["bob"], words
    assert client.get("/api/admin/bookings?q=%25", headers=auth(carol)).json["bookings"] == []
    assert client.get("/api/admin/bookings", headers=auth(alice)).status_code == 403


def test_a_quote_is_what_the_booking_costs(client, auth, alice, carol):
    lot = make_lot(
        carol,
        price_per_hour=333,
        billing_step_seconds=900,
        daily_cap=2000,
        cap_day="calendar",
        timezone="Europe/London",
    )
    span = {"from": "2026-03-28T18:10:00", "to": "2026-03-30T07:05:00"}  # over the night the clocks go forward
    quote = client.get("/api/quote", query_string={"lot_id": lot["id"]} | span, headers=auth(alice)).json["quote"]
    assert round(sum(line["amount"] for line in quote["lines"]), 2) == quote["total_cost"]
    body = {"lot_id": lot["id"], "booking_type": "reserved"}
    order = body | {"reserved_start": span["from"], "reserved_end": span["to"]}
    booking = client.post("/api/book", json=order, headers=auth(alice)).json["booking"]
    clock.travel(29 * 86_400)
    expiry.settle_all()
    kept = client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).json["booking"]
    assert kept["total_cost"] == quote["total_cost"]
    receipt = client.get(f"/api/bookings/{booking['id']}/receipt", headers=auth(alice)).json["receipt"]
    assert receipt["total_cost"] == quote["total_cost"]
    assert round(sum(line["amount"] for line in receipt["lines"]), 2) == quote["total_cost"]
    assert [line["capped"] for line in receipt["lines"]] == [False, True, True]
    told = db.session.query(OutboxMail).filter_by(kind="release_receipt").one().facts["booking"]
    for said, line in zip(told["lines"], receipt["lines"], strict=True):
        assert said == {**said, **{name: line[name] for name in ("starts", "seconds", "capped", "free")}}
        assert said["amount_minor"] == round(line["amount"] * 100)


def test_availability_and_when_next(client, auth, alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    reserve(bob, lot, 2 * H, 2 * H)
    span = {"from": text(clock.now() + H), "to": text(clock.now() + 3 * H)}
    found = client.get(f"/api/lots/{lot['id']}/availability", query_string=span, headers=auth(alice))
    shown = found.json["availability"]
    assert (shown["available_spots"], shown["next_free"]["from"]) == (0, text(clock.now() + 4 * H))
    free = {"from": text(clock.now()), "to": text(clock.now() + 2 * H)}
    found = client.get(f"/api/lots/{lot['id']}/availability", query_string=free, headers=auth(alice))
    assert found.json["availability"]["available_spots"] == 1


def test_the_limit_of_open_bookings(app, client, auth, alice, lot):
    import dataclasses

    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], max_open_bookings_per_user=1)
    park(alice, lot)
    body = {"lot_id": lot["id"], "booking_type": "instant"}
    answer = client.post("/api/book", json=body, headers=auth(alice))
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_bookings")


def test_the_calendar_file(client, auth, alice, lot):
    from icalendar import Calendar

    booking = reserve(alice, lot, H, H)
    answer = client.get(f"/api/bookings/{booking['id']}/calendar.ics", headers=auth(alice))
    assert answer.mimetype == "text/calendar"
    [event] = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["DTSTART"].dt == clock.now() + H


def test_every_change_leaves_one_audit_row(client, auth, alice, carol, lot):
    from sqlalchemy import select

    from parking.audit import AuditEntry
    from parking.database import db

    booking = reserve(alice, lot, H, H)
    client.post(f"/api/bookings/{booking['id']}/extend", json={"minutes": 10}, headers=auth(alice))
    client.post(f"/api/bookings/{booking['id']}/cancel", json={}, headers=auth(alice, **{"X-Request-Id": "mine-1"}))
    db.session.rollback()
    rows = db.session.scalars(select(AuditEntry).where(AuditEntry.entity == "booking").order_by(AuditEntry.id)).all()
    assert [row.action for row in rows] == ["booking.created", "booking.extended", "booking.cancelled"]
    assert rows[1].before["held_until"] == booking["held_until"]
    assert (rows[2].actor_id, rows[2].request_id) == (alice.id, "mine-1")
    assert rows[2].after["status"] == "Cancelled"
