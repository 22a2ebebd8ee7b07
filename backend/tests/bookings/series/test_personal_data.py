"""Series in the file of one's own data, in the deletion of an account, in the retention and in a backup."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.accounts import User
from parking.audit import AuditEntry
from parking.backup import contents
from parking.bookings import expiry
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.bookings.series import making
from parking.bookings.series import service as series_service
from parking.bookings.series.models import Series
from parking.database import db
from parking.exports.personal_data.schemas import PersonalData
from parking.retention import service as retention
from tests.bookings.helpers import make_lot
from tests.bookings.series.stage import book_series, day
from tests.conftest import PASSWORD, make_user

YEAR = 366 * 86400
WEEK = ("mo", "tu", "we", "th", "fr", "sa", "su")


@pytest.fixture
def settings(settings):
    return dataclasses.replace(settings, retain_person_years=1)


@pytest.fixture
def lot(carol):
    return make_lot(carol)


def all_of(model) -> list:
    db.session.rollback()
    return list(db.session.scalars(select(model).order_by(model.id)))


def test_the_file_of_ones_own_data_has_them(client, auth, alice, bob, lot):
    more = {"days": WEEK, "first": day(59), "count": 4, "accept": [day(59), day(61)]}
    mine = book_series(alice, lot, vehicle_plate="B-PW 1", wait_if_full=True, **more)
    book_series(bob, lot, days=("mo",))
    data = PersonalData.model_validate_json(client.get("/api/me/data", headers=auth(alice)).data)
    (series,) = data.series
    assert (series.id, series.lot_name, series.vehicle_plate) == (mine["series"]["id"], "Harbour", "B-PW 1")
    assert (series.start_time, series.end_time, series.days) == ("08:00", "10:00", list(WEEK))
    assert (series.from_, series.until, series.next_date) == (day(59), day(62), day(61))
    assert series.omitted_dates == [day(60), day(62)]
    assert series.wait_if_full
    assert [one.series_id for one in data.bookings] == [series.id]


def test_what_the_clock_did_with_them_is_in_it(client, auth, alice, bob, lot):
    book_series(alice, lot, days=("mo",), first=day(63), count=1)
    clock.travel(70 * 86400)
    making.book_due_dates()
    data = {who: client.get("/api/me/data", headers=auth(who)).json for who in (alice, bob)}
    about = [one["action"] for one in data[alice]["log_about_you"] if one["entity"] == "series"]
    assert about[-1] == "series.date_missed"
    assert data[bob]["log_about_you"] == data[bob]["series"] == []


def test_a_deleted_account_gets_no_more_bookings(client, auth, lot):
    dora = make_user("dora", "user")
    mine = book_series(dora, lot, days=WEEK, first=day(59), count=8, vehicle_plate="B-PW 1")
    for booking in mine["bookings"]:
        bookings.cancel(booking["id"], dora.id)
    answer = client.delete("/auth/me", json={"password": PASSWORD}, headers=auth(dora))
    assert answer.status_code == 200, answer.json
    (series,) = all_of(Series)
    assert (series.next_day, series.vehicle_plate, bool(series.ended_at)) == (None, None, True)
    clock.travel(20 * 86400)
    assert making.book_due_dates() == 0
    assert len(all_of(Booking)) == len(mine["bookings"])


def test_the_retention_takes_the_person_off_them(app, alice, lot):
    """Series of a year that is over for long enough go with the person of their bookings; one that goes on stays."""
    old = book_series(alice, lot)["series"]
    long = book_series(alice, lot, days=("mo",), first=day(7), last=day(350))["series"]
    for _ in range(12):
        clock.travel(30 * 86400)
        making.book_due_dates()
    clock.travel(2 * YEAR)
    expiry.apply_all_due_transitions()
    retention.run()
    left = {series.id for series in all_of(Series)}
    assert old["id"] not in left
    by_year = {booking.start_time.year: booking for booking in all_of(Booking)}
    assert by_year[2026].series_id is None
    assert db.session.get_one(User, by_year[2026].user_id).placeholder
    assert (long["id"] in left) == (by_year[max(by_year)].series_id == long["id"])
    actors = select(AuditEntry.actor_id).where(AuditEntry.entity == "series", AuditEntry.entity_id == old["id"])
    assert alice.id not in db.session.scalars(actors).all()


def test_a_backup_counts_them(app, alice, lot):
    book_series(alice, lot)
    db.session.commit()
    with db.engine.connect() as connection:
        assert contents.read_contents(connection).tables["booking_series"] == {"rows": 1}
        assert contents.problems_of(connection) == []


def test_the_list_has_pages(client, auth, alice, lot):
    for hour in range(8, 13):
        book_series(alice, lot, start=f"{hour:02d}:00", end=f"{hour:02d}:30", count=1)
    first = client.get("/api/series?limit=2", headers=auth(alice)).json
    second = client.get(f"/api/series?limit=2&cursor={first['next']}", headers=auth(alice)).json
    third = client.get(f"/api/series?limit=2&cursor={second['next']}", headers=auth(alice)).json
    assert [len(page["series"]) for page in (first, second, third)] == [2, 2, 1]
    assert third["next"] is None
    ids = [one["id"] for page in (first, second, third) for one in page["series"]]
    assert ids == sorted(ids, reverse=True)
    assert client.get("/api/series?cursor=bad", headers=auth(alice)).status_code == 422
    assert db.session.scalar(select(func.count()).select_from(Series)) == len(ids)
    assert series_service.page(alice.id, 200, None)["next"] is None
