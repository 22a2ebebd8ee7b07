"""Dates of a series that are not booked yet are left out by “I'm away”, and by the end of the series from a date on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from parking import clock
from parking.audit import AuditEntry
from parking.bookings.models import Booking
from parking.bookings.series import cancelling, making, service
from parking.bookings.series.models import Series
from parking.database import db
from tests.bookings.helpers import make_lot, reserve
from tests.bookings.series.stage import book_series, day

H, D = timedelta(hours=1), timedelta(days=1)
URL = "/api/bookings/cancel-range"
WEEK = ("mo", "tu", "we", "th", "fr", "sa", "su")


@pytest.fixture
def lot(carol):
    return make_lot(carol)


@pytest.fixture
def series(alice, lot):
    """Today's last two days that can be booked, and four later ones."""
    return book_series(alice, lot, days=WEEK, first=day(59), count=6, vehicle_plate="B-PW 1")["series"]["id"]


def away(first: int, last: int, **more):
    """Whole days, the last one included."""
    return {"from": f"{day(first)}T00:00", "until": f"{day(last + 1)}T00:00", **more}


def booked_days(series_id: int) -> list[str]:
    """The dates that are booked once all of them can be."""
    clock.travel(20 * 86400)
    making.book_due_dates()
    db.session.rollback()
    starts = select(Booking.reserved_start).where(Booking.series_id == series_id, Booking.status != "Cancelled")
    return [f"{start:%Y-%m-%d}" for start in db.session.scalars(starts.order_by(Booking.reserved_start))]


def days(*numbers: int) -> list[str]:
    return [day(number).isoformat() for number in numbers]


def stored(series_id: int) -> Series:
    db.session.rollback()
    return db.session.get_one(Series, series_id, populate_existing=True)


def test_later_dates_are_listed_then_left_out(client, auth, alice, series):
    rest = days(59, 63, 64)
    look = client.post(URL, json=away(60, 62, dry_run=True), headers=auth(alice)).json
    expected = [{"series_id": series, "lot_name": "Harbour", "date": one} for one in days(61, 62)]
    assert (look["count"], look["series_dates"]) == (1, expected)
    assert look["message"] == "1 booking would be cancelled. 2 later dates of your series would not be booked."
    assert (stored(series).omitted, stored(series).next_day) == ((), day(61))
    done = client.post(URL, json=away(60, 62), headers=auth(alice)).json
    assert (done["count"], done["series_dates"]) == (1, expected)
    assert done["message"] == "1 booking cancelled. 2 later dates of your series will not be booked."
    assert (stored(series).omitted, stored(series).next_day) == (tuple(days(61, 62)), day(63))
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "series.skipped")).one()
    assert entry.after is not None
    assert entry.after["dates"] == " ".join(days(61, 62))
    assert booked_days(series) == rest


def test_also_where_nothing_that_is_booked_lies_in_the_time(client, auth, alice, series):
    rest = days(59, 60, 61, 64)
    done = client.post(URL, json=away(62, 63), headers=auth(alice)).json
    assert (done["count"], len(done["series_dates"])) == (0, 2)
    again = client.post(URL, json=away(62, 63), headers=auth(alice)).json
    assert (again["count"], again["series_dates"]) == (0, [])
    assert booked_days(series) == rest


def test_a_series_with_no_date_left_forgets_the_plate(client, auth, alice, series):
    rest = days(59, 60)
    client.post(URL, json=away(61, 70), headers=auth(alice))
    assert (stored(series).next_day, stored(series).vehicle_plate) == (None, None)
    assert booked_days(series) == rest


def test_those_of_others_stay(client, auth, bob, series):
    assert client.post(URL, json=away(0, 90), headers=auth(bob)).json["series_dates"] == []
    assert stored(series).next_day == day(61)


def test_a_naive_time_is_one_of_the_lot(client, auth, alice, carol):
    there = make_lot(carol, "Tokyo", timezone="Asia/Tokyo")
    book_series(alice, there, days=WEEK, first=day(63), count=1)
    start = {"from": f"{day(63)}T08:00", "until": f"{day(63)}T08:01", "dry_run": True}
    assert len(client.post(URL, json=start, headers=auth(alice)).json["series_dates"]) == 1
    utc = {**start, "from": f"{day(63)}T08:00Z", "until": f"{day(63)}T08:01Z"}
    assert client.post(URL, json=utc, headers=auth(alice)).json["series_dates"] == []


def test_a_failure_leaves_booked_and_later_dates(alice, lot, series, monkeypatch):
    reserve(alice, lot, 60 * D, H)

    def fails(*_args, **_more):
        raise RuntimeError

    monkeypatch.setattr(cancelling.transitions, "cancel_together", fails)
    period = away(60, 62)
    with pytest.raises(RuntimeError):
        cancelling.cancel_range(alice.id, period["from"], period["until"], dry_run=False)
    assert (stored(series).omitted, stored(series).next_day) == ((), day(61))


@pytest.mark.parametrize(("first", "rest"), [(60, (59,)), (61, (59, 60)), (63, (59, 60, 61, 62))])
def test_the_end_of_a_series_from_a_date_on_leaves_out_later_dates_too(client, auth, alice, series, first, rest):
    expected = days(*rest)
    answer = client.delete(f"/api/series/{series}?from={day(first)}", headers=auth(alice))
    assert answer.json["count"] == (1 if first == 60 else 0)
    assert booked_days(series) == expected
    assert service.get(series, alice.id)["series"]["next_date"] is None
