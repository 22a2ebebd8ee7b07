"""Roll-ups: idempotent, late, interrupted, by two at once, and the check that finds what is wrong."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from parking import clock
from parking.bookings.models import Booking
from parking.database import db, is_sqlite, transaction
from parking.statistics import definitions, tasks
from parking.statistics.daily import refresh
from parking.statistics.daily.aggregate import Claim, Day, Roller, midnight, packed, slots, together, unpacked
from parking.statistics.daily.models import LotDay, LotDayDetail, LotMonth, LotRolled, MonthDetail, StatsChange
from parking.statistics.reading import days, summary
from tests.statistics import world
from tests.statistics.world import utc


@pytest.fixture
def lot(app, alice):
    made = world.make_lot("Harbour", "Europe/Berlin", 3, utc("2026-02-20T00:00"))
    one = world.spot_ids(made)[0]
    world.put(
        *(world.row(made, one, alice.id, utc(f"2026-02-{d}T08:00"), utc(f"2026-02-{d}T09:00")) for d in (24, 25, 26))
    )
    return made


def kept() -> list:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(select(LotDay.__table__).order_by(LotDay.lot_id, LotDay.day))]


def marks() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(StatsChange))


def test_a_pass_rolls_up_every_day_and_a_second_one_finds_nothing_to_do(lot):
    assert refresh.roll_up() == 11  # 20 February to 2 March
    first = kept()
    assert len(first) == 22  # of the lot, and of all lots
    assert refresh.roll_up() == 0
    assert kept() == first
    assert marks() == 0


def test_after_days_of_downtime_the_missing_days_are_made(lot):
    refresh.roll_up()
    with clock.set_to(clock.now() + timedelta(days=9)):
        assert refresh.roll_up() == 9
        assert refresh.check() == []


def test_a_booking_of_today_leaves_yesterday_alone(lot, alice):
    refresh.roll_up()
    (made,) = world.put(world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None))
    clock.travel(600)
    world.change(made, status="Completed", end_time=clock.now(), held_until=clock.now(), total_cost_minor=7)
    assert marks() == 2
    before = kept()
    assert refresh.roll_up() == 1
    assert [row for row in kept() if row not in before] == [row for row in kept() if row[1] == clock.now().date()]
    assert marks() == 0


def test_a_late_change_of_a_past_day_is_seen_at_once_and_rolled_up_again(lot, alice):
    day = date(2026, 2, 25)
    refresh.roll_up()
    spot = world.spot_ids(lot)[1]
    world.put(world.row(lot, spot, alice.id, utc("2026-02-25T10:00"), utc("2026-02-25T11:00"), total_cost_minor=999))
    assert summary.admin_figures(db.session, day, day).totals.revenue_minor == 1099
    assert refresh.roll_up() == 1
    assert summary.admin_figures(db.session, day, day).totals.revenue_minor == 1099
    assert refresh.check() == []


def test_extending_or_describing_a_booking_leaves_no_mark(lot, alice):
    (made,) = world.put(world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None))
    refresh.roll_up()
    world.change(made, held_until=clock.now() + timedelta(hours=9), vehicle_plate="B-AB 1", sequence=1)
    assert marks() == 0


def test_a_mark_dies_with_the_transaction_that_made_it(lot, alice):
    before = marks()
    values = world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None)

    def fail() -> None:
        with transaction() as session:
            session.execute(insert(Booking).values(**values))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert marks() == before


def test_a_long_history_is_done_piece_by_piece(lot, alice, monkeypatch):
    monkeypatch.setattr(refresh, "MOST_DAYS", 3)
    monkeypatch.setattr(refresh, "MOST_LOT_DAYS", 4)
    assert refresh.roll_up() == 11
    world.put(world.block(lot, world.spot_ids(lot)[2], alice.id, utc("2026-02-20T00:00"), utc("2026-03-01T00:00")))
    assert refresh.roll_up() == 10
    assert refresh.check() == []


def test_a_pass_that_was_overtaken_writes_nothing(lot, alice):
    """Two passes read the same marks; the slower one, whose figures are older, gives up."""
    session = db.session()
    (slow,) = refresh._plan(session)
    old = refresh.work(session, slow, refresh._now())
    session.close()
    world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, utc("2026-02-25T10:00"), utc("2026-02-25T11:00")))
    refresh.roll_up()
    with pytest.raises(refresh.Overtaken):
        refresh._write(slow, old)
    assert refresh.check() == []


def test_without_looking_at_the_marks_the_slower_pass_would_spoil_the_sums(lot, alice, monkeypatch):
    """The control: the same race, with the guard taken away."""
    session = db.session()
    (slow,) = refresh._plan(session)
    old = refresh.work(session, slow, refresh._now())
    session.close()
    world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, utc("2026-02-25T10:00"), utc("2026-02-25T11:00")))
    refresh.roll_up()
    monkeypatch.setattr(refresh, "_claim", lambda session, job: None)
    refresh._write(slow, old)
    assert refresh.check() != []


def raced(lot, alice) -> tuple[refresh.Job, refresh.Work]:
    """Two passes find the present day no longer true (a reservation's time has come: nothing is marked); between their
    looks a car comes. What the slower one, which looked first, is about to write."""
    later = clock.now() + timedelta(minutes=30)
    row = world.row(lot, world.spot_ids(lot)[0], alice.id, later, None, status="Reserved", booking_type="reserved")
    world.put(row | {"reserved_start": later, "reserved_end": later + timedelta(hours=2), "checked_in_at": None})
    refresh.roll_up()
    clock.travel(3600)
    session = db.session()
    session.close()
    (slow,) = refresh._plan(session)
    old = refresh.work(session, slow, refresh._now())
    session.close()
    world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, clock.now(), None))
    refresh.roll_up()
    return slow, old


def figures_of_today() -> definitions.Figures:
    db.session.rollback()
    return summary.admin_figures(db.session, clock.now().date(), clock.now().date()).totals


def test_of_two_passes_over_the_present_day_the_older_look_is_not_written(lot, alice):
    with clock.set_to(clock.now()):
        slow, old = raced(lot, alice)
        with pytest.raises(refresh.Overtaken):
            refresh._write(slow, old)
        assert figures_of_today().bookings == 2


def test_without_the_version_the_older_look_would_stay(lot, alice, monkeypatch):
    """The control: the same race, with the guard taken away."""
    with clock.set_to(clock.now()):
        slow, old = raced(lot, alice)
        monkeypatch.setattr(refresh, "_claim", lambda session, job: None)
        refresh._write(slow, old)
        assert figures_of_today().bookings == 1


def test_the_present_day_is_read_and_not_counted_until_something_changes(lot, alice, monkeypatch):
    """A car stands, a reservation's time comes and goes, hours pass: the figures follow the clock."""
    with clock.set_to(clock.now()):
        world.put(world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None))
        refresh.roll_up()
        before = figures_of_today()
        clock.travel(3 * 3600)
        monkeypatch.setattr(refresh, "compute", lambda *_: pytest.fail("counted"))
        after = figures_of_today()
        assert after.occupied_s - before.occupied_s == 3 * 3600
        assert after.available_s - before.available_s == 3 * 3600 * len(world.spot_ids(lot))
        monkeypatch.undo()
        world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, clock.now(), None))
        monkeypatch.setattr(refresh, "compute", counted := Counted(refresh.compute))
        assert figures_of_today().bookings == before.bookings + 1
        assert counted.lots == [[lot]]


