"""Limits told in days are days of the lot's own calendar, in the spring and in the autumn."""

from datetime import UTC, datetime

import pytest

from parking import clock
from parking.bookings.rules.limits import days_later
from tests.bookings.helpers import make_lot
from tests.conftest import make_settings


@pytest.fixture
def settings(database_url, tmp_path, request):
    return make_settings(tmp_path, database_url=database_url, **getattr(request, "param", {}))


def ask(client, headers, lot, start, end):
    """The answers of the quote, the look for free spots and the booking, which must agree."""
    window = {"from": start, "to": end}
    quote = client.get("/api/quote", query_string={"lot_id": lot["id"], **window}, headers=headers)
    free = client.get(f"/api/lots/{lot['id']}/availability", query_string=window, headers=headers)
    body = {"lot_id": lot["id"], "booking_type": "reserved", "reserved_start": start, "reserved_end": end}
    booked = client.post("/api/book", json=body, headers=headers)
    assert (quote.status_code, free.status_code) == ((200, 200) if booked.status_code == 201 else (422, 422))
    return booked


@pytest.mark.parametrize(
    ("now", "zone", "start", "end", "status"),
    [
        # 31 days across the autumn have 745 hours, across the spring 743
        ("2026-10-10T08:00", "Europe/Berlin", "2026-10-12T10:00:00", "2026-11-12T10:00:00", 201),
        ("2026-10-10T08:00", "Europe/Berlin", "2026-10-12T10:00:00", "2026-11-12T10:00:01", 422),
        ("2027-03-10T08:00", "Europe/Berlin", "2027-03-12T10:00:00", "2027-04-12T10:00:00", 201),
        ("2027-03-10T08:00", "Europe/Berlin", "2027-03-12T10:00:00", "2027-04-12T11:00:00", 422),
        # the southern spring, and a zone whose clocks move by half an hour
        ("2026-09-20T00:00", "Australia/Sydney", "2026-09-21T09:00:00", "2026-10-22T09:00:00", 201),
        ("2026-09-20T00:00", "Australia/Sydney", "2026-09-21T09:00:00", "2026-10-22T10:00:00", 422),
        ("2027-03-20T00:00", "Australia/Lord_Howe", "2027-03-21T09:00:00", "2027-04-21T09:00:00", 201),
        ("2027-03-20T00:00", "Australia/Lord_Howe", "2027-03-21T09:00:00", "2027-04-21T09:30:00", 422),
    ],
)
def test_the_longest_booking_is_counted_in_local_days(client, auth, alice, carol, now, zone, start, end, status):
    with clock.set_to(datetime.fromisoformat(now).replace(tzinfo=UTC)):
        answer = ask(client, auth(alice), make_lot(carol, timezone=zone), start, end)
    assert answer.status_code == status, answer.json
    if status == 422:
        assert answer.json["detail"] == "A booking can last at most 31 days."


@pytest.mark.parametrize(
    ("settings", "start", "end", "status"),
    [
        ({"reservation_max_days_long": 1}, "2026-10-24T12:00:00", "2026-10-25T12:00:00", 201),
        ({"reservation_max_days_long": 1}, "2026-10-25T00:00:00", "2026-10-26T00:00:00", 201),
        ({"reservation_max_days_long": 1}, "2026-10-23T12:00:00", "2026-10-24T12:00:00", 201),
        ({"reservation_max_days_long": 1}, "2026-10-24T12:00:00", "2026-10-25T12:01:00", 422),
        # 02:30 comes twice on 25 October: both are a day after 02:30 of the day before
        ({"reservation_max_days_long": 1}, "2026-10-24T02:30:00", "2026-10-25T02:30:00+02:00", 201),
        ({"reservation_max_days_long": 1}, "2026-10-24T02:30:00", "2026-10-25T02:30:00+01:00", 201),
        ({"reservation_max_days_long": 1}, "2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00", 201),
        ({"reservation_max_days_long": 1}, "2026-10-25T02:30:00+01:00", "2026-10-26T02:31:00", 422),
    ],
    indirect=["settings"],
)
def test_one_day_is_the_whole_of_a_long_day(client, auth, alice, carol, start, end, status):
    with clock.set_to(datetime(2026, 10, 10, 8, tzinfo=UTC)):
        answer = ask(client, auth(alice), make_lot(carol, timezone="Europe/Berlin"), start, end)
    assert answer.status_code == status, answer.json
    if status == 422:
        assert answer.json["detail"] == "A booking can last at most 1 day."


@pytest.mark.parametrize(
    ("settings", "start", "status"),
    [
        ({"reservation_max_days_ahead": 60}, "2026-12-09T10:00:00", 201),
        ({"reservation_max_days_ahead": 60}, "2026-12-09T10:00:01", 422),
    ],
    indirect=["settings"],
)
def test_the_limit_ahead_is_counted_in_local_days(client, auth, alice, carol, start, status):
    with clock.set_to(datetime(2026, 10, 10, 8, tzinfo=UTC)):  # 10:00 in Berlin
        answer = ask(client, auth(alice), make_lot(carol, timezone="Europe/Berlin"), start, "2026-12-09T12:00:00")
    assert answer.status_code == status, answer.json


def test_an_extension_reaches_as_far_as_a_booking(client, auth, alice, carol):
    with clock.set_to(datetime(2026, 10, 10, 8, tzinfo=UTC)):
        lot = make_lot(carol, timezone="Europe/Berlin")
        booking = ask(client, auth(alice), lot, "2026-10-12T10:00:00", "2026-10-12T11:00:00").json["booking"]
        url = f"/api/bookings/{booking['id']}/extend"
        late = client.post(url, json={"until": "2026-11-12T10:01:00"}, headers=auth(alice))
        assert (late.status_code, late.json["detail"]) == (422, "A booking can last at most 31 days.")
        minutes = (31 * 24 + 1) * 60 - 60
        assert client.post(url, json={"minutes": minutes + 1}, headers=auth(alice)).status_code == 422
        assert client.post(url, json={"minutes": minutes}, headers=auth(alice)).status_code == 200


def test_a_time_that_the_clocks_skip_is_as_much_later():
    start = datetime(2027, 3, 27, 1, 30, tzinfo=UTC)  # 02:30 in Berlin; on the 28th there is no 02:30
    assert days_later(start, 1, "Europe/Berlin") == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # 03:30
    assert days_later(start, 2, "Europe/Berlin") == datetime(2027, 3, 29, 0, 30, tzinfo=UTC)
    # Samoa had no 30 December 2011 at all
    start = datetime(2011, 12, 29, 22, tzinfo=UTC)
    assert days_later(start, 1, "Pacific/Apia") == datetime(2011, 12, 30, 22, tzinfo=UTC)
