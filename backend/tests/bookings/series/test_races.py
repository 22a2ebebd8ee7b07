"""Fifty people want the same twelve weeks in a lot of ten spots, all at once against several web processes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.bookings.models import Booking
from parking.bookings.series.models import Series
from parking.database import db
from tests.bookings.helpers import make_lot
from tests.bookings.test_races import SPOTS, all_at_once, bearer, double_bookings, drop_guards, present, serve
from tests.conftest import make_user

__all__ = ["present", "serve"]
PEOPLE, WEEKS = 50, 12
AHEAD = {"RESERVATION_MAX_DAYS_AHEAD": "100"}


@pytest.fixture
def people(app, present):
    return [make_user(f"driver{n}", "user") for n in range(PEOPLE)]


def requests(people, lot):
    first = clock.now().date() + timedelta(days=2)
    day = ("mo", "tu", "we", "th", "fr", "sa", "su")[first.weekday()]
    body = {"lot_id": lot["id"], "start_time": "08:00", "end_time": "17:30", "days": [day], "count": WEEKS}
    return [("POST", "/api/series", {**body, "from": first.isoformat()}, bearer(one)) for one in people]


def number_of(model, *where) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model).where(*where))


@pytest.mark.slow
def test_50_people_book_the_same_12_weeks_on_10_spots(serve, carol, people):
    lot = make_lot(carol, capacity=SPOTS)
    answers = all_at_once(serve(**AHEAD), requests(people, lot))
    assert Counter(status for status, _ in answers) == {201: SPOTS, 409: PEOPLE - SPOTS}
    booked = [len(body["bookings"]) for status, body in answers if status == 201]
    assert booked == [WEEKS] * SPOTS
    assert number_of(Booking) == sum(booked)
    assert number_of(Series) == SPOTS
    refused = [body for status, body in answers if status == 409]
    assert {body["code"] for body in refused} == {"series_dates"}
    assert {len(body["dates"]) for body in refused} == {WEEKS}
    assert double_bookings() == 0


@pytest.mark.slow
def test_series_and_single_bookings_share_the_spots(serve, carol, people):
    """Between the series single dates are booked, and closed spots are not lost: whoever has an answer has a spot."""
    lot = make_lot(carol, capacity=SPOTS)
    series = requests(people[:20], lot)
    begin = clock.now().date() + timedelta(days=2 + 7 * 5)
    window = {"reserved_start": f"{begin}T09:00:00", "reserved_end": f"{begin}T10:00:00"}
    single = {"lot_id": lot["id"], "booking_type": "reserved", **window}
    singles = [("POST", "/api/book", single, bearer(one)) for one in people[20:30]]
    answers = all_at_once(serve(**AHEAD), [*series, *singles])
    by_status = Counter(status for status, _ in answers)
    assert set(by_status) == {201, 409}
    whole = [body for status, body in answers if status == 201 and "bookings" in body]
    one_by_one = [body for status, body in answers if status == 201 and "booking" in body]
    assert number_of(Booking) == WEEKS * len(whole) + len(one_by_one)
    assert len(whole) + len(one_by_one) == SPOTS
    assert double_bookings() == 0


@pytest.mark.slow
def test_control_planning_before_inserting_books_twice(serve, carol, people):
    lot = make_lot(carol, capacity=SPOTS)
    drop_guards()
    all_at_once(serve("series", **AHEAD), requests(people, lot))
    assert double_bookings() > 0
