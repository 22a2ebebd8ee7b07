"""Every figure equals an oracle that works from the raw rows and shares no arithmetic with the program."""

from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import update

from parking import clock, lot_calendar
from parking.bookings import service
from parking.database import db, transaction
from parking.lots.models import Lot
from parking.statistics.daily import check, refresh
from parking.statistics.reading import summary
from tests.bookings.helpers import make_lot, park
from tests.statistics import world
from tests.statistics.world import local, utc

NAMES = (
    "bookings", "instant", "reserved", "visits", "completed", "cancelled", "no_shows", "revenue_minor", "stays",
    "stay_s", "occupied_s", "reserved_s", "available_s",
)  # fmt: skip
# A week around each change of the clocks, by half an hour in one zone, at midnight in another, and month ends.
RANGES = [
    ("Europe/London", date(2026, 3, 26), date(2026, 4, 2)),
    ("Europe/London", date(2026, 10, 22), date(2026, 10, 28)),
    ("America/New_York", date(2026, 3, 5), date(2026, 3, 11)),
    ("America/New_York", date(2026, 10, 29), date(2026, 11, 3)),
    ("Australia/Lord_Howe", date(2026, 4, 1), date(2026, 4, 7)),
    ("America/Santiago", date(2026, 4, 2), date(2026, 4, 7)),
    ("America/Santiago", date(2026, 9, 3), date(2026, 9, 8)),
    ("Asia/Kolkata", date(2026, 2, 26), date(2026, 3, 3)),
]


def same(figures, expected) -> None:
    assert {name: getattr(figures, name) for name in NAMES} == {name: expected.counts[name] for name in NAMES}


