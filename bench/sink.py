"""A mail server that accepts everything, as a process of its own: python -m bench.sink PORT [--host HOST] [--ids FILE].

It keeps nothing but, with --ids, a line with the Message-ID of each mail, which it writes before it says "accepted".
"""

from __future__ import annotations

import argparse
import asyncio
import email.parser
import functools
from pathlib import Path

_REPLIES = {b"EHLO": b"250 sink\r\n", b"HELO": b"250 sink\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


async def _serve(ids: Path | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink ESMTP\r\n")
    while line := await reader.readline():
        verb = line[:4].upper()
        writer.write(_REPLIES.get(verb, b"250 OK\r\n"))
        if verb == b"DATA":
            mail = await reader.readuntil(b"\r\n.\r\n")
            if ids is not None:
                with ids.open("a") as file:
                    file.write(f"{email.parser.BytesHeaderParser().parsebytes(mail)['Message-ID']}\n")
            writer.write(b"250 accepted\r\n")
        elif verb == b"QUIT":
            break
    writer.close()


async def main(port: int, host: str = "127.0.0.1", ids: Path | None = None) -> None:
    server = await asyncio.start_server(functools.partial(_serve, ids), host, port, limit=4 * 2**20)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--ids", type=Path)
    options = parser.parse_args()
    asyncio.run(main(options.port, options.host, options.ids))
