"""How fast confirmations leave: 1,000 of them through a real SMTP server on the loopback, by a real worker and Valkey.

    make bench-job WHAT=mail [ARGS="--mails 1000 --database sqlite"]

The mails are queued as bookings queue them, one transaction each, while the worker runs; measured is from the first
commit to the last acceptance by the server. Promise: more than 1,000 a minute, each once, in at most 32 MiB more
memory of the worker. Then the CPU of one mail (lease, render, send over a kept connection, record), as a multiple of a
bare Flask hello in the same process and minute; the SMTP server is a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from bench.product import ROOT, _database, _migrate
from parking import create_app, mail, realtime
from parking.bookings.emails.contexts import SAMPLE
from parking.database import db, transaction
from parking.mail.outbox import delivery
from parking.settings import Settings
from tests.conftest import make_settings
from tests.mail.conftest import Server, Sink
from tests.services import Valkey

logging.getLogger("mail.log").setLevel(logging.WARNING)  # the server would tell every line it hears
ROUNDS = 5
LEAST_A_MINUTE, MOST_GROWTH_MIB, PATIENCE = 1000, 32, 600


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    return max(_measure(database, options.mails) for database in options.database or ["sqlite", "postgresql"])


def _measure(database: str, mails: int) -> int:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        (folder / "valkey").mkdir()
        valkey, sink = Valkey(folder / "valkey"), Sink()
        stack.callback(valkey.stop)
        smtp = Server(sink)
        smtp.start()
        stack.callback(smtp.stop)
        settings = make_settings(folder, database_url=_database(database, folder, stack), redis_url=valkey.url)
        settings = dataclasses.replace(settings, smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_tls="none")
        _migrate(settings)
        app = create_app(settings)
        with app.app_context(), _worker(folder, settings) as pid:
            _deliver(sink, 20, pid)  # warm: imports, templates, connections
            sink.accepted.clear()
            before = _mib(pid, "VmRSS")
            waits, took = _deliver(sink, mails, pid)
            outcome = _judge(database, sink, waits, took, _mib(pid, "VmHWM") - before)
        _cpu_per_mail(database, settings, min(mails, 200))
        return outcome


def _cpu_per_mail(database: str, settings: Settings, mails: int) -> None:
    """Prints the CPU of one mail against a hello: the lower quartile of rounds in turn."""
    hello = Flask("hello")
    hello.add_url_rule("/hello", view_func=lambda: {"hello": "world"})
    client = hello.test_client()
    with _sink_process() as port, create_app(dataclasses.replace(settings, smtp_port=port)).app_context():
        ours, floor = [], []
        for _ in range(ROUNDS):
            for number in range(mails):
                _confirm(number)
            begun = time.process_time()
            assert delivery.deliver_due().sent == mails
            ours.append((time.process_time() - begun) / mails)
            begun = time.process_time()
            for _ in range(mails):
                client.get("/hello")
            floor.append((time.process_time() - begun) / mails)
        db.session.remove()
    mail_s, hello_s = (statistics.quantiles(times, n=4)[0] for times in (ours, floor))
    figures = f"{mail_s * 1000:.2f} ms, of a hello {hello_s * 1000:.3f} ms: {mail_s / hello_s:.1f} ×"
    print(f"{database}: CPU of a mail {figures}")


@contextlib.contextmanager
def _sink_process() -> Iterator[int]:
    """An SMTP server in its own process, so that its CPU is not counted; its port."""
    process = subprocess.Popen([sys.executable, "-c", _SINK], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


_SINK = """
import socketserver
ANSWERS = {b"EHLO": "250-sink\\r\\n250 SIZE 33554432", b"DATA": "354 go on", b"QUIT": "221 bye"}
class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    def handle(self):
        self.answer("220 sink")
        while line := self.rfile.readline():
            command = line[:4].upper()
            self.answer(ANSWERS.get(command, "250 OK"))
            if command == b"DATA":
                while self.rfile.readline() != b".\\r\\n":
                    pass
                self.answer("250 accepted")
    def answer(self, text):
        self.wfile.write(text.encode() + b"\\r\\n")
server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def _judge(database: str, sink: Sink, waits: list[float], took: float, growth: float) -> int:
    ids = Counter(arrived.message_id for arrived in sink.accepted)
    rate = len(sink.accepted) / took * 60
    size = statistics.mean(len(arrived.content) for arrived in sink.accepted) / 1000
    p95 = statistics.quantiles(waits, n=20)[-1]
    print(
        f"{database}: {len(sink.accepted)} mails of {size:.0f} kB in {took:.1f} s = {rate:.0f} a minute; "
        f"p95 from commit to acceptance {p95:.1f} s; {len(ids)} Message-IDs, most often {max(ids.values())}×; "
        f"worker +{growth:.1f} MiB"
    )
    good = rate >= LEAST_A_MINUTE and set(ids.values()) == {1} and len(ids) == len(waits) and growth <= MOST_GROWTH_MIB
    print("within the promise" if good else f"NOT within: {LEAST_A_MINUTE} a minute, once each, {MOST_GROWTH_MIB} MiB")
    return 0 if good else 1


def _deliver(sink: Sink, mails: int, worker: int) -> tuple[list[float], float]:
    """Queues so many confirmations and waits for them; (seconds each was on its way, seconds of all together)."""
    committed: list[float] = []
    arrived: list[float] = []
    sink.on_data = lambda _delivery: arrived.append(time.monotonic())
    begun = time.monotonic()
    for number in range(mails):
        _confirm(number)
        committed.append(time.monotonic())
    while len(sink.accepted) < mails:
        assert time.monotonic() - begun < PATIENCE, f"{len(sink.accepted)} of {mails} arrived"
        assert Path(f"/proc/{worker}").exists(), "the worker has ended"
        time.sleep(0.01)
    return [there - here for here, there in zip(committed, arrived, strict=True)], arrived[-1] - begun


def _confirm(number: int) -> None:
    context = {"booking": {**SAMPLE, "id": number, "reference": f"PW-{number:06d}"}}
    to = mail.Recipient(f"driver{number}@example.com", f"Driver {number}", "en", "Europe/Berlin")
    with transaction() as session:
        mail.queue(session, "booking_confirmation", to, context)


@contextlib.contextmanager
def _worker(folder: Path, settings) -> Iterator[int]:
    """The product's worker as a process; its pid."""
    variables = {
        name.upper(): str(value) for name, value in dataclasses.asdict(settings).items() if _given(name, value)
    }
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "celery_worker.celery", "worker", "--pool", "threads",
               "--concurrency", "2", "--without-gossip", "--without-mingle"]  # fmt: skip
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT / "backend",
            env={**os.environ, **variables, "ENV_FILE": os.devnull},
            stdout=log,
            stderr=log,
        )
    try:
        realtime.wake_task("tasks.deliver_mail")
        yield process.pid
    finally:
        db.session.remove()
        process.terminate()
        process.wait(30)


def _given(name: str, value: object) -> bool:
    names = ("data_dir", "export_dir", "database_url", "redis_url", "secret_key", "security_password_salt")
    return value is not None and (name in (*names, "jwt_secret", "mail_from") or name.startswith("smtp_"))


def _mib(pid: int, what: str) -> float:
    match = re.search(rf"{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert match
    return int(match[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
