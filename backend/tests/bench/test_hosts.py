"""Several machines as network namespaces: the proxy, the plan, and a short campaign whose seeded faults are seen."""

import asyncio
import random
from types import SimpleNamespace

import pytest

from bench.hosts import __main__ as hosts
from bench.hosts import proxy

NAMES = ("database", "redis", "mail", "web1", "web2", "worker1", "worker2", "proxy")


async def _server(name: bytes) -> tuple[asyncio.Server, tuple[str, int]]:
    async def answer(reader, writer):
        await reader.readline()
        writer.write(name)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()


async def _ask(address) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"who?\n")
    answer = await reader.read()
    writer.close()
    return answer


def test_the_proxy_takes_turns_and_passes_over_a_server_that_is_away():
    async def run():
        (one, first), (two, second) = await _server(b"one"), await _server(b"two")
        async with one, two, await proxy.start([first, second], "127.0.0.1", 0) as front:
            address = front.sockets[0].getsockname()
            both = [await _ask(address) for _ in range(4)]
            one.close()
            await one.wait_closed()
            rest = [await _ask(address) for _ in range(4)]
            two.close()
            await two.wait_closed()
            return both, rest, await _ask(address)

    both, rest, none = asyncio.run(run())
    assert both == [b"one", b"two"] * 2
    assert rest == [b"two"] * 4
    assert none == b""


def test_every_host_has_every_kind_of_fault():
    machines = [SimpleNamespace(name=name) for name in NAMES]
    faults = [fault.__name__ for fault in hosts.plan(machines, 32, 1, random.Random(3))]
    assert set(faults) == {f"{kind} {name}" for kind in hosts.KINDS for name in NAMES}
    assert {name.split()[1] for name in faults[:8]} == set(NAMES)


def test_seeded_faults_must_be_seen_and_nothing_else():
    seen = [
        "D-1: acknowledged, but lost",
        "D-2: costs 2, should cost 1",
        "the statistics say 1, the bookings come to 2",
    ]
    assert hosts.only_seeded(seen, ["D-1", "D-2"])
    assert not hosts.only_seeded(seen[1:], ["D-1", "D-2"])
    assert not hosts.only_seeded([*seen, "spot 1: D-3 and D-4 overlap"], ["D-1", "D-2"])
    assert not hosts.only_seeded(seen, [])


def test_without_namespaces_it_says_so_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert hosts.main([]) == hosts.NO_NAMESPACES
    printed = capsys.readouterr().out
    assert printed.startswith("Network namespaces cannot be made here")
    assert printed.count("\n") == 1


@pytest.mark.slow
def test_a_short_campaign_sees_the_seeded_faults_and_nothing_else(capsys):
    code = hosts.main(["--faults", "4", "--clients", "3", "--longest", "4", "--seed-fault"])
    printed = capsys.readouterr().out
    if code == hosts.NO_NAMESPACES:
        pytest.skip(printed)
    assert code == 0, printed
    assert "acknowledged, but lost" in printed
    assert "should cost" in printed