def test_a_day_that_ended_as_it_was_told_is_not_counted_again(lot, alice, monkeypatch):
    with clock.set_to(clock.now()):
        day = clock.now().date()
        world.put(world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None))
        refresh.roll_up()
        clock.travel(86_400)
        monkeypatch.setattr(refresh, "compute", lambda *_: pytest.fail("counted"))
        ended = summary.admin_figures(db.session, day, day).totals
        assert (ended.occupied_s, ended.available_s) == (11 * 3600, 3 * 86_400)  # from noon in UTC to Berlin's midnight
        monkeypatch.undo()
        assert refresh.check() == []


class Counted:
    """Lets the figures be counted, and notes of which lots."""

    def __init__(self, compute) -> None:
        self.compute, self.lots = compute, []

    def __call__(self, session, lots, *rest):
        self.lots.append([lot.id for lot in lots])
        return self.compute(session, lots, *rest)


def meanwhile(app, monkeypatch) -> None:
    """Between two looks of one answer, the worker keeps what has changed."""

    def roll_up() -> None:
        with app.app_context(), clock.set_to(now):
            refresh.roll_up()

    now, look = clock.now(), days.Days._kept_of_stale

    def interrupted(self):
        found = look(self)
        worker = threading.Thread(target=roll_up)
        worker.start()
        worker.join()
        return found

    monkeypatch.setattr(days.Days, "_kept_of_stale", interrupted)


def test_an_answer_is_of_one_moment_whatever_the_worker_does_meanwhile(app, lot, alice, monkeypatch):
    refresh.roll_up()
    world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, clock.now(), None))
    meanwhile(app, monkeypatch)
    assert figures_of_today().bookings == 1


def test_without_the_snapshot_the_worker_would_be_counted_twice(app, lot, alice, monkeypatch):
    """The control: on PostgreSQL, where every statement sees what was committed last."""
    refresh.roll_up()
    world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, clock.now(), None))
    monkeypatch.setattr(summary, "snapshot", lambda: None)
    meanwhile(app, monkeypatch)
    assert figures_of_today().bookings == (1 if is_sqlite() else 2)


