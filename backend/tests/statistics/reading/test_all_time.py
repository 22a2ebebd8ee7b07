"""All time: what the whole history comes to, against sums over the raw rows; and a user's months."""

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import event, select

from parking import clock
from parking.bookings.models import Booking
from parking.database import db
from parking.lots.models import Lot
from parking.statistics.daily import refresh
from tests.statistics import world
from tests.statistics.world import utc

BEGIN, NOW = utc("2022-11-05T00:00"), utc("2026-03-02T12:30")


@pytest.fixture
def history(app, alice, bob, carol):
    """Three years in three zones, in patches, the last of them now; some of it live, reserved ahead or given up."""
    random = Random(7)
    drivers = [alice.id, bob.id, carol.id]
    patches = ["2022-11-05", "2023-12-30", "2024-02-27", "2025-10-25", "2026-02-27"]
    for zone in ("Europe/London", "Asia/Tokyo", "America/Los_Angeles"):
        lot = world.make_lot(zone, zone, 2, BEGIN)
        for spot in world.spot_ids(lot):
            for day in patches:
                start = utc(f"{day}T00:00")
                world.put(*world.history(random, lot, spot, drivers, start, min(start + timedelta(days=6), NOW)))
    ahead = NOW + timedelta(days=3)
    window = {"reserved_start": ahead, "reserved_end": ahead + timedelta(hours=2), "booking_type": "reserved"}
    extra = world.make_lot("Extra", "UTC", 4, NOW - timedelta(days=1))
    spots = world.spot_ids(extra)
    world.put(
        world.row(extra, spots[0], drivers[0], ahead, None, **window, held_until=ahead + timedelta(hours=2),
                  status="Reserved", checked_in_at=None),
        world.row(extra, spots[1], drivers[0], ahead, NOW - timedelta(hours=1), **window, status="Cancelled",
                  checked_in_at=None, total_cost_minor=0),
        world.row(extra, spots[2], drivers[0], NOW - timedelta(hours=1), None),
    )  # fmt: skip
    with clock.set_to(NOW):
        yield drivers


def raw() -> list:
    return [row for row in db.session.scalars(select(Booking)) if row.booking_type != "block"]


def compare(answer: dict, rows: list, names: dict[int, str]) -> None:
    by_status = Counter(row.status for row in rows)
    revenue: Counter = Counter()
    for row in rows:
        revenue[names[row.lot_id]] += row.total_cost_minor or 0
    assert answer["total_bookings"] == len(rows)
    assert answer["active_bookings"] == by_status["Active"]
    assert answer["reserved_bookings"] == by_status["Reserved"]
    assert answer["completed_bookings"] == by_status["Completed"]
    assert answer["total_revenue"] == sum(revenue.values()) / 100
    assert {one["lot_name"]: one["revenue"] for one in answer["revenue_by_lot"] if one["revenue"]} == {
        name: minor / 100 for name, minor in revenue.items() if minor
    }


def test_all_time_is_the_sum_of_the_whole_history(client, auth, carol, history):
    rows, names = raw(), {lot.id: lot.name for lot in db.session.scalars(select(Lot))}
    assert len(rows) > 150
    first, last = date(2022, 11, 4), date(2026, 3, 3)
    for rolled in (False, True):  # counted live, and from what is kept
        if rolled:
            refresh.roll_up()
        answer = client.get("/api/stats/admin", headers=auth(carol)).json
        compare(answer, rows, names)
        total = world.together(world.expect(first, last, NOW))
        expected = round(100 * total.counts["occupied_s"] / total.counts["available_s"], 2)
        assert answer["occupancy_rate"] == expected
        assert "2022-11-01" <= answer["stats"]["from"] <= "2022-11-04"  # the earliest end of one given up ahead
        assert answer["stats"]["to"] == "2026-03-02"
        assert len(answer["stats"]["days"]) == 1_100
    for lot_id in names:
        answer = client.get(f"/api/stats/admin?lot_id={lot_id}", headers=auth(carol)).json
        compare(answer, [row for row in rows if row.lot_id == lot_id], names)


def test_all_time_is_read_from_stored_days(client, auth, carol, history):
    """Not from the bookings: of these it reads what is live, the two ends of the history, and the hold of an offer by
    its id."""
    refresh.roll_up()
    read: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda c, k, statement, *rest: read.append(statement))
    assert client.get("/api/stats/admin", headers=auth(carol)).status_code == 200
    of_bookings = [text for text in read if "FROM booking" in text]
    few = "min(booking.", "status IN ('Reserved', 'Active')", "WHERE booking.id = waitlist_entry.booking_id"
    for text in of_bookings:
        assert any(part in text for part in few), text
    assert of_bookings
    assert len(read) < 60


def test_without_bookings_all_time_is_zero(client, auth, carol):
    answer = client.get("/api/stats/admin", headers=auth(carol)).json
    assert (answer["total_bookings"], answer["total_revenue"], answer["revenue_by_lot"]) == (0, 0, [])
    assert answer["stats"]["lots"] == []
    assert [(day["bookings"], day["revenue"]) for day in answer["stats"]["days"]] == [(0, 0)]
    assert client.get("/api/stats/admin.csv", headers=auth(carol)).status_code == 200


def test_a_period_has_no_totals_of_all_time(client, auth, carol, history):
    assert list(client.get("/api/stats/admin?from=2026-02-27&to=2026-03-01", headers=auth(carol)).json) == ["stats"]


def test_a_users_months_are_those_of_the_raw_rows(client, auth, alice, history):
    rows = [(row, db.session.get(Lot, row.lot_id).timezone) for row in raw() if row.user_id == alice.id]
    answer = client.get("/api/stats/user", headers=auth(alice)).json
    assert answer["total_spent"] == sum(row.total_cost_minor or 0 for row, _ in rows if row.end_time) / 100
    counts, spent = Counter(), Counter()
    for row, zone in rows:
        counts[world.local_month(row.start_time, zone)] += 1
        if row.end_time:
            spent[world.local_month(row.end_time, zone)] += row.total_cost_minor or 0
    months = ["Oct 2025", "Nov 2025", "Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026"]
    assert [month["month"] for month in answer["monthly_bookings"]] == months
    for month in answer["monthly_bookings"]:
        name = month["month"]
        assert (month["bookings"], month["spending"]) == (counts[name], spent[name] / 100), name
    assert counts["Oct 2025"]
