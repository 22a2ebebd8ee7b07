"""From every number to the bookings behind it: the list holds just these, and they come to the number."""

from datetime import date, datetime, timedelta
from random import Random
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select

from parking import clock
from parking.accounts.models import User
from parking.bookings.models import Booking
from parking.database import db, is_sqlite, transaction
from parking.lots.models import Lot
from parking.statistics.daily import refresh
from tests.statistics import world
from tests.statistics.reading.test_summary import metrics_of, table
from tests.statistics.world import local, utc

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
CHANGES = ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01"]


@pytest.fixture
def ask(client, auth, carol):
    def get(path: str):
        answer = client.get(path, headers=auth(carol))
        assert answer.status_code == 200, answer.text
        return answer

    return get


@pytest.fixture
def listed(ask):
    """The ids of every page of a list."""

    def ids(query: str) -> list[int]:
        booking_ids, cursor = [], ""
        while True:
            page = ask(f"/api/admin/bookings?{query}&limit=7{cursor}").json
            booking_ids += [one["id"] for one in page["bookings"]]
            if page["next"] is None:
                return booking_ids
            cursor = f"&cursor={page['next']}"

    return ids


@pytest.fixture
def come_to(ask):
    return lambda query: ask(f"/api/admin/bookings/totals?{query}").json["totals"]


def build(people: list[int], begin: datetime, end: datetime, seed: int | str = 1) -> list[int]:
    """A lot in each of two zones, with everything that can happen until `end`."""
    random = Random(seed)
    lots = [world.make_lot(zone, zone, 2, begin - timedelta(days=1)) for zone in (BERLIN, NEW_YORK)]
    for lot in lots:
        for spot in world.spot_ids(lot):
            world.put(*world.history(random, lot, spot, people, begin, end))
    return lots


def in_hour(day: date, hour: int) -> dict[int, int]:
    """booking -> the seconds its car stood in that local hour of its lot, second by second from the rows."""
    seconds: dict[int, int] = {}
    zones = dict(db.session.execute(select(Lot.id, Lot.timezone)).all())
    for b in db.session.execute(select(Booking.__table__).where(Booking.checked_in_at.is_not(None))):
        if b.booking_type == "block":
            continue
        begin, end = b.checked_in_at, b.end_time or clock.now()
        for start, there, n in world.quarters(zones[b.lot_id], day, day):
            if (there, n) == (day, hour):
                both = min(end, start + timedelta(minutes=15)) - max(begin, start)
                if both > timedelta(0):
                    seconds[b.id] = seconds.get(b.id, 0) + int(both.total_seconds())
    return seconds


@pytest.mark.parametrize("change", CHANGES)
def test_each_hour_of_a_night_on_which_clocks_change(app, ask, listed, come_to, alice, bob, change):
    day = date.fromisoformat(change)
    begin = local(f"{day - timedelta(days=2)}T00:00", BERLIN)
    build([alice.id, bob.id], begin, begin + timedelta(days=5), change)
    with clock.set_to(begin + timedelta(days=5)):
        refresh.roll_up()
        for hour in range(24):
            query = f"from={day}&to={day}&weekday={day.weekday()}&hour={hour}"
            cell = ask(f"/api/stats/admin/hour?{query}").json["hour"]
            (row,) = cell["days"]
            expected = in_hour(day, hour)
            assert sorted(listed(row["bookings_query"])) == sorted(expected), hour
            assert row["occupied_seconds"] == sum(expected.values()) == come_to(row["bookings_query"])["seconds"], hour


def test_a_repeated_hour_is_one_row_and_a_skipped_hour_is_empty(app, ask, listed, come_to, alice):
    lot = world.make_lot("Harbour", BERLIN, 1, utc("2026-03-01T00:00"))
    (spot,) = world.spot_ids(lot)
    world.put(
        world.row(lot, spot, alice.id, utc("2026-03-28T20:00"), utc("2026-03-29T10:00")),
        world.row(lot, spot, alice.id, utc("2026-10-24T20:00"), utc("2026-10-25T10:00")),
    )
    with clock.set_to(utc("2026-11-05T00:00")):
        skipped, twice = (f"counted=parked&from_day={day}&to_day={day}&hour=2" for day in CHANGES[:2])
        assert listed(skipped) == []
        assert come_to(skipped)["seconds"] == 0
        assert come_to(twice)["seconds"] == 7200
        cell = ask("/api/stats/admin/hour?from=2026-03-29&to=2026-03-29&weekday=6&hour=2").json["hour"]
        assert (cell["occupied_seconds"], cell["occupancy_percent"]) == (0, None)


