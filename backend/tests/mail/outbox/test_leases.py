"""Mails that several workers could send: each is leased by one."""

from parking import clock
from parking.database import transaction
from parking.mail.outbox import delivery, entries
from tests.mail.conftest import Meeting, put, put_many, states
from tests.threads import at_once


def test_a_lease_is_respected_until_it_runs_out(app, sink):
    put()
    with transaction() as session:
        held = entries.lease(session, clock.now())
    assert delivery.deliver_due() == delivery.Tally()
    clock.travel(121)
    assert delivery.deliver_due().sent == 1
    with transaction() as session:  # the old holder comes late: the outcome stands
        assert entries.retry_later(session, held, "too late", clock.now(), server_fault=False) is False
    assert states() == {"sent": 1}


def test_four_workers_send_every_mail_once(app, sink):
    put_many(100)
    at_once([delivery.deliver_due] * 4)
    assert states() == {"sent": 100}
    assert len(sink.accepted) == 100
    assert len(set(sink.message_ids())) == 100


def test_without_leases_four_workers_send_mails_twice(app, sink, monkeypatch):
    """The control: the race is real, so the test above means something. The first two meet at the mail server."""

    def unguarded(session, now, mail_id=None):
        row = session.scalars(entries._due(now).limit(1)).one_or_none()
        if row is not None:
            row.state, row.lease = "sending", "everybody"
            session.flush()
        return row

    monkeypatch.setattr(entries, "lease", unguarded)
    sink.on_data = Meeting()
    put_many(10)
    at_once([delivery.deliver_due] * 4)
    assert len(sink.accepted) > len(set(sink.message_ids()))
