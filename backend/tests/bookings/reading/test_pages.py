"""Pages of bookings: whatever the filters, page after page they show just what a plain look at every row finds."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from parking import clock
from parking.accounts.models import User
from parking.bookings.models import Booking
from parking.bookings.reading import Filters, local_days, own_list, pages, queries
from parking.bookings.reading.views import list_view, row_view, state_of
from parking.bookings.rules import lifecycle
from parking.database import db, reading, transaction
from parking.lots.models import Lot
from tests.statistics import world
from tests.statistics.world import utc

ZONES = {"Harbour": "Europe/Berlin", "Castle": "America/New_York"}


@pytest.fixture
def past(app, alice, bob):
    """Two lots with a month of everything, long stays among it, and running and coming bookings."""
    random, begin = Random(7), utc("2026-01-28T00:00")
    people = [alice.id, bob.id]
    for name, zone in ZONES.items():
        lot = world.make_lot(name, zone, 3, begin)
        first, second, third = world.spot_ids(lot)
        for spot in (first, second):
            world.put(*world.history(random, lot, spot, people, begin, clock.now()))
        world.put(world.row(lot, third, bob.id, utc("2026-02-01T09:00"), utc("2026-02-09T10:00")))
        world.put(world.row(lot, first, alice.id, clock.now() - timedelta(hours=30), None))
        coming = {"booking_type": "reserved", "status": "Reserved", "checked_in_at": None}
        start, end = clock.now() + timedelta(hours=2), clock.now() + timedelta(hours=4)
        window = {"reserved_start": start, "reserved_end": end, "held_until": end}
        world.put(world.row(lot, second, bob.id, start, None, **coming, **window))
    with transaction() as session:
        session.execute(update(Booking).where(Booking.id % 3 == 0).values(vehicle_plate="b-pk 100"))
        session.execute(update(Booking).where(Booking.id % 3 == 1).values(vehicle_plate="B-XY 1"))
    return db.session.scalars(select(Lot.id).order_by(Lot.id)).all()


def paged_ids(filters: Filters, limit: int = 3, *, oldest_first: bool = False) -> list[int]:
    """The ids of every page, one after the other."""
    ids: list[int] = []
    cursor = None
    while True:
        rows, cursor = pages.read_page(
            db.session, filters, clock.now(), limit, cursor, with_user=True, oldest_first=oldest_first
        )
        ids += [row.id for row in rows]
        assert len(rows) <= limit
        if cursor is None:
            return ids


def plain(filters: Filters) -> list[int]:
    """The same from every row, without the program's queries."""
    by_end = filters.days is not None and filters.days.counted == "ended"
    lots, people = ({one.id: one for one in db.session.scalars(select(model))} for model in (Lot, User))
    rows = [b for b in db.session.scalars(select(Booking)) if b.booking_type != "block"]
    fits = [b for b in rows if _fits(b, filters, lots[b.lot_id], people[b.user_id])]
    return [b.id for b in sorted(fits, key=lambda b: (b.end_time if by_end else b.start_time, b.id), reverse=True)]


def _fits(b: Booking, filters: Filters, lot: Lot, user: User) -> bool:
    words = (filters.q or "").lower()
    return (
        all(
            getattr(filters, name) in (None, getattr(b, name))
            for name in ("lot_id", "spot_id", "user_id", "booking_type")
        )
        and filters.status in (None, lifecycle.status_at(state_of(b), clock.now()))
        and (filters.from_ is None or (b.end_time or b.held_until) > filters.from_)
        and (filters.to is None or b.start_time < filters.to)
        and (filters.days is None or _on(b, filters.days, ZoneInfo(lot.timezone)))
        and (
            any(words in part.lower() for part in (user.email, user.username, lot.name))
            or any((part or "").lower().startswith(words) for part in (b.reference, b.vehicle_plate))
        )
    )


def _on(b: Booking, days: local_days.LocalDays, zone: ZoneInfo) -> bool:
    def day(instant: datetime) -> date:
        return instant.astimezone(zone).date()

    if days.came and b.checked_in_at is None:
        return False
    if days.stay is not None:
        least, most = days.stay
        if not (b.checked_in_at and b.end_time):
            return False
        if not least <= (b.end_time - b.checked_in_at) // timedelta(minutes=1) < most:
            return False
    if days.counted in ("parked", "kept_free"):
        begin = b.checked_in_at if days.counted == "parked" else b.reserved_start
        end = b.end_time if days.counted == "parked" else b.checked_in_at or b.end_time
        after = datetime.combine(days.first, datetime.min.time(), zone)
        end = end or clock.now()
        return begin is not None and begin < end and day(begin) <= days.last and end > after
    instant = b.start_time if days.counted == "started" else b.end_time
    return instant is not None and instant <= clock.now() and days.first <= day(instant) <= days.last