def test_a_cell_equals_its_days_however_late_the_worker_is(app, ask, come_to, alice, bob):
    begin, now = utc("2026-02-10T00:00"), utc("2026-03-02T16:20")
    with clock.set_to(now):
        lots = build([alice.id, bob.id], begin, now - timedelta(hours=1))
        period = "from=2026-02-11&to=2026-03-04"
        (spot, _) = world.spot_ids(lots[0])

        def agree() -> list:
            db.session.rollback()
            heat = ask(f"/api/stats/admin?{period}").json["stats"]["hours"]
            cells = []
            for weekday, hour in ((0, 15), (0, 17), (2, 8), (6, 23)):
                cell = ask(f"/api/stats/admin/hour?{period}&weekday={weekday}&hour={hour}").json["hour"]
                assert cell["occupancy_percent"] == heat[weekday][hour]
                assert {date.fromisoformat(row["day"]).weekday() for row in cell["days"]} == {weekday}
                for row in cell["days"]:
                    assert row["occupied_seconds"] == come_to(row["bookings_query"])["seconds"]
                cells.append(cell)
            return cells

        before = agree()
        assert [row["day"] for row in before[0]["days"]] == ["2026-02-16", "2026-02-23", "2026-03-02"]
        assert [row["partial"] for row in before[0]["days"]] == [False, False, True]
        refresh.roll_up()
        assert agree() == before
        world.put(world.row(lots[0], spot, bob.id, utc("2026-02-11T06:00"), utc("2026-02-11T06:59")))
        world.put(world.row(lots[0], spot, bob.id, now - timedelta(minutes=30), None))
        assert agree() != before, "a mark waits, today is open: counted there and then"


def test_a_cell_as_csv_and_invalid_cells(client, auth, carol, alice, ask, app):
    world.make_lot("Harbour", BERLIN, 1, utc("2026-02-01T00:00"))
    path = "/api/stats/admin/hour{}?from=2026-02-23&to=2026-03-01&weekday=0&hour=8"
    rows = table(ask(path.format(".csv") + "&format=machine"))
    assert rows == table(client.get(path.format(""), headers=auth(carol, Accept="text/csv")))
    assert rows == [
        {"day": "2026-02-23", "partial": "no", "occupied_seconds": "0", "available_seconds": "3600",
         "occupancy_percent": "0.0"}
    ]  # fmt: skip
    assert client.get(path.format(""), headers=auth(alice)).status_code == 403
    assert client.get(path.format("") + "&lot_id=999999", headers=auth(carol)).status_code == 404
    assert client.get("/api/stats/admin/hour?from=2026-02-23&to=2026-03-01", headers=auth(carol)).status_code == 422


@pytest.fixture
def lived(app, alice, bob):
    """Two lots in two zones over three weeks until now, today among it, and a car whose hold has run out."""
    begin, now = utc("2026-02-08T00:00"), clock.now()
    lots = build([alice.id, bob.id], begin, now - timedelta(hours=2), 5)
    world.add_spots(lots[0], 1, begin)
    world.put(
        world.row(lots[0], world.spot_ids(lots[0])[2], bob.id, now - timedelta(hours=30), None),
        world.row(lots[1], world.spot_ids(lots[1])[0], bob.id, now - timedelta(minutes=90), None),
    )
    start = now - timedelta(minutes=10)
    window = {"reserved_start": start, "reserved_end": now + timedelta(hours=1), "booking_type": "reserved"}
    waiting = {"status": "Reserved", "checked_in_at": None, "held_until": now + timedelta(hours=1)}
    world.put(world.row(lots[1], world.spot_ids(lots[1])[1], alice.id, start, None, **window, **waiting))
    return lots


PERIODS = ["from=2026-02-10&to=2026-03-02", "from=2026-03-02&to=2026-03-02", "from=2026-02-14&to=2026-02-14"]


