"""Redis is taken away in every way while people book: nobody notices but the mail, which comes when it is back."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.launch.conftest import wait_for


@pytest.mark.parametrize(("fault", "mend"), [("stop", "start"), ("freeze", "thaw")])
def test_bookings_go_on_without_redis_and_every_confirmation_comes_after_its_return(product, fault, mend):
    time.sleep(1)
    usual = product.drive(1, each=1)
    assert usual.failed == []
    getattr(product.valkey, fault)()
    traffic = product.drive(8, each=4)
    assert traffic.failed == []
    assert len(traffic.bookings) == 64
    assert traffic.slowest < 2
    getattr(product.valkey, mend)()
    product.wait_for_confirmations(traffic.bookings + usual.bookings, 45)
    for booking in traffic.bookings:
        assert len(product.confirmations(booking)) == 1


def test_a_wiped_redis_loses_no_mail(product):
    worker, beat = product.part("celery", "worker"), product.part("celery", "beat")
    for process in (worker, beat):
        os.kill(process, signal.SIGSTOP)
    try:
        traffic = product.drive(2, each=2)
        assert product.waiting_mails() >= len(traffic.bookings)
        product.valkey.wipe()
    finally:
        for process in (worker, beat):
            os.kill(process, signal.SIGCONT)
    assert traffic.failed == []
    product.wait_for_confirmations(traffic.bookings, 40)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_worker_works_again_soon_after_redis_was_restarted(product, end):
    getattr(product.valkey, end)()
    time.sleep(2)
    product.valkey.start()
    booked = product.book("driver0")
    assert booked.status == 201
    product.wait_for_confirmations([booked.body["booking"]["reference"]], 30)


def test_a_worker_killed_in_the_middle_of_a_delivery_loses_nothing(product):
    """The mail in its hands may arrive twice, then with one Message-ID; its lease of two minutes is shortened here."""
    product.sink.on_data = lambda delivery: time.sleep(0.3)
    traffic = product.drive(1, each=1)
    wait_for(lambda: sending(product) == 1, 15, "a delivery to be under way")
    os.kill(product.part("celery", "worker"), signal.SIGKILL)
    product.sink.on_data = lambda delivery: None
    let_leases_run_out(product)
    product.wait_for_confirmations(traffic.bookings, 40)
    for booking in traffic.bookings:
        assert len(set(product.confirmations(booking))) == 1


def sending(product) -> int:
    from parking.db import db
    from parking.mail.models import OutboxMail

    with product.app.app_context():
        found = db.session.query(OutboxMail).filter_by(state="sending").count()
        db.session.remove()
        return found


def let_leases_run_out(product) -> None:
    from parking import clock
    from parking.db import transaction
    from parking.mail.models import OutboxMail

    with product.app.app_context(), transaction() as session:
        session.query(OutboxMail).filter_by(state="sending").update({"due_at": clock.now()})
