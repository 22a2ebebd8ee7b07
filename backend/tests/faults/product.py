"""The whole product as its processes, with a Redis and a mail server that the tests can take away."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

import config
from parking import create_app
from parking.accounts.sessions import access_tokens
from parking.database import db
from parking.mail.models import OutboxMail
from tests.conftest import make_user
from tests.launch.conftest import Run, wait_for
from tests.mail.conftest import Server, Sink

DRIVERS = 16


class Product:
    """`make run`'s processes on a Redis and a mail server of ours, with one large lot and some drivers."""

    def __init__(self, folder, valkey, **environ: str) -> None:
        self.valkey = valkey
        self.sink = Sink()
        self._read: list[tuple[str, str]] = []
        self.smtp = Server(self.sink)
        self.smtp.start()
        mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self.smtp.port), "SMTP_TLS": "none"}
        self.run = Run(folder, REDIS_URL=valkey.url, BCRYPT_ROUNDS="4", WEB_WORKERS="2", **mail, **environ)
        self.run.start()

    def prepare(self) -> None:
        self.run.ready()
        self.settings = config.load(self.run.environ)
        self.app = create_app(self.settings)
        with self.app.app_context():
            make_user("carol", "user", "admin")
            for number in range(DRIVERS):
                make_user(f"driver{number}", "user")
            db.session.remove()
        lot = self.ask("POST", "/api/lots", "carol", {"name": "Center", "capacity": 500, "price_per_hour": 2})
        self.lot_id = lot.body["lot"]["id"]

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.settings.port

    def delivered(self) -> list[str]:
        """The Message-IDs of the mails that have arrived, in order, copies included."""
        return self.sink.message_ids()

    def output(self) -> str:
        return self.run.output()

    def token(self, name: str) -> str:
        with self.app.app_context():
            return access_tokens.issue(f"uniquifier-of-{name}")

    def ask(self, method: str, path: str, name: str, body: dict[str, Any] | None = None) -> Answer:
        begun = time.monotonic()
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        headers = {"Authorization": f"Bearer {self.token(name)}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body or {}), headers)
        response = connection.getresponse()
        answer = Answer(response.status, json.loads(response.read()), time.monotonic() - begun)
        connection.close()
        return answer

    def book(self, name: str) -> Answer:
        return self.ask("POST", "/api/book", name, {"lot_id": self.lot_id, "booking_type": "instant"})

    def drive(self, seconds: float, each: int = 4) -> Traffic:
        """All drivers book, look at the lots and leave, at most `each` times (fewer than the rate limit)."""
        traffic = Traffic()
        names = [f"driver{number}" for number in range(DRIVERS)]
        crowd = [threading.Thread(target=self._driver, args=(name, seconds, each, traffic)) for name in names]
        for driver in crowd:
            driver.start()
        for driver in crowd:
            driver.join()
        return traffic

    def _driver(self, name: str, seconds: float, each: int, traffic: Traffic) -> None:
        time.sleep(seconds / each * int(name.removeprefix("driver")) / DRIVERS)  # not all in the same moment
        for _ in range(each):
            booked = self.book(name)
            traffic.answers.append(booked)
            if booked.status == 201:
                traffic.bookings.append(booked.body["booking"]["reference"])
                traffic.answers.append(self.ask("GET", "/api/lots", name))
                traffic.answers.append(self.ask("POST", f"/api/release/{booked.body['booking']['id']}", name))
            time.sleep(seconds / each)

    def confirmations(self, reference: str) -> list[str]:
        """The Message-IDs of the confirmations of this booking that have arrived."""
        for delivery in self.sink.accepted[len(self._read) :]:
            mail = delivery.message  # parsed once: it takes milliseconds
            about = mail["Subject"].startswith("Booked") and mail.get_body(("plain",)).get_content()
            self._read.append((about or "", str(mail["Message-ID"])))
        return [message_id for text, message_id in self._read if reference in text]

    def wait_for_confirmations(self, references: list[str], seconds: float = 120) -> None:
        """Until every booking was confirmed. Fails when that takes longer."""

        def missing() -> list[str]:
            return [one for one in references if not self.confirmations(one)]

        end = time.monotonic() + seconds
        while left := missing():
            assert time.monotonic() < end, (
                f"{len(left)} of {len(references)} not confirmed\n{self.run.output()[-3000:]}"
            )
            time.sleep(0.1)

    def settled(self) -> None:
        """Everything works and no mail waits: the ground for the next test."""
        self.valkey.thaw()
        self.valkey.start()
        self.sink.on_data = lambda delivery: None
        # A mail that lost its server twice is tried again after five minutes, or when another one has been sent.
        wait_for(lambda: self.waiting_mails() == 0, 420, "the outbox to be empty")

    def waiting_mails(self) -> int:
        with self.app.app_context():
            count = db.session.query(OutboxMail).filter(OutboxMail.state.in_(("queued", "retrying", "sending"))).count()
            db.session.remove()
            return count

    def part(self, *arguments: str) -> int:
        return wait_for(lambda: self.run.process_with(*arguments), what=f"a process {arguments}")

    @contextmanager
    def stopped(self, *pids: int) -> Iterator[None]:
        """These processes stand still, and none of them does so while it holds SQLite's gate."""
        wait_for(lambda: self._stop_outside_the_gate(pids), what=f"{pids} to stand still outside of the gate")
        try:
            yield
        finally:
            _signal(pids, signal.SIGCONT)

    def _stop_outside_the_gate(self, pids: tuple[int, ...]) -> bool:
        _signal(pids, signal.SIGSTOP)
        wait_for(lambda: all(psutil.Process(pid).status() == psutil.STATUS_STOPPED for pid in pids))
        with (self.run.data / "parking.db.gate").open("ab") as gate, contextlib.suppress(BlockingIOError):
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        _signal(pids, signal.SIGCONT)
        return False

    def end(self) -> None:
        self.valkey.as_new()
        self.run.stop()
        self.run.clean_up()
        self.smtp.stop()


def _signal(pids: tuple[int, ...], number: int) -> None:
    for pid in pids:
        os.kill(pid, number)


@dataclass
class Answer:
    status: int
    body: dict[str, Any]
    seconds: float


@dataclass
class Traffic:
    answers: list[Answer] = field(default_factory=list)
    bookings: list[str] = field(default_factory=list)

    @property
    def slowest(self) -> float:
        return max(answer.seconds for answer in self.answers)

    @property
    def usual(self) -> float:
        """Half of the answers took no longer (seconds)."""
        return statistics.median(answer.seconds for answer in self.answers)

    @property
    def failed(self) -> list[tuple[int, dict]]:
        return [(answer.status, answer.body) for answer in self.answers if answer.status not in (200, 201)]


@pytest.fixture
def product(running):
    """The product, well; whatever a test breaks is mended after it."""
    running.settled()
    yield running
    running.settled()


@pytest.fixture(scope="session")
def running(tmp_path_factory, valkey_server):
    valkey_server.as_new()
    product = Product(tmp_path_factory.mktemp("product"), valkey_server)
    try:
        product.prepare()
        yield product
    finally:
        product.end()
