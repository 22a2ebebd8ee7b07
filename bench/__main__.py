"""Speed against the floor, side by side: A-B-A-B on one machine, medians of pairs, printed as ratios. `make bench`.

    make bench ARGS="--database postgresql --pairs 5 --seconds 4"

What is measured: the list of 50 lots × 100 spots (against the floor's token check and select), at rest and while
four people book, as fast as they can and once a second each; a booking with its release by 16 people; a history of
200. Then the load of a busy day: 200 people who each ask about once a second, nine times of ten for the list, else
booking or leaving. The client takes its part of the same two cores; it reads answers but does not parse them.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from bench import floor
from bench.product import Product, exchange, people, running, send

LOTS, SPOTS, PAST, USERS = 50, 100, 200, 16
Job = Callable[[Any, int], None]


@dataclass
class Run:
    """What one side did in one stretch."""

    done: int = 0
    took: list[float] = field(default_factory=list)

    def rate(self, seconds: float) -> float:
        return self.done / seconds


def stretch(product: Product, job: Job, clients: int, seconds: float) -> Run:
    """`clients` threads repeat the job for so long; how often, and how long each took."""
    run, lock, end = Run(), threading.Lock(), time.monotonic() + seconds

    def client(n: int) -> None:
        connection, took = product.connect(), []
        while time.monotonic() < end:
            begun = time.perf_counter()
            job(connection, n)
            took.append(time.perf_counter() - begun)
        connection.close()
        with lock:
            run.done += len(took)
            run.took += took

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return run


def get(path: str, tokens: list[str]) -> Job:
    def job(connection: Any, n: int) -> None:
        status, _ = exchange(connection, "GET", path, None, tokens[n % len(tokens)])
        assert status == 200, status

    return job


def pair(lots: list[int], tokens: list[str]) -> Job:
    """A booking and its release."""

    def job(connection: Any, n: int) -> None:
        body = {"lot_id": lots[n % len(lots)], "booking_type": "instant"}
        status, answer = send(
            connection, "POST", "/api/book", body, tokens[n], **{"Idempotency-Key": f"{n}-{time.time_ns()}"}
        )
        assert status == 201, answer
        status, left = send(connection, "POST", f"/api/release/{answer['booking']['id']}", None, tokens[n])
        assert status == 200, left

    return job


def prepare(product: Product) -> tuple[list[int], list[str]]:
    """Lots, people and one long history on the product's side."""
    users = people(product, USERS)
    admin, connection = users[0][1], product.connect()
    lots = []
    for n in range(LOTS):
        body = {"name": f"Lot {n}", "capacity": SPOTS, "price_per_hour": 2}
        lots.append(send(connection, "POST", "/api/lots", body, admin)[1]["lot"]["id"])
    tokens = [token for _, token in users[1:]]
    job = pair(lots, tokens)
    for _ in range(PAST):
        job(connection, 0)
    return lots, tokens


def floor_tokens(product: Product) -> list[str]:
    now = datetime.now(UTC)
    claims = {"iss": "parking", "aud": "api", "iat": now, "exp": now + timedelta(hours=3)}
    return [jwt.encode({**claims, "sub": str(n)}, product.settings.jwt_secret, "HS256") for n in range(USERS)]


def compare(name: str, ours: Callable[[], Run], theirs: Callable[[], Run], pairs: int, seconds: float) -> str:
    """A-B-A-B: the median of the pairs' ratios, with the rates and our quantiles."""
    ratios, mine, floors, took = [], [], [], []
    for _ in range(pairs):
        a, b = ours(), theirs()
        mine.append(a.rate(seconds))
        floors.append(b.rate(seconds))
        ratios.append(mine[-1] / floors[-1])
        took += a.took
    took.sort()
    p50, p99 = (took[int(part * (len(took) - 1))] * 1000 for part in (0.5, 0.99))
    return (
        f"| {name} | {statistics.median(mine):.0f} | {statistics.median(floors):.0f} |"
        f" **{statistics.median(ratios):.2f}** | {p50:.1f} | {p99:.1f} |"
    )


def measure(database: str, pairs: int, seconds: float) -> None:
    with running(database) as product, running(database, application="bench.floor:create()") as base:
        lots, tokens = prepare(product)
        floor.fill(base.settings.database_url, USERS, LOTS, SPOTS, PAST)
        others = floor_tokens(base)
        floor_lots = list(range(LOTS))

        def ours(job: Job, clients: int = 8) -> Callable[[], Run]:
            return lambda: stretch(product, job, clients, seconds)

        def theirs(job: Job, clients: int = 8) -> Callable[[], Run]:
            return lambda: stretch(base, job, clients, seconds)

        print(f"\n{database}: {pairs} pairs of {seconds:g} s, 2 web processes\n")
        print("| what | ours /s | floor /s | ratio | p50 ms | p99 ms |\n|---|---|---|---|---|---|")
        select = theirs(get("/select", others))
        listing = ours(get("/api/lots", tokens))
        print(compare("50 lots, fresh, against token + select", listing, select, pairs, seconds))
        print(compare("50 lots against one aggregate", listing, theirs(get("/api/lots", others)), pairs, seconds))
        history = ours(get("/api/bookings", tokens[:1]))
        print(
            compare(
                "history of 200 against one JOIN", history, theirs(get("/api/bookings", others[:1])), pairs, seconds
            )
        )
        booking, plain = ours(pair(lots, tokens), USERS), theirs(pair(floor_lots, others), USERS)
        print(compare("book + release, 16 people (pairs)", booking, plain, pairs, seconds))
        print(
            compare(
                "50 lots while 4 book, against at rest",
                _while_booking(product, lots, tokens, listing, seconds),
                listing,
                pairs,
                seconds,
            ),
            flush=True,
        )

        paced = _while_booking(product, lots, tokens, listing, seconds, pause=1.0)
        print(compare("the same, each of the 4 once a second", paced, listing, pairs, seconds))
        print(_busy_day(product, lots, tokens, max(10.0, pairs * seconds)), flush=True)


def _busy_day(product: Product, lots: list[int], tokens: list[str], seconds: float) -> str:
    """200 people with pauses of 1.1 s on average."""
    look, park, took, lock = get("/api/lots", tokens), pair(lots, tokens), list[float](), threading.Lock()

    def visit(connection: Any, n: int) -> None:
        time.sleep(random.uniform(0, 2.2))
        job = park if random.random() < 0.05 else look  # a booking is two requests
        begun = time.perf_counter()
        job(connection, n % len(tokens))
        with lock:
            took.extend([(time.perf_counter() - begun) / (2 if job is park else 1)] * (2 if job is park else 1))

    stretch(product, visit, 200, seconds)
    took.sort()
    p95, p99 = (took[int(part * (len(took) - 1))] * 1000 for part in (0.95, 0.99))
    return (
        f"\n200 people, 9 looks to 1 booking: {len(took) / seconds:.0f} requests/s, p95 {p95:.0f} ms, p99 {p99:.0f} ms"
    )


def _while_booking(
    product: Product,
    lots: list[int],
    tokens: list[str],
    listing: Callable[[], Run],
    seconds: float,
    pause: float = 0.0,
) -> Callable[[], Run]:
    park = pair(lots, tokens)

    def book(connection: Any, n: int) -> None:
        park(connection, n)
        time.sleep(pause)

    def run() -> Run:
        bookers = threading.Thread(target=lambda: stretch(product, book, 4, seconds))
        bookers.start()
        result = listing()
        bookers.join()
        return result

    return run


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    for database in options.database or ["sqlite", "postgresql"]:
        measure(database, options.pairs, options.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
