"""The real city's loader, on made-up readings of the same form and with the same blemishes."""

import gzip
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from parking import clock
from parking.database import db
from parking.demo import birmingham
from parking.statistics import service
from parking.statistics.daily import check
from parking.statistics.reading import summary

LONDON = ZoneInfo("Europe/London")
FIRST, DAYS = date(2016, 10, 28), 5  # the clocks go back on the 30th


def readings(random: Random) -> list[tuple[str, int, int, datetime]]:
    """Half-hourly from eight to half past four, not quite on time; some outside 0..capacity, some twice."""
    rows = []
    for code, capacity in (("BHMONE", 12), ("BHMTWO", 40)):
        for day in range(DAYS):
            for half in range(18):
                at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time()) + timedelta(hours=8)
                at += timedelta(minutes=30 * half, seconds=random.randrange(-60, 60))
                rows.append((code, capacity, random.randrange(-3, capacity + 4), at))
    code, capacity, cars, at = rows[7]
    return [*rows, (code, capacity, cars + 1, at)]


def write(path, rows) -> None:
    with gzip.open(path, "wt") as file:
        file.writelines(f"{code},{capacity},{cars},{at:%Y-%m-%d %H:%M:%S}\t\n" for code, capacity, cars, at in rows)


@pytest.fixture
def rows():
    return readings(Random(7))


@pytest.fixture
def path(tmp_path, rows):
    write(tmp_path / "city.csv.gz", rows)
    return tmp_path / "city.csv.gz"


def expected(rows) -> dict[tuple[str, int], int]:
    """(car park, instant) -> cars, of the last reading of that moment, cut to 0..capacity."""
    return {
        (code, int(at.replace(tzinfo=LONDON).timestamp())): min(max(cars, 0), capacity)
        for code, capacity, cars, at in rows
    }


def parked_cars(lot: str, instant: int) -> int:
    """Cars in the lot at that moment, counted by the database."""
    moment = instant if db.engine.dialect.name == "sqlite" else datetime.fromtimestamp(instant, UTC)
    query = text(
        "SELECT count(*) FROM booking b JOIN parking_lot l ON l.id = b.lot_id WHERE l.name = :name"
        " AND b.checked_in_at <= :at AND (b.end_time > :at OR b.end_time IS NULL)"
    )
    return db.session.scalar(query, {"name": f"Birmingham {lot}", "at": moment})


def test_the_number_of_cars_equals_every_reading(app, path, rows):
    with clock.set_to(datetime(2016, 11, 20, tzinfo=UTC)):
        loaded = birmingham.run(path, original_dates=True)
        cars = expected(rows)
        assert {key: parked_cars(*key) for key in cars} == cars
        assert db.session.scalar(text("SELECT count(*) FROM booking")) == loaded.bookings
        assert db.session.scalar(text("SELECT count(*) FROM booking WHERE status <> 'Completed'")) == 0
        assert check.find_differences() == []


def test_the_half_hourly_curve_equals_the_file(app, tmp_path):
    """Readings on the half hour: the curve of the page has exactly their values."""
    random, at, rows = Random(1), datetime(2016, 11, 1, 8), []
    for half in range(18):
        rows.append(("BHMONE", 30, random.randrange(31), at + timedelta(minutes=30 * half)))
    write(tmp_path / "city.csv.gz", rows)
    with clock.set_to(datetime(2016, 11, 20, tzinfo=UTC)):
        birmingham.run(tmp_path / "city.csv.gz", original_dates=True)
        drawn = {
            point["at"]: point["occupied"] for point in service.curve(db.session, date(2016, 11, 1), date(2016, 11, 1))
        }
        assert [drawn[f"{at:%Y-%m-%dT%H:%M:00Z}"] for *_, at in rows] == [cars for _, _, cars, _ in rows]


def test_the_heat_map_is_the_area_under_the_readings(app, tmp_path):
    """One reading a minute, so that nothing is left to the assumption in between: the heat map equals the sum over
    the readings themselves."""
    random, at, rows = Random(2), datetime(2016, 11, 1, 8), []
    cars = 0
    for minute in range(8 * 60 + 1):
        cars = min(max(cars + random.randrange(-3, 4), 0), 30)
        rows.append(("BHMONE", 30, cars, at + timedelta(minutes=minute)))
    write(tmp_path / "city.csv.gz", rows)
    with clock.set_to(datetime(2016, 11, 20, tzinfo=UTC)):
        birmingham.run(tmp_path / "city.csv.gz", original_dates=True)
        hours = summary.period_statistics(db.session, date(2016, 11, 1), date(2016, 11, 1)).hours[1]
    for hour in range(8, 16):
        values = [cars for _, _, cars, moment in rows if moment.hour == hour]
        after = next(cars for _, _, cars, moment in rows if moment.hour == hour + 1)
        # Within a minute the cars come (or go) evenly: between this reading and the next.
        low = sum(min(a, b) for a, b in zip(values, [*values[1:], after], strict=True)) / 60
        high = sum(max(a, b) for a, b in zip(values, [*values[1:], after], strict=True)) / 60
        assert 100 * low / 30 - 0.01 <= hours[hour] <= 100 * high / 30 + 0.01


def test_first_in_first_out_and_never_two_on_a_spot_or_one_driver_twice(app, path):
    with clock.set_to(datetime(2016, 11, 20, tzinfo=UTC)):
        birmingham.run(path, original_dates=True)
    stays = db.session.execute(
        text("SELECT lot_id, spot_id, user_id, start_time, end_time FROM booking ORDER BY start_time")
    )
    by_lot, by_spot, by_driver = {}, {}, {}
    for lot, spot, driver, start, end in stays:
        assert start < end
        assert end >= by_lot.get(lot, end)
        assert start >= by_spot.get(spot, start)
        assert start >= by_driver.get(driver, start)
        by_lot[lot] = by_spot[spot] = by_driver[driver] = end


def test_the_days_move_by_whole_weeks_to_just_before_today(app, path):
    now = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # a Wednesday
    parks = birmingham.read(path)
    shift = birmingham.weeks_to_now(parks, now)
    last = FIRST + timedelta(days=DAYS - 1) + shift
    assert shift % timedelta(weeks=1) == timedelta(0)
    assert last.weekday() == (FIRST + timedelta(days=DAYS - 1)).weekday()
    assert timedelta(0) < now.date() - last <= timedelta(weeks=1)
    moved = birmingham.read(path, shift)
    assert [len(park.readings) for park in moved] == [len(park.readings) for park in parks]


def test_a_second_time_or_another_file_is_refused(app, path, tmp_path):
    runner = app.test_cli_runner()
    result = runner.invoke(args=["demo", "birmingham", str(path)])
    assert (result.exit_code, "2 lots" in result.output) == (0, True)
    again = runner.invoke(args=["demo", "birmingham", str(path)])
    assert (again.exit_code, "loaded before" in again.output) == (1, True)
    with gzip.open(tmp_path / "other.csv.gz", "wt") as file:
        file.write("a,b\n")
    other = runner.invoke(args=["demo", "birmingham", str(tmp_path / "other.csv.gz")])
    assert (other.exit_code, "line 1 is not" in other.output) == (1, True)
