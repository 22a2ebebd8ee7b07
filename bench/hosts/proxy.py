"""A proxy that gives each connection to the next of several servers: python -m bench.hosts.proxy PORT HOST:PORT….

It passes bytes on and understands nothing of them. A server that does not accept within CONNECT_SECONDS is skipped for
REST_SECONDS; when none accepts, the connection is closed without an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time

CONNECT_SECONDS, REST_SECONDS = 2.0, 2.0
Address = tuple[str, int]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """Round robin over `servers`."""

    def __init__(self, servers: list[Address]) -> None:
        self._servers = servers
        self._turns = itertools.cycle(range(len(servers)))
        self._rests_until = dict.fromkeys(servers, 0.0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes one client's connection on until one side ends it."""
        server = await self._connect()
        if server is not None:
            ways = [asyncio.create_task(_pass_on(*way)) for way in ((reader, server[1]), (server[0], writer))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            server[1].close()
        writer.close()

    async def _connect(self) -> Stream | None:
        first = next(self._turns)
        servers = self._servers[first:] + self._servers[:first]
        servers.sort(key=lambda server: self._rests_until[server] > time.monotonic())  # the resting ones last
        for server in servers:
            try:
                return await asyncio.wait_for(asyncio.open_connection(*server), CONNECT_SECONDS)
            except (OSError, TimeoutError):
                self._rests_until[server] = time.monotonic() + REST_SECONDS
        return None


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


async def start(servers: list[Address], host: str, port: int) -> asyncio.Server:
    """The proxy, listening."""
    return await asyncio.start_server(Proxy(servers).serve, host, port)


async def main(port: int, *servers: str) -> None:
    addresses = [(host, int(number)) for host, _, number in (server.rpartition(":") for server in servers)]
    async with await start(addresses, "0.0.0.0", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
