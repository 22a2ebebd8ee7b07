"""Every queued mail arrives, whatever the server does, and nobody gets what was not committed."""

import contextlib
from datetime import timedelta

import pytest

from parking import clock, mail, notices
from parking.database import db, transaction
from parking.mail import service
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery, entries
from tests.mail.conftest import AMELIA, as_recipient, put, put_many, states


def test_a_committed_mail_arrives_and_says_what_was_queued(app, sink):
    row = put()
    assert delivery.deliver_due() == delivery.Tally(sent=1)
    (arrived,) = sink.accepted
    assert arrived.sender == "noreply@park.example.com"
    assert arrived.recipients == ["amelia@example.com"]
    assert arrived.message["Subject"] == "Reserved: spot 17 at Harbour Street Garage"
    assert arrived.message_id == row.message_id
    stored = db.session.get(OutboxMail, row.id)
    assert (stored.state, stored.attempts, stored.sent_at) == ("sent", 1, clock.now())
    assert stored.last_reply == "250 2.0.0 accepted"


def test_a_rolled_back_mail_is_never_sent(app, sink):
    def booking_that_fails():
        with transaction() as session:
            mail.queue(session, "test_message", AMELIA, {})
            raise RuntimeError("the booking failed after all")

    with pytest.raises(RuntimeError):
        booking_that_fails()
    assert delivery.deliver_due() == delivery.Tally()
    assert sink.accepted == []
    assert sink.connections == 0


def test_many_mails_share_one_connection(app, sink):
    put_many(20)
    assert delivery.deliver_due().sent == 20
    assert sink.connections == 1


def test_a_thousand_mails_survive_a_server_that_is_away(app, sink, smtp_server):
    smtp_server.stop()
    put_many(1000)
    for _ in range(3):  # sweeps against a closed port
        delivery.deliver_due()
        clock.travel(10)
    assert states() == {"retrying": 1000}
    clock.travel(6 * 3600)
    smtp_server.start()
    for _ in range(50):  # sweeps of a minute at most; as many as a busy machine needs
        delivery.deliver_due()
        clock.travel(4000)
    assert states() == {"sent": 1000}
    assert len(sink.accepted) == 1000
    assert len(set(sink.message_ids())) == 1000


def test_mails_that_waited_for_the_server_go_out_as_soon_as_it_is_back(app, sink, smtp_server):
    smtp_server.stop()
    put_many(3)
    for _ in range(6):  # so often that the next pause is an hour
        delivery.deliver_due()
        clock.travel(3700)
    delivery.deliver_due()
    smtp_server.start()
    clock.travel(10)
    put("test_message", context={})
    assert delivery.deliver_due().sent == 4


def test_one_bad_recipient_of_a_thousand_stops_no_other_mail(app, sink):
    sink.on_rcpt = lambda address: "550 5.1.1 no such user" if address == "driver500@example.com" else None
    put_many(1000, "test_message")
    tally = delivery.Tally(more=True)
    while tally.more:
        tally = delivery.deliver_due()
    assert states() == {"sent": 999, "failed": 1}
    assert len({delivery.recipients[0] for delivery in sink.accepted}) == 999
    failed = db.session.query(OutboxMail).filter_by(state="failed").one()
    assert failed.last_reply == "550 5.1.1 no such user"
    assert failed.attempts == 1


def test_a_busy_recipient_is_tried_again_and_the_others_do_not_wait(app, sink):
    busy = {"driver1@example.com"}
    sink.on_rcpt = lambda address: "451 4.2.1 try later" if address in busy else None
    put_many(3)
    assert delivery.deliver_due() == delivery.Tally(sent=2, postponed=1)
    busy.clear()
    clock.travel(50)
    assert delivery.deliver_due().sent == 0
    clock.travel(20)
    assert delivery.deliver_due().sent == 1


def test_a_mail_over_the_servers_daily_limit_is_retried(app, sink):
    sink.on_rcpt = lambda address: "550 5.4.5 Daily user sending limit exceeded"
    put()
    assert delivery.deliver_due() == delivery.Tally(postponed=1)


def test_a_mail_with_a_refused_sender_is_retried(app, sink):
    sink.on_mail = lambda sender: "553 5.7.1 sender not owned by you"
    put()
    assert delivery.deliver_due() == delivery.Tally(postponed=1)
    assert db.session.query(OutboxMail).one().last_reply == "553 5.7.1 sender not owned by you"


