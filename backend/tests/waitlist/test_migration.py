"""The waitlist goes and comes with live rows, and the database refuses every other change of what a booking is."""

from __future__ import annotations

import pytest
from flask_migrate import downgrade
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from parking.bookings import service as bookings
from parking.database import db, schema, transaction
from parking.lot_admin import service as lots
from parking.waitlist import service
from parking.waitlist.models import WaitlistEntry
from tests.bookings.helpers import identity_of, make_lot, park, reserve, row
from tests.bookings.series.stage import book_series
from tests.waitlist.stage import HOUR, holds, people, wait, wait_for


@pytest.fixture
def stage(app, carol, alice, bob):
    """One claimed offer, one that stands, and one person who waits."""
    lot = make_lot(carol, capacity=2)
    stays = [park(alice, lot), park(bob, lot)]
    waiting = people("dora", "emil", "fred")
    entries = [wait(person, lot) for person in waiting]
    for stay, user in zip(stays, (alice, bob), strict=True):
        bookings.release(stay["id"], user.id)
    claimed = service.claim(entries[0]["id"], waiting[0].id)["booking"]
    return lot, claimed["id"], holds()[0].id


def test_down_and_up_with_live_rows(stage, alice):
    lot, claimed, held = stage
    db.session.remove()
    downgrade(directory=str(schema.MIGRATIONS), revision="0023")
    with db.engine.connect() as connection:
        assert not {"waitlist_entry", "waitlist_lot"} & set(db.inspect(connection).get_table_names())
        rows = connection.execute(text("SELECT id, status FROM booking WHERE id >= :id ORDER BY id"), {"id": claimed})
        assert rows.all() == [(claimed, "Active"), (held, "Cancelled")]
    schema.upgrade()
    assert schema.problems() == []
    assert row(claimed).booking_type == "instant"
    assert park(alice, lot)["status"] == "Active"  # the spot of the hold
    assert wait(alice, lot)["status"] == "Waiting"


def test_the_series_and_the_reason_go_and_come_with_live_rows(stage, alice, carol):
    lot, _, held = stage
    series = book_series(alice, lot, days=("tu",), count=1)["series"]["id"]
    other = make_lot(carol, "Station", capacity=1)
    reserve(alice, other, HOUR, HOUR)
    wait_for(alice, other, start=HOUR)
    lots.delete(other["id"], identity_of(carol), None, cancel_reservations=True)
    offered = id_of_offer(held)
    with transaction() as session:
        session.execute(text("UPDATE waitlist_entry SET series_id = :s WHERE id = :id"), {"s": series, "id": offered})
    db.session.remove()
    downgrade(directory=str(schema.MIGRATIONS), revision="0027")
    with db.engine.connect() as connection:
        columns = {column["name"] for column in db.inspect(connection).get_columns("waitlist_entry")}
        assert not {"series_id", "reason"} & columns
        assert connection.scalar(text("SELECT count(*) FROM waitlist_entry")) == 4
    schema.upgrade()
    assert schema.problems() == []
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT status, reason FROM waitlist_entry ORDER BY id")).all()
    assert rows == [("Claimed", None), ("Offered", None), ("Waiting", None), ("Expired", "lot_closed")]
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text("UPDATE waitlist_entry SET reason = 'weather' WHERE id = :id"), {"id": offered})
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text("UPDATE waitlist_entry SET series_id = 99 WHERE id = :id"), {"id": offered})
    entry = db.session.get_one(WaitlistEntry, offered)
    assert service.claim(offered, entry.user_id)["booking"]["id"] == held


def id_of_offer(booking_id: int) -> int:
    db.session.rollback()
    return db.session.scalars(select(WaitlistEntry.id).where(WaitlistEntry.booking_id == booking_id)).one()


CLAIM = "booking_type = 'instant', status = 'Active', claim_by = NULL, checked_in_at = start_time"


def _change(booking_id: int, values: str) -> None:
    with transaction() as session:
        session.execute(text(f"UPDATE booking SET {values} WHERE id = :id"), {"id": booking_id})


@pytest.mark.parametrize(
    "values",
    [
        "booking_type = 'block', status = 'Active', claim_by = NULL, checked_in_at = start_time, tariff_id = NULL",
        "booking_type = 'instant'",  # still to be claimed
        f"{CLAIM}, spot_id = spot_id + 1",
        f"{CLAIM}, tariff_id = tariff_id + 1",
        f"{CLAIM}, user_id = user_id + 1",
        f"{CLAIM}, created_at = claim_by",
    ],
)
def test_a_hold_becomes_a_booking_only_as_it_was_offered(stage, values):
    _, _, held = stage
    with pytest.raises(DBAPIError):
        _change(held, values)
    _change(held, CLAIM)
    assert row(held).booking_type == "instant"


@pytest.mark.parametrize(
    "values", ["booking_type = 'hold', claim_by = held_until, status = 'Reserved'", "booking_type = 'reserved'"]
)
def test_a_booking_never_becomes_anything_else(stage, values):
    _, claimed, _ = stage
    with pytest.raises(DBAPIError):
        _change(claimed, values)


def test_a_hold_that_has_ended_is_never_claimed(stage):
    _, _, held = stage
    _change(held, "status = 'Lapsed', end_time = claim_by, ended_by = 'system'")
    with pytest.raises(DBAPIError):
        _change(held, CLAIM)
