"""Several hosts on one machine: network namespaces, each with one cable to a common bridge. Needs root and `ip`."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of setns(2)
_libc = ctypes.CDLL(None, use_errno=True)
PREFIX = "pk"


class NoNamespacesError(Exception):
    """This machine or user cannot make network namespaces; the text says why."""


class Network:
    """A bridge with this process at address .1, and hosts behind it. `end` removes everything."""

    def __init__(self) -> None:
        _remove_networks_of_dead_runs()
        self._name = f"{PREFIX}{os.getpid()}"
        self._bridge = f"{self._name}b"
        self._numbers: dict[str, int] = {}
        self.subnet = _free_subnet()
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("addr", "add", f"{self.subnet}.1/24", "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")
        except NoNamespacesError:
            self.end()
            raise

    def add(self, host: str) -> str:
        """A new host, connected; its address."""
        number = self._numbers[host] = len(self._numbers) + 2
        namespace, cable, address = self._namespace(host), self._cable(host), f"{self.subnet}.{number}"
        _ip("netns", "add", namespace)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("link", "set", cable, "master", self._bridge, "up")
        _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", namespace, "link", "set", device, "up")
        return address

    def cut(self, host: str) -> None:
        """Pulls the cable: packets are lost without a word to either side."""
        _ip("link", "set", self._cable(host), "down")

    def mend(self, host: str) -> None:
        _ip("link", "set", self._cable(host), "up")

    @contextlib.contextmanager
    def inside(self, host: str) -> Iterator[None]:
        """This thread is on that host: sockets it makes and processes it starts belong there."""
        with _open("/proc/thread-self/ns/net") as home, _open(f"/run/netns/{self._namespace(host)}") as there:
            _enter(there)
            try:
                yield
            finally:
                _enter(home)

    def end(self) -> None:
        """Removes hosts and bridge. Their programs must have ended."""
        for host in self._numbers:
            _ip("link", "delete", self._cable(host), check=False)
            _ip("netns", "delete", self._namespace(host), check=False)
        _ip("link", "delete", self._bridge, check=False)

    def _namespace(self, host: str) -> str:
        return f"{self._name}-{host}"

    def _cable(self, host: str) -> str:
        return f"{self._name}v{self._numbers[host]}"


def _ip(*arguments: str, check: bool = True) -> str:
    try:
        result = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise NoNamespacesError("the program `ip` (iproute2) is not there") from None
    if check and result.returncode:
        raise NoNamespacesError(f"`ip {' '.join(arguments)}` says: {result.stderr.strip()}")
    return result.stdout


@contextlib.contextmanager
def _open(path: str) -> Iterator[int]:
    number = os.open(path, os.O_RDONLY)
    try:
        yield number
    finally:
        os.close(number)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _NEW_NETWORK):
        raise NoNamespacesError(f"setns: {os.strerror(ctypes.get_errno())}")


def _free_subnet() -> str:
    """The first three numbers of a private network that this machine has no address in."""
    present = _ip("-4", "-o", "addr", "show")
    return next(subnet for n in range(1, 255) if f"{(subnet := f'10.213.{n}')}." not in present)


def _remove_networks_of_dead_runs() -> None:
    """What a run that was killed has left; its programs have ended with it."""
    for line in _ip("netns", "list", check=False).splitlines():
        found = re.match(rf"{PREFIX}(\d+)-\S+", line)
        if found and not Path("/proc", found[1]).exists():
            _ip("netns", "delete", found[0], check=False)
    for name in re.findall(rf"{PREFIX}\d+b\b", _ip("-o", "link", "show", "type", "bridge", check=False)):
        if not Path("/proc", name[len(PREFIX) : -1]).exists():
            _ip("link", "delete", name, check=False)