def compare(first: date, last: date, lot_id: int | None = None) -> None:
    """The whole answer for a period against the oracle's."""
    session, now = db.session, clock.now()
    session.rollback()
    answer = summary.period_statistics(session, first, last, lot_id)
    expected = world.expect(first, last, now, lot_id)
    total = world.together(expected)
    same(answer.totals, total)
    assert answer.drivers == len(total.drivers)
    middle = sorted(total.minutes)[(len(total.minutes) - 1) // 2] if total.minutes else None
    assert answer.median_stay_minutes == middle
    assert sum(answer.stay_minutes.values()) == len(total.minutes)
    assert [list(line) for line in answer.hours] == world.heat(total)
    for lot in answer.lots:
        same(lot.metrics, expected[lot.lot_id])
    assert {lot.lot_id for lot in answer.lots} == {n for n, e in expected.items() if any(e.counts[x] for x in NAMES)}
    for lots in range(1, 3):
        some = summary.period_statistics(session, first, last, lot_id, most=lots)
        assert (some.lots, some.lots_total) == (answer.lots[:lots], len(answer.lots))


def compare_days(first: date, last: date) -> None:
    answer = summary.period_statistics(db.session, first, last)
    for day in answer.days:
        same(day.metrics, world.together(world.expect(day.day, day.day, clock.now())))


@pytest.fixture
def drivers(alice, bob, carol):
    return [alice.id, bob.id, carol.id]


@pytest.mark.parametrize(("zone", "first", "last"), RANGES, ids=[f"{s[0]} {s[1]:%B}" for s in RANGES])
def test_clock_changes_and_month_ends_count_to_the_second(app, drivers, zone, first, last):
    random = Random(zone)
    begin, end = local(f"{first}T00:00", zone), local(f"{last}T00:00", zone)
    lots = [world.make_lot(f"{zone} {n}", zone, 3, begin - timedelta(days=1)) for n in range(2)]
    for lot in lots:
        for spot in world.spot_ids(lot):
            world.put(*world.history(random, lot, spot, drivers, begin - timedelta(days=2), end))
    with clock.set_to(end - timedelta(hours=7)):
        compare(first, last)
        refresh.roll_up()
        compare(first, last)
        compare(first + timedelta(days=1), last - timedelta(days=2), lots[0])
        compare_days(first, last)
        assert check.find_differences() == []


def test_lots_in_three_zones_keep_their_own_days(app, drivers):
    random = Random(3)
    begin, now = utc("2026-03-27T00:00"), utc("2026-03-31T05:30")
    for zone in ("Europe/London", "Asia/Tokyo", "America/Los_Angeles"):
        lot = world.make_lot(zone, zone, 2, begin)
        for spot in world.spot_ids(lot):
            world.put(*world.history(random, lot, spot, drivers, begin, now))
    with clock.set_to(now):
        for first, last in [("2026-03-27", "2026-03-31"), ("2026-03-30", "2026-03-30"), ("2026-03-31", "2026-04-02")]:
            refresh.roll_up()
            compare(date.fromisoformat(first), date.fromisoformat(last))
        assert check.find_differences() == []


def test_a_month_has_its_sums_and_its_distinct_drivers(app, drivers):
    random = Random(4)
    begin = utc("2026-01-20T00:00")
    lots = [world.make_lot(f"Lot {n}", "Europe/Berlin", 2, begin) for n in range(3)]
    for lot in lots:
        for spot in world.spot_ids(lot):
            world.put(*world.history(random, lot, spot, drivers, begin, utc("2026-03-10T00:00")))
    with clock.set_to(utc("2026-03-11T09:00")):
        refresh.roll_up()
        with db.engine.connect() as connection:
            stored = connection.exec_driver_sql("SELECT count(*) FROM lot_month WHERE NOT stale").scalar()
        assert stored == 8  # January and February of three lots and of all
        compare(date(2026, 2, 1), date(2026, 2, 28))
        compare(date(2026, 2, 1), date(2026, 2, 28), lots[1])
        spot = world.spot_ids(lots[0])[0]
        world.put(world.row(lots[0], spot, drivers[0], utc("2026-02-03T08:00"), utc("2026-02-03T09:00")))
        compare(date(2026, 2, 1), date(2026, 2, 28))  # a mark waits: counted live
        refresh.roll_up()
        compare(date(2026, 2, 1), date(2026, 2, 28))
        assert check.find_differences() == []


@pytest.mark.parametrize("seed", range(2))
def test_after_any_sequence_of_changes_stored_and_counted_days_agree(app, drivers, seed):
    random = Random(seed)
    start = utc("2026-03-24T12:00")
    with clock.set_to(start):
        zones = ["Europe/London", "America/New_York", "Pacific/Auckland"]
        lots = [world.make_lot(f"Lot {n}", zone, 3, start) for n, zone in enumerate(zones)]
        live: list[tuple[int, str]] = []
        for step in range(80):
            clock.travel(random.choice([30, 900, 5_000, 20_000, 40_000]))
            _act(random, lots, drivers, live)
            if random.random() < 0.2:
                refresh.roll_up()
            if step % 8 == 7:  # the present day is kept, and time has gone on since
                today = clock.now().date()
                compare(today - timedelta(days=1), today + timedelta(days=1))
            if step % 40 == 39:
                today = clock.now().date()
                compare(today - timedelta(days=12), today + timedelta(days=1))
                compare(today - timedelta(days=3), today - timedelta(days=1), random.choice(lots))
        refresh.roll_up()
        compare(start.date() - timedelta(days=1), clock.now().date())
        assert check.find_differences() == []


def _act(random: Random, lots: list[int], drivers: list[int], live: list) -> None:
    """One thing that can happen, by a sweep that comes late or raw SQL as well."""
    now, lot = clock.now(), random.choice(lots)
    often, seldom = (
        ["book", "reserve", "end"] * 3,
        ["end late", "block", "plan", "hold", "grow", "close", "move", "past"],
    )
    what = random.choice(often + seldom)
    taken = {spot for _, _, spot, _ in live}
    free = [spot for spot in world.spot_ids(lot) if spot not in taken]
    driver = random.choice(drivers)
    if what == "book" and free:
        (booking_id,) = world.put(world.row(lot, free[0], driver, now, None))
        live.append((booking_id, "Active", free[0], now))
    elif what == "reserve" and free:
        start = now + timedelta(hours=random.choice([-1, 2, 30]))
        end = start + timedelta(hours=3)
        window = {"booking_type": "reserved", "reserved_start": start, "reserved_end": end, "held_until": end}
        (booking_id,) = world.put(
            world.row(lot, free[0], driver, start, None, **window, status="Reserved", checked_in_at=None)
        )
        live.append((booking_id, "Reserved", free[0], start))
    elif what.startswith("end") and live:
        _end(random, live, late=what == "end late")
    elif what == "block" and free:
        world.put(world.block(lot, free[-1], driver, now, None))
        live.append((None, "block", free[-1], now))
    elif what == "plan" and free:
        start = now + timedelta(hours=random.choice([0, 2, 30]))
        (closure,) = world.put(world.closure(lot, free[-1], driver, start, start + timedelta(hours=20)))
        live.append((closure, "closure", free[-1], start))
    elif what == "hold" and free:
        world.put(world.hold(lot, free[-1], driver, now, now + timedelta(hours=2), now + timedelta(minutes=15)))
        live.append((None, "hold", free[-1], now))
    elif what == "grow":
        world.add_spots(lot, 1, now)
    elif what in ("close", "move"):
        zone = random.choice(["Europe/London", "Asia/Kolkata", "America/New_York"])
        quarter = now - timedelta(seconds=int(now.timestamp()) % 900)  # the oracle counts by quarters of an hour
        calendar = db.session.get(Lot, lot, populate_existing=True).calendar
        values = {"timezone": zone, "calendar": lot_calendar.changed(calendar, zone, quarter)}
        if what == "close":
            closed = db.session.get(Lot, lot, populate_existing=True).deleted_at
            values = {"deleted_at": None if closed else now}
        with transaction() as session:
            session.execute(update(Lot).where(Lot.id == lot).values(**values))
    elif what == "past":
        spot = random.choice(world.spot_ids(lot))
        begun = now - timedelta(hours=random.randrange(30, 200))
        world.put(world.row(lot, spot, driver, begun, begun + timedelta(hours=random.randrange(1, 29))))


def _end(random: Random, live: list, *, late: bool) -> None:
    now = clock.now()
    booking_id, status, spot, start = live.pop(random.randrange(len(live)))
    if status in ("closure", "running closure"):
        _run_closure(random, live, booking_id, status, spot, start)
        return
    if booking_id is None:  # a block or a hold stays
        live.append((booking_id, status, spot, start))
        return
    end = max(start, now - timedelta(hours=random.randrange(50))) if late else now
    cost = {"total_cost_minor": random.randrange(900), "ended_by": "system"}
    if status == "Active":
        world.change(booking_id, status="Completed", end_time=max(start, end), held_until=max(start, end), **cost)
    elif random.random() < 0.4:
        world.change(booking_id, status="Cancelled", end_time=end if late else now, **cost | {"total_cost_minor": 0})
    elif random.random() < 0.5:
        world.change(booking_id, status="No-show", end_time=max(start, end), **cost)
    else:
        came = max(start, end) if start <= now else now  # who comes early has his booking begin then
        world.change(booking_id, status="Active", checked_in_at=came, start_time=min(start, came))
        live.append((booking_id, "Active", spot, came))


def _run_closure(random: Random, live: list, closure: int, status: str, spot: int, start) -> None:
    """Begins it, perhaps late; or ends it, or withdraws it before it began."""
    now = clock.now()
    if status == "running closure":
        end = max(start, now - timedelta(hours=random.randrange(9)))
        world.change(closure, status="Completed", end_time=end, held_until=end, ended_by="admin")
    elif start > now or random.random() < 0.3:
        world.change(closure, status="Cancelled", end_time=now, ended_by="admin")
    else:
        began = random.choice([start, now])
        world.change(closure, status="Active", checked_in_at=began)
        live.append((closure, "running closure", spot, began))


def test_changed_prices_and_capacities_do_not_change_the_past(app, client, auth, alice, carol):
    """Through the product's own doors: three days, a new price and fewer spots in between."""
    lot = make_lot(carol, "Harbour", 4, timezone="Europe/Berlin")
    paid = []
    for price, capacity in ((2, 4), (3.5, 2), (1, 5)):
        change = {"price_per_hour": price, "capacity": capacity}
        assert client.put(f"/api/lots/{lot['id']}", json=change, headers=auth(carol)).status_code == 200
        stay = park(alice, lot)
        clock.travel(90 * 60)
        paid.append(service.release(stay["id"], alice.id)["booking"]["total_cost"])
        refresh.roll_up()
        clock.travel(24 * 3600)
    assert paid == [3, 5.25, 1.5]
    first, today = date(2026, 3, 1), clock.now().date()
    compare(first, today)
    refresh.roll_up()
    compare(first, today)
    assert summary.period_statistics(db.session, first, today).totals.revenue_minor == 975
    assert check.find_differences() == []


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Pacific/Kiritimati"])
def test_a_lot_that_moves_keeps_its_past_and_continues_in_its_new_zone(app, drivers, zone):
    """Every day that was over is told as before, to the second; the days since by the new zone."""
    random = Random(zone)
    begin, moved, end = utc("2026-10-20T00:00"), utc("2026-10-27T09:15"), utc("2026-11-02T00:00")
    lots = [world.make_lot(f"{zone} {n}", "Europe/Berlin", 3, begin) for n in range(2)]
    for lot in lots:
        for spot in world.spot_ids(lot):
            world.put(*world.history(random, lot, spot, drivers, begin, end))
    over = date(2026, 10, 21), date(2026, 10, 26)
    with clock.set_to(moved):
        refresh.roll_up()
        statistics = summary.period_statistics(db.session, *over)
        with transaction() as session:
            values = {"timezone": zone, "calendar": lot_calendar.changed("Europe/Berlin", zone, moved)}
            session.execute(update(Lot).where(Lot.id == lots[0]).values(**values))
        assert summary.period_statistics(db.session, *over) == statistics
    with clock.set_to(end - timedelta(hours=7)):
        assert summary.period_statistics(db.session, *over).days == statistics.days
        compare(date(2026, 10, 20), date(2026, 11, 1))
        compare_days(date(2026, 10, 20), date(2026, 11, 1))
        refresh.roll_up()
        compare(date(2026, 10, 20), date(2026, 11, 1))
        compare(date(2026, 10, 27), date(2026, 10, 28), lots[0])
        assert check.find_differences() == []
