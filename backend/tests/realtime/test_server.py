"""The stream on the real server: two processes, a stop, readers that do not read, more pages than places."""

from __future__ import annotations

import contextlib
import http.client
import runpy
import signal
import socket
import time

import psutil
import pytest

from parking.accounts.sessions import access_tokens
from parking.realtime import broker, service
from tests.realtime.conftest import GRACE_SECONDS
from tests.realtime.pages import Page
from tests.services import BACKEND

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def token(person) -> str:
    return access_tokens.issue(person.fs_uniquifier)


@on_sqlite
def test_an_event_reaches_pages_of_all_processes(gunicorn, people):
    server = gunicorn(WEB_WORKERS="2")
    pages = [Page(server.address, token(people["alice"])) for _ in range(8)]
    service.publish("booking", {"id": 1, "status": "Active"}, user_id=people["alice"].id)
    for page in pages:
        assert page.wait("booking").data == {"id": 1, "status": "Active"}
        page.leave()


@on_sqlite
def test_a_stopping_server_closes_its_streams_and_does_not_wait_for_pages(gunicorn, people):
    server = gunicorn(WEB_WORKERS="2")
    pages = [Page(server.address, token(people[name])) for name in ("alice", "bob") for _ in range(10)]
    took = server.stop()
    for page in pages:
        assert page.ended.wait(60)
        assert page.wait("bye").data == {"reason": "stopping"}
    assert took < GRACE_SECONDS / 4  # far below the server's grace; it is the interpreter that takes its time


@on_sqlite
def test_a_client_that_does_not_read_is_disconnected_and_delays_neither_others_nor_the_stop(gunicorn, people):
    server = gunicorn()
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    lazy.connect(server.address)
    lazy.sendall(
        f"GET /api/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(people['alice'])}\r\n\r\n".encode()
    )
    page = Page(server.address, token(people["alice"]))
    for number in range(1, 4001):
        service.publish("booking", {"id": number, "status": "Active" * 10}, user_id=people["alice"].id)
        if number % 100 == 0:
            assert service.flush(60)
            page.wait("booking", id=number)
    took = server.stop()
    assert page.wait("bye")
    assert took < GRACE_SECONDS / 4
    received = 0
    lazy.settimeout(60)
    while part := lazy.recv(65536):
        received += len(part)
    assert received < 4000 * 50  # he did not get everything: he was cut off
    lazy.close()


@on_sqlite
def test_during_a_gentle_stop_new_clients_are_refused_and_running_requests_finish(gunicorn, people, tmp_path):
    """A new connection is refused at once, and not queued and reset at the end."""
    started, release = tmp_path / "started", tmp_path / "release"
    server = gunicorn(STALL_STARTED=str(started), STALL_UNTIL=str(release))
    slow = http.client.HTTPConnection(*server.address, timeout=120)
    slow.request("GET", "/stall")
    _wait_for(started.exists)
    server.process.send_signal(signal.SIGTERM)
    _wait_for(lambda: _refuses(server.address))
    assert server.process.poll() is None
    release.touch()
    finished = slow.getresponse()
    assert (finished.status, finished.read()) == (200, b"done")
    server.process.wait(120)


@on_sqlite
def test_with_drain_seconds_readiness_goes_first(gunicorn, people):
    server = gunicorn(DRAIN_SECONDS="300")
    server.process.send_signal(signal.SIGTERM)
    _wait_for(lambda: _status(server.address, "/readyz") == 503)
    assert _status(server.address, "/healthz") == 200, "new requests are served until the balancer has noticed"
    for worker in psutil.Process(server.process.pid).children():
        worker.send_signal(signal.SIGQUIT)
    server.process.wait(120)


def _refuses(address) -> bool:
    try:
        socket.create_connection(address, timeout=60).close()
    except ConnectionRefusedError:
        return True
    return False


def _status(address, path) -> int:
    connection = http.client.HTTPConnection(*address, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def _wait_for(condition) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_places_for_pages_leave_threads_for_requests():
    configured = runpy.run_path(str(BACKEND / "gunicorn.conf.py"))
    assert configured["threads"] * 0.8 >= broker.MAX_STREAMS
    assert configured["worker_connections"] > configured["threads"]
    assert configured["worker_class"] == "launch.http_server.worker.Worker"
