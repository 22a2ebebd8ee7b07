"""A number plate that is too old goes wherever it is stored, and nothing else goes with it."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import select

from parking import clock
from parking.database import db, transaction
from parking.mail.models import OutboxMail
from parking.notices.service import mail_failed
from parking.retention import service
from parking.text import names
from tests.bookings.helpers import make_lot, park, reserve
from tests.conftest import hours

OLD, NEW = "B-OLD 17", "B-NEW 42"
EVERYWHERE = {
    *("booking.vehicle_plate", "booking.plate_key", "waitlist_entry.vehicle_plate"),
    *("outbox_mail.facts", "notice.context"),
}


@pytest.fixture
def settings(settings):
    return dataclasses.replace(settings, retain_plates_days=30, retain_visitors_days=365)


@pytest.fixture
def use(client, auth, alice, bob, carol):
    """All that stores a plate: a reservation that the operator cancels, a stay whose receipt fails, and a wait."""
    lot = make_lot(carol, capacity=1)

    def use(plate: str) -> None:
        cancelled = reserve(alice, lot, hours(24), hours(2), vehicle_plate=plate)
        reason = {"reason": "Works ahead"}
        path = f"/api/admin/bookings/{cancelled['id']}/cancel"
        assert client.post(path, headers=auth(carol), json=reason).status_code == 200
        stay = park(alice, lot, vehicle_plate=plate)
        waits = {"lot_ids": [lot["id"]], "booking_type": "instant", "for_minutes": 60, "vehicle_plate": plate}
        entry = client.post("/api/waitlist", headers=auth(bob), json=waits).json["entry"]["id"]
        assert client.delete(f"/api/waitlist/{entry}", headers=auth(bob)).status_code == 200
        assert client.post(f"/api/release/{stay['id']}", headers=auth(alice)).status_code == 200
        with transaction() as session:
            receipt = select(OutboxMail).where(
                OutboxMail.kind == "release_receipt", OutboxMail.booking_id == stay["id"]
            )
            mail_failed(session, session.scalars(receipt).one())

    return use


def places_of(plate: str) -> set[str]:
    """The columns of the whole database that hold the plate, or its key."""
    with db.engine.connect() as connection:
        return {
            f"{table.name}.{column}"
            for table in db.metadata.sorted_tables
            for row in connection.execute(table.select()).mappings()
            for column, value in row.items()
            if any(text in str(value) for text in (plate, names.plate_key(plate)))
        }


def test_it_goes_from_bookings_mails_notices_and_waitlists(use):
    use(OLD)
    clock.travel(31 * 24 * 3600)
    use(NEW)
    assert (places_of(OLD), places_of(NEW)) == (EVERYWHERE, EVERYWHERE)
    assert service.preview().plates == 3, "two bookings and a wait"
    assert places_of(OLD) == EVERYWHERE
    assert service.run().plates == 3
    assert (places_of(OLD), places_of(NEW)) == (set(), EVERYWHERE)
    assert service.run() == service.Counts()


def test_mails_and_notices_are_read_without_it(use, client, auth, alice, carol):
    use(OLD)
    mails = client.get("/api/admin/emails", headers=auth(carol)).json["emails"]
    paths = [f"/api/admin/emails/{one['id']}" for one in mails if one["booking_id"]]

    def texts() -> list[str]:
        return [client.get(path, headers=auth(carol)).json["email"]["text"] for path in paths]

    def titles() -> list[str]:
        notices = client.get("/api/notices", headers=auth(alice)).json["notices"]
        return [one["title"] for one in notices]

    before, notices = texts(), titles()
    assert (len(notices), any(OLD in one for one in before)) == (2, True)
    clock.travel(31 * 24 * 3600)
    service.run()
    after = texts()
    assert [len(one.splitlines()) for one in after] == [
        len([line for line in one.splitlines() if OLD not in line]) for one in before
    ]
    assert titles() == notices
