"""An upgrade while drivers book: old and new version side by side over one migration, and nobody notices.

    make bench-job WHAT=hosts.upgrade
    make bench-job WHAT=hosts.upgrade ARGS="--from v2.3.0 --clients 4"

The hosts of `bench.hosts` start with the version --from (a commit of this repository; by default the one before its
newest migration, run with this version's libraries). Then the steps of docs/operations.md: the new version's migration,
a while in which only old programs work on the new schema, then host after host stopped and started as the new version.
A probe asks for the lots all the time; the history is checked as in `bench.hosts`. Beside it stands how often an old
web server said on `/readyz` that it is ready.

Exit codes: 0 no anomaly and every probe answered; 1 otherwise; 3 network namespaces cannot be made here.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

from bench.hosts.__main__ import BAD, NO_NAMESPACES, copies
from bench.hosts.fleet import ROOT, WEB_PORT, Fleet, answers
from bench.hosts.network import NoNamespacesError
from tests.campaign import campaign

MIGRATIONS = "backend/migrations/versions"
PROBE_SECONDS = 0.1
ORDER = ("web1", "worker1", "worker2", "web2")


class Probe(threading.Thread):
    """Asks for the lots through the proxy, one request after the other, until `stop` is set."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.answered, self.slowest = 0, 0.0
        self.failures: list[str] = []
        self._fleet = fleet

    def run(self) -> None:
        while not self.stop.wait(PROBE_SECONDS):
            begun = time.monotonic()
            try:
                status = self._fleet.ask("GET", "/api/lots", "carol").status
            except (OSError, ValueError) as error:
                status = repr(error)
            self.slowest = max(self.slowest, time.monotonic() - begun)
            if status == 200:
                self.answered += 1
            else:
                self.failures.append(f"the probe got {status}")


class Upgrade:
    """The steps. `ready`: for each time that an old web server was asked beside the new schema, whether it was."""

    __name__ = "upgrade"

    def __init__(self, fleet: Fleet, pause: float) -> None:
        self._fleet, self._pause = fleet, pause
        self.ready: list[bool] = []
        self.probe = Probe(fleet)

    def __call__(self, _fleet: Fleet, _choice: random.Random) -> None:
        hosts = {host.name: host for host in self._fleet.hosts}
        for host in self._fleet.hosts:
            host.wait_until_ready()
        self.probe.start()
        time.sleep(self._pause)
        self._say("the new version's migration")
        self._fleet.run_once(ROOT, "-m", "launch.prepare", "--only-schema")
        time.sleep(self._pause)
        for number, name in enumerate(ORDER):
            old = [hosts[one] for one in ORDER[number:] if one.startswith("web")]
            self.ready += [answers((host.address, WEB_PORT), "/readyz") for host in old]
            self._say(f"{name} becomes the new version")
            hosts[name].stop()
            for program in hosts[name].commands():
                program.tree = ROOT
            hosts[name].start()
            hosts[name].wait_until_ready()
            time.sleep(self._pause)
        self.probe.stop.set()
        self.probe.join(60)

    def _say(self, text: str) -> None:
        print(f"  {text}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="old", help="the commit of the old version")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--pause", type=float, default=5, help="seconds between two steps")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    old = options.old or before_the_newest_migration()
    with tempfile.TemporaryDirectory(prefix="bench-old-") as folder:
        unpack(old, Path(folder))
        try:
            fleet = Fleet(options.clients, Path(folder))
        except NoNamespacesError as error:
            print(f"Network namespaces cannot be made here, so nothing was measured: {error}.")
            return NO_NAMESPACES
        with contextlib.closing(fleet):
            upgrade = Upgrade(fleet, options.pause)
            result = campaign.run(fleet, 0, options.clients, options.seed, print, [upgrade])
            accepted = copies(fleet.delivered())
    probe = upgrade.probe
    print(f"from {old}: {result}. {accepted}")
    print(f"{probe.answered} probes answered, slowest {probe.slowest:.2f} s, {len(probe.failures)} failed", flush=True)
    print(f"old web servers said {sum(upgrade.ready)} of {len(upgrade.ready)} times that they are ready", flush=True)
    bad = result.anomalies + probe.failures
    for sentence in bad:
        print(f"  {sentence}")
    return BAD if bad else 0


def before_the_newest_migration() -> str:
    """The commit before the one that last changed the migrations."""
    newest = _git("rev-list", "-1", "HEAD", "--", MIGRATIONS).decode().strip()
    return _git("rev-parse", "--short", f"{newest}^").decode().strip()


def unpack(commit: str, folder: Path) -> None:
    """The files of a commit, in `folder`."""
    with tarfile.open(fileobj=io.BytesIO(_git("archive", "--format=tar", commit))) as archive:
        archive.extractall(folder, filter="data")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    sys.exit(main())