@pytest.mark.parametrize("period", PERIODS)
def test_every_metric_equals_the_sum_of_its_list(ask, listed, come_to, lived, period):
    counts = {"bookings", "instant", "reserved", "visits", "completed", "no_shows", "cancelled", "stays"}
    for lot in ("", f"&lot_id={lived[1]}"):
        refresh.roll_up()
        metrics = metrics_of(ask(f"/api/stats/admin?{period}{lot}"))
        sums = {name: come_to(one["bookings"]) for name, one in metrics.items() if one["bookings"]}
        values = {name: one["value"] for name, one in metrics.items()}
        assert {name: sums[name]["count"] for name in counts} == {name: values[name] for name in counts}
        assert {name: len(listed(metrics[name]["bookings"])) for name in counts} == {n: values[n] for n in counts}
        assert sums["revenue"]["total_cost"] == values["revenue"]
        assert sums["revenue"]["currency"] == ("EUR" if sums["revenue"]["count"] else None)
        assert sums["drivers"]["people"] == values["drivers"]
        assert sums["parked"]["seconds"] == sums["occupancy"]["seconds"] == values["parked"] > 0
        assert sums["kept_free"]["seconds"] == values["kept_free"] > 0
        assert sums["kept_free"]["count"] == len(listed(metrics["kept_free"]["bookings"]))
        if values["average_stay"] is not None:
            assert round(sums["average_stay"]["seconds"] / sums["average_stay"]["count"]) == values["average_stay"]


def test_only_bookings_that_held_a_spot_in_the_period_are_listed(listed, lived):
    """Also those that began before it, and not those whose car came in time."""
    zones = dict(db.session.execute(select(Lot.id, Lot.timezone)).all())
    reserved = db.session.scalars(select(Booking).where(Booking.booking_type == "reserved")).all()
    before = 0
    for day in (date(2026, 2, 10) + timedelta(days=n) for n in range(21)):
        expected = []
        for b in reserved:
            until = b.checked_in_at or b.end_time or clock.now()
            zone = ZoneInfo(zones[b.lot_id])
            low, high = (datetime.combine(day + timedelta(days=n), datetime.min.time(), zone) for n in (0, 1))
            if max(b.reserved_start, low) < min(until, high):
                expected.append(b.id)
                before += b.reserved_start < low
        assert sorted(listed(f"counted=kept_free&from_day={day}&to_day={day}")) == sorted(expected)
    assert before, "the example has one that began on a day before"


@pytest.mark.parametrize("period", PERIODS[:2])
def test_each_bar_of_the_histogram_lists_its_stays(ask, listed, come_to, lived, period):
    bars = ask(f"/api/stats/admin?{period}").json["stats"]["stays"]
    for bar in bars:
        assert bar["count"] == len(listed(bar["bookings_query"])) == come_to(bar["bookings_query"])["count"]
    assert sum(bar["count"] for bar in bars) > 3 or "03-02" in period


def test_the_lots_add_up_to_the_available_time(ask, lived):
    for period in PERIODS:
        stats = ask(f"/api/stats/admin?{period}").json["stats"]
        figures = {one["name"]: one["value"] for one in stats["figures"]}
        for name, metric in (("available", "available"), ("occupied", "parked"), ("reserved", "kept_free")):
            assert sum(lot[f"{name}_seconds"] for lot in stats["lots"]) == figures[metric]


def test_the_busiest_hour_is_named_and_lists_its_bookings(ask, come_to, lived):
    path = "/api/stats/admin{}?from=2026-02-12&to=2026-02-20&compare=true"
    stats = ask(path.format("")).json["stats"]
    best = stats["busiest_hour"]
    assert metrics_of(ask(path.format("")))["peak_occupancy"]["bookings"] == best["bookings_query"]
    assert dict(parse_qsl(best["bookings_query"])) == {
        "counted": "parked", "from_day": best["day"], "to_day": best["day"], "hour": str(best["hour"]),
    }  # fmt: skip
    assert come_to(best["bookings_query"])["seconds"] == sum(
        in_hour(date.fromisoformat(best["day"]), best["hour"]).values()
    )
    rows = {row["name"]: row for row in table(ask(path.format(".csv") + "&table=figures&format=machine"))}
    before = stats["previous"]["busiest_hour"]
    assert rows["busiest_hour"] == {
        "name": "busiest_hour", "unit": "local_hour", "value": f"{best['day']}T{best['hour']:02}:00",
        "previous": f"{before['day']}T{before['hour']:02}:00",
    }  # fmt: skip


