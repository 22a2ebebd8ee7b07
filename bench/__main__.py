"""Speed against the floor, on both databases, in under ten minutes of two quiet cores. `make bench`.

    make bench ARGS="--database postgresql --pairs 5 --seconds 4"

The floor (bench/speed/floor.py) is plain code of the same job behind the same web server. Measured are requests per
second in pairs A-B-A-B (bench/speed/load.py) and the CPU of the server's processes for one operation
(bench/speed/cpu.py). The client takes its small part of the same cores. Only ratios carry over to other machines.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable

from bench.product import running
from bench.speed import load
from bench.speed.client import Connection, request
from bench.speed.cpu import Measurement
from bench.speed.table import HEAD, Row


def measure(database: str, pairs: load.Pairs, rounds: int, number: int) -> list[Row]:
    """Everything on one database, printed as it comes."""
    begun, rows = time.monotonic(), list[Row]()

    def show(more: Iterable[Row]) -> None:
        for row in more:
            rows.append(row)
            print(row, flush=True)

    print(f"\n{database}: {pairs.number} pairs of {pairs.seconds:g} s, 2 web processes\n\n{HEAD}", flush=True)
    base_server = running(database, application="bench.speed.floor:create()")
    hello_server = running(workers=1, application="bench.speed.floor:hello()")
    with base_server as base_product, hello_server as hello:
        with running(database) as product:
            ours = load.prepare_product(product)
            page = Connection(product.address).ask(request("GET", "/api/bookings", ours.tokens[0]))[1]
            base = load.prepare_floor(base_product, page)
            cpu = Measurement(ours, hello, rounds, number)
            show(cpu.rows())
            show([cpu.history(base)])
            show(load.rows(ours, base, pairs, database))
            day = load.busy_day(ours, max(pairs.seconds, min(10.0, pairs.number * pairs.seconds)))
        with running(database, jobs=True) as product:
            ours = load.prepare_product(product, past=0)
            show([load.with_jobs(ours, base, pairs)])
            show([Measurement(ours, hello, rounds, number).mails()])
    print(f"\n{day}. Measured in {time.monotonic() - begun:.0f} s.", flush=True)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.5)
    parser.add_argument("--rounds", type=int, default=4, help="of each measurement of CPU")
    parser.add_argument("--requests", type=int, default=150, help="in each of them")
    options = parser.parse_args()
    for database in options.database or ["sqlite", "postgresql"]:
        measure(database, load.Pairs(options.pairs, options.seconds), options.rounds, options.requests)
    return 0


if __name__ == "__main__":
    sys.exit(main())