def test_a_pass_that_dies_half_way_leaves_its_marks(lot, monkeypatch):
    def die(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(refresh, "_advance", die)
    with pytest.raises(RuntimeError):
        refresh.roll_up()
    assert kept() == []
    monkeypatch.undo()
    refresh.roll_up()
    assert refresh.check() == []


def test_a_lot_that_moves_to_another_zone_gets_other_days(lot):
    refresh.roll_up()
    with transaction() as session:
        session.execute(text("UPDATE parking_lot SET timezone = 'Pacific/Auckland', calendar = 'Pacific/Auckland'"))
    day = date(2026, 2, 24)
    live = summary.admin_figures(db.session, day, day).totals
    refresh.roll_up()
    db.session.rollback()
    assert summary.admin_figures(db.session, day, day).totals == live
    assert refresh.check() == []
    assert db.session.scalar(select(LotRolled.timezone)) == "Pacific/Auckland"


SPOILERS = {
    "a day": update(LotDay).where(LotDay.lot_id != 0, LotDay.day == date(2026, 2, 25)).values(revenue_minor=1),
    "the sum of a day": update(LotDay).where(LotDay.lot_id == 0, LotDay.day == date(2026, 2, 25)).values(bookings=77),
    "a chart": update(LotDayDetail).where(LotDayDetail.lot_id != 0).values(occupied=[0] * 24),
    "a missing day": delete(LotDay).where(LotDay.lot_id != 0, LotDay.day == date(2026, 2, 26)),
    "a month": update(LotMonth).where(LotMonth.lot_id != 0).values(drivers=12),
    "the charts of a month": update(MonthDetail).values(stay_minutes={"7": 1}),
}


@pytest.mark.parametrize("what", SPOILERS)
def test_the_check_finds_and_repairs(app, lot, what):
    refresh.roll_up()
    assert refresh.check() == []
    with transaction() as session:
        session.execute(SPOILERS[what])
    found = refresh.check()
    assert found
    assert all(str(one) for one in found)
    runner = app.test_cli_runner()
    said = runner.invoke(args=["stats", "check"])
    assert (said.exit_code, "Repaired: 0" in said.output) == (1, True)
    said = runner.invoke(args=["stats", "check", "--repair"])
    assert (said.exit_code, said.output.splitlines()[-1]) == (
        0,
        f"{len(found)} difference(s) found, {len(found)} repaired.",
    )
    assert runner.invoke(args=["stats", "check"]).output == "All statistics equal the bookings.\n"


def test_the_workers_jobs(lot):
    assert tasks.roll_up_figures() == 11
    with transaction() as session:
        session.execute(SPOILERS["a day"])
    assert tasks.check_figures() > 0
    assert tasks.check_figures() == 0
    assert {entry["task"] for entry in tasks.BEAT.values()} == {"tasks.roll_up_figures", "tasks.check_figures"}


def test_bookings_from_before_the_marks_are_found(lot):
    """A database that was filled before migration 0004: every lot is marked since the beginning."""
    with transaction() as session:
        session.execute(text("DELETE FROM stats_change"))
        session.execute(text("INSERT INTO stats_change (lot_id, from_quarter) SELECT id, 0 FROM parking_lot"))
    day = date(2026, 2, 25)
    assert summary.admin_figures(db.session, day, day).totals.bookings == 1
    assert refresh.roll_up() == 11
    assert refresh.check() == []


@pytest.mark.parametrize(
    ("zone", "day", "hours", "odd"),
    [
        ("Europe/London", date(2026, 3, 29), 23, {1: 0}),
        ("Europe/London", date(2026, 10, 25), 25, {1: 7200}),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5, {1: 5400}),
        ("America/Santiago", date(2026, 9, 6), 23, {0: 0}),
        ("Asia/Kolkata", date(2026, 3, 29), 24, {}),
    ],
)
def test_the_hours_of_a_day(zone, day, hours, odd):
    found = slots(zone, day, day)
    end = midnight(day + timedelta(days=1), zone)
    edges = [slot.start for slot in found] + [end]
    assert end - midnight(day, zone) == hours * 3600
    lengths = dict.fromkeys(range(24), 0)
    for slot, until in zip(found, edges[1:], strict=True):
        lengths[slot.hour] += until - slot.start
    assert lengths == {hour: odd.get(hour, 3600) for hour in range(24)}


@pytest.mark.parametrize(
    ("cars", "peak"),
    [
        ([(0, 50), (50, 80)], 1),  # one leaves in the second the next one comes: never two
        ([(10, 40), (20, 30), (20, 20)], 2),
        ([(0, 0)], None),
        ([(-100, 0), (86_390, 90_000)], 1),
        ([], None),
    ],
)
def test_the_most_cars_at_one_moment(cars, peak):
    day = date(2026, 3, 2)
    roller = Roller("UTC", day, day, midnight(day, "UTC") + 2 * 86_400)
    start = midnight(day, "UTC")
    for begin, end in cars:
        roller.add(Claim(1, 1, "instant", "Completed", start + begin, None, start + begin, start + end, 0))
    made = roller.finish().get((1, day), Day())
    assert (made.peak_cars or None) == peak


def test_who_drove_is_kept_short_and_adds_up_to_different_people():
    many, few = set(range(7, 9_000, 3)), {1, 7, 2_000_000}
    for drivers in (set(), few, many):
        assert unpacked(packed(drivers)) == drivers
    assert isinstance(packed(many), str)
    assert len(packed(many)) < 2_000
    assert together([packed(many), packed(few), {5}, None]).bit_count() == len(many | few | {5})
