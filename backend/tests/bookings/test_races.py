"""Many clients at once against several web processes, and each race once more with its guard taken away."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from parking import clock
from parking.accounts.sessions import access_tokens
from parking.bookings.models import Booking
from parking.database import db, transaction
from tests.bookings.helpers import furnish, make_lot, park
from tests.bookings.helpers import text as rfc3339
from tests.conftest import make_user
from tests.services import Gunicorn

CLIENTS, SPOTS = 64, 10
NO_GUARDS = {
    "sqlite": ["DROP TRIGGER booking_no_overlap_insert", "DROP TRIGGER booking_no_overlap_update"],
    "postgresql": ["ALTER TABLE booking DROP CONSTRAINT booking_no_overlap"],
}


@pytest.fixture
def present():
    """These tests live in the present, like the processes they start."""
    with clock.set_to(datetime.now(UTC)):
        yield clock.now()


@pytest.fixture
def serve(app, settings, tmp_path):
    """Starts web processes of the product (or of a control run) on the test's database."""
    started = []

    def start(control: str = "", **more: str) -> Gunicorn:
        application = "tests.bookings.control:create()" if control else "app:create_app()"
        server = Gunicorn(
            tmp_path,
            application,
            DATABASE_URL=settings.database_url,
            JWT_SECRET=settings.jwt_secret,
            SECRET_KEY=settings.secret_key,
            SECURITY_PASSWORD_SALT=settings.security_password_salt,
            WEB_WORKERS="2",
            REDIS_URL="",
            CONTROL=control,
            **more,
        )
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()


def drop_guards() -> None:
    with transaction() as session:
        for statement in [*NO_GUARDS[db.engine.dialect.name], "DROP INDEX booking_one_active"]:
            session.execute(text(statement))
        final = "booking_transition" + (" ON booking" if db.engine.dialect.name == "postgresql" else "")
        session.execute(text(f"DROP TRIGGER {final}"))


