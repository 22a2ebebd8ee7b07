"""A long campaign of faults: clients at work, one part of the product broken after the other, the history checked.

    make bench-job WHAT=campaign ARGS="--database postgresql --minutes 20 --clients 12 --seed 7"

The same as backend/tests/campaign, for as long as one likes. Says what was done and every anomaly; exit code 1 when
there was one.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.campaign import campaign
from tests.faults.product import DRIVERS, Product
from tests.postgres import Postgres
from tests.services import Valkey

logging.getLogger("mail.log").setLevel(logging.WARNING)  # the mail server would log every line it hears


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=12, choices=range(1, DRIVERS + 1), metavar=f"1..{DRIVERS}")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with _product(options.database) as product:
        result = campaign.run(product, options.minutes * 60, options.clients, options.seed, print)
    print(result, flush=True)
    for anomaly in result.anomalies:
        print(f"  {anomaly}")
    return 1 if result.anomalies else 0


@contextmanager
def _product(database: str) -> Iterator[Product]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder, environ = Path(name), {"RATE_LIMITS": "off"}
        for part in ("valkey", "product"):
            (folder / part).mkdir()
        if database == "postgresql":
            server = Postgres(fsync="on")
            stack.callback(server.stop)
            environ["DATABASE_URL"] = server.create()
        valkey = Valkey(folder / "valkey")
        stack.callback(valkey.stop)
        product = Product(folder / "product", valkey, **environ)
        stack.callback(product.end)
        product.prepare()
        yield product


if __name__ == "__main__":
    sys.exit(main())
