"""A series is shown date by date, booked all or none, and given up from a date on."""

from __future__ import annotations

import dataclasses
import email
import email.policy
from datetime import date, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import func, select

from parking import clock
from parking.audit import AuditEntry
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.bookings.series import service
from parking.bookings.series.models import Series
from parking.database import db
from parking.errors import Conflict, Invalid, NotFound
from parking.lot_admin import service as lots
from parking.lots import Spot
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from parking.mail.rendering import render
from parking.settings import current
from tests.bookings.helpers import furnish, identity_of, make_lot, reserve, row, text
from tests.bookings.series.stage import book_series, day, request, statuses

H, D = timedelta(hours=1), timedelta(days=1)
BODY = {"start_time": "08:00", "end_time": "10:00", "days": ["tu", "th"], "from": "2026-03-03", "count": 4}
DATES = ["2026-03-03", "2026-03-05", "2026-03-10", "2026-03-12"]


@pytest.fixture
def lot(carol):
    return make_lot(carol)


def spot_ids(lot) -> dict[int, int]:
    db.session.rollback()
    return dict(db.session.execute(select(Spot.spot_number, Spot.id).where(Spot.lot_id == lot["id"])).all())


def mails(kind: str) -> list[OutboxMail]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)))


def count(model, *where) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model).where(*where))


# the preview ---------------------------------------------------------------------------------


def test_every_status_of_a_date_is_said(app, alice, bob, carol):
    lot = make_lot(carol, capacity=2)
    at = clock.now().replace(hour=8)

    def take(days, spot, who=bob):
        reserve(who, lot, at + days * D - clock.now(), 2 * H, spot_id=spot_ids(lot)[spot])

    take(1, 1)  # the series has spot 1 on most dates
    take(3, 1), take(3, 2)
    closed = {"out_of_service": True, "from": text(at + 8 * D), "until": text(at + 9 * D)}
    lots.update_spots(lot["id"], [1, 2], dict(closed), identity_of(carol))
    take(10, 2, alice)
    assert statuses(alice, lot, count=20) == {
        **{"03-03": "other_spot", "03-05": "full", "03-10": "blocked", "03-12": "yours_already"},
        **dict.fromkeys(("03-17", "03-19", "03-24", "03-26", "03-31"), "ok"),
        **dict.fromkeys(("04-02", "04-07", "04-09", "04-14", "04-16", "04-21", "04-23", "04-28", "04-30"), "ok"),
        **dict.fromkeys(("05-05", "05-07"), "later"),
    }


def test_a_preview_says_spot_times_and_price_and_changes_nothing(client, auth, alice, lot):
    answer = client.post("/api/series/preview", json={**BODY, "lot_id": lot["id"]}, headers=auth(alice))
    assert answer.status_code == 200
    assert [one["date"] for one in answer.json["dates"]] == DATES
    assert answer.json["dates"][0] == {
        "date": "2026-03-03", "status": "ok", "available": True, "spot_number": 1, "total_cost": 4,
        "reserved_start": "2026-03-03T08:00:00Z", "reserved_end": "2026-03-03T10:00:00Z",
    }  # fmt: skip
    assert (answer.json["total_cost"], answer.json["currency"]) == (16, "EUR")
    assert count(Booking) == count(Series) == 0


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (("02:30", "09:00"), ("clock_change", True, "2026-03-29T01:30:00Z", "2026-03-29T07:00:00Z")),
        (("02:30", "03:00"), ("clock_change", False, "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z")),
        (("08:00", "17:30"), ("ok", True, "2026-03-29T06:00:00Z", "2026-03-29T15:30:00Z")),
    ],
)
def test_a_skipped_hour_is_said_and_any_other_keeps_its_wall_time(app, alice, carol, times, expected):
    lot = make_lot(carol, timezone="Europe/Berlin")
    more = {"days": ("su",), "first": date(2026, 3, 22), "count": 2, "start": times[0], "end": times[1]}
    view = service.preview(request(alice, lot, **more))["dates"][1]
    assert tuple(view[name] for name in ("status", "available", "reserved_start", "reserved_end")) == expected
    if expected[0] == "clock_change":
        with pytest.raises(Conflict) as refusal:
            book_series(alice, lot, **more)
        assert refusal.value.code == "series_dates"
    if expected[1]:
        answer = book_series(alice, lot, accept=[date(2026, 3, 29)], **more)
        assert answer["bookings"][0]["reserved_start"] == expected[2]