def all_at_once(server: Gunicorn, requests: list[tuple[str, str, dict | None, dict]]) -> list[tuple[int, dict]]:
    """Sends every request from a thread of its own at the same moment; (status, body) of each."""
    answers: list[tuple[int, dict]] = [(0, {})] * len(requests)
    ready = threading.Barrier(len(requests))

    def send(n: int) -> None:
        method, path, body, headers = requests[n]
        connection = http.client.HTTPConnection(*server.address, timeout=60)
        connection.connect()
        ready.wait()
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        answers[n] = (response.status, json.loads(response.read()))
        connection.close()

    threads = [threading.Thread(target=send, args=(n,)) for n in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def bearer(user, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_tokens.issue(user.fs_uniquifier)}", **more}


@pytest.fixture
def crowd(app, present):
    return [make_user(f"driver{n}", "user") for n in range(8)]


def wishes(crowd, lot, kind: str) -> list[tuple[str, str, dict | None, dict]]:
    body = {"lot_id": lot["id"], "booking_type": kind}
    if kind == "reserved":  # windows of different lengths that all contain the same hour
        noon = clock.now() + timedelta(hours=30)

        def window(n):
            return {
                "reserved_start": rfc3339(noon - timedelta(minutes=n)),
                "reserved_end": rfc3339(noon + timedelta(minutes=60 - n // 2)),
            }

        return [("POST", "/api/book", body | window(n), bearer(crowd[n % len(crowd)])) for n in range(CLIENTS)]
    return [("POST", "/api/book", body, bearer(crowd[n % len(crowd)])) for n in range(CLIENTS)]


def double_bookings() -> int:
    """Pairs of live claims on one spot that overlap, found without any of the program's code."""
    db.session.rollback()
    return db.session.scalar(
        text(
            "SELECT count(*) FROM booking a JOIN booking b ON a.spot_id = b.spot_id AND a.id < b.id"
            " WHERE a.status IN ('Reserved', 'Active') AND b.status IN ('Reserved', 'Active')"
            " AND a.start_time < b.held_until AND b.start_time < a.held_until"
        )
    )


@pytest.mark.parametrize("kind", ["instant", "reserved"])
def test_64_clients_on_10_spots(serve, carol, crowd, kind):
    lot, other = make_lot(carol, capacity=SPOTS), make_lot(carol, "Castle", capacity=SPOTS)
    answers = all_at_once(serve(), wishes(crowd, lot, kind))
    assert Counter(status for status, _ in answers) == {201: SPOTS, 409: CLIENTS - SPOTS}
    spots = {body["booking"]["spot_number"] for status, body in answers if status == 201}
    assert spots == set(range(1, SPOTS + 1))
    for status, body in answers:
        if status == 409:
            assert body["code"] == "lot_full"
            assert any(a["kind"] == "lot" and a["lot_id"] == other["id"] for a in body["alternatives"])
            assert "locked" not in json.dumps(body)
    assert double_bookings() == 0


@pytest.mark.parametrize("kind", ["instant", "reserved"])
def test_64_clients_need_the_2_spots_with_ev_charging(serve, carol, crowd, kind):
    lot = make_lot(carol, capacity=SPOTS)
    furnish(lot, {3: ["ev"], 7: ["ev", "covered"]})
    requests = [(m, p, b | {"needs": ["ev"]}, h) for m, p, b, h in wishes(crowd, lot, kind)]
    answers = all_at_once(serve(), requests)
    assert Counter(status for status, _ in answers) == {201: 2, 409: CLIENTS - 2}
    assert {body["booking"]["spot_number"] for status, body in answers if status == 201} == {3, 7}
    refused = [body for status, body in answers if status == 409]
    assert {body["code"] for body in refused} == {"lot_full"}
    assert {json.dumps(body["matching"]) for body in refused} == {'{"needs": ["ev"], "spots": 2, "available_spots": 0}'}
    assert double_bookings() == 0


@pytest.mark.parametrize("kind", ["instant", "reserved"])
def test_a_crowd_leaves_accessible_spots_to_those_who_need_them(serve, carol, crowd, kind):
    """As many drivers as there are plain spots, all at once: none of them is given one of the accessible spots."""
    lot = make_lot(carol, capacity=SPOTS)
    furnish(lot, {1: ["accessible"], 2: ["accessible"]})
    answers = all_at_once(serve(), wishes(crowd, lot, kind)[: SPOTS - 2])
    assert {body["booking"]["spot_number"] for _, body in answers} == set(range(3, SPOTS + 1))


def test_64_clients_book_the_same_spot(serve, carol, crowd):
    lot = make_lot(carol, capacity=SPOTS)
    requests = [(m, p, b | {"spot_id": 1}, h) for m, p, b, h in wishes(crowd, lot, "instant")]
    answers = all_at_once(serve(), requests)
    assert Counter(status for status, _ in answers) == {201: 1, 409: CLIENTS - 1}
    assert {body["code"] for status, body in answers if status == 409} == {"spot_taken"}
    assert double_bookings() == 0


@pytest.mark.parametrize("kind", ["instant", "reserved"])
def test_control_checking_before_inserting_books_twice(serve, carol, crowd, kind):
    lot = make_lot(carol, capacity=SPOTS)
    drop_guards()
    all_at_once(serve("book"), wishes(crowd, lot, kind))
    assert double_bookings() > 0


def test_the_database_refuses_a_double_booking_of_the_control(serve, carol, crowd):
    lot = make_lot(carol, capacity=SPOTS)
    all_at_once(serve("book"), wishes(crowd, lot, "instant"))
    assert double_bookings() == 0


def with_one_key(crowd, lot):
    headers = bearer(crowd[0], **{"Idempotency-Key": "the-same"})
    return [("POST", "/api/book", {"lot_id": lot["id"], "booking_type": "instant"}, headers)] * 40


def booked() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Booking))


def test_40_uses_of_one_idempotency_key_book_once(serve, carol, crowd):
    lot = make_lot(carol, capacity=50)
    answers = all_at_once(serve(), with_one_key(crowd, lot))
    assert {status for status, _ in answers} <= {201, 409}
    assert booked() == 1
    assert len({body["booking"]["id"] for status, body in answers if status == 201}) == 1
    assert {body["code"] for status, body in answers if status == 409} <= {"idempotency_in_progress"}


def test_control_without_the_key_books_many_times(serve, carol, crowd):
    lot = make_lot(carol, capacity=50)
    all_at_once(serve("idempotency"), with_one_key(crowd, lot))
    assert booked() > 1


def released_times(booking_id: int) -> int:
    db.session.rollback()
    return db.session.scalar(
        text("SELECT count(*) FROM audit_entry WHERE action = 'booking.released' AND entity_id = :id"),
        {"id": booking_id},
    )


def test_40_releases_cost_once(serve, carol, crowd):
    lot = make_lot(carol, price_per_hour=999_900)
    booking = park(crowd[0], lot)
    answers = all_at_once(serve(), [("POST", f"/api/release/{booking['id']}", None, bearer(crowd[0]))] * 40)
    assert {status for status, _ in answers} == {200}
    assert len({body["total_cost"] for _, body in answers}) == 1
    assert released_times(booking["id"]) == 1
    receipts = text("SELECT count(*) FROM outbox_mail WHERE kind = 'release_receipt'")
    assert db.session.scalar(receipts) == 1


def test_control_checking_before_writing_releases_many_times(serve, carol, crowd):
    lot = make_lot(carol)
    booking = park(crowd[0], lot)
    drop_guards()
    all_at_once(serve("release"), [("POST", f"/api/release/{booking['id']}", None, bearer(crowd[0]))] * 40)
    assert released_times(booking["id"]) > 1


def test_spots_are_closed_for_a_window_while_a_crowd_reserves_them(serve, carol, crowd):
    """Either the closure is there and its bookings were moved, or it was refused; nobody has a closed spot."""
    lot = make_lot(carol, capacity=SPOTS)
    noon = clock.now() + timedelta(hours=30)
    window = {"from": rfc3339(noon), "until": rfc3339(noon + timedelta(hours=1))}
    path = f"/api/lots/{lot['id']}/spots?move=true"
    closures = [("PATCH", path, {"numbers": [n], "out_of_service": True, **window}, bearer(carol)) for n in (1, 5, 9)]
    requests = wishes(crowd, lot, "reserved")[: SPOTS - 1]
    answers = all_at_once(serve(), [*requests[:4], *closures, *requests[4:]])
    assert {status for status, _ in answers} <= {200, 201, 409}
    assert double_bookings() == 0
    booked = [body["booking"]["id"] for status, body in answers if status == 201]
    alive = select(func.count()).select_from(Booking).where(Booking.id.in_(booked), Booking.status == "Reserved")
    assert db.session.scalar(alive) == len(booked), "no booking is lost by it"


def test_a_smaller_capacity_never_removes_a_spot_being_booked(serve, carol, crowd):
    """The capacity goes to 5 while 20 drivers come: whoever got a spot stands on one that is still there."""
    lot = make_lot(carol, capacity=20)
    shrink = ("PUT", f"/api/lots/{lot['id']}", {"capacity": 5}, bearer(carol))
    answers = all_at_once(serve(), [*wishes(crowd, lot, "instant")[:12], shrink, *wishes(crowd, lot, "instant")[:8]])
    assert {status for status, _ in answers} <= {200, 201, 409}
    db.session.rollback()
    stranded = text(
        "SELECT count(*) FROM booking b JOIN parking_spot s ON s.id = b.spot_id WHERE b.booking_type <> 'block'"
        " AND b.status = 'Active' AND s.retired_at IS NOT NULL"
    )
    assert db.session.scalar(stranded) == 0
    in_use = text("SELECT count(*) FROM parking_spot WHERE retired_at IS NULL")
    assert db.session.scalar(in_use) == db.session.scalar(text("SELECT capacity FROM parking_lot"))
