"""Ports for servers that a test starts a moment later, or stops and starts again on the same one."""

from __future__ import annotations

import itertools
import os
import random
import socket

FIRST, EACH = 10_000, 2_000
"""Below the ports the kernel hands out by itself (from 32,768 on): it would give one that is only waiting to be used
to somebody else's connection. Each process of pytest-xdist has a range of its own."""

_number = int("".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", ""))) or 0) % 10
_offsets = itertools.count(random.SystemRandom().randrange(EACH))  # another run of the tests may go on beside this one


def free_port() -> int:
    """A port nobody listens at; no other call of this run gives it, until 2,000 were given."""
    for offset in itertools.islice(_offsets, EACH):
        port = FIRST + _number * EACH + offset % EACH
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")