@pytest.mark.parametrize("later", [False, True])
def test_of_dates_that_overlap_each_other_the_later_one_is_not_to_be_had(app, alice, carol, later):
    """From 03:00 to 02:30 of the next day, which the clocks leave out once: that date ends when the next has begun."""
    lot = make_lot(carol, timezone="Europe/Berlin")
    sunday = date(2027, 3, 28) if later else date(2026, 3, 29)
    days = [sunday + n * D for n in (-2, -1, 0, 1)]
    more = {"days": ("fr", "sa", "su", "mo"), "first": days[0], "count": 4, "start": "03:00", "end": "02:30"}
    if later:
        clock.travel(270 * 86400)
    dates = service.preview(request(alice, lot, **more))["dates"]
    assert [one["available"] for one in dates] == [True, True, False, True]
    assert [one["status"] for one in dates[1:3]] == ["clock_change", "yours_already"]
    for accept in (None, days):
        with pytest.raises(Conflict) as refusal:
            book_series(alice, lot, accept=accept, **more)
        assert refusal.value.code == "series_dates"
    booked = book_series(alice, lot, accept=days[2:], **more)
    assert (len(booked["bookings"]), booked["series"]["next_date"]) == ((0, "2027-03-28") if later else (2, None))


def test_plain_spots_first_also_where_an_accessible_one_is_free_more_often(app, alice, bob, carol):
    lot = make_lot(carol, capacity=2)
    furnish(lot, {1: ["accessible"]})
    reserve(bob, lot, clock.now().replace(hour=8) + D - clock.now(), H, spot_id=spot_ids(lot)[2])
    views = service.preview(request(alice, lot))["dates"]
    assert [(one["spot_number"], one["status"]) for one in views] == [(1, "other_spot")] + [(2, "ok")] * 3
    named = service.preview(request(alice, lot, spot_id=spot_ids(lot)[1]))["dates"]
    assert {one["spot_number"] for one in named} == {1}


def test_a_date_of_today_that_has_begun_is_left_out(app, alice, lot):
    """It is Monday noon."""
    assert list(statuses(alice, lot, days=("mo",), first=day(0), count=2)) == ["03-09", "03-16"]
    views = statuses(alice, lot, days=("mo",), first=day(0), start="13:00", end="14:00", every=2, count=2)
    assert list(views) == ["03-02", "03-16"]


# booking -------------------------------------------------------------------------------------


def test_a_series_is_ordinary_bookings_and_one_mail(client, auth, alice, lot):
    body = {**BODY, "lot_id": lot["id"], "vehicle_plate": "B-PW 1", "accept": DATES[1:]}
    answer = client.post("/api/series", json=body, headers=auth(alice))
    assert answer.status_code == 201, answer.json
    series, booked = answer.json["series"], answer.json["bookings"]
    assert {one["series_id"] for one in booked} == {series["id"]}
    assert [one["reserved_start"][:10] for one in booked] == DATES[1:]
    assert {(one["status"], one["total_cost"], one["vehicle_plate"]) for one in booked} == {("Reserved", 4, "B-PW 1")}
    assert (series["days"], series["from"], series["until"]) == (["tu", "th"], "2026-03-03", "2026-03-12")
    assert (series["open_bookings"], series["next_date"], series["ended_at"]) == (3, None, None)
    assert client.get("/api/bookings", headers=auth(alice)).json["bookings"][0]["series_id"] == series["id"]
    whole = client.get(f"/api/series/{series['id']}", headers=auth(alice)).json
    assert [one["id"] for one in whole["bookings"]] == [one["id"] for one in booked]
    assert client.get("/api/series", headers=auth(alice)).json == {"series": [series], "next": None}
    assert count(AuditEntry, AuditEntry.action == "booking.created") == 3
    assert count(AuditEntry, AuditEntry.action == "series.created") == 1
    assert len(mails("series_booked")) == 1
    assert mails("booking_confirmation") == []


