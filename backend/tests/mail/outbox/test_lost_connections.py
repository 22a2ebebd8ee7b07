"""A connection lost before any of the message was sent is the server's fault; lost later, it may be the mail's."""

import dataclasses

import pytest

from parking import clock, mail
from parking.database import db
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from tests.mail.conftest import AMELIA, put, states


def put_two() -> None:
    for number in range(2):
        put(to=dataclasses.replace(AMELIA, email=f"driver{number}@example.com"))


def lose_two_mails_twice(sink, command: str) -> None:
    """After it the pause of both is five minutes."""
    sink.hangs_up_at = command
    put_two()
    for _ in range(2):
        assert delivery.deliver_due() == delivery.Tally(postponed=2)
        clock.travel(70)
    sink.hangs_up_at = ""


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT"])
def test_mails_lost_before_their_message_go_out_as_soon_as_the_server_is_back(app, sink, command):
    lose_two_mails_twice(sink, command)
    assert {row.server_fault for row in db.session.query(OutboxMail)} == {True}
    put("test_message", context={})
    assert delivery.deliver_due().sent == 3
    assert len(set(sink.message_ids())) == len(sink.accepted) == 3


def test_the_clients_task_shows_that_the_server_is_back(app, sink):
    lose_two_mails_twice(sink, "MAIL")
    put(booking_id=7)
    mail.deliver_latest("booking_confirmation", 7)
    assert delivery.deliver_due().sent == 2


def test_a_mail_lost_after_data_waits_for_its_pause(app, sink):
    """The control. A mail that the server cannot bear must not come back with every other mail."""
    lose_two_mails_twice(sink, "DATA")
    put("test_message", context={})
    assert delivery.deliver_due() == delivery.Tally(sent=1)
    assert states() == {"sent": 1, "retrying": 2}
    clock.travel(300)
    assert delivery.deliver_due().sent == 2


@pytest.mark.parametrize("step", ["on_mail", "on_rcpt"])
def test_a_server_that_says_it_hangs_up_is_at_fault_and_not_the_mail(app, sink, step):
    setattr(sink, step, lambda _address: "421 4.3.2 the system is going down")
    put_two()
    assert delivery.deliver_due() == delivery.Tally(postponed=2)
    assert {(row.last_reply, row.server_fault) for row in db.session.query(OutboxMail)} == {
        ("421 4.3.2 the system is going down", True)
    }
    setattr(sink, step, lambda _address: None)
    put("test_message", context={})
    assert delivery.deliver_due().sent == 3


def test_a_server_that_greets_and_hangs_up_is_called_once_for_each_mail(app, sink):
    """A greeting does not make the mails due again that the same server has just lost."""
    sink.hangs_up_at = "MAIL"
    put_two()
    for calls in (2, 3):
        delivery.deliver_due()
        assert sink.connections == calls
        put("test_message", context={})


def test_a_server_that_takes_one_mail_in_a_session_gets_all_at_once(app, sink):
    def only_one(_delivery):
        sink.hangs_up_at = "MAIL"

    def anew():
        sink.hangs_up_at = ""

    sink.on_data, sink.on_hello = only_one, anew
    put_two()
    put("test_message", context={})
    assert delivery.deliver_due().sent == 3


def test_an_address_that_the_server_cannot_bear_stops_nobody(app, sink):
    def on_rcpt(address):
        sink.hangs_up_at = "RCPT" if address == "driver0@example.com" else ""

    sink.on_rcpt = on_rcpt
    put_two()
    for sent in range(1, 4):
        assert delivery.deliver_due().sent == 1
        assert states() == {"sent": sent, "retrying": 1}
        assert sink.connections <= 3 * sent
        put("test_message", context={})