def test_a_point_of_the_curve_lists_the_cars_parked_then(ask, come_to, lived):
    day = "2026-02-14"
    line = ask(f"/api/stats/admin?from={day}&to={day}").json["stats"]["curve"]
    for point in line[::9]:
        query = f"counted=parked&from_day={day}&to_day={day}&at={point['at']}"
        assert come_to(query)["count"] == point["occupied"]
    assert any(point["occupied"] for point in line[::9])


def test_new_accounts_are_listed_by_the_operators_days(client, auth, carol, ask, app):
    """UTC is the operator's zone here; one of the accounts is gone by now."""
    created_at = [
        "2026-01-31T23:59:59",
        "2026-02-01T00:00",
        "2026-02-28T23:59:59",
        "2026-03-01T00:00",
        "2026-02-10T08:00",
    ]
    with transaction() as session:
        for n, moment in enumerate(created_at):
            session.add(User(email=f"p{n}@example.com", username=f"p{n}", created_at=utc(moment), fs_uniquifier=f"{n}"))
        session.flush()
        deleted = session.scalars(select(User).where(User.username == "p4")).one()
        deleted.deleted_at = clock.now()
    metric = metrics_of(ask("/api/stats/admin?from=2026-02-01&to=2026-02-28"))["new_users"]
    answer = ask(f"/api/users?{metric['users']}").json
    assert [one["username"] for one in answer["users"]] == ["p2", "p1"]
    assert (answer["total"], answer["deleted"], metric["value"]) == (2, 1, 3)
    assert ask("/api/users").json["deleted"] is None
    for wrong in ("created_from_day=2026-02-01", "created_from_day=2026-02-02&created_to_day=2026-02-01",
                  "created_from_day=1969-01-01&created_to_day=2026-02-01"):  # fmt: skip
        assert client.get(f"/api/users?{wrong}", headers=auth(carol)).status_code == 422


@pytest.mark.parametrize(
    "query",
    ["hour=3", "counted=parked&hour=3&from_day=2026-02-01&to_day=2026-02-02", "stay_from=3",
     "counted=started&stay_from=3&from_day=2026-02-01&to_day=2026-02-02", "at=2026-02-01T00:00:00Z",
     "counted=ended&stay_from=60&stay_to=60&from_day=2026-02-01&to_day=2026-02-02",
     "counted=parked&hour=24&from_day=2026-02-01&to_day=2026-02-01", "counted=parked&hour=3"],
)  # fmt: skip
def test_an_incomplete_query_is_refused(client, auth, carol, query):
    for path in ("/api/admin/bookings", "/api/admin/bookings/totals"):
        assert client.get(f"{path}?{query}", headers=auth(carol)).status_code == 422


def test_sums_of_lists_are_only_for_administrators(client, auth, alice):
    assert client.get("/api/admin/bookings/totals", headers=auth(alice)).status_code == 403


def test_an_hour_is_limited_to_its_bounds(ask, lived):
    """No list walks through the past for the hour it shows: what began in it or shortly before, or ended in it, lies
    between two bounds of time; what is live has small indexes. (What lasted for days is told apart.)"""
    if not is_sqlite():
        return
    seen: list[tuple] = []

    @event.listens_for(db.engine, "before_cursor_execute")
    def keep(_connection, _cursor, statement, parameters, *_):
        if "FROM booking JOIN lot" in statement.replace("parking_", "") and "LIMIT" in statement:
            seen.append((statement, parameters))

    for counted in ("parked", "kept_free", "ended", "started"):
        ask(f"/api/admin/bookings?counted={counted}&from_day=2026-02-14&to_day=2026-02-14&hour=11")
    event.remove(db.engine, "before_cursor_execute", keep)
    statements = [one for one in seen if "end_time - start_time" not in one[0]]
    assert len(statements) == 10
    for statement, parameters in statements:
        live = "booking.status = 'Active'" in statement or "booking.status = 'Reserved'" in statement
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        (step,) = [row[3] for row in plan if " booking" in row[3]]
        bounded = "start_time>? AND start_time<?" in step or "end_time>? AND end_time<?" in step
        assert "booking_due" in step if live else bounded, step
