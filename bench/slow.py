"""Slow clients beside ordinary ones: does the server go on answering?

    make bench-job WHAT=slow
    make bench-job WHAT=slow ARGS="--connections 2500 --seconds 120 --workers 2 --database postgresql"

Many connections send nothing, a head byte by byte, or a body byte by byte (with its length, or in chunks), from several
addresses of this machine; whoever is closed comes back at once. Meanwhile an ordinary client asks /healthz, books a
spot and releases it, each on a new connection. Goal: every answer is the right one, within five seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import resource
import selectors
import socket
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from itertools import cycle

from bench.product import Product, people, running, send

PATIENCE_SECONDS = 5.0
ADDRESSES = tuple(f"127.0.0.{number}" for number in range(1, 11))
#: kind: (sent at once, repeated each second)
KINDS = {
    "nothing": (b"", b""),
    "half a head": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b""),
    "slow head": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"a"),
    "slow body": (
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n",
        b" ",
    ),
    "slow chunks": (
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\n \r\n",
    ),
}


class SlowClients:
    """`count` connections that are always there, in a thread of their own. A context."""

    def __init__(
        self,
        address: tuple[str, int],
        count: int,
        kinds: tuple[str, ...] = tuple(KINDS),
        sources: tuple[str, ...] = ADDRESSES,
    ) -> None:
        self._address = address
        self._count = count
        self._kinds = cycle(kinds)
        self._sources = cycle(sources)
        self._poll = selectors.DefaultSelector()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.reached = threading.Event()
        self.closed = 0

    def __enter__(self) -> SlowClients:
        _raise_file_limit(self._count + 512)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def __len__(self) -> int:
        return len(self._poll.get_map() or ())

    def _run(self) -> None:
        while not self._done.is_set():
            for _ in range(min(500, self._count - len(self))):
                self._connect()
            if len(self) >= self._count:
                self.reached.set()
            self._turn()
        closed = self.closed
        for key in list(self._poll.get_map().values()):
            self._leave(key.fileobj)
        self.closed = closed
        self._poll.close()

    def _connect(self) -> None:
        client = socket.socket()
        client.setblocking(False)
        with contextlib.suppress(OSError):
            client.bind((next(self._sources), 0))
            client.connect_ex(self._address)
        self._poll.register(client, selectors.EVENT_READ, [next(self._kinds), False])

    def _turn(self) -> None:
        """Notice who was closed; send a byte for everybody else; wait a second."""
        until = time.monotonic() + 1
        for key in list(self._poll.get_map().values()):
            kind, begun = key.data
            first, more = KINDS[kind]
            data = more if begun else first
            if data:
                try:
                    key.fileobj.send(data)  # type: ignore[union-attr]  # they are sockets
                except BlockingIOError:
                    continue
                except OSError:
                    self._leave(key.fileobj)
                    continue
            key.data[1] = True
        while not self._done.is_set() and (left := until - time.monotonic()) > 0:
            for key, _ in self._poll.select(left):
                try:
                    closed = not key.fileobj.recv(4096)  # type: ignore[union-attr]  # a socket
                except BlockingIOError:
                    continue
                except OSError:
                    closed = True
                if closed:
                    self._leave(key.fileobj)
            if len(self) < self._count:
                break

    def _leave(self, client: object) -> None:
        self.closed += 1
        self._poll.unregister(client)  # type: ignore[arg-type]  # a socket
        client.close()  # type: ignore[attr-defined]  # a socket


def _raise_file_limit(files: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))


@dataclass
class Ordinary:
    """What an ordinary client saw: seconds of each right answer, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def ask(self, name: str, address: tuple[str, int], method: str, path: str, expected: int, **more: object) -> dict:
        began = time.monotonic()
        connection = http.client.HTTPConnection(*address, timeout=PATIENCE_SECONDS)
        try:
            status, body = send(connection, method, path, **more)  # type: ignore[arg-type]  # as send takes it
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"{name}: {error!r} after {time.monotonic() - began:.1f} s")
            return {}
        finally:
            connection.close()
        if status != expected:
            self.failures.append(f"{name}: {status} {body}")
            return {}
        self.seconds.setdefault(name, []).append(time.monotonic() - began)
        return body

    def visit(self, product: Product, lot_id: int, token: str) -> None:
        """Health, a booking and its end."""
        self.ask("healthz", product.address, "GET", "/healthz", 200)
        answer = self.ask(
            "book",
            product.address,
            "POST",
            "/api/book",
            201,
            body={"lot_id": lot_id, "booking_type": "instant"},
            token=token,
        )
        if answer:
            path = f"/api/release/{answer['booking']['id']}"
            self.ask("release", product.address, "POST", path, 200, token=token)


def prepare(product: Product) -> tuple[int, str]:
    """(a lot's id, a driver's token)."""
    (_, admin), (_, driver) = people(product, 1)
    lot = {"name": "Harbour", "capacity": 50, "price_per_hour": 2}
    status, body = send(product.connect(), "POST", "/api/lots", lot, admin)
    assert status == 201, body
    return body["lot"]["id"], driver


def measure(product: Product, clients: SlowClients, seconds: float) -> Ordinary:
    """Visit until the time is over, at least five times."""
    lot_id, driver = prepare(product)
    ordinary = Ordinary()
    with clients:
        assert clients.reached.wait(120), f"only {len(clients)} slow connections"
        until = time.monotonic() + seconds
        while time.monotonic() < until or len(ordinary.seconds.get("healthz", [])) < 5:
            ordinary.visit(product, lot_id, driver)
            if len(ordinary.failures) > 10:
                break
            time.sleep(0.2)
    return ordinary


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=2500)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql or a URL")
    parser.add_argument("--one-address", action="store_true", help="all from 127.0.0.1, as the ordinary client")
    options = parser.parse_args()
    sources = ADDRESSES[:1] if options.one_address else ADDRESSES
    with running(options.database, workers=options.workers) as product:
        clients = SlowClients(product.address, options.connections, sources=sources)
        ordinary = measure(product, clients, options.seconds)
    for name, seconds in ordinary.seconds.items():
        print(f"{name}: {len(seconds)} answers, median {statistics.median(seconds) * 1000:.0f} ms,", end=" ")
        print(f"worst {max(seconds) * 1000:.0f} ms")
    print(
        f"{options.connections} slow connections at a time, {clients.closed} of them closed in {options.seconds:.0f} s"
    )
    print(f"{len(ordinary.failures)} failures", *ordinary.failures, sep="\n  ")
    return 1 if ordinary.failures else 0


if __name__ == "__main__":
    sys.exit(main())
