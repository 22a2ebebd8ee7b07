"""The plug is pulled while people book: Redis, the worker, the mail server. Every mail must still arrive, once.

    make bench-job WHAT=outages ARGS=plugs
    make bench-job WHAT=outages ARGS="restarts --times 20"

Both run the whole product as its processes, with a Valkey and a mail server of their own. `plugs` takes the three away
one after the other for half a minute each, while bookings go on, and counts Message-IDs. `restarts` stops Valkey for
seconds, now and then for a minute, and measures from its return to the arrival of the next confirmation (30 s at most).
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.product import Product, Traffic
from tests.services import Valkey

logging.getLogger("mail.log").setLevel(logging.WARNING)  # the server would tell every line it hears
AWAY_SECONDS, LONG_EVERY, LONG_SECONDS, MOST_SECONDS = 2, 7, 60, 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["plugs", "restarts"])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30, help="how long each is away (plugs)")
    options = parser.parse_args()
    with _product() as product:
        good = _plugs(product, options.seconds) if options.what == "plugs" else _restarts(product, options.times)
    print("within the promise" if good else "NOT within the promise")
    return 0 if good else 1


@contextmanager
def _product() -> Iterator[Product]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in ("valkey", "product"):
            (Path(folder) / name).mkdir()
        valkey = Valkey(Path(folder) / "valkey")
        product = Product(Path(folder) / "product", valkey)
        try:
            product.prepare()
            yield product
        finally:
            product.end()
            valkey.stop()


def _plugs(product: Product, seconds: float) -> bool:
    bookings: list[str] = []
    good = True
    for name, pull, mend in (
        ("Redis", product.valkey.stop, product.valkey.start),
        ("the worker", lambda: _stop(product), lambda: _kill_stopped(product)),
        ("the mail server", product.smtp.stop, product.smtp.start),
    ):
        traffic = _without(product, name, pull, mend, seconds)
        bookings += traffic.bookings
        good &= not traffic.failed and bool(traffic.bookings)
    product.wait_for_confirmations(bookings, 600)
    _wait_for_all(product)
    copies = Counter(delivery.message_id for delivery in product.sink.accepted)
    twice = [booking for booking in bookings if len(product.confirmations(booking)) != 1]
    print(
        f"{len(bookings)} bookings: {len(bookings) - len(twice)} confirmed exactly once; "
        f"{len(product.sink.accepted)} mails in all, {len(copies)} Message-IDs"
    )
    return good and not twice and max(copies.values()) == 1


def _without(product: Product, name: str, pull: Callable, mend: Callable, seconds: float) -> Traffic:
    """Books for so long while this part is away. Between an end and the next beginning nothing is waited for."""
    time.sleep(61)  # a driver may book ten times a minute
    pull()
    before = len(product.sink.accepted)
    traffic = product.drive(seconds, each=3)
    waiting, came = product.waiting_mails(), len(product.sink.accepted) - before
    mend()
    begun = time.monotonic()
    product.wait_for_confirmations(traffic.bookings, 600)
    print(
        f"without {name}: {len(traffic.bookings)} booked, {len(traffic.failed)} refused, slowest answer "
        f"{traffic.slowest:.2f} s; {came} mails came meanwhile, {waiting} waited, the last confirmation came "
        f"{time.monotonic() - begun:.0f} s after its return",
        flush=True,
    )
    return traffic


def _stop(product: Product) -> None:
    """A worker that hangs, which no supervisor brings back."""
    os.kill(product.part("celery", "worker"), signal.SIGSTOP)


def _kill_stopped(product: Product) -> None:
    """It is killed where it hung; the supervisor starts another."""
    os.kill(product.part("celery", "worker"), signal.SIGKILL)


def _wait_for_all(product: Product) -> None:
    end = time.monotonic() + 300
    while product.waiting_mails():
        assert time.monotonic() < end, f"{product.waiting_mails()} mails still wait"
        time.sleep(0.5)


def _restarts(product: Product, times: int) -> bool:
    took = []
    for number in range(times):
        product.valkey.stop() if number % 2 else product.valkey.kill()
        time.sleep(LONG_SECONDS if number % LONG_EVERY == LONG_EVERY - 1 else AWAY_SECONDS)
        product.valkey.start()
        back = time.monotonic()
        reference = product.book(f"driver{number % 16}").body["booking"]["reference"]
        product.wait_for_confirmations([reference], 120)
        took.append(time.monotonic() - back)
        print(f"{number + 1}: {took[-1]:.1f} s", flush=True)
    print(f"{times} restarts: median {statistics.median(took):.1f} s, longest {max(took):.1f} s")
    return max(took) <= MOST_SECONDS


if __name__ == "__main__":
    sys.exit(main())
