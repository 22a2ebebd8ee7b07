"""Migrations run from nothing and back, and the start notices a database that cannot keep its rules."""

import dataclasses
from datetime import date, timedelta

import pytest
from flask_migrate import check, downgrade
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from parking import accounts, clock
from parking.bookings import BookRequest, Visitor, book, release
from parking.database import constraints, db, schema, transaction
from parking.lot_admin import service as lots
from parking.lots.models import Spot
from tests.bookings.helpers import furnish, identity_of, make_lot, park, reserve, row
from tests.bookings.helpers import text as text_of
from tests.bookings.series.stage import book_series


def test_migrations_run_back_to_nothing_and_up_again(app):
    directory = str(schema.MIGRATIONS)
    downgrade(directory=directory, revision="base")
    with db.engine.connect() as connection:
        left = set(db.inspect(connection).get_table_names()) - {"alembic_version"}
    assert left == set()
    assert schema.problems()
    schema.upgrade()
    assert schema.problems() == []


@pytest.mark.filterwarnings("ignore:autogenerate skipping", "ignore:Skipped unsupported reflection")
def test_models_and_migrations_agree(app):
    check(directory=str(schema.MIGRATIONS))


def _names(app):
    dialect = db.engine.dialect.name
    return list(constraints._sqlite() if dialect == "sqlite" else constraints._postgresql())


def test_the_start_notices_every_missing_guard(app):
    for name in _names(app):
        tables = ("booking", "parking_spot", "parking_lot", "tariff", "audit_entry")
        table = next(t for t in tables if name.startswith(t))
        with transaction() as session:
            on = f" ON {table}" if db.engine.dialect.name == "postgresql" else ""
            session.execute(text(f"DROP TRIGGER {name}{on}"))
        assert any(name in fault for fault in schema.problems()), name
        with transaction() as session:
            constraints.install(session.connection())
        assert schema.problems() == []


def test_the_start_notices_a_missing_constraint(app):
    with transaction() as session:
        if db.engine.dialect.name == "postgresql":
            session.execute(text("ALTER TABLE booking DROP CONSTRAINT booking_no_overlap"))
        session.execute(text("DROP INDEX booking_one_active"))
    problems = " ".join(schema.problems())
    assert "booking_one_active" in problems
    assert db.engine.dialect.name == "sqlite" or "booking_no_overlap" in problems


def test_a_database_from_the_future_is_refused(app):
    with transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.SchemaError, match="newer version"):
        schema.upgrade()


def test_needs_go_and_come_with_live_rows(app, bob, carol):
    """A booking, a user and a lot survive the way down and up; only what the older version does not know is lost."""
    lot = make_lot(carol, capacity=2)
    furnish(lot, {1: ["ev"]})
    booking = park(bob, lot, needs=("ev",))
    db.session.remove()
    downgrade(directory=str(schema.MIGRATIONS), revision="0014")
    schema.upgrade()
    assert schema.problems() == []
    assert row(booking["id"]).status == "Active"
    assert row(booking["id"]).needs == ()
    assert park(bob, lot)["spot_number"] == 2


def test_visitors_go_and_come_with_live_rows(app, bob, carol):
    """Their bookings survive the way down and up, and their spots stay taken; who they are is lost."""
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], guests_per_user=2)
    lot = make_lot(carol, capacity=3)
    request = {"lot_id": lot["id"], "user_id": accounts.visitors_account()}
    visitor = book(BookRequest(**request, visitor=Visitor("Vera", "vera@example.org")))["booking"]
    guest = park(bob, lot, visitor=Visitor("Gustav", is_guest=True))
    ended = park(bob, lot, visitor=Visitor("Otto", is_guest=True))
    release(ended["id"], bob.id)
    db.session.remove()
    downgrade(directory=str(schema.MIGRATIONS), revision="0025")
    left = dict(db.session.execute(text("SELECT id, status FROM booking")).all())
    assert [left[one["id"]] for one in (visitor, guest, ended)] == ["Active", "Active", "Completed"]
    db.session.remove()
    schema.upgrade()
    assert schema.problems() == []
    assert [row(one["id"]).visitor_name for one in (visitor, guest, ended)] == [None] * 3
    again = book(BookRequest(**request, visitor=Visitor("Vera")))["booking"]
    assert (again["spot_number"], row(again["id"]).user_id) == (3, row(visitor["id"]).user_id)


