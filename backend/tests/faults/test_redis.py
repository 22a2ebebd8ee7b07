"""Redis is taken away in every way while people book: nobody notices but the mail, which comes when it is back."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest

from tests.launch.conftest import wait_for
from tests.mail.conftest import Gate


@pytest.mark.parametrize(("fault", "mend"), [("stop", "start"), ("freeze", "thaw")])
def test_bookings_go_on_without_redis_and_every_confirmation_comes_after_its_return(product, fault, mend):
    time.sleep(1)
    usual = product.drive(1, each=1)
    assert usual.failed == []
    getattr(product.valkey, fault)()
    traffic = product.drive(8, each=4)
    assert traffic.failed == []
    assert len(traffic.bookings) == 64
    assert traffic.usual < 2
    assert traffic.slowest < 20  # on a busy machine; who waits for a frozen Redis waits for ever
    getattr(product.valkey, mend)()
    product.wait_for_confirmations(traffic.bookings + usual.bookings)
    for booking in traffic.bookings:
        assert len(product.confirmations(booking)) == 1


def test_a_wiped_redis_loses_no_mail(product):
    with product.stopped(product.part("celery", "worker"), product.part("celery", "beat")):
        traffic = product.drive(2, each=2)
        assert product.waiting_mails() >= len(traffic.bookings)
        product.valkey.wipe()
    assert traffic.failed == []
    product.wait_for_confirmations(traffic.bookings)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_worker_works_again_soon_after_redis_was_restarted(product, end):
    getattr(product.valkey, end)()
    time.sleep(2)
    product.valkey.start()
    booked = product.book("driver0")
    assert booked.status == 201
    product.wait_for_confirmations([booked.body["booking"]["reference"]])


def test_a_worker_killed_in_the_middle_of_a_delivery_loses_nothing(product):
    """The mail in its hands may arrive twice, then with one Message-ID; its lease of two minutes is shortened here."""
    gate = product.sink.on_data = Gate()
    traffic = product.drive(1, each=1)
    assert gate.reached.wait(60)
    assert sending(product) >= 1
    worker = product.part("celery", "worker")
    pool = [child.pid for child in psutil.Process(worker).children()]
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not {worker, *pool} & product.run.family().keys(), what="the worker's processes to be gone")
    gate.go_on.set()
    product.sink.on_data = lambda delivery: None
    let_leases_run_out(product)
    product.wait_for_confirmations(traffic.bookings)
    for booking in traffic.bookings:
        assert len(set(product.confirmations(booking))) == 1


def test_worker_and_beat_are_distinguished_also_after_a_restart_of_the_worker(product):
    """The control of the tests above: a new worker's pid is higher than Beat's."""
    killed = product.part("celery", "worker")
    os.kill(killed, signal.SIGKILL)
    worker = wait_for(
        lambda: (pid := product.run.process_with("celery", "worker")) != killed and pid, what="the next worker"
    )
    beat = product.part("celery", "beat")
    assert "worker" in psutil.Process(worker).cmdline()
    assert "beat" in psutil.Process(beat).cmdline()
    assert worker != beat


def sending(product) -> int:
    from parking.database import db
    from parking.mail.models import OutboxMail

    with product.app.app_context():
        count = db.session.query(OutboxMail).filter_by(state="sending").count()
        db.session.remove()
        return count


def let_leases_run_out(product) -> None:
    from parking import clock
    from parking.database import transaction
    from parking.mail.models import OutboxMail

    with product.app.app_context(), transaction() as session:
        session.query(OutboxMail).filter_by(state="sending").update({"due_at": clock.now()})
