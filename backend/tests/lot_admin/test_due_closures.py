"""Closures that are due: a car that is still there, what is no booking, and what lapses by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from parking import clock
from parking.availability import queries
from parking.bookings import expiry, locked_booking, occupancy, personal_data, service
from parking.bookings.models import Booking
from parking.database import db, is_sqlite, transaction
from tests.bookings.helpers import make_lot, park, reserve, wait_until_somebody_waits
from tests.bookings.helpers import text as rfc3339
from tests.lot_admin.stage import H, audited, row, spot_id, state, window
from tests.waitlist.stage import wait_for
from tests.waitlist.test_turns import in_thread, open_transaction

# a car that is still there --------------------------------------------------------------------


@pytest.fixture
def waiting(close, lot, alice):
    """A walk-in that has stayed past its hold, and a closure of its spot that is due."""
    stay = park(alice, lot) | {"user_id": alice.id}
    assert close(5 * H, 3 * H, reason="Drain").status_code == 200
    clock.travel(5 * 3600 + 60)
    expiry.apply_all_due_transitions()
    return stay


def closure_row() -> Booking:
    db.session.rollback()
    return db.session.scalars(select(Booking).where(Booking.booking_type == "block")).one()


def test_a_closure_waits_for_the_car_and_the_administrator_is_told(admin, lot, waiting):
    assert row(waiting["id"]).status == "Active"
    seen = state(admin, lot)
    assert (seen["status"], seen["out_of_service_reason"]) == ("Occupied", None)
    assert [one["state"] for one in seen["closures"]] == ["waiting"]
    listed = admin("GET", "/api/admin/closures?waiting=true").json["closures"]
    assert [(one["spot_number"], one["reason"]) for one in listed] == [(1, "Drain")]
    counts = occupancy.counts_by_lot(db.session(), clock.now())[lot["id"]]
    assert counts == occupancy.SpotCounts(occupied=1)
    clock.travel(600)
    service.release(waiting["id"], waiting["user_id"])
    left = clock.now()
    assert admin("GET", "/api/admin/closures?waiting=true").json["closures"] == []
    clock.travel(30)
    expiry.apply_all_due_transitions()
    assert (closure_row().status, closure_row().checked_in_at) == ("Active", left)
    [started] = audited("spot.closure_started")
    assert (started.after["from"] < started.after["began"], started.after["began"]) == (True, rfc3339(left))
    assert state(admin, lot)["status"] == "Out of service"


def test_a_closure_that_waits_writes_nothing_meanwhile(waiting):
    assert expiry.apply_all_due_transitions() == 0


def test_a_closure_whose_spot_was_never_free_is_given_up(admin, lot, waiting):
    clock.travel(3 * 3600)
    expiry.apply_all_due_transitions()
    assert (closure_row().status, closure_row().ended_by) == ("Cancelled", "system")
    assert len(audited("spot.closure_missed")) == 1
    assert state(admin, lot)["closures"] == []


def test_a_late_run_writes_what_was(waiting):
    clock.travel(600)
    service.release(waiting["id"], waiting["user_id"])
    left = clock.now()
    clock.travel(9 * 3600)
    expiry.apply_all_due_transitions()
    stored = closure_row()
    assert (stored.status, stored.checked_in_at, stored.end_time) == ("Completed", left, stored.held_until)


def test_a_window_that_begins_now_waits_for_a_car_whose_time_is_over(admin, close, lot, alice):
    park(alice, lot)
    clock.travel(5 * 3600)
    assert close(timedelta(0), H).status_code == 200
    assert [one["state"] for one in state(admin, lot)["closures"]] == ["waiting"]
    assert admin("PATCH", f"/api/spots/{spot_id(lot)}", {"out_of_service": False}).json["spot"]["closures"] == []


def test_a_walk_in_is_held_and_extended_only_up_to_a_closure(client, auth, close, lot, alice):
    close(6 * H, H)
    stay = park(alice, lot)
    clock.travel(3 * 3600)
    expiry.apply_all_due_transitions()
    assert row(stay["id"]).held_until == row(stay["id"]).start_time + 6 * H
    refused = client.post(f"/api/bookings/{stay['id']}/extend", json={"minutes": 600}, headers=auth(alice))
    assert (refused.status_code, refused.json["code"]) == (409, "spot_promised")


def test_check_in_waits_for_the_end_of_a_closure_and_not_for_a_sweep(client, auth, admin, carol, alice):
    lot = make_lot(carol, "Gate", capacity=1, require_checkin=True, checkin_grace_minutes=30)
    admin("PATCH", f"/api/spots/{spot_id(lot)}", window(timedelta(0), H))
    booking = reserve(alice, lot, H, H)
    path = f"/api/bookings/{booking['id']}"
    clock.travel(50 * 60)
    assert client.get(path, headers=auth(alice)).json["booking"]["actions"] == ["cancel", "extend", "shorten"]
    early = client.post(f"{path}/check-in", json={}, headers=auth(alice))
    assert (early.status_code, early.json["code"]) == (409, "spot_not_free_yet")
    clock.travel(11 * 60)
    assert "check_in" in client.get(path, headers=auth(alice)).json["booking"]["actions"]
    assert client.post(f"{path}/check-in", json={}, headers=auth(alice)).status_code == 200


def _before_the_booking(session, booking_id: int) -> None:
    """As it must not be: the booking is locked before the block of its spot."""
    locked_booking(session, booking_id, None)
    expiry.end_blocks_of(session, row(booking_id).spot_id, clock.now())


@pytest.mark.parametrize("guarded", [True, False])
def test_a_check_in_and_who_joins_the_waitlist_lock_block_and_booking_in_one_order(
    app, admin, carol, alice, bob, monkeypatch, guarded
):
    """In the control one of them is rolled back by the database."""
    if is_sqlite():
        pytest.skip("SQLite has one writer")
    if not guarded:
        monkeypatch.setattr(service, "_lock_spot_of", _before_the_booking)
    lot = make_lot(carol, "Gate", capacity=1, require_checkin=True, checkin_grace_minutes=30)
    admin("PATCH", f"/api/spots/{spot_id(lot)}", window(timedelta(0), H))
    booking = reserve(alice, lot, H, H)
    clock.travel(3660)
    block, errors = select(Booking.id).where(Booking.booking_type == "block").with_for_update(), list[Exception]()
    with open_transaction(app, lambda session: session.execute(block), errors):
        joins = in_thread(app, lambda: wait_for(bob, lot, start=H / 4), errors)
        wait_until_somebody_waits()
        checks_in = in_thread(app, lambda: service.check_in(booking["id"], alice.id), errors)
        wait_until_somebody_waits(2)
    joins.join(60)
    checks_in.join(60)
    assert len(errors) == (0 if guarded else 1), errors
    if guarded:
        assert row(booking["id"]).status == "Active"


# what a block is not --------------------------------------------------------------------------


def _hold(lot, user) -> None:
    """A spot kept for this user, as the waitlist writes it."""
    now = clock.now()
    start, end, spot_id_of = now + 2 * H, now + 3 * H, spot_id(lot, 3)
    with transaction() as session:
        hold = Booking(reference="HOLD", lot_id=lot["id"], spot_id=spot_id_of, user_id=user.id, booking_type="hold")
        hold.tariff_id = session.scalar(text("SELECT tariff_id FROM parking_lot"))
        hold.status, hold.claim_by = "Reserved", now + H
        hold.start_time = hold.reserved_start = start
        hold.held_until = hold.reserved_end = end
        session.add(hold)


def test_a_block_or_hold_is_nobodys_booking(client, auth, admin, close, lot, alice, carol):
    close(H, 2 * H)
    close(timedelta(0), 9 * H, number=2)
    _hold(lot, alice)
    for who in (alice, carol):
        mine = client.get("/api/bookings", headers=auth(who)).json
        assert (mine["bookings"], mine["total"], mine["totals"]["count"]) == ([], 0, 0)
        own = client.get("/api/stats/user", headers=auth(who)).json
        assert (own["total_spent"], {month["bookings"] for month in own["monthly_bookings"]}) == (0, {0})
    everyone = admin("GET", "/api/users").json["users"]
    assert {(one["total_bookings"], one["active_bookings"]) for one in everyone} == {(0, 0)}
    assert admin("GET", "/api/admin/bookings").json["bookings"] == []
    assert admin("GET", "/api/admin/bookings/totals").json["totals"]["count"] == 0
    assert admin("GET", "/api/admin/search?q=out").json["bookings"] == []
    stats = admin("GET", "/api/stats/admin").json
    names = ("total_bookings", "active_bookings", "reserved_bookings", "completed_bookings", "total_revenue")
    assert {stats[name] for name in names} == {0}
    over = f"from={rfc3339(clock.now() + H)}&to={rfc3339(clock.now() + 2.5 * H)}"
    free = client.get(f"/api/lots/{lot['id']}/availability?{over}", headers=auth(alice)).json["availability"]
    assert (free["available_spots"], free["spot_ids"]) == (0, [])
    [listed] = queries.lot_views(db.session(), clock.now(), [lot["id"]])
    counts = [listed[f"{name}_spots"] for name in ("available", "reserved", "out_of_service", "occupied")]
    assert counts == [0, 2, 1, 0]


def test_a_hold_lapses_by_the_clock(admin, lot, alice):
    _hold(lot, alice)
    assert state(admin, lot, 3)["status"] == "Reserved"
    clock.travel(3600)
    assert (state(admin, lot, 3)["status"], state(admin, lot, 3)["reservations"]) == ("Available", [])
    with transaction() as session:
        session.execute(text("UPDATE booking SET status = 'Lapsed', end_time = claim_by WHERE booking_type = 'hold'"))
    assert db.session.scalar(select(Booking.status)) == "Lapsed"


def test_an_account_that_set_a_closure_can_be_deleted_and_nobody_is_reminded(close, lot, carol):
    close(H, H)
    assert personal_data.deletion_blocker(db.session(), carol.id) is None
    assert personal_data.of_year(db.session(), datetime.now(clock.now().tzinfo).year) == {}