def test_a_connection_dropped_after_the_data_sends_the_same_message_again(app, sink):
    """SMTP cannot tell whether it arrived; the same Message-ID and the same bytes let mail programs tell."""
    sink.drop_after_data = True
    put_many(1)
    assert delivery.deliver_due() == delivery.Tally(postponed=1)
    sink.drop_after_data = False
    clock.travel(70)
    assert delivery.deliver_due().sent == 1
    first, second = sink.accepted
    assert first.message_id == second.message_id
    assert first.content == second.content


def test_after_a_lost_connection_the_next_mail_gets_a_new_one(app, sink):
    sink.drop_after_data = True
    put_many(2)

    def only_once(_delivery):
        sink.drop_after_data = len(sink.accepted) < 1

    sink.on_data = only_once
    assert delivery.deliver_due() == delivery.Tally(sent=1, postponed=1)
    assert sink.connections == 2


def test_a_mail_fails_after_48_hours_with_the_last_reply(app, sink):
    sink.on_rcpt = lambda address: "450 4.2.0 greylisted"
    put()
    attempts, started = 0, clock.now()
    while states() != {"failed": 1}:
        attempts += delivery.deliver_due().postponed
        waits = db.session.query(OutboxMail).one().due_at - clock.now()
        clock.travel(max(waits.total_seconds(), 1))
        assert clock.now() - started < timedelta(hours=51)
    assert clock.now() - started >= timedelta(hours=48)
    assert 45 <= attempts <= 55
    stored = db.session.query(OutboxMail).one()
    assert stored.last_reply == "450 4.2.0 greylisted"


def test_without_a_server_mails_wait_and_say_why(app, reconfigure, sink):
    reconfigure(smtp_host=None)
    put()
    assert delivery.deliver_due() == delivery.Tally()
    assert states() == {"queued": 1}
    stored = db.session.query(OutboxMail).one()
    assert service.last_reply(stored) == "not sent: no SMTP server configured"
    assert mail.health(db.session())["configured"] is False


def test_the_outbox_is_well_only_when_no_mail_waits_in_vain(app, reconfigure, sink):
    def well() -> bool:
        db.session.rollback()
        return mail.health(db.session())["ok"]

    put()
    assert well()  # it has just been queued
    clock.travel(service.LATE_SECONDS + 1)
    assert not well()  # there is a server, and nobody sends
    delivery.deliver_due()
    assert well()
    sink.on_rcpt = lambda address: "550 5.1.1 no such user"
    put()
    delivery.deliver_due()
    assert (states(), well()) == ({"sent": 1, "failed": 1}, False)
    service.discard(db.session.query(OutboxMail.id).filter_by(state="failed").scalar())
    reconfigure(smtp_host=None)
    assert well()  # no server, but nothing waits
    put()
    assert not well()


def test_a_refused_receipt_becomes_a_notice_of_its_driver(app, sink, alice):
    sink.on_rcpt = lambda address: "550 5.1.1 no such user"
    for kind in ("release_receipt", "export_ready"):
        put(kind, as_recipient(alice), booking_id=1)
    for _ in range(2):
        delivery.deliver_due()
    [notice] = db.session.query(notices.Notice).all()
    assert (notice.user_id, notice.kind, notice.booking_id) == (alice.id, "mail_failed", 1)
    assert notice.context["template"] == "release_receipt"


def test_three_refused_logins_open_the_circuit_breaker(app, reconfigure, sink):
    sink.accept_login = False
    reconfigure(smtp_user="parking@example.com", smtp_password="wrong")
    for _ in range(60):  # an hour of sweeps with new mail every minute
        put()
        delivery.deliver_due()
        clock.travel(59)
    assert len(sink.logins) == 3
    health = mail.health(db.session())
    assert health["circuit"]["state"] == "open"
    assert health["circuit"]["last_reply"].startswith("535")
    clock.travel(240)
    delivery.deliver_due()
    assert len(sink.logins) == 4  # one knock an hour later, then a longer pause
    clock.travel(3700)
    delivery.deliver_due()
    assert len(sink.logins) == 4


def test_new_credentials_are_tried_at_once(app, reconfigure, sink):
    sink.accept_login = False
    reconfigure(smtp_user="parking@example.com", smtp_password="wrong")
    for _ in range(4):
        put()
        delivery.deliver_due()
        clock.travel(4000)
    assert mail.health(db.session())["circuit"]["state"] == "open"
    sink.accept_login = True
    reconfigure(smtp_user="parking@example.com", smtp_password="right")
    assert delivery.deliver_due().sent == 4
    assert mail.health(db.session())["circuit"] == {
        "state": "closed",
        "until": None,
        "login_failures": 0,
        "last_reply": None,
    }


