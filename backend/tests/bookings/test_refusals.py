"""A refusal is read, not written; and what it offers instead."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from parking import clock
from parking.bookings import expiry
from parking.bookings.models import Booking
from parking.bookings.reading import alternatives
from parking.database import db, read_connection
from parking.lot_admin import service as lots
from tests.bookings.helpers import identity_of, make_lot, park, reserve, row, text

H = timedelta(hours=1)


@pytest.fixture
def writers(app):
    """One entry for each write transaction that begins."""
    begun: list[str] = []

    @event.listens_for(db.engine, "begin")
    def note(connection):
        if connection.get_execution_options().get("writer"):
            begun.append("begun")

    return begun


@pytest.fixture
def full(alice, carol):
    lot = make_lot(carol, "Full", capacity=1)
    park(alice, lot)
    return lot


def test_a_full_lot_is_refused_without_a_write_transaction(client, auth, bob, carol, full, writers):
    other = make_lot(carol, "Other", capacity=1)
    writers.clear()
    body = {"lot_id": full["id"], "booking_type": "instant"}
    answer = client.post("/api/book", json=body, headers=auth(bob, **{"Idempotency-Key": "one"}))
    assert (answer.status_code, answer.json["code"]) == (409, "lot_full")
    assert [one["lot_id"] for one in answer.json["alternatives"] if one["kind"] == "lot"] == [other["id"]]
    assert writers == []
    body["lot_id"] = other["id"]
    assert client.post("/api/book", json=body, headers=auth(bob)).status_code == 201
    assert writers == ["begun"]


@pytest.mark.parametrize("path", ["spot", "window", "limit", "lot"])
def test_every_other_refusal_too(app, client, auth, alice, bob, full, writers, path):
    body = {"lot_id": full["id"], "booking_type": "instant"}
    if path == "spot":
        body["spot_id"] = row(db.session.query(Booking.id).scalar()).spot_id
    if path == "window":
        end = text(clock.now() - H)
        body |= {"booking_type": "reserved", "reserved_start": text(clock.now() + H), "reserved_end": end}
    if path == "limit":
        app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], max_open_bookings_per_user=1)
    if path == "lot":
        body["lot_id"] = 99
    writers.clear()
    answer = client.post("/api/book", json=body, headers=auth(alice if path == "limit" else bob))
    codes = {"spot": "spot_taken", "window": "invalid", "limit": "too_many_bookings", "lot": "not_found"}
    assert answer.json["code"] == codes[path]
    assert writers == []


def test_what_is_due_in_a_full_lot_is_written_first(client, auth, alice, bob, carol, writers):
    lot = make_lot(carol, capacity=1)
    reserve(alice, lot, H, H)
    clock.travel(3600)
    assert expiry.apply_all_due_transitions() == 1
    clock.travel(3600)
    writers.clear()
    answer = client.post("/api/book", json={"lot_id": lot["id"], "booking_type": "instant"}, headers=auth(bob))
    assert answer.status_code == 201
    assert db.session.scalars(select(Booking.status).order_by(Booking.id)).all() == ["Completed", "Active"]
    assert len(writers) > 1


def test_the_booking_that_took_the_last_spot_is_answered_again(client, auth, app, bob, carol):
    """Under its key, whatever would be refused now: the lot is full, its driver has all the bookings allowed."""
    lot = make_lot(carol, capacity=1)
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], max_open_bookings_per_user=1)
    body, headers = {"lot_id": lot["id"], "booking_type": "instant"}, auth(bob, **{"Idempotency-Key": "one"})
    first = client.post("/api/book", json=body, headers=headers)
    again = client.post("/api/book", json=body, headers=headers)
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = client.post("/api/book", json={**body, "vehicle_plate": "B 1"}, headers=headers)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("here", "near", "far"),
    [
        ((52.0, 179.9), (52.0, -179.9), (52.0, 178.0)),  # across the date line
        ((69.0, 18.0), (69.0, 19.0), (69.5, 18.0)),  # degrees of longitude are short in the north
        ((-33.9, 151.2), (-33.8, 151.2), (-33.9, 151.4)),
    ],
)
def test_the_nearest_free_lot_comes_first(client, auth, alice, bob, carol, here, near, far):
    full = make_lot(carol, "Full", capacity=1, latitude=here[0], longitude=here[1])
    expected = [
        make_lot(carol, "B", latitude=near[0], longitude=near[1])["id"],
        make_lot(carol, "A", latitude=far[0], longitude=far[1])["id"],
        make_lot(carol, "Somewhere", price_per_hour=100)["id"],
    ]
    make_lot(carol, "Somewhere dear", price_per_hour=900)
    park(alice, full)
    body = {"lot_id": full["id"], "booking_type": "instant"}
    offered = client.post("/api/book", json=body, headers=auth(bob)).json["alternatives"]
    assert [one["lot_id"] for one in offered if one["kind"] == "lot"] == expected


def test_only_lots_with_a_free_spot_are_offered(client, auth, alice, bob, carol, full):
    taken = make_lot(carol, "Taken", capacity=1)
    free = make_lot(carol, "Free", capacity=2)
    park(alice, taken)
    park(alice, free)
    body = {"lot_id": full["id"], "booking_type": "instant"}
    [lot] = [
        one
        for one in client.post("/api/book", json=body, headers=auth(bob)).json["alternatives"]
        if one["kind"] == "lot"
    ]
    assert (lot["lot_id"], lot["available_spots"]) == (free["id"], 1)


def test_the_next_window_begins_where_a_hold_ends_and_nothing_follows(alice, bob, carol):
    """Spot 1: 1–3 h, then 4–9 h. Spot 2: 1–6 h. Two hours fit at 6 h on spot 2; one hour at 3 h on spot 1."""
    lot = make_lot(carol, capacity=2)
    for start, length in ((1, 2), (1, 5), (4, 5)):
        reserve(alice, lot, start * H, length * H)
    now = clock.now()

    def after(hours: int, length: int):
        start = now + hours * H
        with read_connection() as connection:
            window = alternatives.next_free(connection, lot["id"], start, start + length * H)
        return window and ((window[0] - now) / H, (window[1] - now) / H)

    assert after(1, 1) == (3, 4)
    assert after(1, 2) == (6, 8)
    assert after(4, 1) == (6, 7)


@pytest.mark.parametrize(
    ("from_hour", "until_hour", "words", "member"),
    [
        (0, 5, "closed until 2026-03-02 18:00", (None, "2026-03-02T17:00:00Z")),
        (
            2,
            30,
            "closed from 2026-03-02 15:00 until 2026-03-03 19:00",
            ("2026-03-02T14:00:00Z", "2026-03-03T18:00:00Z"),
        ),
        (1, None, "closed", (None, None)),
        (2, None, "closed from 2026-03-02 15:00 on", ("2026-03-02T14:00:00Z", None)),
    ],
)
def test_a_selected_spot_that_is_closed_says_so_on_the_clock_of_the_lot(
    client, auth, alice, carol, from_hour, until_hour, words, member
):
    lot = make_lot(carol, capacity=2, timezone="Europe/Berlin")
    spots = client.get(f"/api/spots/{lot['id']}", headers=auth(carol)).json["spots"]
    window = {"from": text(clock.now() + from_hour * H)}
    if until_hour is not None:
        window["until"] = text(clock.now() + until_hour * H)
    lots.update_spot(spots[0]["id"], {"out_of_service": True, **window}, identity_of(carol))
    times = {"reserved_start": text(clock.now() + H), "reserved_end": text(clock.now() + 4 * H)}
    body = {"lot_id": lot["id"], "spot_id": spots[0]["id"], "booking_type": "reserved", **times}
    answer = client.post("/api/book", json=body, headers=auth(alice))
    assert (answer.status_code, answer.json["code"]) == (409, "spot_taken")
    assert answer.json["detail"] == f"Spot 1 is {words}. Spot 2 is free."
    assert (answer.json["closure"]["from"], answer.json["closure"]["until"]) == member
    assert answer.json["next_spot"] == {"spot_id": spots[1]["id"], "spot_number": 2}


def test_a_selected_spot_that_somebody_has_is_taken_and_not_closed(client, auth, alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    spot_id = row(reserve(bob, lot, H, H)["id"]).spot_id
    later = {"from": text(clock.now() + 3 * H)}
    lots.update_spot(spot_id, {"out_of_service": True, **later}, identity_of(carol))
    times = {"reserved_start": text(clock.now() + H), "reserved_end": text(clock.now() + 4 * H)}
    body = {"lot_id": lot["id"], "spot_id": spot_id, "booking_type": "reserved", **times}
    answer = client.post("/api/book", json=body, headers=auth(alice))
    assert (answer.json["detail"], answer.json["closure"]) == ("Spot 1 is taken.", None)
