"""The database keeps the rules itself: each is attacked with raw SQL, past every line of the program."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from parking import clock
from parking.backup import contents
from parking.bookings import occupancy, service
from parking.bookings.models import Booking
from parking.database import db, transaction
from parking.lots.models import Spot
from parking.pricing import Tariff
from tests.bookings.helpers import make_lot, park, reserve, row
from tests.bookings.test_races import NO_GUARDS

H = timedelta(hours=1)


@pytest.fixture
def lot(carol):
    return make_lot(carol)


def raw(**changes):
    """A whole booking row, live and legal, on the first spot of the first lot."""
    now = clock.now()
    spot = db.session.scalars(select(Spot).order_by(Spot.id)).first()
    values = {
        "reference": "RAW",
        "lot_id": spot.lot_id,
        "spot_id": spot.id,
        "user_id": 1,
        "tariff_id": db.session.scalars(select(Tariff.id)).first(),
        "booking_type": "instant",
        "status": "Active",
        "start_time": now,
        "held_until": now + 4 * H,
        "checked_in_at": now,
        "sequence": 0,
        "created_at": now,
    }
    return values | changes


def put(**changes):
    with transaction() as session:
        session.execute(insert(Booking).values(raw(**changes)))


def refused(statement, match):
    with pytest.raises(DatabaseError, match=match), transaction() as session:
        session.execute(statement)


def reserved(start, end, **changes):
    at = {"start_time": start, "held_until": end, "reserved_start": start, "reserved_end": end}
    return raw(booking_type="reserved", status="Reserved", checked_in_at=None, **at, **changes)


OVERLAPS = [(-H, H), (0 * H, 4 * H), (H, 2 * H), (3 * H, 5 * H), (-H, 6 * H), (3.999 * H, 9 * H)]


@pytest.mark.parametrize("span", OVERLAPS)
def test_live_bookings_of_a_spot_never_overlap(lot, span):
    put(start_time=clock.now() - 0 * H)
    start, end = clock.now() + span[0], clock.now() + span[1]
    refused(insert(Booking).values(reserved(start, end)), "booking_no_overlap|exclusion")


def _window(start, end, kind="block", **changes):
    if kind == "hold":
        changes |= {"claim_by": clock.now() + H}
    else:
        changes |= {"tariff_id": None}
    return reserved(start, end, **changes) | {"booking_type": kind}


@pytest.mark.parametrize("kind", ["block", "hold"])
@pytest.mark.parametrize("span", OVERLAPS)
def test_a_window_of_a_block_or_hold_never_overlaps_a_booking(lot, span, kind):
    """In both orders: written over a booking, and a booking over it."""
    noon = clock.now() + 24 * H
    window = _window(noon, noon + 4 * H, kind)
    booking = reserved(noon + span[0], noon + span[1])
    with transaction() as session:
        session.execute(insert(Booking).values(window))
    refused(insert(Booking).values(booking), "booking_no_overlap|exclusion")
    refused(insert(Booking).values(_window(noon + span[0], noon + span[1])), "booking_no_overlap|exclusion")
    with transaction() as session:
        given_up = {"status": "Cancelled", "end_time": clock.now()}
        session.execute(update(Booking).where(Booking.booking_type == kind).values(**given_up))
        session.execute(insert(Booking).values(booking))
    refused(insert(Booking).values(window), "booking_no_overlap|exclusion")
    with transaction() as session:
        session.execute(insert(Booking).values(_window(noon + 9 * H, noon + 10 * H)))
    moved = {"start_time": noon, "reserved_start": noon}
    refused(
        update(Booking).where(Booking.reserved_end == noon + 10 * H).values(**moved), "booking_no_overlap|exclusion"
    )


def test_control_without_the_constraint_a_window_and_a_booking_overlap(lot):
    noon = clock.now() + 24 * H
    with transaction() as session:
        for statement in NO_GUARDS[db.engine.dialect.name]:
            session.execute(text(statement))
        session.execute(insert(Booking).values(_window(noon, noon + 4 * H)))
        session.execute(insert(Booking).values(reserved(noon + H, noon + 2 * H)))
    assert contents.problems_of(db.session.connection()) == ["1 pairs of bookings hold one spot at the same time."]


def test_bookings_may_touch_without_overlap(lot):
    put()
    end = clock.now() + 4 * H
    with transaction() as session:
        session.execute(insert(Booking).values(reserved(end, end + H)))
        session.execute(insert(Booking).values(reserved(clock.now() - H, clock.now())))


def test_no_update_makes_bookings_overlap(lot):
    put()
    end = clock.now() + 4 * H
    with transaction() as session:
        other = session.scalar(insert(Booking).values(reserved(end, end + H)).returning(Booking.id))
    mine = db.session.scalars(select(Booking.id).where(Booking.id != other)).one()
    refused(update(Booking).where(Booking.id == mine).values(held_until=end + H), "booking_no_overlap|exclusion")
    refused(
        update(Booking).where(Booking.id == other).values(start_time=end - H, reserved_start=end - H),
        "booking_no_overlap|exclusion",
    )


def test_a_spot_has_one_active_booking_even_after_its_hold_has_ended(lot):
    put()
    later = clock.travel(5 * 3600)
    refused(
        insert(Booking).values(raw(start_time=later, held_until=later + H, checked_in_at=later)),
        "booking_one_active|UNIQUE|unique",
    )


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"end_time": "now"}, "4: live without an end"),
        ({"status": "Completed"}, "4: ended with an end"),
        ({"held_until": "start"}, "a claim has a length"),
        ({"checked_in_at": None}, "7: active means checked in"),
        ({"status": "Parked"}, "known states"),
        ({"booking_type": "loan"}, "known types"),
        ({"reserved_start": "now"}, "a window has two ends"),
        ({"booking_type": "reserved"}, "a reservation has a window"),
        ({"tariff_id": None}, "every stay has a price"),
        ({"tariff_id": 4711}, "a price that exists"),
        ({"lot_id": 4711}, "5: the spot's own lot"),
        ({"user_id": 4711}, "a user that exists"),
        ({"total_cost_minor": -1}, "no negative price"),
        ({"status": "Reserved"}, "instant bookings are never reserved"),
        ({"status": "Lapsed", "end_time": "now"}, "only holds lapse"),
        ({"claim_by": "now"}, "only holds are claimed"),
        ({"booking_type": "hold", "status": "Reserved", "checked_in_at": None}, "a hold is claimed by some time"),
        ({"booking_type": "hold", "claim_by": "now"}, "a hold is no car"),
        ({"booking_type": "block", "tariff_id": None, "total_cost_minor": 5}, "a block earns nothing"),
        ({"booking_type": "block", "tariff_id": None, "status": "No-show", "end_time": "now"}, "nobody is expected"),
        (
            {"booking_type": "block", "tariff_id": None, "status": "Reserved", "checked_in_at": None},
            "a block to come has a window",
        ),
    ],
)
def test_rows_that_break_a_rule_are_refused(lot, changes, rule):
    special = {"now": clock.now(), "start": clock.now()}
    values = raw(**{name: special.get(v, v) if isinstance(v, str) else v for name, v in changes.items()})
    refused(insert(Booking).values(values), "(?i)constraint|foreign key|check")


def test_a_spot_of_another_lot_is_refused(lot, carol):
    other = make_lot(carol, "Castle")
    spot = db.session.scalars(select(Spot.id).where(Spot.lot_id == other["id"])).first()
    refused(insert(Booking).values(raw(spot_id=spot)), "(?i)foreign key")


def test_the_state_of_a_spot_agrees_with_its_bookings(lot, alice, bob):
    park(alice, lot)
    reserve(bob, lot, H, H)
    reserve(bob, lot, 30 * H, H)
    states = occupancy.spot_states(db.session(), clock.now(), lot["id"])
    assert sorted(states.values()) == ["Occupied", "Reserved"]
    assert occupancy.counts_by_lot(db.session(), clock.now())[lot["id"]] == occupancy.SpotCounts(occupied=1, reserved=1)


@pytest.mark.parametrize("field", ["status", "end_time", "total_cost_minor", "spot_id", "start_time", "user_id"])
def test_a_finished_booking_never_changes(lot, alice, field):
    booking = park(alice, lot)
    clock.travel(3600)
    service.release(booking["id"], alice.id)
    other = db.session.scalars(select(Spot.id).order_by(Spot.id.desc())).first()
    changed = {
        "status": "Active",
        "end_time": clock.now() + H,
        "total_cost_minor": 1,
        "spot_id": other,
        "start_time": clock.now() - 2 * H,
        "user_id": 1 if alice.id != 1 else 2,
    }
    refused(
        update(Booking).where(Booking.id == booking["id"]).values({field: changed[field]}),
        "booking_transition|booking_owner|constraint",
    )


@pytest.mark.parametrize("to", ["Reserved", "Cancelled", "No-show"])
def test_a_running_booking_only_completes(lot, alice, to):
    booking = park(alice, lot)
    refused(
        update(Booking).where(Booking.id == booking["id"]).values(status=to, end_time=clock.now()),
        "booking_transition|booking_owner|constraint",
    )


def test_tariffs_never_change_and_a_booking_keeps_its_own(lot, alice, client, carol, auth):
    booking = park(alice, lot)
    client.put(f"/api/lots/{lot['id']}", json={"price_per_hour": 99}, headers=auth(carol))
    refused(update(Tariff).values(hourly_minor=1), "tariff_frozen")
    refused(update(Booking).values(tariff_id=2), "booking_transition|constraint")
    clock.travel(3600)
    assert service.release(booking["id"], alice.id)["total_cost"] == 2
    assert park(alice, lot)["price_per_hour"] == 99


@pytest.mark.parametrize("table", ["booking", "parking_spot", "tariff", "audit_entry"])
def test_history_is_never_deleted(lot, alice, table):
    park(alice, lot)
    model = db.metadata.tables[table]
    refused(delete(model), f"{table}_keep")


def test_history_is_not_replaced_on_sqlite_either(lot, alice):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's own way around a delete trigger")
    booking = park(alice, lot)
    columns = ", ".join(Booking.__table__.columns.keys())
    refused(
        text(f"INSERT OR REPLACE INTO booking ({columns}) SELECT {columns} FROM booking WHERE id = {booking['id']}"),
        "booking_keep|booking_no_overlap",
    )


def test_the_audit_log_never_changes(lot, alice):
    park(alice, lot)
    refused(text("UPDATE audit_entry SET action = 'nothing'"), "audit_entry_frozen")


def test_the_capacity_never_falls_below_the_live_bookings(lot, alice, bob, client, carol, auth):
    park(alice, lot)
    reserve(bob, lot, 20 * H, H, spot_id=_spot(lot, 3))
    answer = client.put(f"/api/lots/{lot['id']}", json={"capacity": 1}, headers=auth(carol))
    assert answer.status_code == 409
    assert {b["spot_number"] for b in answer.json["blocking"]} == {1, 3}
    assert client.get(f"/api/lots/{lot['id']}", headers=auth(carol)).json["lot"]["capacity"] == 3
    answer = client.put(f"/api/lots/{lot['id']}", json={"capacity": 2}, headers=auth(carol))
    assert answer.status_code == 200
    spots = client.get(f"/api/spots/{lot['id']}", headers=auth(carol)).json["spots"]
    assert [spot["spot_number"] for spot in spots] == [1, 3]


def _spot(lot, number):
    return db.session.scalars(select(Spot.id).where(Spot.lot_id == lot["id"], Spot.spot_number == number)).one()


def test_every_connection_has_the_expected_settings(app):
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
            }
        assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
    else:
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW timezone").scalar() == "UTC"


def test_money_and_time_are_whole_numbers_in_the_database(lot, alice):
    booking = park(alice, lot)
    clock.travel(4321)
    service.release(booking["id"], alice.id)
    stored = row(booking["id"])
    assert stored.total_cost_minor == 240
    assert stored.end_time - stored.start_time == timedelta(seconds=4321)
    if db.engine.dialect.name == "sqlite":
        types = db.session.execute(text("SELECT typeof(total_cost_minor), typeof(start_time) FROM booking")).one()
        assert tuple(types) == ("integer", "integer")