def test_windows_of_blocks_go_and_come_with_live_rows(app, alice, bob, carol):
    """Bookings and what is out of service now survive the way down and up; closures to come are lost."""
    lot = make_lot(carol, capacity=4)
    stay, reserved = park(bob, lot), reserve(alice, lot, timedelta(hours=9), timedelta(hours=1))
    spots = {spot.spot_number: spot.id for spot in db.session.scalars(select(Spot))}
    admin, now = identity_of(carol), clock.now()
    times = {"from": text_of(now + timedelta(days=1)), "until": text_of(now + timedelta(days=2))}
    for number, window in ((2, {}), (3, {"until": times["until"]}), (4, times)):
        lots.update_spot(spots[number], {"out_of_service": True, "reason": "Paint", **window}, admin)
    db.session.remove()
    downgrade(directory=str(schema.MIGRATIONS), revision="0022")
    blocks = text("SELECT spot_id, status FROM booking WHERE booking_type = 'block' ORDER BY spot_id")
    assert [status for _, status in db.session.execute(blocks)] == ["Active", "Active", "Cancelled"]
    db.session.remove()
    schema.upgrade()
    assert schema.problems() == []
    assert (row(stay["id"]).status, row(reserved["id"]).status) == ("Active", "Reserved")
    lots.update_spot(spots[4], {"out_of_service": True, **times}, admin)
    lots.update_spot(spots[3], {"out_of_service": False}, admin)
    assert [status for _, status in db.session.execute(blocks)] == ["Active", "Completed", "Cancelled", "Reserved"]
    names = "lot_id, spot_id, user_id, start_time, held_until, end_time, sequence, created_at"
    columns = f"reference, booking_type, tariff_id, status, {names}"
    unknown = f"INSERT INTO booking ({columns}) SELECT 'X', 'loan', (SELECT max(id) FROM tariff), status, {names}"
    with pytest.raises(DatabaseError, match="ck_booking_type"), transaction() as session:
        session.execute(text(f"{unknown} FROM booking WHERE status = 'Cancelled'"))


def test_series_go_and_come_with_live_rows(app, alice, bob, carol):
    """Bookings of a series stay bookings on the way down and up; what makes them a series is lost."""
    lot = make_lot(carol, capacity=3, shorten_running=True)
    stay, single = park(bob, lot), reserve(bob, lot, timedelta(hours=9), timedelta(hours=1))
    booked = book_series(alice, lot, days=("tu", "fr"), count=30, vehicle_plate="B-PW 1", wait_if_full=True)["bookings"]
    db.session.remove()
    downgrade(directory=str(schema.MIGRATIONS), revision="0024")
    with db.engine.connect() as connection:
        assert not db.inspect(connection).has_table("booking_series")
        stored = connection.execute(text("SELECT status, count(*) FROM booking GROUP BY status ORDER BY status"))
        assert [tuple(one) for one in stored] == [("Active", 1), ("Reserved", 1 + len(booked))]
    schema.upgrade()
    assert schema.problems() == []
    assert (row(stay["id"]).status, row(single["id"]).status) == ("Active", "Reserved")
    assert {row(one["id"]).series_id for one in booked} == {None}
    series = book_series(alice, lot, accept=[date(2026, 3, 3)], wait_if_full=True)["series"]
    assert (series["id"], series["wait_if_full"]) == (1, True)
    lots.update_lot(lot["id"], lots.LotChanges({"shorten_running": True}), identity_of(carol), None)
    twice = "INSERT INTO booking (reference, lot_id, spot_id, user_id, tariff_id, booking_type, status, start_time,"
    columns = "reserved_start, reserved_end, held_until, end_time, sequence, created_at, series_id"
    values = f"SELECT 'X', lot_id, spot_id, user_id, tariff_id, booking_type, 'Cancelled', start_time, {columns}"
    values = values.replace("end_time, sequence", "held_until, sequence")
    with pytest.raises(DatabaseError, match=r"(?i)unique"), transaction() as session:
        session.execute(text(f"{twice} {columns}) {values} FROM booking WHERE series_id = 1"))
