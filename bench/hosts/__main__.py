"""Several machines, one broken after the other while drivers book; afterwards the history is checked.

    make bench-job WHAT=hosts
    make bench-job WHAT=hosts ARGS="--faults 8 --clients 2 --seed 7"
    make bench-job WHAT=hosts ARGS=--seed-fault

PostgreSQL, Valkey, a mail server, two web servers, two workers (one with Beat) and a proxy run in network namespaces
of their own, each with its own address. Every host in turn loses its cable, is killed, freezes, or loses its power, for
up to --longest seconds, and comes back. The checker is that of backend/tests/campaign.

With --seed-fault the database is damaged in two places before the check, which must see both.

Exit codes: 0 no anomaly, or with --seed-fault exactly the seeded ones; 1 anomalies; 3 network namespaces cannot be made
here. (make itself turns every code but 0 into 2.)
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.hosts.fleet import Fleet
from bench.hosts.network import NoNamespacesError
from bench.hosts.programs import Host
from tests.campaign import campaign

BAD, NO_NAMESPACES = 1, 3
KINDS: dict[str, Callable[[Host], AbstractContextManager[None]]] = {
    "cut": Host.without_cable,
    "kill": Host.killed,
    "freeze": Host.frozen,
    "power_off": Host.without_power,
}
SHORTEST = 1.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=32, help="every host has had one after 8, and all four after 32")
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--longest", type=float, default=12, help="seconds that a fault takes at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seed-fault", action="store_true", help="damage the database before the check")
    options = parser.parse_args(arguments)
    try:
        fleet = Fleet(options.clients)
    except NoNamespacesError as error:
        print(f"Network namespaces cannot be made here, so nothing was measured (run it as root on Linux): {error}.")
        return NO_NAMESPACES
    begun = time.monotonic()
    with contextlib.closing(fleet):
        fleet.has_seed = options.seed_fault
        result = run(fleet, options.faults, options.clients, options.longest, options.seed)
        accepted = copies(fleet.delivered())
    print(f"{result}. {accepted} In {time.monotonic() - begun:.0f} s.", flush=True)
    for anomaly in result.anomalies:
        print(f"  {anomaly}")
    if not options.seed_fault:
        return BAD if result.anomalies else 0
    good = only_seeded(result.anomalies, fleet.seeded)
    print("The checker saw the seeded faults and nothing else." if good else "NOT exactly the seeded faults were seen.")
    return 0 if good else BAD


def run(fleet: Fleet, number: int, clients: int, longest: float, seed: int) -> campaign.Result:
    """Breaks hosts `number` times while clients work; what was done and what was wrong."""
    begun = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - begun:5.0f} s  {text}", flush=True)

    return campaign.run(fleet, 0, clients, seed, tell, plan(fleet.hosts, number, longest, random.Random(seed)))


def plan(hosts: list[Host], number: int, longest: float, choice: random.Random) -> list[campaign.Fault]:
    """So many faults, spread evenly over the hosts, of a different kind each time that a host's turn comes."""
    faults: list[campaign.Fault] = []
    kinds = {host.name: choice.sample(list(KINDS), len(KINDS)) for host in hosts}
    turn = 0
    while len(faults) < number:
        for host in choice.sample(hosts, len(hosts)):
            faults.append(_fault(host, kinds[host.name][turn % len(KINDS)], longest))
        turn += 1
    return faults[:number]


def _fault(host: Host, kind: str, longest: float) -> campaign.Fault:
    def fault(_fleet: Fleet, choice: random.Random) -> None:
        with KINDS[kind](host):
            time.sleep(choice.uniform(SHORTEST, longest))
        host.wait_until_ready()

    fault.__name__ = f"{kind} {host.name}"
    return fault


def copies(ids: list[str]) -> str:
    """How many mails the server accepted a second time."""
    more = sum(Counter(ids).values()) - len(set(ids))
    return f"The mail server accepted {len(ids)} mails, {more} of them copies with the same Message-ID."


def only_seeded(anomalies: list[str], seeded: list[str]) -> bool:
    """Whether the checker names each seeded booking and, but for the sum that the statistics say, nothing else."""
    by_tag = {tag: [one for one in anomalies if one.startswith(f"{tag}: ")] for tag in seeded}
    rest = [one for one in anomalies if not any(one in named for named in by_tag.values())]
    return bool(seeded) and all(by_tag.values()) and all(one.startswith("the statistics say") for one in rest)


if __name__ == "__main__":
    sys.exit(main())
