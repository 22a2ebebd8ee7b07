"""What an open page costs the server: memory of an idle stream, and how soon an event reaches all of them.

    make bench-job WHAT=streams [ARGS="--streams 380"]

One gunicorn worker as the product configures it, a real Valkey and a SQLite file in a temporary folder.
Goals: at most 100 KiB for each idle stream; an event reaches every page within two seconds; the stop takes under one.
"""

from __future__ import annotations

import argparse
import re
import selectors
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "backend"))

from parking import create_app, realtime
from parking.accounts.sessions import access_tokens
from parking.database import db, schema
from parking.realtime import broker
from tests.conftest import make_settings, make_user
from tests.services import Gunicorn, Valkey


def worker_of(master: int) -> int:
    return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])


def resident_kib(process: int) -> int:
    match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert match
    return int(match[1])


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def open_page(address: tuple[str, int], token: str, number: int = 0) -> socket.socket:
    source = f"127.0.0.{1 + number // (broker.MAX_STREAMS_PER_ADDRESS - 5)}"
    page = socket.create_connection(address, timeout=10, source_address=(source, 0))
    page.sendall(f"GET /api/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    received = b""
    while b"event: ping" not in received:
        part = page.recv(4096)
        assert part, received
        received += part
    page.settimeout(None)
    return page


def fan_out(pages: list[socket.socket], user_id: int, number: int) -> list[float]:
    """Seconds from the publication of an event to its arrival in each page."""
    poll = selectors.DefaultSelector()
    for page in pages:
        poll.register(page, selectors.EVENT_READ)
    begun, arrived = time.monotonic(), []
    realtime.publish("booking", {"id": number, "status": "Active"}, user_id=user_id)
    while len(arrived) < len(pages):
        for key, _ in poll.select(5):
            if f'"id":{number}'.encode() in key.fileobj.recv(65536):  # type: ignore[union-attr]  # they are sockets
                arrived.append(time.monotonic() - begun)
                poll.unregister(key.fileobj)
    return arrived


def measure(folder: Path, count: int) -> None:
    (folder / "valkey").mkdir()
    valkey = Valkey(folder / "valkey")
    app = create_app(make_settings(folder, redis_url=valkey.url))
    with app.app_context():
        schema.upgrade()
        people = [make_user(f"user{number}", "user") for number in range(count // broker.MAX_STREAMS_PER_USER + 1)]
        secrets = app.extensions["settings"]
        names = ("DATABASE_URL", "SECRET_KEY", "SECURITY_PASSWORD_SALT", "JWT_SECRET")
        server = Gunicorn(folder, REDIS_URL=valkey.url, **{name: getattr(secrets, name.lower()) for name in names})
        try:
            run(server, people, count)
        finally:
            server.kill()
            valkey.stop()
            db.engine.dispose()


def run(server: Gunicorn, people: list, count: int) -> None:
    worker = worker_of(server.process.pid)
    warm = [open_page(server.address, access_tokens.issue(people[-1].fs_uniquifier)) for _ in range(5)]
    before = resident_kib(worker)
    pages = []
    for number in range(count - len(warm)):
        person = people[number // broker.MAX_STREAMS_PER_USER]
        pages.append(open_page(server.address, access_tokens.issue(person.fs_uniquifier), number))
    time.sleep(1)
    print(
        f"{count} idle streams: {(resident_kib(worker) - before) / len(pages):.0f} KiB each"
        f" (worker {before / 1024:.0f} -> {resident_kib(worker) / 1024:.0f} MiB)"
    )
    idle = cpu_seconds(worker)
    time.sleep(20)
    print(f"processor while idle: {(cpu_seconds(worker) - idle) / 20:.1%} of a core, heartbeats and checks included")
    print(f"after a heartbeat and a check of each: {(resident_kib(worker) - before) / len(pages):.0f} KiB each")
    first = pages[: broker.MAX_STREAMS_PER_USER]
    rounds = [fan_out(first, people[0].id, number) for number in range(1000, 1030)]
    print(
        f"one event to {len(first)} pages: median {statistics.median(map(statistics.median, rounds)) * 1000:.1f} ms,"
        f" last page at worst {max(map(max, rounds)) * 1000:.1f} ms"
    )
    begun = time.monotonic()
    server.process.terminate()
    for page in pages:
        while b"event: bye" not in page.recv(65536):
            pass
    goodbye = time.monotonic() - begun
    server.process.wait(20)
    print(
        f"stop: {len(pages)} pages told within {goodbye:.2f} s, the server gone after {time.monotonic() - begun:.2f} s"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=380, help=f"at most {broker.MAX_STREAMS}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        measure(Path(where), options.streams)