FEBRUARY = date(2026, 2, 3), date(2026, 2, 20)
CHOICES = {
    "all": {},
    "a status": {"status": "No-show"},
    "what runs": {"status": "Active"},
    "a type": {"booking_type": "reserved"},
    "a time": {"from_": utc("2026-02-05T12:00"), "to": utc("2026-02-07T12:00")},
    "since a time": {"from_": utc("2026-03-01T00:00")},
    "until a time": {"to": utc("2026-02-02T00:00")},
    "a person": {"q": "BOB@"},
    "a lot's name": {"q": "castl"},
    "a plate": {"q": "B-pk"},
    "a reference": {"q": "t"},
    "nobody": {"q": "nobody"},
    "a plate in a time": {"q": "b-x", "from_": utc("2026-02-05T12:00"), "to": utc("2026-02-07T12:00")},
}


@pytest.mark.parametrize("what", CHOICES)
def test_the_pages_hold_the_bookings_that_match(past, what):
    filters = CHOICES[what]
    for lot in ({}, {"lot_id": past[0]}):
        matching = Filters(**filters, **lot)
        assert paged_ids(matching) == plain(matching)
        assert paged_ids(matching, oldest_first=True) == plain(matching)[::-1]
    if what not in ("nobody", "what runs"):
        assert len(plain(Filters(**filters))) > 3, "the example fills more than a page"


@pytest.mark.parametrize("counted", ["started", "ended", "parked", "kept_free"])
def test_the_pages_behind_a_statistic_hold_the_bookings_that_match(past, counted):
    zones = local_days.zones(db.session())
    for came in (False, True):
        for more in ({}, {"lot_id": past[1]}, {"status": "Completed"}):
            filters = Filters(days=local_days.LocalDays(counted, *FEBRUARY, zones, came=came), **more)
            assert paged_ids(filters) == plain(filters)
            assert paged_ids(filters, oldest_first=True) == plain(filters)[::-1]
            assert len(plain(filters)) > 3
            assert pages.read_totals(db.session, filters, clock.now())["count"] == len(plain(filters))


def test_the_stays_of_a_length(past):
    zones = local_days.zones(db.session())
    for stay in ((0, 1), (1, 60), (60, 1440)):
        filters = Filters(days=local_days.LocalDays("ended", *FEBRUARY, zones, stay=stay))
        assert paged_ids(filters) == plain(filters) != []


def test_the_totals_of_a_search_are_those_of_its_pages(past):
    for more in CHOICES.values():
        filters = Filters(**more)
        sums = pages.read_totals(db.session, filters, clock.now())
        matches = db.session.scalars(select(Booking).where(Booking.id.in_(plain(filters)))).all()
        assert (sums["count"], sums["people"]) == (len(matches), len({one.user_id for one in matches}))
        assert sums["cost"] == sum(one.total_cost_minor or 0 for one in matches if one.end_time)


def test_a_search_that_matches_many_users_and_lots_has_the_same_result(past, monkeypatch):
    monkeypatch.setattr("parking.bookings.reading.filters.MOST_SINGLE", 1)
    monkeypatch.setattr("parking.bookings.reading.filters.MOST_NAMED", 1)
    for words in ("example.com", "a", "b-pk", "t"):
        assert paged_ids(Filters(q=words)) == plain(Filters(q=words))


def test_a_booking_in_a_list_equals_the_single_one(past, at):
    """Lists take what is over as it is stored; alone, a booking goes through the rules."""
    everything = Filters()
    for later in (timedelta(0), timedelta(hours=3), timedelta(hours=5)):
        with clock.set_to(at + later):
            now = clock.now()
            rows, _ = pages.read_page(db.session(), everything, now, 1000, None, with_user=True)
            alone = {row.booking.id: row_view(row, now, for_admin=True) for row in _alone()}
            assert len(rows) > 50
            assert [alone[row.id] for row in rows] == list_view(rows, now, for_admin=True)


def test_a_users_own_list_has_the_rows_cursors_and_sums_of_any_other(past, alice, bob):
    for user in (alice, bob):
        plain_list, cursor, pages_read = Filters(user_id=user.id, by_end=True), None, 0
        while True:
            expected, following = pages.read_page(db.session(), plain_list, clock.now(), 7, cursor, with_user=False)
            with reading() as connection:
                rows, own_following = own_list.read_page(connection, plain_list, 7, cursor)
                sums = own_list.read_totals(connection, plain_list)
            assert ([tuple(row) for row in rows], own_following) == ([tuple(row) for row in expected], following)
            pages_read += 1
            if (cursor := following) is None:
                break
        assert pages_read > 3
        assert sums == pages.read_user_totals(db.session(), plain_list, clock.now())


@pytest.mark.parametrize(
    "more", [{"status": "Active"}, {"lot_id": 1}, {"from_": utc("2026-02-01T00:00")}, {"q": "a"}, {"user_id": None}]
)
def test_a_list_with_a_filter_is_not_the_own_list(more):
    assert own_list.covers(Filters(user_id=1, by_end=True))
    assert not own_list.covers(Filters(**{"user_id": 1, "by_end": True} | more))


