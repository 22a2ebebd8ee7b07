"""The web server among thousands of slow clients, and how it treats each of them. The real gunicorn on loopback."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
import subprocess
import sys
import threading
import time

import pytest

from bench import slow
from bench.product import running
from launch.http_server import connection, worker
from tests.services import BACKEND, Gunicorn

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path):
    started = []

    def server(application="app:create_app()", **environment):
        started.append(Gunicorn(tmp_path, application, **environment))
        return started[-1]

    yield server
    for one in started:
        one.kill()


def exchange(address, *parts, pause=0.0, source="127.0.0.1"):
    """Send the parts, then read until the server closes."""
    with socket.create_connection(address, timeout=60, source_address=(source, 0)) as client:
        for part in parts:
            with contextlib.suppress(OSError):
                client.sendall(part)
            time.sleep(pause)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while part := client.recv(65536):
                received += part
    return received


@pytest.mark.parametrize("sources", [slow.ADDRESSES, slow.ADDRESSES[:1]], ids=["ten addresses", "one address"])
@pytest.mark.timeout(600)
def test_health_and_bookings_answer_among_2500_slow_connections(sources, monkeypatch):
    """The measure of two minutes is `make bench-job WHAT=slow`."""
    monkeypatch.setattr(slow, "PATIENCE_SECONDS", 60.0)  # before, no answer came at all
    with running(workers=2) as product:
        clients = slow.SlowClients(product.address, 2500, sources=sources)
        ordinary = slow.measure(product, clients, 8)
    assert ordinary.failures == []
    assert {name: len(seconds) >= 5 for name, seconds in ordinary.seconds.items()} == {
        "healthz": True,
        "book": True,
        "release": True,
    }


@pytest.mark.parametrize("kind", ["half a head", "slow head", "slow body", "slow chunks"])
def test_a_request_that_does_not_arrive_in_time_is_answered_408(server, kind):
    first, more = slow.KINDS[kind]
    address = server().address
    done = threading.Event()
    with socket.create_connection(address, timeout=120) as client:
        client.sendall(first)

        def trickle():
            while more and not done.wait(1):
                with contextlib.suppress(OSError):
                    client.sendall(more)

        trickling = threading.Thread(target=trickle)
        trickling.start()
        received = client.recv(65536)  # it comes without our ending anything
        done.set()
        trickling.join()
    assert received.startswith(b"HTTP/1.1 408 ")
    assert json.loads(received.partition(b"\r\n\r\n")[2])["code"] == "request_timeout"


def test_a_connection_that_says_nothing_is_closed(server):
    with socket.create_connection(server().address, timeout=120) as client:
        assert client.recv(100) == b""


def test_a_slow_client_that_sends_fast_enough_is_served(server):
    """Longer than the deadline of a body, at a rate that earns its time."""
    body = b'{"email": ["' + b"x" * 200_000 + b'"]}'
    head = b"POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n".encode()
    step = 13_000
    parts = [body[start : start + step] for start in range(0, len(body), step)]
    received = exchange(server().address, head, *parts, pause=0.8)
    assert len(parts) * 0.8 > connection.BODY_SECONDS
    assert received.startswith(b"HTTP/1.1 422 ")


CHUNKED = (
    b"POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return f"{len(data):x}".encode() + extension + b"\r\n" + data + b"\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        (CHUNKED + chunk(b'{"email": ', b';note="a"'), chunk(b"[")[:2], chunk(b"[")[2:] + chunk(b"]}"), b"0\r\n\r\n"),
        (CHUNKED, chunk(b'{"email": []}') + b"0\r\nX-Trailer: a\r\n", b"\r\n"),
        (CHUNKED + chunk(b'{"email": []}') + b"0\r\n\r\n",),
    ],
)
def test_a_body_in_chunks_is_put_together(server, parts):
    received = exchange(server().address, *parts, pause=0.1)
    assert received.startswith(b"HTTP/1.1 422 "), received


def test_a_client_that_waits_for_100_continue_gets_it(server):
    body = b'{"email": 5}'
    with socket.create_connection(server().address, timeout=60) as client:
        client.sendall(
            b"POST /auth/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\n" + f"Content-Length: {len(body)}\r\n\r\n".encode()
        )
        assert client.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.sendall(body)
        received = b""
        while part := client.recv(65536):
            received += part
    assert b"HTTP/1.1 422 " in received


def test_requests_on_one_connection_one_behind_the_other(server):
    """Keep-alive, two at once (pipelined), and one that is cut in the middle."""
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    received = exchange(server().address, ask, ask + ask + last[:20], last[20:], pause=0.3)
    assert received.count(b"HTTP/1.1 200 OK") == 4


def test_an_upload_that_is_too_large_is_refused_before_it_is_read(server):
    head = (
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000000\r\n\r\n"
    )
    received = exchange(server().address, head)
    assert received.startswith(b"HTTP/1.1 413 ")


BAD = {
    b"nonsense\r\n\r\n": 400,
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nbad header\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n": 400,
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n": 414,
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n": 431,
    b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000: 431,
}


def test_the_servers_own_answers_carry_the_headers_of_all_others(server):
    address = server(PUBLIC_URL="https://parking.example.com").address
    for request, status in BAD.items():
        head, _, body = exchange(address, request).partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode()), request[:80]
        answer = http.client.parse_headers(io.BytesIO(head.partition(b"\r\n")[2] + b"\r\n\r\n"))
        assert answer["Content-Type"] == "application/problem+json"
        assert "max-age=31536000" in answer["Strict-Transport-Security"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        problem = json.loads(body)
        assert (problem["status"], problem["request_id"]) == (status, answer["X-Request-Id"])
        assert "x=" not in problem["message"]


def test_no_client_moves_a_request_to_another_path(server):
    """Not even one of this machine, where a proxy may stand that guards a path."""
    address = server().address

    def ask(path: str, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*address, timeout=60)
        connection.request("GET", path, headers={name.replace("__", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()

    for name in ("SCRIPT_NAME", "Script__Name", "X__Script__Name", "PATH_INFO", "X__Forwarded__Prefix"):
        assert ask("/nowhere/healthz", **{name: "/nowhere"}) == ask("/nowhere/healthz"), name
        assert ask("/healthz", **{name: "/elsewhere"})[0] == 200, name
    assert ask("/nowhere/healthz")[1] != ask("/healthz")[1]


def test_one_address_cannot_fill_the_server_and_others_are_not_touched(server):
    """The oldest of the address goes; a client of another address stays."""
    address = server().address
    other = socket.create_connection(address, timeout=60, source_address=("127.0.0.2", 0))
    other.sendall(b"GET /healthz HTTP/1.1\r\n")
    first = socket.create_connection(address, timeout=60)
    time.sleep(2 * worker.SETTLE_SECONDS)
    crowd = [socket.create_connection(address, timeout=60) for _ in range(worker.MAX_WAITING_PER_ADDRESS)]
    assert first.recv(10) == b"", "the first of the crowd was closed"
    other.sendall(b"Host: x\r\n\r\n")
    assert other.recv(100).startswith(b"HTTP/1.1 200 OK")
    for client in (first, *crowd, other):
        client.close()


def test_behind_a_proxy_all_come_from_one_address(server):
    address = server(TRUSTED_PROXIES="1").address
    crowd = [socket.create_connection(address, timeout=60) for _ in range(worker.MAX_WAITING_PER_ADDRESS + 50)]
    crowd[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert crowd[0].recv(100).startswith(b"HTTP/1.1 200 OK")
    for client in crowd:
        client.close()


def test_a_client_that_does_not_close_delays_no_other_client(server):
    """A closing connection lingers for a moment: beside the others, not in front of them."""
    address = server().address
    lazy = [socket.create_connection(address, timeout=60) for _ in range(60)]
    for client in lazy:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    began = time.monotonic()
    assert exchange(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert time.monotonic() - began < len(lazy) * worker.LINGER_SECONDS / 2
    for client in lazy:
        client.close()


@pytest.mark.parametrize("reload", [False, True])
def test_the_modules_are_loaded_before_the_fork_unless_they_may_change(reload):
    command = (
        "import runpy, sys, types; names = runpy.run_path('gunicorn.conf.py');"
        f"names['on_starting'](types.SimpleNamespace(cfg=types.SimpleNamespace(reload={reload})));"
        "import threading; print('parking.bookings.service' in sys.modules, threading.active_count(),"
        "'prometheus_client' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", command], cwd=BACKEND, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(not reload), "1", "False"], "no thread, which a fork would lose; no counters"
