"""“I'm away”: all reservations that begin within a time are cancelled, or none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.bookings import transitions
from parking.bookings.models import Booking
from parking.bookings.series import cancelling
from parking.database import db
from parking.mail.models import OutboxMail
from tests.bookings.helpers import make_lot, park, reserve, row, text

H, D = timedelta(hours=1), timedelta(days=1)
URL = "/api/bookings/cancel-range"


@pytest.fixture
def lot(carol):
    return make_lot(carol)


@pytest.fixture
def booked(alice, bob, lot):
    """alice's reservations of four days, a stay of hers, and a reservation of bob."""
    mine = [reserve(alice, lot, n * D, 2 * H)["id"] for n in (1, 2, 3, 4)]
    return {"mine": mine, "stay": park(alice, lot)["id"], "other": reserve(bob, lot, 2 * D, H)["id"]}


def body(start: timedelta, end: timedelta, **more):
    return {"from": text(clock.now() + start), "until": text(clock.now() + end), **more}


def test_a_dry_run_only_says_which(client, auth, alice, booked):
    period = body(2 * D, 4 * D, dry_run=True)
    answer = client.post(URL, json=period, headers=auth(alice))
    assert answer.status_code == 200
    assert (answer.json["count"], answer.json["dry_run"]) == (2, True)
    assert [one["id"] for one in answer.json["bookings"]] == booked["mine"][1:3]
    assert {row(one).status for one in booked["mine"]} == {"Reserved"}


def test_those_that_begin_in_the_range_are_cancelled_and_no_others(client, auth, alice, booked):
    answer = client.post(URL, json=body(-2 * D, 3 * D), headers=auth(alice))
    assert answer.json["message"] == "2 bookings cancelled."
    assert [row(one).status for one in booked["mine"]] == ["Cancelled", "Cancelled", "Reserved", "Reserved"]
    assert (row(booked["stay"]).status, row(booked["other"]).status) == ("Active", "Reserved")
    cancelled = select(func.count()).select_from(OutboxMail).where(OutboxMail.kind == "booking_cancelled")
    assert db.session.scalar(cancelled) == 2
    assert client.post(URL, json=body(-2 * D, 3 * D), headers=auth(alice)).json["count"] == 0


def test_what_has_begun_by_the_clock_stays(client, auth, alice, booked):
    clock.travel(86400 + 60)
    answer = client.post(URL, json=body(-2 * D, 9 * D), headers=auth(alice))
    assert [one["id"] for one in answer.json["bookings"]] == booked["mine"][1:]
    assert row(booked["mine"][0]).status == "Reserved"  # it runs; no job has written it yet


def test_a_failure_in_the_middle_leaves_all_of_them(app, alice, booked, monkeypatch):
    cancel, calls = transitions.cancel, []

    def fails(*args, **more):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError
        return cancel(*args, **more)

    monkeypatch.setattr(cancelling.transitions, "cancel", fails)
    period = body(0 * D, 9 * D)
    with pytest.raises(RuntimeError):
        cancelling.cancel_range(alice.id, period["from"], period["until"], dry_run=False)
    assert {row(one).status for one in booked["mine"]} == {"Reserved"}
    assert db.session.scalar(select(func.count()).select_from(Booking).where(Booking.status == "Cancelled")) == 0


def test_naive_times_are_those_of_each_lot(client, auth, alice, carol):
    """At 08:00 of each lot's own clock."""
    ids = {}
    for zone in ("Asia/Tokyo", "Europe/Berlin", "America/New_York"):
        lot = make_lot(carol, zone, timezone=zone)
        for hour in (7, 8, 9):
            window = {"reserved_start": f"2026-03-05T0{hour}:00", "reserved_end": f"2026-03-05T0{hour}:30"}
            order = {"lot_id": lot["id"], "booking_type": "reserved", **window}
            ids[zone, hour] = client.post("/api/book", json=order, headers=auth(alice)).json["booking"]["id"]
    period = {"from": "2026-03-05T08:00", "until": "2026-03-05T09:00"}
    answer = client.post(URL, json=period, headers=auth(alice))
    assert {one["id"] for one in answer.json["bookings"]} == {ids[zone, 8] for zone, _ in ids}


def test_one_key_cancels_once(client, auth, alice, booked):
    headers, period = auth(alice, **{"Idempotency-Key": "away"}), body(0 * D, 9 * D)
    first, second = (client.post(URL, json=period, headers=headers) for _ in range(2))
    assert (first.json["count"], second.json) == (4, first.json)


@pytest.mark.parametrize(
    ("period", "field"),
    [
        ({"from": "2026-03-05T08:00", "until": "2026-03-05T08:00"}, "until"),
        ({"from": "yesterday", "until": "2026-03-05T08:00"}, "from"),
        ({"until": "2026-03-05T08:00"}, "from"),
        ({"from": "2026-03-05T08:00", "until": "2026-03-06T08:00", "dry_run": "yes"}, "dry_run"),
        ({"from": "0001-01-01T00:00", "until": "9999-12-31T23:59"}, "from"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_bad_input_is_told_at_its_field(client, auth, alice, period, field, dry_run):
    answer = client.post(URL, json={"dry_run": dry_run} | period, headers=auth(alice))
    assert answer.status_code == 422
    assert field in answer.json["errors"]
