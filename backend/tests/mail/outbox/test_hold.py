"""After a restore nothing goes out until an administrator says so."""

from __future__ import annotations

import pytest

from parking import clock, mail
from parking.database import db, transaction
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from parking.mail.outbox.hold import hold
from parking.reports import tasks as reports

AMELIA = mail.Recipient("amelia@example.com", "Amelia", "en", "Europe/London")


@pytest.fixture
def held(app):
    """Three mails that wait, in an outbox that is held."""
    with transaction() as session:
        for _ in range(3):
            mail.queue(session, "test_message", AMELIA, {})
        hold(session, clock.now(), clock.now())


def states() -> set[str]:
    db.session.remove()
    return set(db.session.scalars(db.select(OutboxMail.state)))


def test_nothing_is_sent_and_no_report_is_made(app, held, sink):
    assert delivery.deliver_due() == delivery.Tally()
    assert delivery.deliver_one(1) == delivery.Tally()
    assert (reports.send_reports(), reports.remind_of_reservations()) == (0, 0)
    assert (sink.connections, states()) == (0, {"queued"})


def test_an_administrator_lets_them_go(app, held, sink, client, auth, carol):
    answer = client.post("/api/admin/emails/release", json={}, headers=auth(carol))
    assert answer.json["message"] == "Email is sent again. 3 waiting emails will be sent now."
    assert delivery.deliver_due().sent == 3


def test_or_discards_them_and_new_ones_go_out(app, held, sink, client, auth, carol):
    assert client.post("/api/admin/emails/release", json={"discard": True}, headers=auth(carol)).status_code == 200
    assert states() == {"discarded"}
    with transaction() as session:
        mail.queue(session, "test_message", AMELIA, {})
    assert delivery.deliver_due().sent == 1
    assert len(sink.accepted) == 1