def test_a_cursor_with_the_largest_id_is_read(client, auth, alice):
    cursor = pages.pagination.encode(1_700_000_000, 2**63 - 1)
    answer = client.get(f"/api/bookings?cursor={cursor}", headers=auth(alice))
    assert (answer.status_code, answer.json["bookings"]) == (200, [])


def _alone():
    return queries.read(db.session(), queries.select_bookings())


def _of_month(session, user, first, last, **more):
    zones = local_days.zones(session)
    filters = Filters(user_id=user.id, own_days=local_days.LocalDays("ended", first, last, zones), **more)
    return filters, pages.read_user_totals(session, filters, clock.now())


def test_the_months_of_a_users_list_add_up_to_the_statistics(past, client, auth, alice, bob):
    """Whatever the zones: every booking that is over stands in one month, with its whole cost, as in the figures."""
    for user in (alice, bob):
        months, seen = {"2026-01": 31, "2026-02": 28, "2026-03": 31}, []
        for month, days in months.items():
            first = date.fromisoformat(f"{month}-01")
            query = {"from_day": first, "to_day": first.replace(day=days), "limit": 1000}
            listed = client.get("/api/bookings", query_string=query, headers=auth(user)).json
            figures = client.get("/api/stats/user", query_string={"month": month}, headers=auth(user)).json["stats"]
            over = [b for b in listed["bookings"] if b["end_time"]]
            assert listed["totals"]["total_cost"] == pytest.approx(figures["spent"], abs=1e-9)
            assert sum(b["total_cost"] for b in over) == pytest.approx(figures["spent"], abs=1e-9)
            assert listed["totals"]["count"] == len(listed["bookings"]) == listed["total"]
            seen += [b["id"] for b in over]
        assert len(seen) == len(set(seen)) > 10
        filters, _ = _of_month(db.session(), user, date(2026, 2, 1), date(2026, 2, 28))
        assert paged_ids(filters) == sorted_plain(filters)


def sorted_plain(filters: Filters) -> list[int]:
    rows = db.session.scalars(
        select(Booking).where(Booking.user_id == filters.user_id, Booking.booking_type != "block")
    )
    zones = {lot.id: ZoneInfo(lot.timezone) for lot in db.session.scalars(select(Lot))}
    days = filters.own_days

    def fits(b):
        if b.end_time is None:
            return b.start_time < utc("2026-03-01T05:00") and b.held_until > utc("2026-01-31T23:00")
        return days.first <= b.end_time.astimezone(zones[b.lot_id]).date() <= days.last

    return [b.id for b in sorted(rows, key=lambda b: (b.start_time, b.id), reverse=True) if fits(b)]


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-31T21:00", "2026-02-01T01:00", {"02": 1}),  # over the end of the month
        ("2026-01-31T21:00", "2026-02-01T00:00", {"02": 1}),  # midnight belongs to the day that begins
        ("2026-01-30T21:00", "2026-01-31T23:59:59", {"01": 1}),
        ("2026-01-15T21:00", "2026-03-01T01:00", {"03": 1}),  # over a whole month
    ],
)
def test_a_stay_over_the_end_of_a_month_is_listed_in_the_one_it_ended_in(client, auth, alice, start, end, months):
    lot = world.make_lot("Quay", "UTC", 1, utc("2026-01-01T00:00"))
    world.put(world.row(lot, world.spot_ids(lot)[0], alice.id, utc(start), utc(end), total_cost_minor=400))
    bounds = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"]
    counts = {}
    for low, high in pairwise(bounds):
        listed = client.get("/api/bookings", query_string={"from": low, "to": high}, headers=auth(alice)).json
        text = client.get(
            "/api/export", query_string={"from": low, "to": high}, headers=auth(alice, Accept="text/csv")
        ).get_data(as_text=True)
        assert text.count("\n") - 1 == listed["totals"]["count"] == len(listed["bookings"])
        if listed["bookings"]:
            counts[low[5:7]] = listed["totals"]["count"]
            assert listed["totals"]["total_cost"] == 4
    assert counts == months


def test_a_live_booking_is_listed_in_every_month_that_it_touches(client, auth, alice):
    lot = world.make_lot("Quay", "UTC", 1, utc("2026-01-01T00:00"))
    world.put(
        world.row(
            lot, world.spot_ids(lot)[0], alice.id, utc("2026-02-28T20:00"), None, held_until=utc("2026-03-02T16:00")
        )
    )
    for first, last, count in (
        ("2026-01-01", "2026-01-31", 0),
        ("2026-02-01", "2026-02-28", 1),
        ("2026-03-01", "2026-03-31", 1),
    ):
        query = {"from_day": first, "to_day": last}
        totals = client.get("/api/bookings", query_string=query, headers=auth(alice)).json["totals"]
        assert (totals["count"], totals["total_cost"]) == (count, 0)
    for wrong in ({"from_day": "2026-03-01"}, {"from_day": "2026-03-02", "to_day": "2026-03-01"}):
        assert client.get("/api/bookings", query_string=wrong, headers=auth(alice)).status_code == 422
