"""Visitors are nobody thirty days after the end of their stay: names, addresses, plates and mails go, sums stay."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.bookings import apply_all_due_transitions, personal_data
from parking.bookings.models import Booking
from parking.database import db
from parking.notices.models import Notice
from parking.retention import service
from parking.statistics import roll_up
from parking.statistics.daily import check
from parking.statistics.daily.models import LotMonth
from tests.bookings.helpers import row
from tests.visitors.conftest import ADDRESS, mails, token_of, window

DAY = 24 * 3600
NOBODY = ("", None, None, None, None)


def named(booking_id: int) -> tuple:
    one = row(booking_id)
    return (one.visitor_name, one.visitor_email, one.visitor_locale, one.visitor_search, one.vehicle_plate)


@pytest.fixture
def stays(ask, invite, arno, bob, guests):
    """Three that end on the first, second and last day of a month, one of them a guest's; the last is cancelled."""
    by = {"email": ADDRESS, "vehicle_plate": "B-VI 1"}
    first = invite(arno, **by)
    guest = invite(bob, **by, **window(25))
    late = invite(arno, **by, **window(24 * 28))
    ask(None, "POST", "/api/visitors/booking/cancel", 200, json={"token": token_of(mails()[-1])})
    clock.travel(2 * DAY)
    apply_all_due_transitions()
    return [one["id"] for one in (first, guest, late)]


def test_they_go_thirty_days_after_the_end_and_no_sooner(stays):
    first, guest, cancelled = stays
    clock.travel(28 * DAY)
    assert service.preview().visitors == 0
    clock.travel(DAY)
    assert service.preview().visitors == 2, "and the one that was cancelled at the beginning"
    assert service.run().visitors == 2
    assert (named(first), named(cancelled)) == (NOBODY, NOBODY)
    assert named(guest)[0] == "Vera Visitor"
    clock.travel(DAY)
    assert service.run().visitors == 1
    assert named(guest) == NOBODY
    assert service.run() == service.Counts()


def test_more_than_one_batch_goes_in_one_run(stays, monkeypatch):
    monkeypatch.setattr(personal_data, "BATCH", 1)
    clock.travel(32 * DAY)
    assert service.run().visitors == 3
    assert [named(one) for one in stays] == [NOBODY] * 3


def test_live_bookings_keep_their_visitor_however_long_they_last(invite, arno):
    booking = invite(arno, now=True, email=ADDRESS)
    coming = invite(arno, email=ADDRESS, **window(24 * 50, 2))
    clock.travel(40 * DAY)
    assert service.run().visitors == 0
    assert (named(booking["id"])[0], named(coming["id"])[0]) == ("Vera Visitor", "Vera Visitor")


def test_nothing_beside_the_booking_names_them_any_more(ask, stays, arno, bob):
    token = token_of(mails()[0])
    for mail in mails(None):
        mail.state, mail.sent_at = "sent", clock.now()
    db.session.commit()
    clock.travel(32 * DAY)
    service.run()
    assert mails(None) == []
    assert db.session.scalar(select(func.count()).select_from(Notice)) == 0
    for words in ("Vera", "vera@example", "B-VI"):
        assert ask(arno, "GET", "/api/admin/bookings", 200, headers={"X-Search": words})["bookings"] == []
        answer = ask(arno, "GET", "/api/admin/search", 200, query_string={"q": words})
        assert (answer["bookings"], answer["plates"]) == ([], [])
    assert ask(None, "POST", "/api/visitors/booking", 404, json={"token": token})["code"] == "link_invalid"
    listed = ask(arno, "GET", "/api/admin/bookings", 200)["bookings"]
    assert [one["visitor_name"] for one in listed] == ["", "", ""], "they were visitors all the same"
    assert "Vera" not in ask(arno, "GET", "/api/admin/bookings.csv", 200)
    assert ask(bob, "GET", "/api/bookings", 200)["bookings"][0]["visitor_name"] == ""


def test_money_and_statistics_stay_equal(stays):
    def sums() -> list:
        columns = [column for column in LotMonth.__table__.columns if column.name != "stale"]
        rows = [tuple(one) for one in db.session.execute(select(*columns).order_by(LotMonth.lot_id, LotMonth.month))]
        costs = db.session.execute(select(Booking.id, Booking.total_cost_minor).order_by(Booking.id)).all()
        db.session.close()
        return [*rows, *map(tuple, costs)]

    clock.travel(62 * DAY)
    roll_up()
    before = sums()
    assert len(before) > 3
    assert service.run().visitors == 3
    roll_up()
    assert sums() == before
    assert check.find_differences() == []


def test_a_stay_of_a_visitor_counts_as_a_visit_and_its_money_but_not_as_a_driver(ask, invite, arno, bob, carol, lot):
    booking = invite(arno, now=True)
    clock.travel(3600)
    ask(arno, "POST", f"/api/admin/bookings/{booking['id']}/release", 200, json={"reason": "Has left"})
    ask(bob, "POST", "/api/book", 201, json={"lot_id": lot["id"], "booking_type": "instant"})
    day = f"from={clock.now():%Y-%m-%d}&to={clock.now():%Y-%m-%d}"
    figures = ask(carol, "GET", f"/api/stats/admin?{day}", 200)["stats"]["figures"]
    values = {one["name"]: one["value"] for one in figures}
    assert (values["visits"], values["drivers"], values["revenue"], values["completed"]) == (2, 1, 2.0, 1)
