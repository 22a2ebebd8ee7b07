"""The event stream of somebody who works at a lot: it ends when their role goes, within two seconds."""

from __future__ import annotations

from parking import clock
from parking.database import db, transaction
from parking.realtime import broker
from parking.staff import LotStaff
from parking.staff import service as staff
from tests.bookings.helpers import make_lot

MOST_SECONDS = 2.0


def test_a_withdrawn_role_ends_the_stream(visit, people, monkeypatch):
    """The broker is told (its own checks are an hour apart here), and looks at the latest with its next tick. Somebody
    else's stream stays."""
    assert broker.TICK_SECONDS < MOST_SECONDS
    monkeypatch.setattr(broker, "CHECK_SECONDS", 3600)
    lot = make_lot(people["carol"])
    alice_id = people["alice"].id
    db.session.close()
    with transaction() as session:
        session.add(LotStaff(lot_id=lot["id"], user_id=alice_id, role="manager", created_at=clock.now()))
    page, other = visit("alice", lots=str(lot["id"])), visit("bob")
    for one in (page, other):
        one.wait("ping")
    db.session.close()
    staff.withdraw(lot["id"], alice_id)
    assert page.wait("bye").data == {"reason": "signed out"}
    assert page.ended.wait(60)
    assert other.all("bye") == []