def test_the_mail_has_the_dates_as_calendar_entries_which_a_cancellation_removes(app, alice, lot):
    booked = book_series(alice, lot)["bookings"]
    (queued,) = mails("series_booked")
    raw = render.wire(delivery.draft(queued, current()), delivery.site(current()))
    message = email.message_from_bytes(raw, policy=email.policy.default)
    (file,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(file.get_payload(decode=True))
    assert (str(calendar["METHOD"]), file.get_filename()) == ("PUBLISH", "bookings.ics")
    events = calendar.walk("VEVENT")
    assert [text(event["DTSTART"].dt) for event in events] == [one["reserved_start"] for one in booked]
    bookings.cancel(booked[0]["id"], alice.id)
    (cancelled,) = mails("booking_cancelled")
    raw = render.wire(delivery.draft(cancelled, current()), delivery.site(current()))
    message = email.message_from_bytes(raw, policy=email.policy.default)
    part = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    (event,) = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    assert (str(event["UID"]), int(event["SEQUENCE"])) == (str(events[0]["UID"]), 1)


def test_nothing_is_dropped_silently(app, alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    theirs = reserve(bob, lot, clock.now().replace(hour=9) + 3 * D - clock.now(), H)
    with pytest.raises(Conflict) as refusal:
        book_series(alice, lot)
    assert refusal.value.code == "series_dates"
    assert [one["status"] for one in refusal.value.members["dates"]] == ["ok", "full", "ok", "ok"]
    with pytest.raises(Conflict, match="no longer available"):
        book_series(alice, lot, accept=[date(2026, 3, 3), date(2026, 3, 5)])
    assert count(Booking) == 1
    with pytest.raises(Invalid, match="2026-03-04 is not an upcoming date"):
        book_series(alice, lot, accept=[date(2026, 3, 4)])
    assert len(book_series(alice, lot, accept=[date(2026, 3, 3), date(2026, 3, 10)])["bookings"]) == 2
    assert row(theirs["id"]).status == "Reserved"


def test_one_idempotency_key_books_once(client, auth, alice, lot):
    body, headers = {**BODY, "lot_id": lot["id"]}, auth(alice, **{"Idempotency-Key": "series"})
    first, second = (client.post("/api/series", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code, second.json) == (201, 201, first.json)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert (count(Series), count(Booking)) == (1, 4)


def test_a_spot_that_is_taken_between_look_and_booking_leads_to_another_one(app, alice, bob, lot, monkeypatch):
    """All or none: what was held before the lost race does not stay."""
    look = service._look

    def interrupted(series_request):
        taken = look(series_request)
        reserve(bob, lot, clock.now().replace(hour=8) + 8 * D - clock.now(), H, spot_id=spot_ids(lot)[1])
        return taken

    monkeypatch.setattr(service, "_look", interrupted)
    answer = book_series(alice, lot, accept=[date(2026, 3, 3), date(2026, 3, 10)])
    assert {one["spot_number"] for one in answer["bookings"]} == {2}
    assert count(Booking, Booking.user_id == alice.id) == 2
    assert count(Series) == 1


@pytest.fixture
def three_at_most(app):
    before = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(before, max_open_bookings_per_user=3)
    yield
    app.extensions["settings"] = before


def test_the_limit_of_open_bookings_counts_every_date(three_at_most, alice, lot):
    with pytest.raises(Conflict) as refusal:
        book_series(alice, lot)
    assert refusal.value.code == "too_many_bookings"
    assert len(book_series(alice, lot, count=3)["bookings"]) == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"until": "2026-03-12"}, "until"),
        ({"count": None}, "until"),
        ({"count": None, "until": "2026-03-01"}, "until"),
        ({"count": None, "until": "2026-03-03", "days": ["we"]}, "until"),
        ({"count": None, "until": "2028-03-03"}, "until"),
        ({"count": 367}, "count"),
        ({"count": 300, "every_weeks": 4}, "count"),
        ({"count": 0}, "count"),
        ({"from": "2026-03-01"}, "from"),
        ({"from": "2028-03-01"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": 20260303}, "from"),
        ({"start_time": "8:00"}, "start_time"),
        ({"start_time": "24:00"}, "start_time"),
        ({"end_time": "08:00"}, "end_time"),
        ({"days": []}, "days"),
        ({"days": ["mo", "xx"]}, "days"),
        ({"every_weeks": 53}, "every_weeks"),
        ({"accept": []}, "accept"),
        ({"accept": ["2026-03-04"]}, "accept"),
        ({"accept": ["yesterday"]}, "accept"),
    ],
)
def test_bad_input_is_told_at_its_field(client, auth, alice, lot, change, field):
    body = {name: value for name, value in {**BODY, "lot_id": lot["id"], **change}.items() if value is not None}
    answer = client.post("/api/series", json=body, headers=auth(alice))
    assert answer.status_code == 422, answer.json
    assert [name for name in answer.json["errors"] if name.startswith(field)], answer.json
    assert count(Series) == 0


def test_a_lot_or_a_spot_that_is_not_there_is_told(client, auth, alice, lot, carol):
    other = make_lot(carol, "Other")
    for change in ({"lot_id": 999}, {"spot_id": 999}, {"spot_id": spot_ids(other)[1]}):
        answer = client.post("/api/series", json={**BODY, "lot_id": lot["id"], **change}, headers=auth(alice))
        assert answer.status_code == 404, answer.json


# giving up -----------------------------------------------------------------------------------


def test_this_date_and_those_after_it_are_given_up(client, auth, alice, bob, lot):
    series = book_series(alice, lot, count=12, last=None)["series"]
    url = f"/api/series/{series['id']}"
    assert client.delete(url, headers=auth(bob)).status_code == 404
    answer = client.delete(f"{url}?from=2026-03-10", headers=auth(alice))
    assert (answer.status_code, answer.json["count"]) == (200, 10)
    assert (answer.json["series"]["until"], answer.json["series"]["open_bookings"]) == ("2026-03-09", 2)
    assert [one["status"] for one in answer.json["bookings"]] == ["Cancelled"] * 10
    assert client.delete(f"{url}?from=2026-03-10", headers=auth(alice)).json["count"] == 0
    [mail] = mails("bookings_cancelled")
    assert [one["id"] for one in mail.facts["dates"]] == [one["id"] for one in answer.json["bookings"]]
    assert mails("booking_cancelled") == []
    assert count(AuditEntry, AuditEntry.action == "series.ended") == 1
    assert client.delete(f"{url}?from=soon", headers=auth(alice)).status_code == 422


def test_a_misspelt_parameter_gives_up_nothing(client, auth, alice, lot):
    """Without `from` the whole series would be given up."""
    series = book_series(alice, lot)["series"]
    path = f"/api/series/{series['id']}"
    answer = client.delete(f"{path}?From=2026-03-10", headers=auth(alice))
    assert (answer.status_code, answer.json["errors"]) == (422, {"From": ["The field “From” is not known here."]})
    assert client.get(path, headers=auth(alice)).json["series"]["open_bookings"] == 4
    assert client.get("/api/series?From=2026-03-10", headers=auth(alice)).status_code == 200, "reading ignores it"


def test_what_runs_or_is_over_never_changes(app, alice, lot):
    answer = book_series(alice, lot, days=("mo", "tu", "we", "th", "fr"), start="08:00", end="20:00")
    clock.travel(2 * 86400)  # Wednesday noon: Tuesday is over, though not written yet, and Wednesday runs
    given_up = service.end(answer["series"]["id"], alice.id, date(2026, 3, 1))
    assert [one["reserved_start"][:10] for one in given_up["bookings"]] == ["2026-03-05", "2026-03-06"]
    db.session.rollback()
    stored = db.session.scalars(select(Booking.status).order_by(Booking.reserved_start)).all()
    assert stored == ["Reserved", "Reserved", "Cancelled", "Cancelled"]
    with pytest.raises(NotFound):
        service.end(answer["series"]["id"] + 1, alice.id, None)


def test_one_booking_of_a_series_changes_like_any_other(app, alice, lot):
    booked = book_series(alice, lot)["bookings"]
    bookings.extend(booked[0]["id"], alice.id, minutes=30)
    bookings.cancel(booked[1]["id"], alice.id)
    bookings.shorten(booked[2]["id"], alice.id, "2026-03-10T09:00")
    db.session.rollback()
    view = service.get(booked[0]["series_id"], alice.id)
    assert [one["status"] for one in view["bookings"]] == ["Reserved", "Cancelled", "Reserved", "Reserved"]
    assert [one["total_cost"] for one in view["bookings"]] == [5, 0, 2, 4]
    assert view["series"]["open_bookings"] == 3
