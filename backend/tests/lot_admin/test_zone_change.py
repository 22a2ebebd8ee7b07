"""A lot whose time zone is corrected: the past stays as it was told, and who has reserved is told anew."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from parking import clock, mail
from parking.bookings import service
from parking.database import db
from parking.lot_admin import service as lots
from parking.mail.models import OutboxMail
from parking.statistics.daily import check, refresh
from parking.waitlist import service as waitlist
from tests.bookings.helpers import identity_of, make_lot, park, reserve
from tests.waitlist.stage import people, statuses, wait, wait_for

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
BERLIN, NEW_YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+01:00").astimezone(UTC)


@pytest.fixture
def lot(carol):
    """A lot in Berlin: made in October, a stay over the end of the month, one on 9 November; it is the 10th."""
    with clock.set_to(berlin("2026-10-01T08:00")):
        return make_lot(carol, timezone=BERLIN)


@pytest.fixture
def stays(alice, lot):
    stays_by_name = []
    for start, end in (("2026-10-31T22:00", "2026-11-01T02:00"), ("2026-11-09T23:00", "2026-11-10T01:00")):
        with clock.set_to(berlin(start)):
            booking = park(alice, lot)
        with clock.set_to(berlin(end)):
            stays_by_name.append(service.release(booking["id"], alice.id)["booking"])
    return stays_by_name


@pytest.fixture
def later(at):
    with clock.set_to(NOW):
        yield


def change(client, headers, lot, zone, **query):
    return client.put(f"/api/lots/{lot['id']}", json={"timezone": zone}, query_string=query, headers=headers)


def notices(client, auth, alice, carol, lot, stays):
    """Everything that tells the past: figures of the days and months, list, receipts, CSV."""
    days = {}
    for first, last in (("2026-10-31", "2026-10-31"), ("2026-11-01", "2026-11-01"), ("2026-11-09", "2026-11-09")):
        query = {"from": first, "to": last, "lot_id": lot["id"]}
        stats = client.get("/api/stats/admin", query_string=query, headers=auth(carol)).json["stats"]
        days[first] = {name: stats[name] for name in ("hours", "days", "busiest_hour", "lots", "stays")}
        days[first]["figures"] = {one["name"]: one["value"] for one in stats["figures"]}
        drill = {"counted": "ended", "from_day": first, "to_day": last}
        sums = client.get("/api/admin/bookings/totals", query_string=drill, headers=auth(carol)).json["totals"]
        days[first]["behind"] = sums
    months = {}
    for month in ("2026-10", "2026-11"):
        stats = client.get("/api/stats/user", query_string={"month": month}, headers=auth(alice)).json["stats"]
        months[month] = {name: value for name, value in stats.items() if name != "as_of"}
    rows = client.get("/api/bookings?status=Completed", headers=auth(alice)).json["bookings"]
    receipts = [client.get(f"/api/bookings/{b['id']}/receipt", headers=auth(alice)).json["receipt"] for b in stays]
    text = client.get("/api/export?status=Completed", headers=auth(alice, Accept="text/csv")).get_data(as_text=True)
    return days, months, rows, receipts, list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("zone", [NEW_YORK, TOKYO, "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("rolled", [True, False])
def test_days_of_the_past_keep_the_old_zone(client, auth, alice, carol, lot, stays, later, zone, rolled):
    if rolled:
        refresh.roll_up()
    before = notices(client, auth, alice, carol, lot, stays)
    assert [before[0][day]["figures"]["revenue"] for day in ("2026-10-31", "2026-11-01")] == [0, 8]
    assert change(client, auth(carol), lot, zone).status_code == 200
    assert notices(client, auth, alice, carol, lot, stays) == before
    refresh.roll_up()
    assert notices(client, auth, alice, carol, lot, stays) == before
    assert check.find_differences() == []
    with clock.set_to(NOW + timedelta(days=3)):  # what comes after is told by the new clock
        with clock.set_to(NOW + timedelta(days=2)):
            booking = park(alice, lot)
        done = service.release(booking["id"], alice.id)["booking"]
        assert done["lot_timezone"] == zone
        assert check.find_differences() == []
        assert notices(client, auth, alice, carol, lot, stays)[0] == before[0]


def test_a_change_back_and_one_more_keep_each_days_clock(client, auth, alice, carol, lot, stays, later):
    before = notices(client, auth, alice, carol, lot, stays)
    for hours, zone in enumerate((NEW_YORK, TOKYO, BERLIN)):
        with clock.set_to(NOW + timedelta(hours=hours)):
            assert change(client, auth(carol), lot, zone).status_code == 200
    assert notices(client, auth, alice, carol, lot, stays) == before
    assert check.find_differences() == []


def test_a_change_needs_a_confirmation_while_reservations_are_to_come(client, auth, alice, bob, carol, lot, later):
    start = berlin("2026-11-12T19:00") - NOW
    mine, other = reserve(alice, lot, start, timedelta(hours=2)), reserve(bob, lot, start, timedelta(hours=1))
    park(bob, lot)  # who stands there now was told no hour that matters
    refused = change(client, auth(carol), lot, NEW_YORK)
    assert (refused.status_code, refused.json["code"], refused.json["count"]) == (409, "timezone_confirm", 2)
    assert [b["booking_id"] for b in refused.json["blocking"]] == [mine["id"], other["id"]]
    assert refused.json["detail"].startswith("2 reservations would have different local times in America/New_York.")
    assert client.get(f"/api/lots/{lot['id']}", headers=auth(carol)).json["lot"]["timezone"] == BERLIN
    assert change(client, auth(carol), lot, NEW_YORK, confirm_timezone="true").status_code == 200
    view = client.get(f"/api/bookings/{mine['id']}", headers=auth(alice)).json["booking"]
    assert view["lot_timezone"] == NEW_YORK
    assert view["reserved_start"] == mine["reserved_start"] == "2026-11-12T18:00:00Z"
    letters = db.session.scalars(select(OutboxMail).where(OutboxMail.kind == "booking_confirmation")).all()
    again = {m.booking_id: m for m in letters if m.facts.get("old_timezone") == BERLIN}
    assert set(again) == {mine["id"], other["id"]}
    text = mail.preview(again[mine["id"]]).text
    assert "corrected from Europe/Berlin to America/New_York" in " ".join(text.split())
    assert "13:00" in text


def test_whoever_waits_for_a_window_is_told_too(client, auth, alice, bob, carol, lot, later):
    """Who waits, and who has an offer; not who waits for a walk-in, in another lot, or no longer."""
    dora, emil, fred = people("dora", "emil", "fred")
    start, other = berlin("2026-11-12T19:00") - NOW, make_lot(carol, "Station", capacity=1, timezone=BERLIN)
    lots.update_lot(lot["id"], lots.LotChanges({"capacity": 1}), identity_of(carol), None)
    stay = reserve(alice, lot, start, timedelta(hours=2))
    reserve(bob, other, start, timedelta(hours=2))
    park(bob, lot)
    offered, waiting = (wait_for(user, lot, start=start) for user in (dora, emil))
    wait(carol, lot)
    wait_for(carol, other, start=start)
    service.cancel(stay["id"], alice.id)
    waitlist.leave(wait_for(fred, lot, start=start)["id"], fred.id)
    assert statuses(offered, waiting) == ["Offered", "Waiting"]
    refused = change(client, auth(carol), lot, NEW_YORK)
    assert (refused.json["code"], refused.json["count"], refused.json["waiting"]) == ("timezone_confirm", 0, 2)
    assert refused.json["detail"].startswith("2 waitlist entries would have different local times in America/New_York.")
    assert change(client, auth(carol), lot, "Europe/Paris").status_code == 200, "the same clock"
    assert sent("waitlist_zone") == {}
    assert change(client, auth(carol), lot, NEW_YORK, confirm_timezone="true").status_code == 200
    mails = sent("waitlist_zone")
    assert set(mails) == {dora.id, emil.id}
    text = " ".join(mail.preview(mails[emil.id]).text.split())
    assert "corrected from Europe/Paris to America/New_York. You are still waiting for the same moment" in text
    assert "13:00" in text
    [notice] = client.get("/api/notices", headers=auth(emil)).json["notices"]
    assert (notice["kind"], "13:00" in str(notice)) == ("waitlist_zone", True)
    view = client.get(f"/api/waitlist/{waiting['id']}", headers=auth(emil)).json["entry"]
    assert (view["lots"][0]["timezone"], view["reserved_start"]) == (NEW_YORK, "2026-11-12T18:00:00Z")


def test_reservations_and_places_are_counted_together(client, auth, alice, bob, carol, lot, later):
    lots.update_lot(lot["id"], lots.LotChanges({"capacity": 1}), identity_of(carol), None)
    start = berlin("2026-11-12T19:00") - NOW
    reserve(alice, lot, start, timedelta(hours=2))
    wait_for(bob, lot, start=start)
    refused = change(client, auth(carol), lot, NEW_YORK).json
    assert refused["detail"].startswith("1 reservation and 1 waitlist entry would have different local times")
    assert (refused["count"], refused["waiting"], len(refused["blocking"])) == (1, 1, 1)


def sent(kind: str) -> dict[int, OutboxMail]:
    """Person -> the mail of this kind."""
    db.session.rollback()
    return {one.user_id: one for one in db.session.scalars(select(OutboxMail).where(OutboxMail.kind == kind))}


@pytest.mark.parametrize("zone", ["Europe/Paris", "Arctic/Longyearbyen", "MET"])
def test_another_name_of_the_same_clock_asks_for_no_confirmation(client, auth, alice, carol, lot, later, zone):
    """They are apart at other times of history; nothing that is to come reads differently."""
    reserve(alice, lot, berlin("2026-11-12T19:00") - NOW, timedelta(hours=2))
    assert change(client, auth(carol), lot, zone).status_code == 200


def test_other_changes_of_a_lot_ask_for_no_confirmation(client, auth, alice, carol, lot, later):
    reserve(alice, lot, timedelta(hours=5), timedelta(hours=2))
    same = client.put(f"/api/lots/{lot['id']}", json={"timezone": BERLIN, "price_per_hour": 3}, headers=auth(carol))
    assert same.status_code == 200
