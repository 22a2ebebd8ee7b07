"""A part of a spot that is freed is offered, too; and the hold of an offer is nobody's booking, on any way to it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking import clock
from parking.bookings import service as bookings
from parking.bookings.models import Booking
from parking.database import db
from parking.lot_admin import service as lots
from tests.bookings.helpers import furnish, identity_of, make_lot, reserve, row, text
from tests.waitlist.stage import HOUR, holds, offer_nothing, people, spot_ids, statuses, wait_for


@pytest.fixture
def lot(app, carol):
    return make_lot(carol, capacity=1)


@pytest.fixture
def dora(app):
    return people("dora")[0]


@pytest.mark.parametrize("guarded", [True, False])
def test_what_a_shorter_booking_leaves_is_offered(lot, alice, dora, monkeypatch, guarded):
    """The control offers nothing."""
    stay = reserve(alice, lot, HOUR, 4 * HOUR)
    before, waiting = wait_for(alice, lot, start=2 * HOUR), wait_for(dora, lot, start=4 * HOUR)
    if not guarded:
        offer_nothing(monkeypatch)
    bookings.shorten(stay["id"], alice.id, text(clock.now() + 4 * HOUR))
    assert statuses(before, waiting) == ["Waiting", "Offered" if guarded else "Waiting"]


def test_what_a_moved_booking_leaves_is_offered(carol, alice, dora):
    """It was on the only spot with EV charging; from the end of the closure on that is for whoever needs it."""
    lot = make_lot(carol, "Station", capacity=2)
    furnish(lot, {1: ["ev"]})
    with_ev = spot_ids(lot)[0]
    stay = reserve(alice, lot, HOUR, 4 * HOUR, spot_id=with_ev)
    waiting = wait_for(dora, lot, start=3 * HOUR, needs=("ev",))
    closure = {"out_of_service": True, "from": text(clock.now() + HOUR), "until": text(clock.now() + 2 * HOUR)}
    lots.update_spot(with_ev, closure, identity_of(carol), move=True)
    assert row(stay["id"]).spot_id != with_ev
    assert statuses(waiting) == ["Offered"]


# no booking ---------------------------------------------------------------------------------


@pytest.fixture
def unlisted(lot, alice, carol, dora) -> list[int]:
    """The hold of an offer to dora, and a closure that carol has planned."""
    stay = reserve(alice, lot, HOUR, HOUR)
    wait_for(dora, lot, start=HOUR)
    bookings.cancel(stay["id"], alice.id)
    [spot] = spot_ids(lot)
    window = {"from": text(clock.now() + 5 * HOUR), "until": text(clock.now() + 6 * HOUR)}
    lots.update_spot(spot, {"out_of_service": True, **window}, identity_of(carol))
    closures = db.session.scalars(select(Booking.id).where(Booking.booking_type == "block")).all()
    return [holds()[0].id, *closures]


OF_DRIVER = (
    *(("GET", path) for path in ("/api/bookings/{}", "/api/bookings/{}/receipt", "/api/bookings/{}/calendar.ics")),
    *(("POST", f"/api/bookings/{{}}/{act}") for act in ("cancel", "extend", "shorten", "check-in")),
    ("POST", "/api/release/{}"),
)
OF_STAFF = tuple(("POST", f"/api/admin/bookings/{{}}/{act}") for act in ("release", "cancel", "check-in"))


def test_no_way_to_a_booking_leads_to_a_hold_or_a_closure(client, auth, carol, dora, unlisted):
    bodies = {"extend": {"minutes": 15}, "shorten": {"until": text(clock.now() + 1.5 * HOUR)}, "check-in": {}}
    before = [(one.status, one.held_until) for one in map(row, unlisted)]
    assert [status for status, _ in before] == ["Reserved", "Reserved"]
    for person, routes in ((dora, OF_DRIVER), (carol, (*OF_DRIVER, *OF_STAFF))):
        for booking_id in unlisted:
            for method, path in routes:
                act = path.rsplit("/", 1)[-1]
                body = bodies.get(act, {"reason": "Because"} if "admin" in path and act != "check-in" else {})
                more = {"json": body} if method == "POST" else {}
                answer = client.open(path.format(booking_id), method=method, headers=auth(person), **more)
                assert answer.status_code == 404, (path, answer.text)
    assert [(one.status, one.held_until) for one in map(row, unlisted)] == before


def test_no_file_has_a_hold_or_a_closure_among_the_bookings(client, auth, carol, dora, unlisted):
    for person, path in ((dora, "/api/export"), (carol, "/api/export"), (carol, "/api/admin/bookings.csv")):
        answer = client.get(path, headers=auth(person, Accept="text/csv"))
        cancelled = 1 if "admin" in path else 0  # alice's
        assert answer.status_code == 200
        assert len(answer.data.decode("utf-8-sig").splitlines()) == 1 + cancelled, path
    for person in (dora, carol):
        assert client.get("/api/me/data", headers=auth(person)).json["bookings"] == []


def test_control_what_is_claimed_is_in_them(client, auth, dora, unlisted):
    [mine] = client.get("/api/waitlist", headers=auth(dora)).json["entries"]
    assert client.post(f"/api/waitlist/{mine['id']}/claim", headers=auth(dora), json={}).status_code == 200
    assert client.get(f"/api/bookings/{unlisted[0]}/calendar.ics", headers=auth(dora)).status_code == 200
    assert "Reserved" in client.get("/api/export", headers=auth(dora, Accept="text/csv")).text
    assert [one["id"] for one in client.get("/api/me/data", headers=auth(dora)).json["bookings"]] == unlisted[:1]