def test_the_administrator_can_end_the_pause(app, reconfigure, sink):
    sink.accept_login = False
    reconfigure(smtp_user="parking@example.com", smtp_password="right")
    for _ in range(3):
        put()
        delivery.deliver_due()
    sink.accept_login = True
    assert delivery.deliver_due().sent == 0
    service.resume()
    assert delivery.deliver_due().sent == 3


def test_a_mail_that_cannot_be_rendered_does_not_stop_the_others(app, sink):
    row = put()
    put("test_message", context={})
    with transaction() as session:
        session.get(OutboxMail, row.id).facts = {"booking": {}}
    assert delivery.deliver_due() == delivery.Tally(sent=1, failed=1)
    assert db.session.get(OutboxMail, row.id).last_reply == "this mail could not be written (KeyError)"


def test_a_mail_that_kills_its_workers_fails(app, sink):
    row = put()
    for _ in range(entries.MOST_LOST_LEASES):
        with transaction() as session:
            assert entries.lease(session, clock.now()).id == row.id
        clock.travel(121)
    with transaction() as session:
        assert entries.lease(session, clock.now()) is None
    stored = db.session.get(OutboxMail, row.id)
    assert stored.state == "failed"
    assert "died 5 times" in stored.last_reply


def commits(monkeypatch) -> list[int]:
    """A list that grows by one with every write transaction of the delivery."""
    count: list[int] = []

    @contextlib.contextmanager
    def counted():
        count.append(1)
        with transaction() as session:
            yield session

    monkeypatch.setattr(delivery, "transaction", counted)
    return count


def test_each_mail_is_one_commit_and_a_sweep_without_mail_none(app, sink, monkeypatch):
    put_many(10)
    count = commits(monkeypatch)
    assert delivery.deliver_due().sent == 10
    assert len(count) == 10 + 1  # the first lease is a commit of its own
    count.clear()
    assert delivery.deliver_due() == delivery.Tally()
    assert count == []


def test_a_next_mail_that_cannot_be_leased_does_not_undo_the_outcome_of_this_one(app, sink, monkeypatch):
    """One commit for both must not send a mail twice because of another's fault."""
    put_many(2)
    lease = entries.lease

    def only_the_first(session, now, mail_id=None):
        if sink.accepted:
            raise ValueError("a row that nobody can read")
        return lease(session, now, mail_id)

    monkeypatch.setattr(entries, "lease", only_the_first)
    with pytest.raises(ValueError, match="nobody can read"):
        delivery.deliver_due()
    assert states() == {"sent": 1, "queued": 1}
    monkeypatch.setattr(entries, "lease", lease)
    assert delivery.deliver_due().sent == 1
    assert len(set(sink.message_ids())) == len(sink.accepted) == 2


def test_mails_that_expired_do_not_keep_the_others_waiting(app, sink):
    for _ in range(3):
        put("password_reset", expires_at=clock.now() + timedelta(minutes=30))
    clock.travel(1801)
    put()
    assert delivery.deliver_due().sent == 1
    assert sink.connections == 1
    assert states() == {"discarded": 3, "sent": 1}


def test_a_late_mail_is_discarded_not_sent(app, sink):
    put("password_reset", expires_at=clock.now() + timedelta(minutes=30))
    clock.travel(1801)
    delivery.deliver_due()
    assert sink.accepted == []
    assert states() == {"discarded": 1}


def test_the_clients_task_delivers_one_confirmation_now(app, sink):
    from parking.bookings.tasks import send_booking_confirmation

    put(booking_id=7)
    put("test_message", context={})
    sink.on_rcpt = lambda address: "451 later"
    delivery.deliver_due()
    sink.on_rcpt = lambda address: None
    send_booking_confirmation(7)
    assert states() == {"sent": 1, "retrying": 1}
    send_booking_confirmation(7)  # nothing left to do
    send_booking_confirmation(999)
    assert len(sink.accepted) == 1


def test_old_mails_are_deleted_and_unsent_ones_kept(app, sink):
    from parking.mail.tasks import purge_mail

    put_many(3)
    delivery.deliver_due()
    sink.on_rcpt = lambda address: "550 no"
    put()
    delivery.deliver_due()
    clock.travel(91 * 86_400)
    put()
    assert purge_mail() == 3
    assert states() == {"failed": 1, "queued": 1}
