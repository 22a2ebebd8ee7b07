"""Roll-ups: idempotent, late, interrupted, by two at once, and the check that finds what is wrong."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, text

from parking import clock
from parking.bookings.models import Booking
from parking.database import db, transaction
from parking.statistics.daily import check, compute, pending, refresh
from parking.statistics.daily.models import LotRolled
from parking.statistics.reading import summary
from tests.statistics import world
from tests.statistics.daily.stage import logged_changes, metrics_of_today, stored_days
from tests.statistics.world import utc


def test_a_second_roll_up_finds_nothing_to_do(lot):
    assert refresh.roll_up() == 11  # 20 February to 2 March
    first = stored_days()
    assert len(first) == 22  # of the lot, and of all lots
    assert refresh.roll_up() == 0
    assert stored_days() == first
    assert logged_changes() == 0


def test_missing_days_are_rolled_up_after_days_of_downtime(lot):
    refresh.roll_up()
    with clock.set_to(clock.now() + timedelta(days=9)):
        assert refresh.roll_up() == 9
        assert check.find_differences() == []


def test_a_booking_of_today_leaves_yesterday_alone(lot, alice):
    refresh.roll_up()
    (booking_id,) = world.put(world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None))
    clock.travel(600)
    world.change(booking_id, status="Completed", end_time=clock.now(), held_until=clock.now(), total_cost_minor=7)
    assert logged_changes() == 2
    before = stored_days()
    assert refresh.roll_up() == 1
    assert [row for row in stored_days() if row not in before] == [
        row for row in stored_days() if row[1] == clock.now().date()
    ]
    assert logged_changes() == 0


def test_a_change_of_a_past_day_counts_at_once_and_is_rolled_up_again(lot, alice):
    day = date(2026, 2, 25)
    refresh.roll_up()
    spot = world.spot_ids(lot)[1]
    world.put(world.row(lot, spot, alice.id, utc("2026-02-25T10:00"), utc("2026-02-25T11:00"), total_cost_minor=999))
    assert summary.period_statistics(db.session, day, day).totals.revenue_minor == 1099
    assert refresh.roll_up() == 1
    assert summary.period_statistics(db.session, day, day).totals.revenue_minor == 1099
    assert check.find_differences() == []


def test_extending_or_describing_a_booking_logs_no_change(lot, alice):
    (booking_id,) = world.put(world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None))
    refresh.roll_up()
    world.change(booking_id, held_until=clock.now() + timedelta(hours=9), vehicle_plate="B-AB 1", sequence=1)
    assert logged_changes() == 0


def test_a_rolled_back_transaction_logs_no_change(lot, alice):
    before = logged_changes()
    values = world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None)

    def fail() -> None:
        with transaction() as session:
            session.execute(insert(Booking).values(**values))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert logged_changes() == before


def test_a_long_history_is_rolled_up_in_several_jobs(lot, alice, monkeypatch):
    monkeypatch.setattr(pending, "MAX_DAYS", 3)
    monkeypatch.setattr(pending, "MAX_LOT_DAYS", 4)
    assert refresh.roll_up() == 11
    world.put(world.block(lot, world.spot_ids(lot)[2], alice.id, utc("2026-02-20T00:00"), utc("2026-03-01T00:00")))
    assert refresh.roll_up() == 10
    assert check.find_differences() == []


def overtaken(lot, alice):
    """The job and the sums of a pass that has read the marks, after which a faster one has written newer sums."""
    session = db.session()
    (slow,) = pending.plan(session)
    old = refresh.compute_job(session, slow, compute.unix_now())
    session.close()
    world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, utc("2026-02-25T10:00"), utc("2026-02-25T11:00")))
    refresh.roll_up()
    return slow, old


def test_an_overtaken_roll_up_writes_nothing(lot, alice):
    """Two passes read the same marks; the slower one, whose figures are older, gives up."""
    slow, old = overtaken(lot, alice)
    with pytest.raises(refresh.Overtaken):
        refresh.write(slow, old)
    assert check.find_differences() == []


def test_without_the_guard_an_overtaken_roll_up_would_store_wrong_sums(lot, alice, monkeypatch):
    """The control: the same race, with the guard taken away."""
    slow, old = overtaken(lot, alice)
    monkeypatch.setattr(refresh, "_delete_job_changes", lambda session, job: None)
    refresh.write(slow, old)
    assert check.find_differences() != []


def overtaken_job(lot, alice) -> tuple[pending.Job, refresh.JobResult]:
    """Two passes find the present day no longer true (a reservation's time has come: nothing is marked); between their
    looks a car comes. What the slower one, which looked first, is about to write."""
    later = clock.now() + timedelta(minutes=30)
    row = world.row(lot, world.spot_ids(lot)[0], alice.id, later, None, status="Reserved", booking_type="reserved")
    world.put(row | {"reserved_start": later, "reserved_end": later + timedelta(hours=2), "checked_in_at": None})
    refresh.roll_up()
    clock.travel(3600)
    session = db.session()
    session.close()
    (slow,) = pending.plan(session)
    old = refresh.compute_job(session, slow, compute.unix_now())
    session.close()
    world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, clock.now(), None))
    refresh.roll_up()
    return slow, old


def test_of_two_roll_ups_of_the_present_day_the_older_one_writes_nothing(lot, alice):
    with clock.set_to(clock.now()):
        slow, old = overtaken_job(lot, alice)
        with pytest.raises(refresh.Overtaken):
            refresh.write(slow, old)
        assert metrics_of_today().bookings == 2


def test_without_the_version_the_older_roll_up_would_be_stored(lot, alice, monkeypatch):
    """The control: the same race, with the guard taken away."""
    with clock.set_to(clock.now()):
        slow, old = overtaken_job(lot, alice)
        monkeypatch.setattr(refresh, "_delete_job_changes", lambda session, job: None)
        refresh.write(slow, old)
        assert metrics_of_today().bookings == 1


def test_a_roll_up_that_fails_half_way_keeps_its_changes(lot, monkeypatch):
    def die(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(refresh, "_advance", die)
    with pytest.raises(RuntimeError):
        refresh.roll_up()
    assert stored_days() == []
    monkeypatch.undo()
    refresh.roll_up()
    assert check.find_differences() == []


def test_a_lot_that_moves_to_another_zone_is_rolled_up_again(lot):
    refresh.roll_up()
    with transaction() as session:
        session.execute(text("UPDATE parking_lot SET timezone = 'Pacific/Auckland', calendar = 'Pacific/Auckland'"))
    day = date(2026, 2, 24)
    live = summary.period_statistics(db.session, day, day).totals
    refresh.roll_up()
    db.session.rollback()
    assert summary.period_statistics(db.session, day, day).totals == live
    assert check.find_differences() == []
    assert db.session.scalar(select(LotRolled.timezone)) == "Pacific/Auckland"


def test_bookings_from_before_the_change_log_are_rolled_up(lot):
    """A database that was filled before migration 0004: every lot is marked since the beginning."""
    with transaction() as session:
        session.execute(text("DELETE FROM stats_change"))
        session.execute(text("INSERT INTO stats_change (lot_id, from_quarter) SELECT id, 0 FROM parking_lot"))
    day = date(2026, 2, 25)
    assert summary.period_statistics(db.session, day, day).totals.bookings == 1
    assert refresh.roll_up() == 11
    assert check.find_differences() == []
