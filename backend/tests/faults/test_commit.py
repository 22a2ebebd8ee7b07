"""An error at COMMIT: the answer says that nobody knows, and a retry with the same key does it once."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select, text

from parking.bookings.models import Booking
from parking.database import db, outages, transaction
from parking.lots.models import Lot
from tests.conftest import make_user
from tests.exports.stage import make_lot

COMMIT = "COMMIT\0"  # the whole message: BEGIN ISOLATION LEVEL READ COMMITTED has the word too
SENTENCE = "It is not known whether this was done. Check your bookings, or repeat the request with the same key."


@pytest.fixture
def town(app_behind_proxy, auth_behind_proxy):
    app, proxy = app_behind_proxy
    lot = make_lot(capacity=3)
    alice, carol = make_user("alice", "user"), make_user("carol", "user", "admin")
    return app.test_client(), proxy, lot.id, auth_behind_proxy(alice), auth_behind_proxy(carol)


@pytest.fixture
def auth_behind_proxy():
    from parking.accounts.sessions import access_tokens

    return lambda user: {"Authorization": f"Bearer {access_tokens.issue(user.fs_uniquifier)}"}


def bookings() -> int:
    db.session.remove()
    return len(db.session.scalars(select(Booking.id)).all())


def book(client, lot_id, headers, key=None):
    more = {"Idempotency-Key": key} if key else {}
    return client.post("/api/book", json={"lot_id": lot_id, "booking_type": "instant"}, headers={**headers, **more})


def test_a_reply_lost_after_commit_is_an_unknown_outcome_and_a_retry_replays(town):
    client, proxy, lot_id, alice, _ = town
    key = str(uuid.uuid4())
    proxy.cut_reply_to(COMMIT)
    lost = book(client, lot_id, alice, key)
    assert proxy.cuts == 1
    assert proxy.server_has_answered.wait(60)
    assert (lost.status_code, lost.json["code"]) == (503, "outcome_unknown"), lost.text
    assert lost.json["detail"] == lost.json["message"] == SENTENCE
    assert lost.headers["Retry-After"]
    assert bookings() == 1  # it was done
    again = book(client, lot_id, alice, key)
    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (201, "true")
    assert bookings() == 1


def test_a_commit_that_never_arrived_is_unknown_too_and_a_retry_does_it(town):
    client, proxy, lot_id, alice, _ = town
    key = str(uuid.uuid4())
    proxy.cut_before(COMMIT)
    lost = book(client, lot_id, alice, key)
    assert (lost.status_code, lost.json["code"]) == (503, "outcome_unknown")
    assert bookings() == 0
    again = book(client, lot_id, alice, key)
    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (201, None)
    assert bookings() == 1


def test_an_error_before_commit_changed_nothing_and_says_so(town):
    client, proxy, lot_id, alice, _ = town
    proxy.cut_before("INSERT INTO booking")
    lost = book(client, lot_id, alice)
    assert proxy.cuts == 1
    assert (lost.status_code, lost.json["code"]) == (503, "unavailable")
    assert "Nothing was changed" in lost.json["detail"]
    assert bookings() == 0


def test_a_release_whose_answer_was_lost_is_unknown_and_a_second_one_replays_it(town):
    client, proxy, lot_id, alice, _ = town
    booking = book(client, lot_id, alice).json["booking"]["id"]
    proxy.cut_reply_to(COMMIT)
    lost = client.post(f"/api/release/{booking}", headers=alice)
    assert (lost.json["code"], lost.json["detail"]) == ("outcome_unknown", SENTENCE)
    again = client.post(f"/api/release/{booking}", headers=alice)
    assert (again.status_code, again.json["booking"]["status"]) == (200, "Completed")


def test_what_is_no_booking_is_not_sent_to_the_bookings(town):
    client, proxy, _, _, carol = town
    body = {"name": "Station", "capacity": 2, "price_per_hour": 1}
    proxy.cut_reply_to(COMMIT)
    lost = client.post("/api/lots", json=body, headers={**carol, "Idempotency-Key": "one"})
    assert (lost.status_code, lost.json["code"]) == (503, "outcome_unknown")
    assert lost.json["detail"].endswith("Check what is stored now, or repeat the request with the same key.")
    again = client.post("/api/lots", json=body, headers={**carol, "Idempotency-Key": "one"})
    assert again.headers.get("Idempotent-Replayed") == "true"
    db.session.remove()
    assert db.session.query(Lot).filter_by(name="Station").count() == 1


def test_a_sign_up_whose_answer_was_lost_is_unknown(town):
    client, proxy, *_ = town
    proxy.cut_reply_to(COMMIT)
    body = {"email": "new@example.com", "username": "new", "password": "correct horse"}
    lost = client.post("/auth/register", json=body)
    assert (lost.status_code, lost.json["code"]) == (503, "outcome_unknown")
    assert "Nothing was changed" not in lost.json["detail"]


def test_a_refusal_at_commit_is_known(app):
    """A deferred constraint is broken at COMMIT: the database itself says that it rolled back."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
    else:
        db.session.execute(text("CREATE TABLE parent (id integer PRIMARY KEY)"))
        db.session.execute(text("CREATE TABLE late (id integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"))
    db.session.commit()
    with pytest.raises(Exception) as caught, transaction() as session:  # noqa: PT012  # the error comes at the end
        session.execute(text("INSERT INTO late VALUES (1)"))
        session.execute(text("INSERT INTO late VALUES (1)"))
    assert not isinstance(caught.value, outages.OutcomeUnknown)
    db.session.remove()
    assert db.session.scalar(text("SELECT count(*) FROM late")) == 0


def test_a_crash_after_a_commit_does_not_claim_that_nothing_was_changed(app, client, alice, auth, monkeypatch):
    from parking.bookings import routes

    lot = make_lot(capacity=2)
    headers = auth(alice)
    real = routes.service.book

    def book_and_break(*arguments, **options):
        real(*arguments, **options)
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(routes.service, "book", book_and_break)
    broken = book(client, lot.id, headers)
    assert (broken.status_code, broken.json["code"]) == (500, "outcome_unknown"), broken.text
    assert SENTENCE in broken.json["detail"]
    assert bookings() == 1


def test_a_crash_before_any_commit_still_says_that_nothing_was_changed(app, client, alice, auth, monkeypatch):
    from parking.bookings import routes

    lot = make_lot(capacity=2)
    headers = auth(alice)

    def break_down(*_, **__):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(routes.service, "book", break_down)
    broken = book(client, lot.id, headers)
    assert (broken.status_code, broken.json["code"]) == (500, "internal")
    assert "Nothing was changed" in broken.json["detail"]
